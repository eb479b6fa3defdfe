"""AVIRIS: Classic, NG and -3 as ENVI files, -3 and -5 as netCDF; on a map that is rotated along the flight line.

What catches people out:

* The map info of the ENVI files has a rotation: the image runs along the flight line, and north is not up. GDAL reads
  it as a rotated geotransform, which is followed.
* Classic has 224 bands of four spectrometers, and the wavelength steps back at their three joins. Bands stay in the
  file's order; radiance is stored as big-endian integers times a factor of each band, in the file ``.gain`` beside it,
  and -50 is the fill. Reflectance is stored times 10000.
* The others are floats with -9999 for no data; bands in water vapour hold 0 or -0.01 and are bad where the header's
  ``bbl``, or ``good_wavelengths`` of the netCDF file, says so.
* An ENVI file has no ending of its own: the image is ``..._img`` or ``..._ORT``, its header ``..._img.hdr``.
* netCDF: (bands, northing, easting) in the group ``reflectance`` or ``radiance``; the grid is an attribute
  ``GeoTransform`` of the variable that ``grid_mapping`` names.
* Radiance in netCDF (L1B, ``..._RDN.nc``) lies in sensor geometry, (bands, lines, samples), and that grid is of the
  lookup table in the group ``geolocation_lookup_table``, which counts lines and samples from 1.
"""

from __future__ import annotations

import re

import numpy as np

from ..io.envi_header import header_list, read_envi_header
from ..io.grid import Grid
from ..io.lookup_table import LookupTable
from ..io.origin import Origin
from ..io.positions import rows_and_columns
from ..io.xml_files import text_of_file
from ..runtime.errors import InputError
from .container import Container
from .cube import Cube, Part, bands_metadata, good_bands
from .layout import BandFile, Layout, check_bands, check_wavelengths, numbers, spectral
from .members import Members, base_name
from .reader import band_count, stored_type

KEY = (
    r"(?P<scene>f\d{6}t\d{2}p\d{2}r\d{2}\w*_img|ang\d{8}t\d{6}_(?:rdn|rfl|corr)_\w+_img"
    r"|(?:AV3|ang)\d{8}t\d{6}\w*_(?:RFL|RDN)_ORT)"
)
NETCDF_KEY = r"AV[35]\d{8}t\d{6}\w*_(?:RFL|RDN)(?:_ORT)?\.nc"
FILES = r"|\.hdr"
SOURCE = "NASA/JPL, AVIRIS, AVIRIS-NG and AVIRIS-3 data product readme files"
NETCDF_SOURCE = "NASA ORNL DAAC, AVIRIS-3 and AVIRIS-5 L2A user guides"

_CLASSIC_FILL, _FILL, _REFLECTANCE = -50.0, -9999.0, 1e-4
_LARGEST_GAIN = 100_000  # bytes of a text of gains


def lay_out(members: Members, role: str) -> Layout:
    """The image of an ENVI file.

    Args:
        members: the product's files.
        role: "hsi".

    Returns:
        Where the bands lie, and what is known of them.

    Raises:
        InputError: the product lacks a file, or its header does not fit its image.
    """
    image, header = members.need("image", ""), members.need("header (....hdr)", r"\.hdr")
    facts, source, count = read_envi_header(header), base_name(header), band_count(image)
    waves = numbers(header_list(facts, "wavelength", "wavelengths"), "wavelengths", source)
    check_bands(len(waves), count, source, base_name(image))
    widths = numbers(header_list(facts, "fwhm"), "widths", source)
    wavelengths, fwhm = spectral(waves, widths, source, facts.get("wavelength units", "nm") or "nm")
    good = numbers(header_list(facts, "bbl"), "bad bands", source)
    classic, whole = members.scene.lower().startswith("f"), stored_type(image) in ("int16", "uint16")
    scales, said = None, "stored numbers as they are"
    if classic and whole:
        scales, said = _classic_scales(members, count)
    fill = _CLASSIC_FILL if classic and whole else _FILL
    name = "AVIRIS Classic" if classic else "AVIRIS-NG" if members.scene.lower().startswith("ang") else "AVIRIS-3"
    return Layout(
        tuple(BandFile(image, number + 1) for number in range(count)),
        name,
        wavelengths=wavelengths,
        fwhm=fwhm,
        bbl=good_bands(good, count),
        scales=scales,
        offsets=(0.0,) * count if scales is not None else None,
        nodata=(fill,),
        acquired=members.scene[1:7] if classic else members.scene[3:18],
        provenance=(f"wavelengths, widths and bad bands from {source}", said, f"{fill:g} is nodata"),
        notes=(f"The list bbl of {source} has {len(good)} entries for {count} bands and is not used.",)
        if good and len(good) != count
        else (),
    )


def _classic_scales(members: Members, count: int) -> tuple[tuple[float, ...], str]:
    """The scale of each band: one over the factors of the file of gains, or that of reflectance."""
    named = [path for path in members.beside if base_name(path).lower().endswith(".gain")]
    start = members.scene.lower()
    gain = next((path for path in named if start.startswith(base_name(path)[: -len(".gain")].lower())), "")
    if not gain:
        return (_REFLECTANCE,) * count, f"reflectance = DN x {_REFLECTANCE:g}"
    lines = [line.split() for line in text_of_file(gain, _LARGEST_GAIN).splitlines() if line.strip()]
    factors = numbers([line[0] for line in lines], "gains", base_name(gain))
    check_bands(len(factors), count, base_name(gain), members.scene)
    if min(factors) <= 0:
        raise InputError(f"{base_name(gain)} has a gain that is not above 0; get a fresh copy of the product.")
    return tuple(1 / factor for factor in factors), f"radiance = DN / the factors of {base_name(gain)}"


def holds(file: Container) -> bool:
    """Whether a netCDF file is one, whatever its name.

    Args:
        file: the open file.

    Returns:
        Whether it is.
    """
    return bool(_kind(file)) and bool(file.numbers(f"/{_kind(file)}/wavelength"))


def _instrument(name: str) -> str:
    """AVIRIS-3 or -5, by the name of the file; just AVIRIS where it was renamed."""
    match = re.match(r"AV([35])\d{8}t", name, re.IGNORECASE)
    return f"AVIRIS-{match[1]}" if match is not None else "AVIRIS"


def _kind(file: Container) -> str:
    """The name of the group and its cube; "" for none."""
    return next((kind for kind in ("reflectance", "radiance") if any(file.shape(f"/{kind}/{kind}"))), "")


def describe(file: Container, role: str) -> Cube:
    """The cube of a netCDF file.

    Args:
        file: the open file.
        role: "hsi".

    Returns:
        Where it lies, and what the file says of it.

    Raises:
        InputError: the file is no such product, or its metadata cannot be used.
    """
    kind = _kind(file)
    if not kind:
        raise InputError(f"{file.name} holds no AVIRIS reflectance or radiance; choose another file.")
    path = f"/{kind}/{kind}"
    bands, rows, cols = file.shape(path)
    waves, widths = file.numbers(f"/{kind}/wavelength"), file.numbers(f"/{kind}/fwhm")
    check_wavelengths(len(waves), bands, file.name)
    wavelengths, fwhm = spectral(waves, widths, file.name)
    good = file.numbers(f"/{kind}/good_wavelengths")
    bbl, nodata = good_bands(good, bands), file.packing(path)[2]
    metadata = bands_metadata(wavelengths, fwhm, _FILL if nodata is None else nodata).replace(bbl=bbl)
    grid = _grid(file, path, (rows, cols))
    said = (
        f"wavelengths, widths and bad bands ({bbl.count(0)}) from the group {kind}",
        *((f"placed by {grid.frame.about}",) if isinstance(grid.frame, LookupTable) else ()),
    )
    origin = Origin(f"{_instrument(file.name)} {kind}", "", file.acquired, said, True)
    return Cube((Part(path, "brc", tuple(range(bands))),), grid, metadata, origin)


def _grid(file: Container, path: str, size: tuple[int, int]) -> Grid:
    """The grid of the variable that the cube names as its grid mapping, or the places that a lookup table on it gives
    to an image in sensor geometry."""
    mapping = str(file.attributes(path).get("grid_mapping") or "transverse_mercator")
    facts = next(
        (found for found in map(file.attributes, (f"/{mapping}", f"{path[: path.rfind('/')]}/{mapping}")) if found), {}
    )
    crs = str(facts.get("spatial_ref") or facts.get("crs_wkt") or "")
    given = facts.get("GeoTransform")
    parts = given.split() if isinstance(given, str) else list(given) if isinstance(given, (tuple, list)) else []
    if len(parts) != 6 or not crs:
        raise InputError(f"{file.name} says of no map where it lies ({mapping}); get a fresh copy of the product.")
    transform = tuple(numbers([str(part) for part in parts], "numbers of its grid", file.name))
    columns, lines = (file.plane(f"/geolocation_lookup_table/{name}") for name in ("sample", "line"))
    if columns is None or lines is None or columns.shape != lines.shape or columns.shape == size:
        return Grid.from_geotransform(transform, *size, crs, file.name)
    entries = (
        np.where(np.abs(plane) <= count, plane, 0.0).astype(np.int64) for plane, count in zip((lines, columns), size)
    )
    rows, cols = columns.shape
    line, column = entries
    table = LookupTable(column, line, Grid.from_geotransform(transform, rows, cols, crs, file.name), size, file.name)
    return rows_and_columns(table, *size)
