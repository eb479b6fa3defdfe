"""Wavelengths and widths of bands in nm, out of numbers in any unit and out of band names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_NM_PER_UNIT = {
    name: factor
    for names, factor in (
        ("nanometers nanometer nanometres nanometre nm", 1.0),
        ("micrometers micrometer micrometres micrometre microns micron um µm μm", 1e3),
        ("millimeters mm", 1e6),
        ("centimeters cm", 1e7),
        ("meters m", 1e9),
        ("angstroms angstrom", 0.1),
    )
    for name in names.split()
}
_WAVENUMBER_UNITS = ("wavenumber", "cm-1", "1/cm")
_NO_UNIT = ("", "unknown", "none")
NAME_WITH_WAVELENGTH = re.compile(r"\s*\(([0-9.eE+-]+)\s*([A-Za-zµμ]+)\)\s*$")


def in_nanometres(
    wavelengths: Sequence[float | None], fwhm: Sequence[float | None], unit: str = ""
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    """Wavelengths and widths of bands in nm, None where unknown.

    Args:
        wavelengths: centre wavelengths in ``unit``; None where unknown.
        fwhm: full widths at half maximum in ``unit``; None where unknown.
        unit: as files name them ("nm", "micrometers", ...); of "" it is guessed, as for files.

    Returns:
        Wavelengths and widths, one for each band, nm.
    """
    waves = [value if value is not None and math.isfinite(value) and value > 0 else None for value in wavelengths]
    widths = [value if value is not None and math.isfinite(value) and value > 0 else None for value in fwhm]
    pairs = to_nanometres(waves, widths, [unit.strip().lower()] * len(waves))
    return tuple(wave for wave, _ in pairs), tuple(width for _, width in pairs)


def to_nanometres(
    waves: list[float | None], widths: list[float | None], units: list[str]
) -> list[tuple[float | None, float | None]]:
    """The centre wavelength and the width of every band in nm.

    Where a file names no unit, numbers that can only be micrometres (all below 100) or nanometres (all above 200)
    are taken for that.

    Args:
        waves: one for each band, in its unit, 0 or more; None where unknown.
        widths: one for each band, in its unit, 0 or more; None where unknown.
        units: one for each band, lower case; "" where there is none.

    Returns:
        (wavelength, width) of each band, nm; None where unknown.
    """
    known = [wave for wave, unit in zip(waves, units) if wave is not None and unit in _NO_UNIT]
    guess = None
    if known and max(known) < 100:
        guess = 1e3
    elif known and min(known) > 200:
        guess = 1.0

    def in_nm(wave: float | None, width: float | None, unit: str) -> tuple[float | None, float | None]:
        if unit not in _WAVENUMBER_UNITS:
            factor = guess if unit in _NO_UNIT else _NM_PER_UNIT.get(unit)
        elif wave is None:
            factor = None
        else:
            wave, width, factor = 1e7 / wave, None if width is None else 1e7 * width / wave**2, 1.0
        return _scaled(wave, factor), _scaled(width, factor)

    return [in_nm(*band) for band in zip(waves, widths, units)]


def _scaled(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else tidy(value * factor)


def wavelength_in_name(name: str) -> float | None:
    """The wavelength in nm out of a name such as "band 1 (418.24 Nanometers)".

    Args:
        name: of a band.

    Returns:
        nm; None where the name holds no wavelength.
    """
    match = NAME_WITH_WAVELENGTH.search(name)
    return _scaled(parse_number(match.group(1)), _NM_PER_UNIT.get(match.group(2).lower())) if match else None


def parse_number(text: str | None) -> float | None:
    """A finite number >= 0 out of text, else None. (0 is meaningful for bbl; for wavelengths see tidy.)

    Args:
        text: any text, or None.

    Returns:
        The number or None.
    """
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def tidy(nanometres: float) -> float | None:
    """Without the last digits that a change of units leaves behind; 0 stands for unknown in ENVI headers.

    Args:
        nanometres: a wavelength or width.

    Returns:
        nm, rounded to 6 decimals; None for 0.
    """
    return round(nanometres, 6) or None
