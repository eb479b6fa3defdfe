"""Samples missing in single bands, estimated from the bands that are valid in the same pixel.

Bands of a spectrum explain each other far better than neighbouring pixels do. So a missing sample is the linear
regression of its band on the bands most correlated with it, those that are valid in that pixel; the regression is
taken over a sample of pixels spread evenly over the scene. What a pixel gets depends on that pixel alone and on numbers
of the whole scene: it is the same however the scene is cut (own).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..io.grid import Window
from ..io.reader import RasterReader
from ..io.row_stream import row_strips
from ..runtime.progress import Progress

_PIXELS = 4096  # that the regressions are taken over, about
_PREDICTORS = 5  # bands that one is estimated from
_LEAST = 32  # pixels of a regression
_RIDGE = 1e-6  # of the predictors' mean variance
_PATTERN = 1 << np.arange(_PREDICTORS)

_Regression = tuple[np.ndarray, float]  # weights of the predictors, and the constant


@dataclass(frozen=True, eq=False)
class BandRegressions:
    """What estimates a missing sample of any good band.

    Attributes:
        good: (bands,) bool, the bands that are estimated, and estimated from.
        values: (bands, n) float32, spectra of some pixels in DN.
        valid: (bands, n) bool, their valid samples.
    """

    good: np.ndarray
    values: np.ndarray
    valid: np.ndarray
    _made: dict[tuple[int, int, int], _Regression | None] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """What was computed is computed anew where it is unpickled."""
        return {"good": self.good, "values": self.values, "valid": self.valid, "_made": {}}

    def filled(self, values: np.ndarray, valid: np.ndarray, present: np.ndarray) -> np.ndarray:
        """Estimate the missing samples of good bands.

        Args:
            values: (bands, rows, columns) float32, DN.
            valid: (bands, rows, columns) bool.
            present: (rows, columns) bool, the pixels to work on: some good band is valid there.

        Returns:
            Same shape, float32: ``values`` itself where nothing is missing, else a copy.
        """
        missing = present & ~valid
        missing[~self.good] = False
        bands = np.flatnonzero(missing.any(axis=(1, 2)))
        if not len(bands):
            return values
        result = values.copy()
        for band in bands:
            y, x = np.nonzero(missing[band])
            result[band, y, x] = self._estimated(int(band), values[:, y, x], valid[:, y, x])
        return result

    def _estimated(self, band: int, spectra: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """(n,) float32: of one band, from spectra (bands, n). Groups of predictors are tried from the most correlated
        ones on, until one has a valid band."""
        low, high, mean = self._range[band]
        result = np.full(spectra.shape[1], mean, np.float32)
        open_ = np.arange(len(result))
        for first in range(0, len(self._predictors[band]), _PREDICTORS):
            group = self._predictors[band][first : first + _PREDICTORS]
            patterns = _PATTERN[: len(group)] @ valid[np.ix_(group, open_)]
            done = np.zeros(len(open_), bool)
            for pattern in np.unique(patterns[patterns > 0]):
                regression = self._regression(band, first, int(pattern))
                if regression is None:
                    continue
                here = patterns == pattern
                estimate = np.full(int(here.sum()), regression[1])
                for weight, other in zip(regression[0], group[_chosen(int(pattern), len(group))]):
                    estimate += weight * spectra[other, open_[here]]
                result[open_[here]] = np.clip(estimate, low, high)
                done |= here
            open_ = open_[~done]
            if not len(open_):
                break
        return result

    def _regression(self, band: int, first: int, pattern: int) -> _Regression | None:
        """On those bands of a group of predictors that a pattern of bits names; None where too few pixels hold them."""
        key = band, first, pattern
        if key not in self._made:
            group = self._predictors[band][first : first + _PREDICTORS]
            self._made[key] = self._fitted(band, group[_chosen(pattern, len(group))])
        return self._made[key]

    def _fitted(self, band: int, predictors: np.ndarray) -> _Regression | None:
        common = self.valid[band] & self.valid[predictors].all(axis=0)
        if np.count_nonzero(common) < _LEAST:
            return None
        y = self.values[band, common].astype(np.float64)
        x = self.values[predictors][:, common].astype(np.float64)
        mean_x, mean_y = x.mean(axis=1), float(y.mean())
        x -= mean_x[:, None]
        covariance = x @ x.T
        ridge = _RIDGE * np.trace(covariance) / len(predictors)
        if not ridge > 0:
            return np.zeros(len(predictors)), mean_y
        weights = np.linalg.solve(covariance + ridge * np.eye(len(predictors)), x @ (y - mean_y))
        return weights, mean_y - float(weights @ mean_x)

    @cached_property
    def _range(self) -> list[tuple[float, float, float]]:
        """Least, largest and mean value of each band; 0 where the sample holds none."""
        chosen = (values[valid] for values, valid in zip(self.values, self.valid))
        return [(float(v.min()), float(v.max()), float(v.mean())) if v.size else (0.0, 0.0, 0.0) for v in chosen]

    @cached_property
    def _predictors(self) -> list[np.ndarray]:
        """Of each band the other good ones, the most correlated first."""
        weight = self.valid.astype(np.float64)
        mean = np.array([each[2] for each in self._range])
        centred = np.where(self.valid, self.values - mean[:, None], 0.0)
        common = weight @ weight.T
        spread = (centred**2) @ weight.T  # of the first band, where the second is valid as well
        size = np.sqrt(spread * spread.T)
        correlation = np.abs(centred @ centred.T) / np.where(size > 0, size, 1.0)
        correlation[common < _LEAST] = 0.0
        order = np.argsort(-correlation, axis=1, kind="stable")
        return [row[self.good[row] & (row != band)] for band, row in enumerate(order)]


def band_regressions(
    reader: RasterReader, window: Window, good: np.ndarray, progress: Progress | None = None
) -> BandRegressions:
    """Read the pixels that regressions between bands are taken over.

    Args:
        reader: the raster.
        window: the pixels of the scene.
        good: (bands,) bool, the bands that take part.
        progress: asked for cancellation.

    Returns:
        The regressions.
    """
    step = max(1, math.isqrt(window.rows * window.cols // _PIXELS))
    rows, parts = range(step // 2, window.rows, step), []
    for place, _ in row_strips(len(rows), 1, progress):
        block = reader.read(window.part((rows[place], rows[place] + 1), (0, window.cols)))
        parts.append((block.values[:, 0, step // 2 :: step], block.valid[:, 0, step // 2 :: step]))
    reader.release()
    values, valid = (np.concatenate(each, axis=1) for each in zip(*parts))
    return BandRegressions(good, values, valid)


def _chosen(pattern: int, count: int) -> np.ndarray:
    """(count,) bool: the bits of a pattern."""
    return (pattern & _PATTERN[:count]) > 0
