"""What a refusal tells to do: whole commands of GDAL's tools, with the name of QGIS's algorithm that does the same.

Whether an image is refused is decided elsewhere. Here it is said how commands, new files, rasters and their reference
systems are named. The remedies are in ``band_remedies.py`` (choice of bands), ``warp_remedies.py`` (other grids) and
``unplaced.py`` (no grid).
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from osgeo import gdal, osr

from ..runtime.paths import is_temporary
from .gdal_errors import driver_name, gdal_messages, open_quietly
from .subdatasets import cube_arguments

# Formats that keep georeference and scale as gdal_edit.py writes them: in the file, or in an .aux.xml beside it.
_EDITED = ("GTiff", "COG", "ENVI", "HFA", "PCIDSK", "VRT", "EHdr")
_EDITED_BESIDE = ("JPEG", "PNG", "JP2OpenJPEG", "JP2ECW", "JP2KAK", "JP2MrSID")
_MATCH = 70  # per cent, of PROJ: a system of the same parameters, whatever its name (ENVI headers give none)


@dataclass(frozen=True)
class Source:
    """A raster as sentences name it and as commands open it.

    Attributes:
        name: short name.
        path: what GDAL opens; "" for what has no file of its own (arrays, parts of products): no command can be given.
        nodata: numbers that stand for "no value" besides what the file declares.
    """

    name: str
    path: str = ""
    nodata: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Files of arrays are gone when the sentence is read."""
        if is_temporary(self.path):
            object.__setattr__(self, "path", "")

    @classmethod
    def of(cls, source: str | Source) -> Source:
        """A source from itself or from its name alone.

        Args:
            source: either.

        Returns:
            The source.
        """
        return source if isinstance(source, Source) else cls(source)


@dataclass(frozen=True)
class RasterFacts:
    """What remedies know of a raster.

    Attributes:
        source: its names.
        transform: GDAL's six numbers.
        rows: number of rows.
        cols: number of columns.
        crs: coordinate reference system as WKT; "" for none.
        in_sensor_geometry: whether control points or the like place it, and its numbers count columns and rows.
    """

    source: Source
    transform: tuple
    rows: int
    cols: int
    crs: str = ""
    in_sensor_geometry: bool = False

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """(x, y) of the outer corner of the first pixel and (x, y) of the last one's, of a grid that is not rotated."""
        x, dx, _, y, _, dy = self.transform
        return x, y, x + self.cols * dx, y + self.rows * dy

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(xmin, ymin, xmax, ymax) in map units, of a grid that is not rotated."""
        x, y, other_x, other_y = self.corners
        return min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y)


def command(arguments: Sequence[str], algorithm: str = "") -> str:
    """A command as it is typed, with the algorithm of QGIS in brackets.

    Args:
        arguments: the program and its arguments, not quoted.
        algorithm: what QGIS calls it; "" where it has none.

    Returns:
        The text.
    """
    typed = " ".join(map(quoted, arguments))
    return f"{typed} ({algorithm})" if algorithm else typed


def quoted(argument: str, windows: bool = os.name == "nt") -> str:
    """An argument as a POSIX shell, or Windows' own, reads it back.

    Args:
        argument: the argument.
        windows: whether Windows' own shell reads it.

    Returns:
        The text.
    """
    if not windows:
        return shlex.quote(argument)
    return argument if re.fullmatch(r"[\w.:\\/=+-]+", argument) else '"' + argument.replace('"', '\\"') + '"'


def number(value: float) -> str:
    """A length or a coordinate: 12 digits, so that grids made from it fit exactly, and no exponent.

    Args:
        value: map units.

    Returns:
        The text.
    """
    text = f"{value:.12g}"
    return text if "e" not in text else np.format_float_positional(float(text), trim="-")


def path_argument(path: str) -> str:
    """A path that no tool takes for an option.

    Args:
        path: the path.

    Returns:
        The path, or "./" before it.
    """
    return "./" + path if path.startswith("-") else path


def new_file(path: str, suffix: str, ending: str = ".tif") -> str:
    """The name of a file that is not there yet, beside a raster; in the working directory for what is no file.

    Args:
        path: the raster.
        suffix: what is added to the name.
        ending: of the file's format.

    Returns:
        The new file's path.
    """
    if os.path.exists(path):
        stem = os.path.splitext(path)[0]
    else:
        last = re.sub(r"\.\w+$", "", re.split(r"[/\\]", path)[-1])
        stem = re.sub(r"[^\w.-]+", "_", last).strip("_") or "raster"
    found, count = f"{stem}_{suffix}{ending}", 1
    while os.path.exists(found):
        count += 1
        found = f"{stem}_{suffix}_{count}{ending}"
    return path_argument(found)


def crs_code(crs: str) -> str:
    """What ``-t_srs`` takes for a reference system: its code, or WKT where it has none.

    Args:
        crs: WKT; "" for none.

    Returns:
        As "EPSG:32633".
    """
    with gdal_messages() as messages:
        system = spatial_reference(crs)
        code = _stated_code(system)
        if not code:
            for match, sureness in messages.call(system.FindMatches) or ():
                match.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
                if sureness >= _MATCH and match.IsSame(system):
                    code = _stated_code(match)
                    break
        return code or crs


def crs_name(crs: str) -> str:
    """A reference system as a sentence names it.

    Args:
        crs: WKT; "" for none.

    Returns:
        As "EPSG:32633 (WGS 84 / UTM zone 33N)".
    """
    if not crs:
        return "none"
    code = crs_code(crs)
    with gdal_messages():
        name = spatial_reference(crs).GetName() or "unnamed"
        if name == "unnamed" and code != crs:  # of an ENVI header
            name = spatial_reference(wkt_of(code)).GetName()
    return name if code == crs else f"{code} ({name})"


def wkt_of(code: str) -> str:
    """A reference system as WKT.

    Args:
        code: as "EPSG:4326".

    Returns:
        WKT.
    """
    with gdal_messages():
        system = osr.SpatialReference()
        system.SetFromUserInput(code)
        return str(system.ExportToWkt())


@lru_cache(maxsize=64)
def is_geographic(crs: str) -> bool:
    """Whether coordinates are degrees.

    Args:
        crs: WKT; "" for none.

    Returns:
        Whether they are.
    """
    with gdal_messages():
        return bool(crs) and bool(spatial_reference(crs).IsGeographic())


def spatial_reference(crs: str) -> osr.SpatialReference:
    """A reference system whose coordinates are x, then y.

    Args:
        crs: WKT.

    Returns:
        The system.
    """
    system = osr.SpatialReference()
    system.ImportFromWkt(crs)
    system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return system


def _stated_code(system: osr.SpatialReference) -> str:
    authority, code = system.GetAuthorityName(None), system.GetAuthorityCode(None)
    return f"{authority}:{code}" if authority and code else ""


def edit_command(source: Source, crs: str = "", corners: tuple[float, float, float, float] | None = None) -> str:
    """The command that gives a raster a reference system, corners, or both: written into its file; into a new one for a
    part of a container; in words for what GDAL cannot open by a name.

    Args:
        source: the raster.
        crs: WKT; "" to leave it.
        corners: (x, y) of the first pixel's outer corner and (x, y) of the last one's, map units; None to leave them.

    Returns:
        The text.
    """
    options = ["-a_srs", crs_code(crs)] if crs else []
    if corners is not None:
        options += ["-a_ullr", *map(number, corners)]
    if not source.path:
        return f"give {source.name} the georeference {' '.join(options)}"
    beside = "Assign projection" if corners is None else "Translate with these as additional parameters"
    return declaring_command(source, "placed", (options, "Translate (convert format)"), (options, beside))


def declaring_command(
    source: Source, suffix: str, copied: tuple[Sequence[str], str], edited: tuple[Sequence[str], str]
) -> str:
    """The command that writes what is said of a raster into its file, or beside it; into a new file where its format
    does not keep what gdal_edit.py says: some forget it without an error (NITF, MRF, ISIS), or cannot be written to
    (Zarr). A cube that these tools do not see as it is read here is made a raster first.

    Args:
        source: the raster.
        suffix: of the new file's name.
        copied: options of gdal_translate, and the algorithm of QGIS that does the same.
        edited: those of gdal_edit.py.

    Returns:
        The text.
    """
    cube = cube_arguments(source.path)
    if cube:
        new = new_file(source.path, suffix)
        turned = [*cube[:-1], path_argument(cube[-1]), new]
        texts = [command(["gdalmdimtranslate", "-of", "GTiff", *turned]), command(["gdal_edit.py", *edited[0], new])]
        return ", then ".join(texts)
    driver = _driver(source.path) if os.path.exists(source.path) else ""
    if driver not in (*_EDITED, *_EDITED_BESIDE):
        options, algorithm = copied
        new = new_file(source.path, suffix)
        return command(["gdal_translate", *options, path_argument(source.path), new], algorithm)
    options, algorithm = edited
    read_only = ["-ro"] if driver in _EDITED_BESIDE else []
    return command(["gdal_edit.py", *read_only, *options, path_argument(source.path)], algorithm)


def _driver(path: str) -> str:
    with gdal_messages() as messages:
        dataset = open_quietly(messages, path, gdal.OF_RASTER)
        return driver_name(dataset) if dataset is not None else ""


def fill_options(source: Source) -> list[str]:
    """The options of gdalwarp that mark pixels which the source does not cover, where it has no nodata value itself.

    Args:
        source: the source.

    Returns:
        The options: the number that stands for "no value" there though the file does not say so, which must not be
        mixed with data; else NaN for floats, the lowest value of integers.
    """
    with gdal_messages() as messages:
        dataset = open_quietly(messages, source.path, gdal.OF_RASTER)
        if dataset is None or dataset.RasterCount == 0 or dataset.GetRasterBand(1).GetNoDataValue() is not None:
            return []
        kind = gdal.GetDataTypeName(dataset.GetRasterBand(1).DataType)
    if source.nodata:
        value = f"{source.nodata[0]:.17g}"
        return ["-srcnodata", value, "-dstnodata", value]
    lowest = {"Int8": "-128", "Int16": "-32768", "Int32": "-2147483648", "Float32": "nan", "Float64": "nan"}
    return ["-dstnodata", lowest.get(kind, "0")]
