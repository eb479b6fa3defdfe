"""Pixxel Firefly as delivered: a GeoTIFF with ``.hdr``, ``.xml`` and ``.mask.tif`` of the same name beside it.

What catches people out:

* Reflectance, at the top of the atmosphere (L1C) and of the surface (L2A), is stored times 50000, not 10000.
* Wavelengths and widths stand in the ``.hdr``, an ENVI header beside a GeoTIFF, which GDAL reads from 3.12 on alone.
* 0 is no data. The mask says what a pixel shows: it is the role "quality".
"""

from __future__ import annotations

from ..io.envi_header import header_list, read_envi_header
from ..runtime.errors import InputError
from .layout import BandFile, Layout, check_bands, numbers, spectral
from .members import Members, base_name
from .reader import band_count, stored_type

KEY = r"(?P<scene>.+)\.mask\.tiff?"
FILES = r"(?:\.mask)?\.(?:tiff?|hdr|xml)"
SOURCE = "Pixxel, Firefly product guide: L1C and L2A"

_SCALE = 1 / 50_000


def lay_out(members: Members, role: str) -> Layout:
    """The image, or its mask.

    Args:
        members: the product's files.
        role: "hsi" or "quality".

    Returns:
        Where the bands lie, and what is known of them.

    Raises:
        InputError: the product lacks a file, or its header does not fit its image.
    """
    if role == "quality":
        mask = members.need("mask (....mask.tif)", r"\.mask\.tiff?")
        return Layout(tuple(BandFile(mask, i + 1) for i in range(band_count(mask))), "Pixxel")
    image, header = members.need("image (....tif)", r"\.tiff?"), members.need("header (....hdr)", r"\.hdr")
    facts, source, count = read_envi_header(header), base_name(header), band_count(image)
    waves = numbers(header_list(facts, "wavelength", "wavelengths"), "wavelengths", source)
    check_bands(len(waves), count, source, base_name(image))
    widths = numbers(header_list(facts, "fwhm"), "widths", source)
    unit = facts.get("wavelength units") or ("um" if max(waves) < 100 else "nm")
    wavelengths, fwhm = spectral(waves, widths, source, unit)
    if stored_type(image) != "uint16":
        raise InputError(f"{base_name(image)} has numbers of the type {stored_type(image)}; L1C and L2A have uint16.")
    return Layout(
        tuple(BandFile(image, i + 1) for i in range(count)),
        "Pixxel",
        wavelengths=wavelengths,
        fwhm=fwhm,
        scales=(_SCALE,) * count,
        offsets=(0.0,) * count,
        nodata=(0.0,),
        provenance=(f"wavelengths and widths from {source}", "reflectance = DN / 50000, 0 is nodata"),
    )
