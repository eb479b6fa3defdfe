"""Sentinel-2 L2A and L1C as delivered (.SAFE, or its zip archive), as the sharper image of a pair.

What catches people out:

* Since processing baseline 04.00 the stored numbers carry an offset of -1000, which ``MTD_MSIL2A.xml`` lists for each
  band: reflectance = (DN + offset) / 10000. Without it reflectances are 0.1 too high.
* Sen2Cor, run by users, calls any baseline 99.99 (``..._N9999_...``), and lists offsets where there are any: where it
  lists none, none is added.
* In products of 2017 and 2018 files and elements are named ``L2A_...``.
* Archives of cloud-optimised GeoTIFFs (Planetary Computer) keep the names, with another ending, and the numbers.
* A part of a product, fetched by hand, may lack bands: those of 10 m that are there are taken.
* 0 is no data and 65535 saturated; neither is a reflectance.
* Only B02, B03, B04 and B08 have 10 m; each band is a JPEG 2000 file of its own, five folders deep.
* It has no panchromatic band: its four bands of 10 m are the sharper image, and with them those of 20 m (role
  "coarse"), which are sharpened first. A single one is chosen by naming its file (``..._B08_10m.jp2``) instead of the
  product.
* GDAL's driver shows the bands of one pixel size as an image (``SENTINEL2_L2A:...:10m:EPSG_32633``), which QGIS offers,
  B04 first, with neither the scale nor the offset, and in newer versions (3.9) with AOT and WVP (aerosol, water vapour)
  behind.
* The scene classification (SCL, 20 m) says what a pixel shows, not whether it is valid: it is the role "quality".
"""

from __future__ import annotations

import re

from ..io.origin import Origin
from ..io.reader import RasterReader
from ..io.xml_files import Element, read_xml
from ..runtime.errors import InputError
from .layout import BandFile, Layout, numbers
from .members import Members, base_name

KEY = r"MTD_MSIL(?:1C|2A)\.xml"
_START = r"(?:L2A_)?T\d\d[A-Z]{3}_\d{8}T\d{6}_"
PARTS = rf"{_START}(?:B\d[\dA]|SCL)(?:_\d0m)?\.(?:jp2|tiff?)"
SOURCE = "ESA, Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD"
DEPTH = 4  # GRANULE, the granule, IMG_DATA, R10m

_IDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")  # by band_id
_SHARP = ("B02", "B03", "B04", "B08")  # of 10 m
_COARSE = ("B05", "B06", "B07", "B8A", "B11", "B12")  # of 20 m
_OFFSET_FROM, _OFFSET = 4.0, -1000.0  # baseline, and what the bands of later ones carry
_NODATA = (0.0, 65535.0)
_NEVER_0 = ("AOT", "WVP")  # other layers beside the bands, as classes and probabilities of clouds, may be 0
_SUBDATASET = re.compile(r'SENTINEL2_L(1C|2A):"?(.+\.xml)"?:\d\dm:', re.IGNORECASE)
_BY_USERS = 99.0  # from this number on no baseline of ESA's


def lay_out(members: Members, role: str) -> Layout:
    """The four bands of 10 m, the six of 20 m, one band that was named, or the scene classification.

    Args:
        members: the product's files.
        role: "pan", "guide", "coarse" or "quality".

    Returns:
        Where the bands lie, and what the metadata says of them.

    Raises:
        InputError: the product lacks a file, or its metadata cannot be used.
    """
    xml = members.need("MTD_MSIL2A.xml (MTD_MSIL1C.xml)", KEY)
    level = "L2A" if "2A" in base_name(xml) else "L1C"
    if role == "quality":
        return Layout((BandFile(_file(members, "SCL", "20m")),), f"Sentinel-2 {level}", names=("SCL",), nodata=(0.0,))
    members.refuse_classes(r"_SCL(?:_\d0m)?\.(?:jp2|tiff?)$", "the scene classification (SCL)")
    root, source = read_xml(xml), base_name(xml)
    named = re.search(r"_(B\d[\dA])(?:_(\d0m))?\.(?:jp2|tiff?)$", base_name(members.given), re.IGNORECASE)
    wanted: tuple[str, ...] = _COARSE if role == "coarse" else _SHARP
    resolution = "20m" if role == "coarse" else "10m"
    if role == "pan" and named:
        wanted, resolution = (named[1].upper(),), named[2] or "10m"
    chosen = tuple(band for band in wanted if members.first(*_names(band, resolution))) or wanted
    missing = [band for band in wanted if band not in chosen]
    factor, offsets, notes = _scale(root, source, chosen)
    central = _wavelengths(root)
    return Layout(
        tuple(BandFile(_file(members, band, resolution)) for band in chosen),
        f"Sentinel-2 {level}",
        names=chosen,
        wavelengths=tuple(central.get(band) for band in chosen),
        scales=(1 / factor,) * len(chosen),
        offsets=tuple(offset / factor for offset in offsets),
        nodata=_NODATA,
        acquired=_acquired(root),
        provenance=(
            f"{'band' if len(chosen) == 1 else 'bands'} {', '.join(chosen)}"
            + (f" ({', '.join(missing)} {'has' if len(missing) == 1 else 'have'} no file)" if missing else ""),
            *_meaning(factor, offsets, source),
        ),
        notes=notes,
    )


def describe_subdataset(reader: RasterReader) -> None:
    """Of the bands as GDAL shows them, in its order, say what their numbers mean.

    Args:
        reader: of any raster; others than GDAL's images of Sentinel-2 stay as they are.

    Raises:
        InputError: the product's metadata cannot be used.
    """
    named = _SUBDATASET.match(reader.path)
    bands = [_band(name.partition(",")[0]) for name in reader.metadata.names] if named is not None else []
    spectral = tuple(band for band in bands if band)
    if named is None or not spectral:
        return
    root, source = read_xml(named[2]), base_name(named[2])
    factor, offsets, notes = _scale(root, source, spectral)
    central, of_band = _wavelengths(root), dict(zip(spectral, offsets))
    reader.metadata = reader.metadata.replace(
        names=tuple(band or name for band, name in zip(bands, reader.metadata.names)),
        wavelengths=tuple(central.get(band) for band in bands),
        scales=tuple(1 / factor if band else 1.0 for band in bands),
        offsets=tuple(of_band[band] / factor if band else 0.0 for band in bands),
    )
    if all(band or name.startswith(_NEVER_0) for band, name in zip(bands, reader.metadata.names)):
        reader.set_nodata(_NODATA)
    provenance = (f"bands {', '.join(spectral)} as GDAL shows them", *_meaning(factor, offsets, source))
    reader.origin = Origin(f"Sentinel-2 L{named[1].upper()}", acquired=_acquired(root), provenance=provenance)
    reader.notes += notes


def _acquired(root: Element) -> str:
    return next((element.text for element in root.anywhere("PRODUCT_START_TIME")), "")


def _meaning(factor: float, offsets: tuple[float, ...], source: str) -> tuple[str, str]:
    return f"reflectance = (DN {offsets[0]:+g}) / {factor:g} as in {source}", "0 is nodata, 65535 saturated"


def _band(text: str) -> str:
    """A band as files are named, "B04" or "B8A", of its other names, "B4" or "B8A"; "" of anything else."""
    match = re.fullmatch(r"B(\d+)(A?)", text)
    return "" if match is None else "B8A" if match[2] else f"B{int(match[1]):02d}"


def _file(members: Members, band: str, resolution: str) -> str:
    """A band's file: with the resolution in its name (L2A), or without (L1C)."""
    return members.need(f"band {band} (..._{band}.jp2)", *_names(band, resolution))


def _names(band: str, resolution: str) -> tuple[str, ...]:
    return tuple(rf"{_START}{band}{end}\.{kind}" for end in (f"_{resolution}", "") for kind in ("jp2", "tiff?"))


def _scale(root: Element, source: str, bands: tuple[str, ...]) -> tuple[float, tuple[float, ...], tuple[str, ...]]:
    """The divisor, the offset of each band, and what is to be said of them."""
    names = ("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE", "QUANTIFICATION_VALUE")
    stated = [element.text for name in names for element in root.anywhere(name)]
    if not stated:
        raise InputError(f"{source} has no QUANTIFICATION_VALUE; get a fresh copy of the product.")
    factor = numbers(stated[:1], "quantification values", source)[0]
    if factor <= 0:
        raise InputError(f"{source} has the QUANTIFICATION_VALUE {factor:g}; get a fresh copy of the product.")
    listed = [element for name in ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET") for element in root.anywhere(name)]
    baseline = next((element.text for element in root.anywhere("PROCESSING_BASELINE")), "0")
    if listed:
        values = numbers([element.text for element in listed], "offsets", source)
        known = {element.attribute("band_id"): value for element, value in zip(listed, values)}
        offsets = tuple(known.get(str(_IDS.index(band)), 0.0) for band in bands)
        return factor, offsets, ()
    if not _OFFSET_FROM <= numbers([baseline], "processing baselines", source)[0] < _BY_USERS:
        return factor, (0.0,) * len(bands), ()
    return (
        factor,
        (_OFFSET,) * len(bands),
        (f"{source} lists no offsets, as baseline {baseline} should: {_OFFSET:g} is taken, as ESA specifies.",),
    )


def _wavelengths(root: Element) -> dict[str, float]:
    """Central wavelengths in nm by band, as the metadata lists them."""
    found = {}
    for entry in root.anywhere("Spectral_Information"):
        band, text = _band(entry.attribute("physicalBand")), entry.text_of("Wavelength/CENTRAL")
        if band and text:
            found[band] = numbers([text], "wavelengths", "MTD")[0]
    return found
