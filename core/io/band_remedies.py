"""Remedies for what a raster holds: bands of which one is wanted, or that lie in several files, subdatasets, types,
scales."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence

from osgeo import gdal

from .gdal_errors import gdal_messages, open_quietly
from .remedies import (
    Source,
    command,
    declaring_command,
    new_file,
    number,
    path_argument,
    quoted,
)

_MOST_LISTED = 12  # subdatasets that a sentence lists


def swapped_sentence(hsi: Source, pan: Source, bands: int) -> str:
    """An HSI that has one band, with a PAN that has several.

    Args:
        hsi: the HSI.
        pan: the PAN.
        bands: the PAN's number of bands.

    Returns:
        The refusal.
    """
    return (
        f"{hsi.name} has one band and {pan.name} has {bands} bands (are HSI and PAN swapped?); choose {pan.name} as "
        f"the HSI and {hsi.name} as the PAN."
    )


def several_bands_sentence(source: Source) -> str:
    """An HSI that has one band: files beside it that differ in a number only may be the others.

    Args:
        source: the HSI.

    Returns:
        The refusal.
    """
    start = f"{source.name} has one band; choose an image with several bands as the HSI"
    files = _band_files(source.path) if source.path else []
    if len(files) < 2:
        return f"{start}."
    return f"{start}, or make one of the files of its {len(files)} bands: {stack_command(files)}."


def stack_command(files: Sequence[str]) -> str:
    """The command that makes one raster of files of a band each.

    Args:
        files: their paths.

    Returns:
        The command.
    """
    stacked = new_file(re.sub(r"\d+(\.\w+)?$", "", files[0]).rstrip("_-. ") or files[0], "bands", ".vrt")
    arguments = ["gdalbuildvrt", "-separate", stacked, *map(path_argument, files)]
    return command(arguments, "Build virtual raster, each input file in a separate band")


def scale_command(source: Source, scale: float) -> str:
    """The command that declares the scale of all bands of a raster, in the ways of :func:`.remedies.edit_command`.

    Args:
        source: the raster.
        scale: by which numbers are multiplied.

    Returns:
        The text.
    """
    if not source.path:
        return f"give {source.name} the scale {number(scale)}"
    algorithm = "Translate with -a_scale as additional parameter"
    copied, edited = (([option, number(scale)], algorithm) for option in ("-a_scale", "-scale"))
    return declaring_command(source, "scaled", copied, edited)


def nodata_command(source: Source, value: str) -> str:
    """The command that declares a number as nodata, in the ways of :func:`.remedies.edit_command`.

    Args:
        source: the raster.
        value: the number, as it is to be written.

    Returns:
        The text.
    """
    if not source.path:
        return f"nodata {value} of {source.name}"
    declared = ["-a_nodata", value], "Translate with this nodata value"
    return declaring_command(source, "nodata", declared, declared)


def _band_files(path: str) -> list[str]:
    """Files in the same folder, of one band and the same grid, whose names differ in one number, in its order."""
    folder, name = os.path.split(path)
    parts = re.fullmatch(r"(.*?)(\d+)(\D*)", name)
    size = _size(path)
    if parts is None or size is None:
        return []
    pattern = re.compile(re.escape(parts[1]) + r"(\d+)" + re.escape(parts[3]))
    found = []
    for other in glob.glob(os.path.join(glob.escape(folder), glob.escape(parts[1]) + "*")):
        match = pattern.fullmatch(os.path.basename(other))
        if match is not None and _size(other) == size:
            found.append((int(match[1]), other))
    return [other for _, other in sorted(found)]


def _size(path: str) -> tuple[int, int, tuple] | None:
    """Rows, columns and geotransform of a raster of one band; None of anything else."""
    with gdal_messages() as messages:
        dataset = open_quietly(messages, path, gdal.OF_RASTER)
        if dataset is None or dataset.RasterCount != 1:
            return None
        return dataset.RasterYSize, dataset.RasterXSize, tuple(dataset.GetGeoTransform())


def subdatasets_sentence(source: Source, subdatasets: Sequence[tuple[str, str]]) -> str:
    """A file that holds no bands itself.

    Args:
        source: the file.
        subdatasets: what GDAL opens and what it says of it, each.

    Returns:
        The refusal.
    """
    start = f"{source.name} holds no bands itself"
    if not subdatasets:
        return f"{start}, and no subdatasets (layers); choose another file."
    listed = [f"{quoted(name)} {about}" for name, about in subdatasets[:_MOST_LISTED]]
    more = len(subdatasets) - len(listed)
    rest = f", and {more} more that gdalinfo {quoted(path_argument(source.path))} lists" if more else ""
    return f"{start}; choose one of the subdatasets (layers) inside it by its name: {', '.join(listed)}{rest}."


def complex_sentence(source: Source, kind: str) -> str:
    """A raster of complex numbers.

    Args:
        source: the raster.
        kind: GDAL's name of their type.

    Returns:
        The refusal.
    """
    start = f"{source.name} has {kind} values, which cannot be used"
    if not os.path.exists(source.path):
        return f"{start}; convert it to real numbers first."
    arguments = ["gdal_translate", f"DERIVED_SUBDATASET:AMPLITUDE:{source.path}", new_file(source.path, "amplitude")]
    return f"{start}; take their amplitudes with {command(arguments, 'Translate (convert format)')}."
