"""DESIS L2A and L1C as delivered: ``DESIS-HSI-...-SPECTRAL_IMAGE.tif`` with ``-METADATA.xml`` and a ``.hdr``.

What catches people out:

* The image says nothing of its bands to GDAL before 3.12, and to later versions only what the ``.hdr`` beside it has.
* The metadata has elements ``band`` in two places: those of ``specific/bandCharacterisation`` count; others describe
  the interior orientation.
* 235 bands, or 118, 79 or 60 where the order asked for binning: the number is the file's, not the sensor's.
* Numbers are 16-bit integers with a gain and an offset in each band, and -32768 for no data.
* Neighbouring bands overlap: their widths are larger than their distance.
* L1B lies in sensor geometry: it is refused.
"""

from __future__ import annotations

from ..io.envi_header import header_list, read_envi_header
from ..io.xml_files import read_xml
from ..runtime.errors import InputError
from .dlr import band_facts
from .layout import BandFile, Layout, check_bands, numbers
from .members import Members, base_name
from .reader import band_count

KEY = r"(?P<scene>DESIS-HSI-.+?)-METADATA\.xml"
PARTS = r"DESIS-HSI-.+?-(?:SPECTRAL_IMAGE|QL_QUALITY[-\w]*)\.(?:tiff?|hdr)"
SOURCE = "DLR, DESIS Product Specification, PAV-DLR-ICD-003"

_NODATA = -32768.0
_SAME = 0.5  # nm by which metadata and header may differ


def lay_out(members: Members, role: str) -> Layout:
    """The spectral image, or the quality raster.

    Args:
        members: the product's files.
        role: "hsi" or "quality".

    Returns:
        Where the bands lie, and what the metadata says of them.

    Raises:
        InputError: the product is an L1B one, lacks a file, or its metadata does not fit its image.
    """
    if role == "quality":
        path = members.need("quality raster (...-QL_QUALITY-2.tif)", r"-QL_QUALITY-2\.tiff?", r"-QL_QUALITY\.tiff?")
        return Layout(tuple(BandFile(path, i + 1) for i in range(band_count(path))), "DESIS")
    level = next((level for level in ("L2A", "L1C") if f"-{level}-" in members.scene.upper()), "")
    if not level:
        raise InputError(
            f"{members.name} is no DESIS product of level L2A or L1C; others lie in sensor geometry: order the "
            "level L2A of the scene."
        )
    xml = members.need("METADATA.xml", r"-METADATA\.xml")
    image = members.need("image (...-SPECTRAL_IMAGE.tif)", r"-SPECTRAL_IMAGE\.tiff?")
    root, source = read_xml(xml), base_name(xml)
    described = root.all("specific/bandCharacterisation/band")
    count = band_count(image)
    check_bands(len(described), count, source, base_name(image))
    facts = band_facts(described, "wavelengthWidthOfBand", "gainOfBand", "offsetOfBand", source)
    return Layout(
        tuple(BandFile(image, number + 1) for number in range(count)),
        f"DESIS {level}",
        names=tuple(f"band {band.text_of('bandNumber') or i + 1}" for i, band in enumerate(described)),
        wavelengths=facts.wavelengths,
        fwhm=facts.fwhm,
        bbl=(1,) * count,
        scales=facts.scales,
        offsets=facts.offsets,
        nodata=(_NODATA,),
        acquired=root.text_of("base/temporalCoverage/startTime"),
        provenance=(f"wavelengths, widths, gains and offsets from {source}", f"{_NODATA:g} is nodata"),
        notes=_disagreement(members, facts.stated, source),
    )


def _disagreement(members: Members, waves: tuple[float, ...], source: str) -> tuple[str, ...]:
    """A sentence where the header beside the image has other wavelengths."""
    header = members.first(r"-SPECTRAL_IMAGE\.hdr")
    if not header:
        return ()
    entries = header_list(read_envi_header(header), "wavelength", "wavelengths")
    others = numbers(entries, "wavelengths", base_name(header))
    if len(others) == len(waves) and all(abs(one - other) <= _SAME for one, other in zip(waves, others)):
        return ()
    return (f"{base_name(header)} has other wavelengths than {source}; those of {source} are used.",)
