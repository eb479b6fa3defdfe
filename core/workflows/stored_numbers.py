"""What is wrong with stored numbers and wavelengths: warnings, and units in which two rasters differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..assessment.reference import View
from ..io.band_remedies import scale_command
from ..io.precision import bands_that_lose_digits
from ..io.reader import RasterReader
from ..io.wavelengths import ANGSTROM, first_apart, is_plausible
from ..models.trained import WAVELENGTH_TOLERANCE
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
    factor = metadata.wavelength_factor
    if known and factor == ANGSTROM:
        progress.warning(
            f"The wavelengths of {reader.name}, {min(known) / factor:g} to {max(known) / factor:g}, have no unit and "
            f"are taken for angstroms, as {min(known):g} to {max(known):g} nm; write their unit into the file."
        )
    elif known and factor != 1.0:
        progress.warning(
            f"The wavelengths of {reader.name}, {min(known) / factor:g} to {max(known) / factor:g} nm, cannot be: they "
            f"are taken times {factor:g}, as {min(known):g} to {max(known):g} nm; correct their unit in the file."
        )
    elif not is_plausible(known):
        progress.warning(
            f"The wavelengths of {reader.name}, {min(known):g} to {max(known):g} nm, cannot be, and no plain factor "
            "corrects them; correct them, or their unit, in the file."
        )


def warn_of_other_bands(fused: RasterReader, other: RasterReader, progress: Progress) -> None:
    """Warn where a result and what it is compared with have other wavelengths: bands are compared by their numbers.

    Args:
        fused: the result.
        other: the reference, or the HSI.
        progress: receives the warning.
    """
    own, waves = fused.metadata.wavelengths, other.metadata.wavelengths
    widths = [width or 0.0 for pair in zip(fused.metadata.fwhm, other.metadata.fwhm) for width in pair]
    tolerance = max([WAVELENGTH_TOLERANCE, *(width / 2 for width in widths)])
    apart = first_apart(own, waves, tolerance) if len(own) == len(waves) else None
    if apart is None:
        return
    band, one, two = apart
    known = [wave for wave in waves if wave is not None]
    sentence = "choose images of the same bands"
    if len(known) == len(waves) and None not in own:
        if first_apart(own, sorted(known), tolerance) is None:
            sentence = f"--band-order wavelength (BAND_ORDER) sorts those of {other.name}"
        elif first_apart(sorted(filter(None, own)), sorted(known), tolerance) is None:
            sentence = f"bring those of {fused.name} into the order of {other.name} (gdal_translate -b, for each band)"
    progress.warning(
        f"Band {band + 1} is at {one:g} nm in {fused.name} but at {two:g} nm in {other.name}, and bands are compared "
        f"by their numbers; {sentence}."
    )


def warn_of_units(factor: float | None, fused: RasterReader, other: RasterReader, progress: Progress) -> None:
    """Warn of another unit, with the command that declares the scale of the larger numbers.

    Args:
        factor: as :func:`unit_factor` gives it.
        fused: the result.
        other: the reference, or the HSI.
        progress: receives the warning.
    """
    if factor is None:
        return
    large, small = (other, fused) if factor > 1 else (fused, other)
    times, plain = max(factor, 1 / factor), set(large.metadata.scales) == {1.0}
    declared = f": {scale_command(large.source, 1 / times)}" if plain else ""
    progress.warning(
        f"The numbers of {large.name} are about {times:,.6g} times those of {small.name}, so that indices which "
        "compare numbers mean nothing: one of the two files does not declare its scale, or is in another unit; correct "
        f"the scale{declared}."
    )


def unit_factor(fused: View, reference: View, bands: Sequence[int]) -> float | None:
    """The plain factor that lies between the units of a result and of its reference, as where the scale of one of them
    is not declared; seen in rows in the middle.

    Args:
        fused: the result.
        reference: a view of the same ground, of the same pixels or of larger ones.
        bands: good ones, counted from 0.

    Returns:
        By what the result's numbers would have to be multiplied; None where they have one unit, or that cannot be told.

    Raises:
        InputError: a file is damaged.
    """
    some = [bands[i] for i in np.unique(np.linspace(0, len(bands) - 1, min(_BANDS, len(bands))).astype(int))]
    levels = [_levels(view, some, fused.shape[0]) for view in (fused, reference)]
    known = (levels[0] > 0) & (levels[1] > 0)
    if not known.any():
        return None
    ratio = float(np.median(levels[1][known] / levels[0][known]))
    return plain_factor(ratio, _TOLERANCE) if max(ratio, 1 / ratio) > LEAST_FACTOR else None


def _levels(view: View, bands: Sequence[int], rows: int) -> np.ndarray:
    """(bands,) the mean size of numbers in the middle of a view, in as many of its rows as lie under ``_ROWS`` of an
    image of ``rows`` rows."""
    count = max(1, round(min(_ROWS, rows) * view.shape[0] / rows))
    start = max(0, (view.shape[0] - count) // 2)
    values, valid = view.read(start, min(view.shape[0], start + count), bands)
    total = np.where(valid, np.abs(values), 0).sum(axis=(1, 2), dtype=np.float64)
    mean: np.ndarray = total / np.maximum(np.count_nonzero(valid, axis=(1, 2)), 1)
    return mean
