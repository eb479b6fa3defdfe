"""Wavelengths and widths of bands in nm, out of numbers in any unit and out of band names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    Converter = Callable[[float | None, float | None], tuple[float | None, float | None]]

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
    unit = unit.strip().lower()
    waves = [value if value is not None and math.isfinite(value) and value > 0 else None for value in wavelengths]
    widths = [value if value is not None and math.isfinite(value) and value > 0 else None for value in fwhm]
    pairs = [convert(*pair) for convert, pair in zip(unit_converters(waves, [unit] * len(waves)), zip(waves, widths))]
    return tuple(wave for wave, _ in pairs), tuple(width for _, width in pairs)


def unit_converters(waves: list[float | None], units: list[str]) -> list[Converter]:
    """The functions (wavelength, fwhm) -> the same in nm.

    Where a file names no unit, numbers that can only be micrometres (all below 100) or nanometres (all above 200)
    are taken for that.

    Args:
        waves: one for each band, in its unit; None where unknown.
        units: one for each band, lower case; "" where there is none.

    Returns:
        One function for each band.
    """
    known = [wave for wave, unit in zip(waves, units) if wave is not None and unit in _NO_UNIT]
    guess = None
    if known and max(known) < 100:
        guess = 1e3
    elif known and min(known) > 200:
        guess = 1.0

    def by_factor(factor: float | None) -> Converter:
        def scaled(value: float | None) -> float | None:
            return None if value is None or factor is None else tidy(value * factor)

        def convert(wave: float | None, width: float | None) -> tuple[float | None, float | None]:
            return scaled(wave), scaled(width)

        return convert

    def by_wavenumber(wave: float | None, width: float | None) -> tuple[float | None, float | None]:
        if wave is None:
            return None, None
        return tidy(1e7 / wave), None if width is None else tidy(1e7 * width / wave**2)

    converters: list[Converter] = []
    for unit in units:
        if unit in _WAVENUMBER_UNITS:
            converters.append(by_wavenumber)
        else:
            converters.append(by_factor(guess if unit in _NO_UNIT else _NM_PER_UNIT.get(unit)))
    return converters


def wavelength_in_name(name: str) -> float | None:
    """The wavelength in nm out of a name such as "band 1 (418.24 Nanometers)".

    Args:
        name: of a band.

    Returns:
        nm; None where the name holds no wavelength.
    """
    match = NAME_WITH_WAVELENGTH.search(name)
    factor = _NM_PER_UNIT.get(match.group(2).lower()) if match else None
    value = parse_number(match.group(1)) if match and factor else None
    return tidy(value * factor) if value is not None and factor is not None else None


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
