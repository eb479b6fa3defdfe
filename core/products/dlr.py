"""What the metadata of EnMAP and DESIS, written by one ground segment, say of the bands: the same in other words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

from ..io.xml_files import Element
from .layout import numbers, spectral


class BandFacts(NamedTuple):
    """What is said of the bands.

    Attributes:
        stated: wavelengths in nm, as they are written.
        wavelengths, fwhm: the same and the widths, in nm, checked; None where one is impossible.
        scales, offsets: to physical units.
    """

    stated: tuple[float, ...]
    wavelengths: tuple[Optional[float], ...]
    fwhm: tuple[Optional[float], ...]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]


def band_facts(described: Sequence[Element], width: str, gain: str, offset: str, source: str) -> BandFacts:
    """Read what is said of the bands.

    Args:
        described: the element of each band.
        width, gain, offset: names of the elements in it.
        source: file of the metadata, for errors.

    Returns:
        The facts; widths and offsets are 0 and gains 1 where there are none.

    Raises:
        InputError: a number is none.
    """
    stated = numbers([band.text_of("wavelengthCenterOfBand") for band in described], "wavelengths", source)
    widths = numbers([band.text_of(width) or "0" for band in described], "widths", source)
    return BandFacts(
        stated,
        *spectral(stated, widths, source),
        scales=numbers([band.text_of(gain) or "1" for band in described], "gains", source),
        offsets=numbers([band.text_of(offset) or "0" for band in described], "offsets", source),
    )
