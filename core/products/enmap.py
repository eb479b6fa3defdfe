"""EnMAP L2A and L1C as delivered: a folder, a zip archive, or files side by side.

What catches people out:

* The image says nothing of its bands: wavelengths, widths, gains and offsets stand in ``...-METADATA.XML`` alone.
* The image comes as .TIF, .GEOTIFF, ``_COG.TIF``, .BSQ, .BIL or .BIP, as it was ordered.
* Reflectance is stored as 16-bit integers with -32768 for no data (L2A); radiance (L1C) has 0 for no data, and a gain
  and an offset of its own in each band.
* VNIR and SWIR overlap from about 900 to 1000 nm. Newer processors sort all bands by wavelength; with older ones the
  wavelength steps back once. Bands stay as the file has them; both detectors' are kept.
* A band in a water vapour absorption may be empty: its statistics in the XML have the mean -1000000 and deviation 0.
  It is marked as bad.
* L1B lies in sensor geometry, its two detectors 20 pixels apart: it is refused.
* The ``QL_`` rasters (classes, clouds, cloud shadows, haze, cirrus, snow) are classes of pixels and no statement that
  a sample is invalid: they are the role "quality", to be used as a mask.
"""

from __future__ import annotations

import os

from ..io.xml_files import Element, read_xml
from ..runtime.errors import InputError
from .dlr import band_facts
from .layout import BandFile, Layout, check_bands
from .members import Members, base_name
from .reader import band_count

KEY = r"(?P<scene>ENMAP.+?)-METADATA\.XML"
PARTS = r"ENMAP.+?-(?:SPECTRAL_IMAGE(?:_COG|_VNIR|_SWIR)?|QL_QUALITY_\w+)\.(?:TIFF?|GEOTIFF|BSQ|BIL|BIP)"
SOURCE = "DLR, EnMAP HSI Level 1/Level 2 Product Specification, EN-PCV-ICD-2009-2"

_ENDINGS = (r"\.TIFF?", r"\.GEOTIFF", r"_COG\.TIFF?", r"\.BSQ", r"\.BIL", r"\.BIP")
_QUALITY = ("CLASSES", "CLOUD", "CLOUDSHADOW", "HAZE", "CIRRUS", "SNOW")
_NODATA = {"L2A": -32768.0, "L1C": 0.0}
_EMPTY_MEAN = -1e6


def lay_out(members: Members, role: str) -> Layout:
    """The spectral image, or the quality rasters.

    Args:
        members: the product's files.
        role: "hsi" or "quality".

    Returns:
        Where the bands lie, and what the metadata says of them.

    Raises:
        InputError: the product is an L1B one, lacks a file, or its metadata does not fit its image.
    """
    if role == "quality":
        found = [(name, members.first(rf"-QL_QUALITY_{name}(?:_COG)?\.TIFF?")) for name in _QUALITY]
        bands = tuple(BandFile(path) for _, path in found if path)
        if not bands:
            raise InputError(f"{members.name} has no quality rasters (QL_QUALITY_...) beside it.")
        return Layout(bands, "EnMAP", names=tuple(name.lower() for name, path in found if path))
    xml = members.need("METADATA.XML", r"-METADATA\.XML")
    root = read_xml(xml)
    level = _level(members, root)
    named = [path for path in members.paths if os.path.abspath(path) == os.path.abspath(members.given)]
    chosen = [path for path in named if "-SPECTRAL_IMAGE" in base_name(path).upper()]
    image = (
        chosen[0]
        if chosen
        else members.need("image (...-SPECTRAL_IMAGE.TIF)", *(f"-SPECTRAL_IMAGE{ending}" for ending in _ENDINGS))
    )
    source = base_name(xml)
    described = root.all("specific/bandCharacterisation/bandID")
    count = band_count(image)
    check_bands(len(described), count, source, base_name(image))
    facts = band_facts(described, "FWHMOfBand", "GainOfBand", "OffsetOfBand", source)
    empty = _empty_bands(root, count)
    return Layout(
        tuple(BandFile(image, number + 1) for number in range(count)),
        f"EnMAP {level}",
        names=tuple(f"band {band.attribute('number') or i + 1}" for i, band in enumerate(described)),
        wavelengths=facts.wavelengths,
        fwhm=facts.fwhm,
        bbl=tuple(0 if number in empty else 1 for number in range(count)),
        scales=facts.scales,
        offsets=facts.offsets,
        nodata=(_NODATA[level],),
        sensor="enmap",
        acquired=root.text_of("base/temporalCoverage/startTime"),
        provenance=(
            f"wavelengths, widths, gains, offsets and bad bands ({len(empty)}) from {source}",
            f"{_NODATA[level]:g} is nodata",
            *(
                ()
                if list(facts.stated) == sorted(facts.stated)
                else ("bands of VNIR and SWIR overlap and stay in the file's order",)
            ),
        ),
    )


def _level(members: Members, root: Element) -> str:
    """The level that the name says, and the metadata does not deny."""
    name = (members.scene or members.name).upper()
    level = next((level for level in ("L2A", "L1C", "L1B") if level in name), "")
    stated = root.text_of("base/level").upper()
    if "L1B" in (level, stated):
        raise InputError(
            f"{members.name} is an EnMAP L1B product, which lies in sensor geometry with its two detectors 20 pixels "
            "apart; order the level L2A (or L1C) of the scene."
        )
    if level not in _NODATA or (stated and stated in _NODATA and stated != level):
        raise InputError(
            f"{members.name} is named as EnMAP {level or 'of no known level'}, but its metadata says "
            f"{stated or 'nothing of its level'}; get a fresh copy of the product."
        )
    return level


def _empty_bands(root: Element, count: int) -> set[int]:
    """Bands, from 0, whose statistics say that they hold no number."""
    statistics = root.all("product/bandStatistics/bandID")
    found = set()
    for place, band in enumerate(statistics if len(statistics) == count else []):
        mean = band.text_of("mean")
        try:
            if float(mean) <= _EMPTY_MEAN and float(band.text_of("stdDeviation") or "0") == 0:
                found.add(place)
        except ValueError:
            continue
    return found
