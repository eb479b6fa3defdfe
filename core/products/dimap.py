"""What SNAP writes by default, BEAM-DIMAP: ``NAME.dim``, an XML text, and the folder ``NAME.data`` with an ENVI image a
band. Its products of Sentinel-2 and of imaging spectrometers arrive so, cut, resampled or reprojected.

What catches people out:

* Wavelengths, scales, offsets and nodata values stand in the ``.dim``: reflectance = number x SCALING_FACTOR +
  SCALING_OFFSET (of Sentinel-2 from baseline 04.00 on, the offset of -0.1).
* The folder also holds flags, angles, thicknesses of aerosols and the like: where bands have wavelengths, the others
  are left out. Bands that SNAP computes have no file.
* Bands of one product may differ in size, as those of Sentinel-2 until it was resampled: the sharper image is the
  finest ones, an HSI the most of one size.
* An image that SNAP did not put on a map has tie points alone: it is refused.
* ``METADATA.DIM`` is SPOT's, another format, which GDAL reads.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

from osgeo import gdal

from ..io.gdal_errors import gdal_messages, open_quietly
from ..io.xml_files import Element, read_xml
from ..runtime.errors import InputError
from .layout import BandFile, Layout, numbers, spectral
from .members import Members, base_name

KEY = r"(?!METADATA\.DIM$).+\.dim"
SOURCE = "ESA, SNAP: BEAM-DIMAP data format"
DEPTH = 1


class _Band(NamedTuple):
    """A band with a file, and what the text says of it."""

    path: str
    info: Element

    @property
    def size(self) -> tuple[str, str]:
        return self.info.text_of("BAND_RASTER_WIDTH"), self.info.text_of("BAND_RASTER_HEIGHT")

    @property
    def wavelength(self) -> float:
        return numbers([self.info.text_of("BAND_WAVELEN") or "0"], "wavelengths", "the .dim file")[0]


def lay_out(members: Members, role: str) -> Layout:
    """The spectral bands of one size.

    Args:
        members: the product's files.
        role: "hsi", "pan" or "guide".

    Returns:
        Where the bands lie, and what the text says of them.

    Raises:
        InputError: the product lacks files, lies on no map, or its text cannot be used.
    """
    key = members.need("text (....dim)", KEY)
    root, source = read_xml(key), base_name(key)
    bands = _bands(members, key, root)
    if not bands:
        raise InputError(f"{source} names no band with a file beside it; keep {source[:-4]}.data beside it.")
    spectral_bands = [band for band in bands if band.wavelength > 0]
    shown = _of_one_size(spectral_bands or bands, role)
    if not _on_map(shown[0].path):
        raise InputError(
            f"{members.name} lies on no map: SNAP knows its places by tie points alone; reproject it there (Raster, "
            "Geometric, Reprojection) and save the result."
        )
    waves = [band.wavelength for band in shown]
    widths = _numbers(shown, "BANDWIDTH", "0", source)
    known = spectral(waves, widths, source) if any(waves) else (None, None)
    kind = root.text_of("Production/PRODUCT_TYPE")
    nodata = _nodata(shown)
    left = len(bands) - len(shown)
    return Layout(
        tuple(BandFile(band.path) for band in shown),
        f"SNAP {kind}".strip(),
        names=tuple(band.info.text_of("BAND_NAME") for band in shown),
        wavelengths=known[0],
        fwhm=known[1],
        scales=tuple(scale or 1.0 for scale in _numbers(shown, "SCALING_FACTOR", "1", source)),
        offsets=tuple(_numbers(shown, "SCALING_OFFSET", "0", source)),
        nodata=nodata,
        acquired=root.text_of("Production/PRODUCT_SCENE_RASTER_START_TIME"),
        provenance=(
            f"wavelengths, widths, scales and offsets from {source}",
            *((f"{' and '.join(f'{value:g}' for value in nodata)} is nodata",) if nodata else ()),
            *((f"{left} bands of another size or without a wavelength are left out",) if left else ()),
        ),
    )


def _bands(members: Members, key: str, root: Element) -> list[_Band]:
    """The bands that have a file, in the order of the text; those of logarithms are left out."""
    infos = {info.text_of("BAND_INDEX"): info for info in root.all("Image_Interpretation/Spectral_Band_Info")}
    folder = f"/{base_name(key)[:-4]}.data/".lower()
    there = {path.replace("\\", "/").lower(): path for path in members.paths}
    inside = {base_name(path): there[path] for path in there if folder in path}
    found = []
    for file in root.all("Data_Access/Data_File"):
        info = infos.get(file.text_of("BAND_INDEX"))
        href = next((one.attribute("href") for one in file.all("DATA_FILE_PATH")), "")
        path = inside.get(f"{base_name(href).rpartition('.')[0]}.img".lower())
        if info is not None and path is not None and info.text_of("LOG10_SCALED").lower() != "true":
            found.append(_Band(path, info))
    return found


def _of_one_size(bands: list[_Band], role: str) -> list[_Band]:
    """The most bands of one size, of a sharper image the finest ones."""
    counts = Counter(band.size for band in bands)

    def pixels(size: tuple[str, str]) -> float:
        return math.prod(float(text) if text.isdigit() else 0.0 for text in size)

    def rank(size: tuple[str, str]) -> tuple[float, float]:
        return (counts[size], pixels(size)) if role == "hsi" else (pixels(size), counts[size])

    chosen = max(counts, key=rank)
    return [band for band in bands if band.size == chosen]


def _numbers(bands: list[_Band], name: str, usual: str, source: str) -> tuple[float, ...]:
    return numbers([band.info.text_of(name) or usual for band in bands], name, source)


def _nodata(bands: list[_Band]) -> tuple[float, ...]:
    """The number that stands for "no value" in all bands; none where they differ."""
    stated = set()
    for band in bands:
        used = band.info.text_of("NO_DATA_VALUE_USED").lower() == "true"
        stated.add(band.info.text_of("NO_DATA_VALUE") if used else "")
    text = stated.pop() if len(stated) == 1 else ""
    try:
        return (float(text),) if text else ()
    except ValueError:
        return ()


def _on_map(path: str) -> bool:
    with gdal_messages() as messages:
        dataset = open_quietly(messages, path, gdal.OF_RASTER)
        return dataset is not None and dataset.GetGeoTransform(can_return_null=True) is not None
