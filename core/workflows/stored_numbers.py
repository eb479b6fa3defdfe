"""What is wrong with stored numbers and wavelengths: warnings, and units in which two rasters differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..assessment.reference import View
from ..io.precision import bands_that_lose_digits
from ..io.reader import RasterReader
from ..io.wavelengths import is_plausible
from ..models.units import LEAST_FACTOR, plain_factor
from ..runtime.progress import Progress

_ROWS, _BANDS = 64, 16  # that units are told from, at most
_TOLERANCE = 1.5  # that the levels of a result and its reference may differ by


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


def unit_factor(fused: View, reference: View, bands: Sequence[int]) -> float | None:
    """The plain factor that lies between the units of a result and of its reference, as where the scale of one of them
    is not declared; seen in rows in the middle.

    Args:
        fused: the result.
        reference: a view of the same size.
        bands: good ones, counted from 0.

    Returns:
        By what the result's numbers would have to be multiplied; None where they have one unit, or that cannot be told.

    Raises:
        InputError: a file is damaged.
    """
    some = [bands[i] for i in np.unique(np.linspace(0, len(bands) - 1, min(_BANDS, len(bands))).astype(int))]
    start = max(0, (fused.shape[0] - _ROWS) // 2)
    span = start, min(fused.shape[0], start + _ROWS)
    (made, made_valid), (truth, truth_valid) = (view.read(*span, some) for view in (fused, reference))
    valid = made_valid & truth_valid
    levels = [np.where(valid, np.abs(values), 0).sum(axis=(1, 2), dtype=np.float64) for values in (made, truth)]
    known = (levels[0] > 0) & (levels[1] > 0)
    if not known.any():
        return None
    ratio = float(np.median(levels[1][known] / levels[0][known]))
    return plain_factor(ratio, _TOLERANCE) if max(ratio, 1 / ratio) > LEAST_FACTOR else None
