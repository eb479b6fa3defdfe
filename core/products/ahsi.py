"""AHSI of ZY1-02D and -02E and of GF-5 and GF-5B, level 1: VNIR and SWIR in two files, in sensor geometry with RPCs.

What catches people out:

* The two detectors lie in two files, ``..._VN.tif`` and ``..._SW.tif`` (``.geotiff`` of GF-5), each with rational
  polynomial coefficients of its own (``.rpb``). VNIR's place the image; SWIR is read as many whole pixels aside as the
  two differ in the middle of the image. Nothing is resampled.
* Stored integers are no radiance: ``..._RadCal_VNIR.raw`` and ``..._RadCal_SWIR.raw``, which are texts, have a gain and
  an offset a line for each band.
* Wavelengths and widths stand in ``..._Spectralresponse_VNIR.raw`` and ``..._SWIR.raw``, texts as well, a band a line.
* Those texts are named after the sensor, not after the scene. VNIR and SWIR overlap near 1000 nm; all bands stay.
* Heights shift an image with RPCs: without an elevation model (``--geolocation``) the coefficients' constant height
  counts. 0 is no data.
"""

from __future__ import annotations

import math
import re

import numpy as np
from osgeo import gdal

from ..io.gdal_errors import gdal_messages, open_quietly
from ..io.gdal_geolocation import RationalPolynomials
from ..io.xml_files import text_of_file
from ..runtime.errors import InputError
from .layout import BandFile, Layout, check_bands, numbers, spectral
from .members import Members, base_name
from .reader import band_count

KEY = r"(?P<scene>(?:ZY1|GF5)\w?_AHSI_\w[\w.]*)_VN\.(?:tiff?|geotiff)"
PARTS = r"(?:ZY1|GF5)\w?_AHSI_\w[\w.]*_SW\.(?:tiff?|geotiff)"
FILES = r"_(?:VN|SW)\.\w+"
SOURCE = "CRESDA and CASC, ZY1-02D and GF-5 AHSI level 1 products: RadCal, Spectralresponse and RPB files"

_DETECTORS = (("VN", "VNIR"), ("SW", "SWIR"))
_LARGEST = 1_000_000  # bytes of a text


def lay_out(members: Members, role: str) -> Layout:
    """The bands of both detectors.

    Args:
        members: the product's files.
        role: "hsi".

    Returns:
        Where the bands lie, and what is known of them.

    Raises:
        InputError: the product lacks a file, or its texts do not fit its images.
    """
    images = [
        members.need(f"image of {name} (..._{ending}.tif)", rf"_{ending}\.(?:tiff?|geotiff)")
        for ending, name in _DETECTORS
    ]
    shift, said = _shift(*images)
    bands: list[BandFile] = []
    lists: dict[str, list[float]] = {"waves": [], "widths": [], "gains": [], "offsets": []}
    detectors: list[str] = []
    for image, (_, name) in zip(images, _DETECTORS):
        count = band_count(image)
        response, calibration = (_text(members, f"{kind}_{name}") for kind in ("Spectralresponse", "RadCal"))
        for path, columns in ((response, ("waves", "widths")), (calibration, ("gains", "offsets"))):
            for column, values in zip(columns, _columns(path, count, base_name(image))):
                lists[column] += values
        bands += [BandFile(image, i + 1, shift if name == "SWIR" else (0, 0)) for i in range(count)]
        detectors += [name] * count
    wavelengths, fwhm = spectral(lists["waves"], lists["widths"], "the texts Spectralresponse")
    return Layout(
        tuple(bands),
        f"{members.scene.split('_')[0]} AHSI",
        names=tuple(f"{name} {band.number}" for name, band in zip(detectors, bands)),
        wavelengths=wavelengths,
        fwhm=fwhm,
        scales=tuple(lists["gains"]),
        offsets=tuple(lists["offsets"]),
        nodata=(0.0,),
        acquired=next(iter(re.findall(r"_(\d{8})_", members.scene)), ""),
        provenance=(
            "wavelengths and widths from Spectralresponse, gains and offsets from RadCal",
            *((said,) if said else ()),
            "0 is nodata",
        ),
        detectors=tuple(detectors),
    )


def _text(members: Members, ending: str) -> str:
    """A text beside the images that is named after the sensor."""
    sensor = members.scene.split("_")[0]
    wanted = re.compile(rf"{re.escape(sensor)}_AHSI_(?:\w[\w.]*_)?{ending}\.raw", re.IGNORECASE)
    found = next((path for path in members.beside if wanted.fullmatch(base_name(path))), "")
    if not found:
        raise members.lacks(f"text {sensor}_AHSI_{ending}.raw")
    return found


def _columns(path: str, count: int, image: str) -> list[list[float]]:
    """The two numbers of each line."""
    rows = [re.split(r"[,\s]+", line.strip()) for line in text_of_file(path, _LARGEST).splitlines() if line.strip()]
    check_bands(len(rows), count, base_name(path), image)
    if any(len(row) < 2 for row in rows):
        raise InputError(f"{base_name(path)} has lines without two numbers; get a fresh copy of the product.")
    return [list(numbers([row[column] for row in rows], "numbers", base_name(path))) for column in (0, 1)]


def _shift(vnir: str, swir: str) -> tuple[tuple[int, int], str]:
    """By how many whole pixels SWIR's lie behind VNIR's in the middle of the image, by the RPCs of both."""
    found = []
    for path in (vnir, swir):
        with gdal_messages() as messages:
            dataset = open_quietly(messages, path, gdal.OF_RASTER)
            items = dict(messages.call(dataset.GetMetadata, "RPC") or {}) if dataset is not None else {}
        if dataset is None or not items:
            return (0, 0), ""
        found.append((RationalPolynomials(items), dataset.RasterXSize / 2, dataset.RasterYSize / 2))
    (first, col, row), (second, _, _) = found
    x, y = second.to_map(np.array([col]), np.array([row]))
    there = first.from_map(x, y)
    off = float(there[1][0]) - row, float(there[0][0]) - col
    if not all(map(math.isfinite, off)):
        return (0, 0), ""
    whole = round(-off[0]), round(-off[1])
    return whole, (
        f"SWIR lies {off[0]:+.2f} rows and {off[1]:+.2f} columns from VNIR by their RPCs: it is read {whole[0]:+d} "
        f"rows and {whole[1]:+d} columns aside"
    )
