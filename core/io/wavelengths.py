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
        ("angstroms angstrom ångströms ångström ångstroms ångstrom å", 0.1),
    )
    for name in names.split()
}
ANGSTROM = 0.1  # nm
_POSSIBLE = 100.0, 100_000.0  # nm, of any optical sensor
_USUAL = 300.0, 15_000.0  # nm, that a corrected unit has to lead to
_PLAIN_FACTORS = (1e-3, 1e3, 1e-6, 1e6)  # between units that are mistaken for each other
_WIDTHS = 1e-3, 1.0  # width over wavelength, where both are in one unit
_NM_TIMES_UNIT = {  # wavelength times what is given: wavenumbers, and frequencies (speed of light 299,792,458 m/s)
    **dict.fromkeys(("wavenumber", "wavenumbers", "cm-1", "1/cm", "percm"), 1e7),
    "mhz": 2.99792458e11,
    "ghz": 2.99792458e8,
    "thz": 2.99792458e5,
}
_NO_UNIT = ("", "unknown", "none")
_NO_WAVELENGTH = ("index",)  # of ENVI: the numbers count bands
_BY_ANGSTROMS = 3000.0, 5500.0, 5600.0, 15_000.0, 26_000.0  # see in_angstroms
_OPTICAL_FACTORS = (0.1, 1.0, 1e3)  # angstroms, nanometres, micrometres
_IN_BRACKETS = re.compile(r"\s*\(([0-9.eE+-]+)\s*([A-Za-zµμ]+)\)\s*$")
_IN_WORDS = re.compile(
    r"(?<![\d.,])(\d+(?:\.\d+)?)\s*(nm|nanomet(?:er|re)s?|[uµμ]m|micromet(?:er|re)s?|microns?)(?![a-zµμ])",
    re.IGNORECASE,
)
_WIDTH_IN_WORDS = re.compile(r"(?:fwhm|width|±|\+/-)\s*[:=]?\s*\d+(?:\.\d+)?\s*[a-zµμ]*", re.IGNORECASE)
_NAMED_RANGE = (100.0, 100_000.0)  # nm: what else a name has in brackets, such as a pixel size, lies outside
_SAME = 0.5 + 1e-6  # nm by which two notations of one wavelength may differ


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
    return converted(waves, widths, unit)[:2]


def converted(
    wavelengths: Sequence[float | None], fwhm: Sequence[float | None], unit: str = ""
) -> tuple[tuple[float | None, ...], tuple[float | None, ...], float]:
    """As :func:`in_nanometres`, with the factor that had to be assumed.

    Args:
        wavelengths, fwhm, unit: as there; the numbers 0 or more.

    Returns:
        Wavelengths and widths, nm, and the factor, as of :attr:`.metadata.RasterMetadata.wavelength_factor`.
    """
    waves, units = list(wavelengths), [unit.strip().lower()] * len(wavelengths)
    pairs = to_nanometres(waves, list(fwhm), units)
    found = corrected([wave for wave, _ in pairs], [width for _, width in pairs])
    return (*found[:2], ANGSTROM) if in_angstroms(waves, units) else found


def is_plausible(wavelengths: Sequence[float | None]) -> bool:
    """Whether wavelengths can be those of an optical sensor.

    Args:
        wavelengths: nm; None where unknown.

    Returns:
        True where each is, or is unknown.
    """
    return all(wave is None or _POSSIBLE[0] <= wave <= _POSSIBLE[1] for wave in wavelengths)


def corrected(
    wavelengths: Sequence[float | None], fwhm: Sequence[float | None]
) -> tuple[tuple[float | None, ...], tuple[float | None, ...], float]:
    """Wavelengths whose unit is wrong, as 420,000 nm, brought to the range of sensors by a plain factor.

    Args:
        wavelengths: nm; None where unknown.
        fwhm: widths, nm; None where unknown. They are taken times the same where they fit the stated wavelengths.

    Returns:
        Wavelengths and widths in nm, and the factor; unchanged and 1 where they are plausible, or none makes them so.
    """
    known = [wave for wave in wavelengths if wave is not None]
    factor = 1.0
    if not is_plausible(known):
        low, high = _USUAL
        fits = (one for one in _PLAIN_FACTORS if all(low <= one * wave <= high for wave in known))
        factor = next(fits, 1.0)
    if factor == 1.0:
        return tuple(wavelengths), tuple(fwhm), factor
    shares = [width / wave for wave, width in zip(wavelengths, fwhm) if wave is not None and width is not None]
    of_widths = factor if all(_WIDTHS[0] < share < _WIDTHS[1] for share in shares) else 1.0
    waves = tuple(_scaled(wave, factor) for wave in wavelengths)
    return waves, tuple(_scaled(width, of_widths) for width in fwhm), factor


def to_nanometres(
    waves: list[float | None], widths: list[float | None], units: list[str]
) -> list[tuple[float | None, float | None]]:
    """The centre wavelength and the width of every band in nm.

    Where a file names no unit, numbers that can only be micrometres (all below 100) or nanometres (all above 200)
    are taken for that, or for angstroms (:func:`in_angstroms`).

    Args:
        waves: one for each band, in its unit, 0 or more; None where unknown.
        widths: one for each band, in its unit, 0 or more; None where unknown.
        units: one for each band, lower case; "" where there is none.

    Returns:
        (wavelength, width) of each band, nm; None where unknown.
    """
    units = [_plain_unit(unit) for unit in units]
    known = [wave for wave, unit in zip(waves, units) if wave is not None and unit in _NO_UNIT]
    guess = None
    if known and max(known) < 100:
        guess = 1e3
    elif in_angstroms(waves, units):
        guess = ANGSTROM
    elif known and min(known) > 200:
        guess = 1.0

    def in_nm(wave: float | None, width: float | None, unit: str) -> tuple[float | None, float | None]:
        product = _NM_TIMES_UNIT.get(unit)
        if product is None:
            factor = guess if unit in _NO_UNIT else _NM_PER_UNIT.get(unit)
        elif wave is None:
            factor = None
        else:
            wave, width, factor = product / wave, None if width is None else product * width / wave**2, 1.0
        return _scaled(wave, factor), _scaled(width, factor)

    return [in_nm(*band) for band in zip(waves, widths, units)]


def in_angstroms(waves: Sequence[float | None], units: Sequence[str]) -> bool:
    """Whether wavelengths without a unit can hardly be other than angstroms: as nanometres they would begin beyond 3 um
    and reach from medium waves to long ones in one instrument, or beyond 15 um, where the atmosphere is closed.

    Args:
        waves: one for each band; None where unknown.
        units: one for each band, lower case; "" where there is none.

    Returns:
        Whether they are taken for that.
    """
    known = [wave for wave, unit in zip(waves, units) if wave and _plain_unit(unit) in _NO_UNIT]
    if not known:
        return False
    low, high = min(known), max(known)
    least, medium, long, closed, most = _BY_ANGSTROMS
    return least <= low and high <= most and ((low <= medium and high >= long) or high > closed)


def is_known_unit(unit: str) -> bool:
    """Whether what a file names as the unit of its wavelengths is known; none and an index are.

    Args:
        unit: lower case.

    Returns:
        Whether it is.
    """
    plain = _plain_unit(unit)
    return plain in _NM_PER_UNIT or plain in _NM_TIMES_UNIT or plain in (*_NO_UNIT, *_NO_WAVELENGTH)


def _plain_unit(unit: str) -> str:
    """Of "[nm]", "Nanometers (nm)", "cm^-1", "nano meters" what is known."""
    text = unit.strip().lower().strip("[](){}\"'")
    text = re.sub(r"\s*\(.*", "", text).replace("⁻¹", "-1")
    return re.sub(r"\^|\*\*|\s", "", text)


def _scaled(value: float | None, factor: float | None) -> float | None:
    return None if value is None or factor is None else tidy(value * factor)


def is_optical_unit(unit: str) -> bool:
    """Whether a unit is one in which wavelengths of light are given, and hardly anything else.

    Args:
        unit: lower case.

    Returns:
        Whether it is: nm, micrometers, angstroms, ...
    """
    return _NM_PER_UNIT.get(_plain_unit(unit)) in _OPTICAL_FACTORS


def wavelength_in_name(name: str) -> float | None:
    """The wavelength in nm out of a name such as "band 1 (418.24 Nanometers)", "402.3 nm" or "B12: 0.45 micrometers".

    Args:
        name: of a band.

    Returns:
        nm; None where the name holds no wavelength, or several, as a range does.
    """
    match = _IN_BRACKETS.search(name)
    in_brackets = None if match is None else _named(match)
    if in_brackets is not None:
        return in_brackets
    found = list(_IN_WORDS.finditer(_WIDTH_IN_WORDS.sub("", name)))
    if len(found) != 1 or re.search(r"\d\s*(?:-|–|to)\s*$", found[0].string[: found[0].start()]):
        return None
    return _named(found[0])


def _named(match: re.Match[str]) -> float | None:
    nanometres = _scaled(parse_number(match.group(1)), _NM_PER_UNIT.get(match.group(2).lower()))
    return nanometres if nanometres is not None and _NAMED_RANGE[0] <= nanometres <= _NAMED_RANGE[1] else None


def is_only_wavelength(name: str) -> bool:
    """Whether a name is nothing but a wavelength, as GDAL names the bands of an ENVI file without band names.

    Args:
        name: of a band, such as "402.3 Nanometers".

    Returns:
        Whether it is.
    """
    return _IN_WORDS.fullmatch(name.strip()) is not None


def without_wavelength(name: str) -> str:
    """The name without the wavelength in brackets at its end, which GDAL adds when it reads ENVI.

    Args:
        name: of a band.

    Returns:
        The name, as it is where that is all there is.
    """
    match = _IN_BRACKETS.search(name)
    if match is None or match.start() == 0 or (_named(match) is None and not _is_unknown(match)):
        return name
    return name[: match.start()]


def _is_unknown(match: re.Match[str]) -> bool:
    """Whether it is the 0 that stands in ENVI headers for an unknown wavelength."""
    return parse_number(match.group(1)) == 0.0 and is_optical_unit(match.group(2).lower())


def without_repeated_wavelength(name: str) -> str:
    """The name without wavelengths in brackets at its end that the rest of it says already, or that are 0, unknown.

    Args:
        name: of a band, such as "400 Nanometers (400.0 Nanometers)".

    Returns:
        The name, with its wavelength once.
    """
    rest = without_wavelength(name)
    while rest != name:
        outer, inner = wavelength_in_name(name), wavelength_in_name(rest)
        match = _IN_BRACKETS.search(name)
        unknown = match is not None and _is_unknown(match)
        if not unknown and (inner is None or outer is None or abs(inner - outer) > _SAME):
            break
        name, rest = rest, without_wavelength(rest)
    return name


def parse_number(text: str | None) -> float | None:
    """A finite number >= 0 out of text, else None. (0 is meaningful for bbl; for wavelengths see tidy.)

    Args:
        text: any text, or None.

    Returns:
        The number or None.
    """
    try:
        value = float(text.strip("\"' ")) if text is not None else math.nan
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


def first_apart(
    some: Sequence[float | None], others: Sequence[float | None], tolerance: float
) -> tuple[int, float, float] | None:
    """The first band that two images show at different wavelengths.

    Args:
        some, others: of the bands in their order, nm; None where unknown.
        tolerance: difference in nm that does not count.

    Returns:
        The band, counted from 0, and its two wavelengths; None where no two known ones differ by more.
    """
    for band, (one, other) in enumerate(zip(some, others)):
        if one is not None and other is not None and abs(one - other) > tolerance:
            return band, one, other
    return None
