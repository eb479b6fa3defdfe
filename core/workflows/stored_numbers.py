"""Warnings of rasters whose stored numbers or wavelengths cannot be taken as they are."""

from __future__ import annotations

from collections.abc import Iterable

from ..io.precision import bands_that_lose_digits
from ..io.reader import RasterReader
from ..io.wavelengths import is_plausible
from ..runtime.progress import Progress


def warn_of_numbers(readers: Iterable[RasterReader], progress: Progress) -> None:
    """Warn of digits that float32 does not hold, and of wavelengths that cannot be.

    Args:
        readers: open rasters, with all their bands.
        progress: receives the warnings.

    Raises:
        InputError: a file is damaged.
    """
    for reader in readers:
        _warn_of_digits(reader, progress)
        _warn_of_wavelengths(reader, progress)


def _warn_of_digits(reader: RasterReader, progress: Progress) -> None:
    bands, level, spread = bands_that_lose_digits(reader)
    if bands:
        progress.warning(
            f"{reader.name} has {reader.dtype} numbers near {level:.6g} that vary by {spread:.3g} only (band "
            f"{bands[0] + 1}; {len(bands)} of {reader.bands} bands are so), but computation is in float32, which has "
            f"7 digits: subtract the offset from the image first."
        )


def _warn_of_wavelengths(reader: RasterReader, progress: Progress) -> None:
    metadata = reader.metadata
    known = [wave for wave in metadata.wavelengths if wave is not None]
    if known and metadata.wavelength_factor != 1.0:
        factor = metadata.wavelength_factor
        progress.warning(
            f"The wavelengths of {reader.name}, {min(known) / factor:g} to {max(known) / factor:g} nm, cannot be: they "
            f"are taken times {factor:g}, as {min(known):g} to {max(known):g} nm; correct their unit in the file."
        )
    elif not is_plausible(known):
        progress.warning(
            f"The wavelengths of {reader.name}, {min(known):g} to {max(known):g} nm, cannot be, and no plain factor "
            "corrects them; correct them, or their unit, in the file."
        )
