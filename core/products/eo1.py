"""EO-1 as delivered, L1T and L1Gst: Hyperion (242 files, one a band) and ALI (its PAN and nine bands).

What catches people out:

* No file says a wavelength: it follows from the band's number in the file's name, by USGS' table. Some copies lack
  bands.
* Radiance is the stored number divided by 40 in the bands 1 to 70 (VNIR) and by 80 above (SWIR); the MTL file says so.
* Only the bands 8 to 57 and 77 to 224 are calibrated. The others are 0 everywhere, and are marked as bad.
* 0 is no data around the image, but a possible radiance in absorptions: a pixel is outside the image where a band of
  the green, which haze keeps from 0, is 0.
* VNIR and SWIR overlap; bands stay in the order of their numbers.
* ALI is another product, with names of its own (``EO1A...``). Its band 1 is the PAN of 10 m; the others have 30 m.
"""

from __future__ import annotations

import re

import numpy as np

from .hyperion_bands import FWHM, WAVELENGTHS
from .layout import BandFile, Flag, Layout
from .members import Members, base_name
from .mtl import Mtl

HYPERION_KEY = r"(?P<scene>EO1H\w+?)_MTL_L1(?:T|GST)\.TXT"
HYPERION_PARTS = r"EO1H\w+?_B\d{3}_L1(?:T|GST)\.TIF"
ALI_KEY = r"(?P<scene>EO1A\w+?)_MTL_L1(?:T|GST)\.TXT"
ALI_PARTS = r"EO1A\w+?_B\d{2}_L1(?:T|GST)\.TIF"
SOURCE = "USGS, EO-1 Hyperion Level 1Gst Data Format Control Book, EO1-DFCB-0003; Hyperion Spectral Coverage"
ALI_SOURCE = "USGS, EO-1 ALI Level 1Gst Data Format Control Book, EO1-DFCB-0002"

_VNIR_LAST = 70
_CALIBRATED = (*range(8, 58), *range(77, 225))
_SCALES = {"VNIR": 40.0, "SWIR": 80.0}
_SHOWS_THE_IMAGE = (20, 30, 15, 40)  # bands from 500 to 750 nm
_ALI_RANGES = {
    2: (433, 453),
    3: (450, 515),
    4: (525, 605),
    5: (630, 690),
    6: (775, 805),
    7: (845, 890),
    8: (1200, 1300),
    9: (1550, 1750),
    10: (2080, 2350),
}  # nm, from half to half: NASA, EO-1 Advanced Land Imager, spectral bands MS-1', 1, 2, 3, 4, 4', 5', 5, 7


def _is_zero(values: np.ndarray) -> np.ndarray:
    return values == 0


def lay_out_hyperion(members: Members, role: str) -> Layout:
    """Hyperion's bands in the order of their numbers.

    Args:
        members: the product's files.
        role: "hsi".

    Returns:
        Where they lie, and what is known of them.

    Raises:
        InputError: the product lacks its bands or its MTL file.
    """
    files = _by_number(members, r"_B(\d{3})_L1(?:T|GST)\.TIF", len(WAVELENGTHS))
    if len(files) < 2:
        raise members.lacks("bands (..._B001_L1T.TIF to ..._B242_L1T.TIF)")
    mtl = Mtl(members.need("metadata (..._MTL_L1T.TXT)", r"_MTL_L1(?:T|GST)\.TXT"))
    divisors = {name: mtl.number(f"SCALING_FACTOR_{name}") or usual for name, usual in _SCALES.items()}
    missing = len(WAVELENGTHS) - len(files)
    shows = next(files[number] for number in (*_SHOWS_THE_IMAGE, *files) if number in files)
    return Layout(
        tuple(BandFile(path) for path in files.values()),
        f"EO-1 Hyperion {mtl.text('PRODUCT_TYPE') or 'L1T'}",
        names=tuple(f"B{number:03d}" for number in files),
        wavelengths=tuple(WAVELENGTHS[number - 1] for number in files),
        fwhm=tuple(FWHM[number - 1] for number in files),
        bbl=tuple(int(number in _CALIBRATED) for number in files),
        scales=tuple(1 / divisors["VNIR" if number <= _VNIR_LAST else "SWIR"] for number in files),
        offsets=(0.0,) * len(files),
        flags=(Flag(shows, 1, _is_zero),),
        sensor="eo-1",
        acquired=_acquired(mtl),
        provenance=(
            "wavelengths and widths by band numbers from USGS' table",
            f"radiance = DN/{divisors['VNIR']:g} (VNIR), DN/{divisors['SWIR']:g} (SWIR) as in {mtl.name}",
            "uncalibrated bands are marked as bad",
            *((f"{missing} bands of 242 have no file",) if missing else ()),
        ),
    )


def lay_out_ali(members: Members, role: str) -> Layout:
    """ALI's PAN, or its nine bands of 30 m.

    Args:
        members: the product's files.
        role: "pan" or "guide".

    Returns:
        Where they lie, and what is known of them.

    Raises:
        InputError: the product lacks these bands or its MTL file.
    """
    files = _by_number(members, r"_B(\d{2})_L1(?:T|GST)\.TIF", 10)
    mtl = Mtl(members.need("metadata (..._MTL_L1T.TXT)", r"_MTL_L1(?:T|GST)\.TXT"))
    wanted = [1] if role == "pan" else [number for number in files if number != 1]
    if not wanted or wanted[0] not in files:
        raise members.lacks("bands (..._B01_L1T.TIF to ..._B10_L1T.TIF)")
    scales = [mtl.number(f"BAND{number}_SCALING_FACTOR") for number in wanted]
    scaled = all(scale is not None and 0 < scale < 1 for scale in scales)
    ranges = [_ALI_RANGES.get(number) for number in wanted]
    return Layout(
        tuple(BandFile(files[number]) for number in wanted),
        f"EO-1 ALI {mtl.text('PRODUCT_TYPE') or 'L1T'}",
        names=tuple(f"B{number:02d}" for number in wanted),
        wavelengths=tuple(None if limits is None else sum(limits) / 2 for limits in ranges),
        fwhm=tuple(None if limits is None else float(limits[1] - limits[0]) for limits in ranges),
        scales=tuple(scale or 1.0 for scale in scales) if scaled else None,
        offsets=tuple(mtl.number(f"BAND{number}_OFFSET") or 0.0 for number in wanted) if scaled else None,
        nodata=(0.0,),
        sensor="eo-1",
        acquired=_acquired(mtl),
        provenance=(f"scales from {mtl.name}" if scaled else "stored numbers without a scale", "0 is nodata"),
    )


def _by_number(members: Members, pattern: str, last: int) -> dict[int, str]:
    """The files of bands by their numbers, ascending."""
    found = {}
    for path in members.all(pattern.replace("(", "(?:", 1)):
        match = re.search(pattern, base_name(path), re.IGNORECASE)
        if match is not None and 1 <= int(match[1]) <= last:
            found[int(match[1])] = path
    return dict(sorted(found.items()))


def _acquired(mtl: Mtl) -> str:
    return mtl.text("ACQUISITION_DATE")
