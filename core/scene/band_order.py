"""Which order the bands of a sharper image lie in, told by the HSI's bands that each is most like; and tiles of one
sharper image in one order, where no wavelengths say it (own)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..io.band_selection import SelectedBands
from ..io.grid import Window
from ..io.positions import refined
from ..io.reader import RasterReader
from ..runtime.progress import Progress
from .nearest import NearestReader
from .placement import mapping_between, positions_on
from .placing import overlap_window
from .reader_view import AveragedReader

# How many times more of the sharp bands their own order leaves unexplained than the best, and the least share that
# counts, all bands together. Measured between parts of real scenes: in the right order 1.0 to 1.6 times; two bands
# exchanged 36 and more, but for bands that are nearly the same.
_OTHER_ORDER, _UNEXPLAINED = 5.0, 0.01
_ROWS, _BANDS = 32, 64  # of the HSI that are looked at, at most
_LEAST = 64  # pixels, in each tile
_PLACES = 3  # along the edge of an HSI pixel, at which the sharper image is sampled


def other_order(reference: np.ndarray, found: np.ndarray) -> list[int] | None:
    """The order in which sharp bands fit those of another place.

    Args:
        reference: (sharp bands, HSI bands) float64, correlations at that place; NaN for HSI bands that do not count.
        found: (sharp bands, HSI bands) float64, those of the bands that are looked at.

    Returns:
        Of each band of the other place the band that shows the same, counted from 0; None where the order is the same,
        or that is not sure.
    """
    if len(found) < 2 or not np.isfinite(reference).all(axis=0).any():
        return None
    peaks = np.argmax(np.where(np.isfinite(reference), reference, -np.inf), axis=1)
    unexplained = 1.0 - np.maximum(found[:, peaks].T, 0.0) ** 2
    order = _least(unexplained)
    own, other = float(np.trace(unexplained)), float(unexplained[range(len(order)), order].sum())
    return None if own < max(_UNEXPLAINED, _OTHER_ORDER * other) else order


def _least(costs: np.ndarray) -> list[int]:
    """The column for each row of a square matrix with about the least sum, each once: pairs are exchanged while that
    helps."""
    order = list(range(len(costs)))
    while True:
        gains = {
            (i, j): costs[i, order[i]] + costs[j, order[j]] - costs[i, order[j]] - costs[j, order[i]]
            for i in range(len(order))
            for j in range(i)
        }
        (i, j), gain = max(gains.items(), key=lambda item: item[1])
        if gain <= 1e-12:
            return order
        order[i], order[j] = order[j], order[i]


def in_one_order(hsi: RasterReader, pans: Sequence[RasterReader], progress: Progress) -> list[RasterReader]:
    """The files of a sharper image with their bands in the order of the first.

    Args:
        hsi: the open HSI.
        pans: the open files, of as many bands.
        progress: told of files in another order; asked whether to stop.

    Returns:
        The files, or views of them.

    Raises:
        InputError: a file is damaged, or shares no ground with the HSI.
    """
    if pans[0].bands < 2 or all(None not in pan.metadata.wavelengths for pan in pans):
        return list(pans)
    first, made = _correlations(hsi, pans[0], progress), [pans[0]]
    for pan in pans[1:]:
        found = None if first is None else _correlations(hsi, pan, progress)
        order = None if first is None or found is None else other_order(first, found)
        if order is not None:
            numbers = ",".join(str(pan.band_numbers[band]) for band in order)
            progress.warning(
                f"The bands of {pan.name} lie in another order than those of {pans[0].name}, as their correlations "
                f"with the HSI's bands say: they are taken as {numbers}. Files with wavelengths leave no doubt."
            )
            pan = SelectedBands(pan, order)
        made.append(pan)
    return made


def _correlations(hsi: RasterReader, pan: RasterReader, progress: Progress) -> np.ndarray | None:
    """(bands of the PAN, some of the HSI): how they correlate over some rows that both show; None for unknown."""
    if bool(hsi.grid.crs) != bool(pan.grid.crs) or positions_on(hsi.grid, pan.grid) is None:
        return None
    window, fine = overlap_window(hsi, pan), refined(hsi.grid, _PLACES)
    sharp = AveragedReader(NearestReader(pan, mapping_between(fine, pan.grid), fine), (_PLACES, _PLACES))
    good = [band for band, flag in enumerate(hsi.metadata.bbl) if flag] or list(range(hsi.bands))
    bands = [good[i] for i in np.unique(np.linspace(0, len(good) - 1, _BANDS).round().astype(int))]
    spectra = []
    for row in np.unique(np.linspace(window.row, window.row + window.rows - 1, _ROWS).round().astype(int)):
        progress.check()
        line = Window(int(row), window.col, 1, window.cols)
        above, below = sharp.read(line), hsi.read(line, bands)
        values = np.concatenate([above.values, below.values])
        spectra.append(values[:, np.concatenate([above.valid, below.valid]).all(axis=0)])
    together = np.concatenate(spectra, axis=1).astype(np.float64)
    if together.shape[1] < _LEAST or (together[: pan.bands].std(axis=1) == 0).any():
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = np.corrcoef(together)[: pan.bands, pan.bands :]
    return found
