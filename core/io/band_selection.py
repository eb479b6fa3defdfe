"""Some bands of a raster, chosen by number or by wavelength."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..runtime.errors import InputError
from .grid import Window
from .masks import Fill
from .reader import Block, RasterReader
from .remedies import Source

_NUMBER = r"(\d+(?:\.\d*)?)"
_NUMBERS = re.compile(r"\s*(\d+)\s*(?:[-–]\s*(\d+)\s*)?")  # with a hyphen, or the dash of printed ranges
_WAVELENGTHS = re.compile(rf"\s*{_NUMBER}\s*[-–]\s*{_NUMBER}\s*(nm|um|µm|μm)?\s*", re.IGNORECASE)  # both letters mu


def bands_by_number(text: str, reader: RasterReader) -> list[int]:
    """Bands, counted from 0, of "6-36" or "3,5,8-10" (counted from 1, both ends included), in the order given.

    Args:
        text: band numbers.
        reader: the raster.

    Returns:
        The bands, counted from 0, each once.

    Raises:
        InputError: no such bands.
    """
    chosen: list[int] = []
    for part in text.split(","):
        match = _NUMBERS.fullmatch(part)
        if not match:
            raise InputError(
                f"{text!r} does not name bands; write their numbers, counted from 1, as in 6-36, or wavelengths with "
                "their unit, as in 480-690 nm."
            )
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        if not 1 <= first <= last <= reader.bands:
            raise InputError(
                f"There are no bands {part.strip()} in {reader.name}; it has bands 1 to {reader.bands}: "
                f"{_as_wavelengths(first, last, reader) or _in_order(first, last)}."
            )
        chosen += [band for band in range(first - 1, last) if band not in chosen]
    return chosen


def _in_order(first: int, last: int) -> str:
    return "write the lower number first" if last < first else "choose among these"


def _as_wavelengths(first: int, last: int, reader: RasterReader) -> str:
    """What to write where numbers that are no bands' are wavelengths of some; "" where they are not."""
    low, high = min(first, last), max(first, last)
    waves = [wave for wave in reader.metadata.wavelengths if wave is not None]
    if low == high or not any(low <= wave <= high for wave in waves):
        return ""
    return f"for wavelengths write {low}-{high} nm"


def is_wavelengths(text: str) -> bool:
    """Whether a text says that it is a range of wavelengths, by their unit.

    Args:
        text: as of :func:`wavelength_range`.

    Returns:
        True for "430-900 nm" and "0.43-0.9 um", not for "43-90".
    """
    match = _WAVELENGTHS.fullmatch(text)
    return bool(match and match.group(3))


def wavelength_range(text: str) -> tuple[float, float] | None:
    """(lowest, highest) in nm of "480-690", "480-690 nm" or "0.48-0.69 um"; None where the text is something else.

    Args:
        text: a range of wavelengths, in nm where no unit is given.

    Returns:
        (lowest, highest) in nm, or None.
    """
    match = _WAVELENGTHS.fullmatch(text)
    if not match:
        return None
    nanometres = 1.0 if (match.group(3) or "nm").lower() == "nm" else 1000.0
    return round(float(match.group(1)) * nanometres, 6), round(float(match.group(2)) * nanometres, 6)


def bands_by_wavelength(low: float, high: float, reader: RasterReader) -> list[int]:
    """Bands, counted from 0, whose centre wavelength lies from ``low`` to ``high``, in nm.

    Args:
        low: lowest wavelength, nm.
        high: highest wavelength, nm.
        reader: the raster.

    Returns:
        The bands, counted from 0, in the order of the file.

    Raises:
        InputError: there is none, or the raster has no wavelengths.
    """
    waves = reader.metadata.wavelengths
    known = [wave for wave in waves if wave is not None]
    if not known:
        raise InputError(f"{reader.name} has no wavelengths; give the bands by their numbers, as in 6-36.")
    chosen = [band for band, wave in enumerate(waves) if wave is not None and low <= wave <= high]
    if not chosen:
        if high < low:
            raise InputError(f"There is nothing from {low:g} to {high:g} nm; write the lower wavelength first.")
        raise InputError(
            f"{reader.name} has no band from {low:g} to {high:g} nm; its bands lie from {min(known):g} to "
            f"{max(known):g} nm: choose another range."
        )
    return chosen


def bands_named(text: str, reader: RasterReader) -> list[int]:
    """Bands by number, or by wavelength where the text has the unit.

    Args:
        text: "6-36", "3,5,8-10", "430-900 nm" or "0.43-0.9 um".
        reader: the raster.

    Returns:
        The bands, counted from 0.

    Raises:
        InputError: the text names no bands of this raster.
    """
    limits = wavelength_range(text) if is_wavelengths(text) else None
    return bands_by_wavelength(*limits, reader) if limits else bands_by_number(text, reader)


def _as_text(bands: Sequence[int]) -> str:
    """What :func:`bands_by_number` makes these bands of, in their order."""
    runs: list[list[int]] = []
    for number in (band + 1 for band in bands):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)


class SelectedBands(RasterReader):
    """An open raster of which only some bands are visible; closes it with itself.

    Args:
        reader: the open raster.
        bands: counted from 0, in the order wanted.

    Attributes:
        numbers: the bands as text, as "1-100,120". of: how many the raster has.
    """

    def __init__(self, reader: RasterReader, bands: Sequence[int]) -> None:
        self._reader, self._chosen = reader, list(bands)
        self.notes, self.palette = reader.notes, reader.palette
        self.numbers, self.of = _as_text(self._chosen), reader.bands
        self.path, self.name, self.file, self.others = reader.path, reader.name, reader.file, reader.others
        self.grid, self.dtype = reader.grid, reader.dtype
        self.metadata = reader.metadata.select(self._chosen)
        self.bands, self.always_valid, self.fills = len(self._chosen), reader.always_valid, reader.fills
        self._block_rows, self.origin, self.sentence = reader.block_rows, reader.origin, reader.sentence
        if reader.origin.detectors:
            self.origin = reader.origin._replace(detectors=tuple(reader.origin.detectors[b] for b in self._chosen))

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled, with the grid that it has here."""
        return type(self), (self._reader, self._chosen), {"grid": self.grid}

    @property
    def source(self) -> Source:
        """As :attr:`RasterReader.source`."""
        return self._reader.source

    def set_nodata(self, values: Sequence[float], own: bool = True) -> None:
        """As :meth:`RasterReader.set_nodata`, of the whole raster."""
        self._reader.set_nodata(values, own)
        self._follow()

    def add_fill(self, fill: Fill) -> None:
        """As :meth:`RasterReader.add_fill`, of the whole raster."""
        self._reader.add_fill(fill)
        self._follow()

    def _follow(self) -> None:
        """What the raster has learned of its nodata values."""
        reader = self._reader
        self.metadata = self.metadata.replace(nodata=reader.metadata.nodata)
        self.always_valid, self.fills, self.settled = reader.always_valid, reader.fills, reader.settled

    @property
    def band_numbers(self) -> list[int]:
        """As :attr:`RasterReader.band_numbers`."""
        return [self._reader.band_numbers[band] for band in self._chosen]

    def keep_decoded(self) -> None:
        """As :meth:`RasterReader.keep_decoded`."""
        self._reader.keep_decoded()

    def release(self) -> None:
        """As :meth:`RasterReader.release`."""
        self._reader.release()

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`; bands are counted among the chosen ones."""
        some = self._chosen if bands is None else [self._chosen[band] for band in bands]
        return self._reader.read(window, some, read_ahead)

    def read_complete(self, window: Window, bands: Sequence[int]) -> np.ndarray | None:
        """As :meth:`RasterReader.read_complete`; bands are counted among the chosen ones."""
        return self._reader.read_complete(window, [self._chosen[band] for band in bands])

    def read_valid(self, window: Window, bands: Sequence[int] | None = None) -> np.ndarray | None:
        """As :meth:`RasterReader.read_valid`; bands are counted among the chosen ones."""
        some = self._chosen if bands is None else [self._chosen[band] for band in bands]
        return self._reader.read_valid(window, some)


def select_bands(reader: RasterReader, text: str) -> RasterReader:
    """The raster with only the bands that ``text`` names: numbers, "1-100,120", or wavelengths, "430-900 nm" or
    "0.43-0.9 um"; with all of them where it is empty.

    Args:
        reader: the open raster.
        text: the bands.

    Returns:
        ``reader`` itself, or a view of it.

    Raises:
        InputError: the text names no bands of this raster.
    """
    return SelectedBands(reader, bands_named(text, reader)) if text.strip() else reader
