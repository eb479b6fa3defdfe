"""The reprojection residual: how far a fused image, degraded again, is from the hyperspectral image."""

from __future__ import annotations

import math

import numpy as np


class ConsistencyResidual:
    r"""Relative RMSE of the degraded result D Y against the HSI X, over all bands and valid pixels:

    .. math:: \sqrt{\sum_{b,p} (D Y - X)^2 / \sum_{b,p} X^2}

    0 for a result that is exactly consistent; a ratio without unit. Per band the same over the band's pixels. Own.

    Args:
        bands: the number of bands B.
    """

    def __init__(self, bands: int) -> None:
        self._errors, self._squares = np.zeros(bands), np.zeros(bands)

    def update(self, degraded: np.ndarray, hsi: np.ndarray, valid: np.ndarray, first: int = 0) -> None:
        """Add a part.

        Args:
            degraded: (b, r, c) of any dtype, some bands of the degraded result, physical units.
            hsi: (b, r, c) of any dtype, the same bands of the HSI.
            valid: (r, c) bool, pixels that count.
            first: which band the first of these is.
        """
        for band, (plane, truth) in enumerate(zip(degraded, hsi), first):
            x = truth[valid].astype(np.float64)
            error = plane[valid] - x
            self._errors[band] += error @ error
            self._squares[band] += x @ x

    def result(self) -> tuple[float, np.ndarray]:
        """The overall value and (B,) float64 values of the bands; NaN where the HSI is zero or no pixel was valid."""
        total = float(self._squares.sum())
        overall = math.sqrt(float(self._errors.sum()) / total) if total > 0 else math.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            per_band = np.sqrt(self._errors / self._squares)
        return overall, np.where(self._squares > 0, per_band, math.nan)
