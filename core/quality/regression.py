"""How much of a band can be explained by a linear combination of others, masked and streamed over rows."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

_SAMPLES = 4_000_000  # values in double precision at once
_RANK = 1e-12  # of the largest eigenvalue: what lies below is rounding


class Regression:
    """Least squares of each of the last bands of a stack on the first ones and a constant, over all valid pixels.

    Bands that depend on each other are allowed: directions without variance are left out.

    Args:
        bands: the number B of the first bands.
        check: called at every piece of work; may raise to stop it.
        targets: the number M of the bands that are explained.
    """

    def __init__(self, bands: int, check: Callable[[], None] | None = None, targets: int = 1) -> None:
        self._check = check or (lambda: None)
        self.bands, self.pixels = bands, 0
        self._mean = np.zeros(bands + targets)
        self._products = np.zeros((bands + targets, bands + targets))  # about the mean
        self._work = np.empty_like(self._products)

    def update(self, stack: np.ndarray, valid: np.ndarray) -> None:
        """Add rows.

        Args:
            stack: (B + M, r, c) of any dtype, the bands that are explained last.
            valid: (r, c) bool; where it is False the values may be anything.
        """
        bands, rows, cols = stack.shape
        step = max(1, _SAMPLES // (bands * cols))
        for start in range(0, rows, step):
            self._check()
            here = valid[start : start + step]
            if not here.any():
                continue
            part = stack[:, start : start + step]
            samples = (part.reshape(bands, -1) if here.all() else part[:, here]).astype(np.float64)
            mean = samples.mean(axis=1)
            samples -= mean[:, None]
            self.merge(samples.shape[1], mean, samples @ samples.T)

    def merge(self, count: int, mean: np.ndarray, products: np.ndarray) -> None:
        """Add pixels by their moments (Chan, Golub and LeVeque, 1983).

        Args:
            count: how many.
            mean: (B + M,) float64 of them.
            products: (B + M, B + M) float64, sums of products about those means.
        """
        step, before = mean - self._mean, self.pixels
        self.pixels += count
        self._products += products
        self._products += np.outer(step * (before * count / self.pixels), step, out=self._work)
        self._mean += step * (count / self.pixels)

    def count_in(self, other: Regression) -> None:
        """Add the pixels of another part of the image.

        Args:
            other: of the same bands.
        """
        if other.pixels:
            self.merge(other.pixels, other._mean, other._products)

    def unexplained(self, target: int = 0) -> float:
        """1 - R^2, between 0 and 1; NaN where the band is constant or no pixel was valid.

        Args:
            target: which of the M bands, counted from 0.

        Returns:
            The share of the band's variance that is left.
        """
        if not self.pixels:
            return math.nan
        chosen = np.append(np.arange(self.bands), self.bands + target)
        covariance = self._products[np.ix_(chosen, chosen)] / self.pixels
        variance = np.diagonal(covariance).copy()
        variance[variance <= (1e-12 * self._mean[chosen]) ** 2] = 0.0
        if variance[-1] == 0:
            return math.nan
        varying = np.flatnonzero(variance[:-1])
        if not varying.size:
            return 1.0
        deviation = np.sqrt(variance)
        correlation = covariance[np.ix_(varying, varying)] / np.outer(deviation[varying], deviation[varying])
        with_last = covariance[varying, -1] / (deviation[varying] * deviation[-1])
        values, vectors = np.linalg.eigh(correlation)
        significant = values > _RANK * values[-1]
        explained = float(((vectors[:, significant].T @ with_last) ** 2 / values[significant]).sum())
        return min(max(1.0 - explained, 0.0), 1.0)
