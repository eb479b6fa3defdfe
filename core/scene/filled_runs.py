"""Runs of -1 along the spectrum of a pixel: so some processors mark what they could not retrieve (own).

A -1 is told from noise around 0 by what stands beside it: seven or more bands in a row hold exactly -1, and the bands
before and after are far above it. Shorter runs, and those of 0, are compared with the bands around them
(:mod:`.defects`); pixels that hold -1 in all bands are left to :mod:`.stray_fills`.
"""

from __future__ import annotations

import numpy as np

NUMBER = -1.0
_LEAST = 7  # bands in a row
_FAR_ABOVE = 0.25  # of its band's mean, at least, is a sample beside a run
_MOST = 0.5  # share of a band's samples: where more are -1, the band is like that
_PIXELS = 4096  # spectra that are looked at at once


class FilledRuns:
    """Runs in the rows seen so far.

    Args:
        listed: (bands,) bool, the good ones.
    """

    def __init__(self, listed: np.ndarray) -> None:
        self._used, self._bands = np.flatnonzero(listed), len(listed)
        self._counts = np.zeros(len(self._used), np.int64)  # of -1 in each used band
        self._runs: list[np.ndarray] = []  # (6, runs): first and last + 1 used band, row, column, values before, after

    def add(self, values: np.ndarray, valid: np.ndarray, start: int) -> None:
        """Look at some rows.

        Args:
            values, valid: (bands, rows, columns) float32 and bool.
            start: the first of the rows.
        """
        marked = valid[self._used] & (values[self._used] == NUMBER)
        self._counts += marked.sum(axis=(1, 2))
        pixels = np.stack(np.nonzero(np.count_nonzero(marked, axis=0) >= _LEAST))
        for y, x in np.split(pixels, range(_PIXELS, pixels.shape[1], _PIXELS), axis=1):
            padded = np.pad(marked[:, y, x], ((1, 1), (0, 0))).astype(np.int8)
            steps = np.diff(padded, axis=0).T  # (pixels, bands + 1): pixels first, so that ends pair with beginnings
            (which, first), (_, stop) = np.nonzero(steps == 1), np.nonzero(steps == -1)
            long = stop - first >= _LEAST
            which, first, stop = which[long], first[long], stop[long]
            spectra = np.pad(np.where(valid, values, np.nan)[self._used[:, None], y, x], ((1, 1), (0, 0)))
            beside = spectra[first, which], spectra[stop + 1, which]
            self._runs.append(np.stack([first, stop, y[which] + start, x[which], *beside]))

    def result(self, mean: np.ndarray, count: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """The samples that have no value.

        Args:
            mean: (bands,) float64, of valid samples.
            count: (bands,) int64, of these samples.

        Returns:
            By band, counted from 0: rows and columns, (n,) int64.
        """
        if not self._runs:
            return {}
        runs = np.concatenate(self._runs, axis=1)
        first, stop, rows, cols = runs[:4].astype(np.int64)
        level = np.pad(mean[self._used], 1, constant_values=np.inf)  # none beside the first and the last band
        within = np.stack([first > 0, stop < len(self._used)])
        above = runs[4:] >= _FAR_ABOVE * np.stack([level[first], level[stop + 1]])
        sure = (above | ~within).all(axis=0) & within.any(axis=0)
        often = self._counts > _MOST * count[self._used]
        found = {}
        for place, band in enumerate(self._used):
            here = sure & (first <= place) & (place < stop)
            if here.any() and not often[place]:
                found[int(band)] = rows[here], cols[here]
        return found
