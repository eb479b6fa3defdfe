"""The structural similarity index (SSIM), masked and streamed over blocks of rows."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np

from .windows import CarriedRows, Run, whole_windows

SIGMA = 1.5  # pixels
SIZE = 11  # pixels, the window's width and height
K1, K2 = 0.01, 0.03
TILE = 22  # outputs filtered by one matrix product


def gaussian_window(size: int = SIZE, sigma: float = SIGMA) -> np.ndarray:
    """The one-dimensional Gaussian window.

    Args:
        size: number of samples.
        sigma: standard deviation in samples.

    Returns:
        (size,) float64, sums to 1.
    """
    position = np.arange(size) - (size - 1) / 2
    window = np.exp(-(position**2) / (2 * sigma**2))
    return window / window.sum()


class StructuralSimilarity:
    r"""SSIM of each band, accumulated over blocks of rows handed in from top to bottom.

    In a Gaussian window (sigma 1.5, 11 x 11 pixels) around each pixel, with mu, sigma^2 and sigma_xy its means,
    variances and covariance of the fused band x and the reference band y,

    .. math:: SSIM = \frac{(2 \mu_x \mu_y + C_1) (2 \sigma_{xy} + C_2)}
                          {(\mu_x^2 + \mu_y^2 + C_1) (\sigma_x^2 + \sigma_y^2 + C_2)}, \quad C_i = (K_i L)^2

    with K1 = 0.01, K2 = 0.03 and L the data range of the reference band. A band's value is the mean over all windows
    that lie wholly inside the image and hold valid pixels only: a window that touches an invalid pixel or reaches over
    the border is left out, without padding. The value does not depend on how the image is cut into blocks.

    Source: Wang, Bovik, Sheikh and Simoncelli, IEEE Trans. Image Processing 13(4), 2004, doi:10.1109/TIP.2003.819861.
    Leaving out incomplete windows is what that paper's code does at the border; doing so at invalid pixels is our own.

    Args:
        data_range: (B,) float64, maximum minus minimum of each reference band; a band whose range is not positive
            gets NaN.
        check: called at every band; may raise to stop the work.
    """

    def __init__(self, data_range: np.ndarray, check: Callable[[], None] | None = None) -> None:
        self._check = check or (lambda: None)
        self._range = np.asarray(data_range, dtype=np.float64)
        self._sums = np.zeros(len(self._range))
        self._windows = np.zeros(len(self._range), np.int64)
        self._above = CarriedRows(SIZE)
        window = gaussian_window()
        self._matrix = np.zeros((TILE + SIZE - 1, TILE))
        for output in range(TILE):
            self._matrix[output : output + SIZE, output] = window

    def update(
        self,
        fused: np.ndarray,
        reference: np.ndarray,
        valid: np.ndarray,
        run: Run = map,
        beside: Sequence[Callable[[], None]] = (),
    ) -> None:
        """Add the next rows.

        Args:
            fused: (B, r, c) of any dtype.
            reference: (B, r, c) of any dtype, the same units.
            valid: (r, c) bool, or (B, r, c) where bands differ.
            run: as ``map``; that of a pool of threads computes bands side by side.
            beside: other work that may run side by side with the bands; it is begun first.
        """
        masks = self._above.mask(valid)
        whole = whole_windows(masks, SIZE) if masks.ndim == 2 else None

        def add(band: int) -> None:
            mask, own = (masks[band], whole_windows(masks[band], SIZE)) if whole is None else (masks, whole)
            if not own.any():
                return
            self._check()
            if self._range[band] > 0:
                x, y = self._above.plane(fused, band, 0), self._above.plane(reference, band, 1)
                self._sums[band] += self._sum(x, y, mask, own, self._range[band])
            self._windows[band] += int(np.count_nonzero(own))

        work = [*beside, *(functools.partial(add, band) for band in range(len(self._range)))]
        for _ in run(lambda piece: piece(), work):
            pass
        self._above.keep(masks, fused, reference)

    def result(self) -> np.ndarray:
        """(B,) float64 in [-1, 1]; NaN for a band without range, or without a whole window."""
        defined = (self._range > 0) & (self._windows > 0)
        return np.where(defined, self._sums / np.maximum(self._windows, 1), math.nan)

    def _sum(self, x: np.ndarray, y: np.ndarray, valid: np.ndarray, whole: np.ndarray, data_range: float) -> float:
        moments = np.empty((4, *x.shape))
        moments[0] = np.where(valid, x, 0)
        moments[1] = np.where(valid, y, 0)
        moments[2] = moments[0] ** 2 + moments[1] ** 2
        moments[3] = moments[0] * moments[1]
        mean_x, mean_y, squares, product = self._filter(moments)
        c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
        means = mean_x * mean_y
        mean_squares = mean_x**2 + mean_y**2
        similarity = (2 * means + c1) * (2 * (product - means) + c2)
        similarity /= (mean_squares + c1) * (squares - mean_squares + c2)
        return float(similarity[whole].sum())

    def _filter(self, planes: np.ndarray) -> np.ndarray:
        """(4, r, c) -> (4, r - 10, c - 10): the Gaussian window along both axes, as products with a banded matrix."""
        margin = SIZE - 1
        count, rows, cols = planes.shape
        across = np.empty((count, rows, cols - margin))
        for start in range(0, cols - margin, TILE):
            stop = min(start + TILE, cols - margin)
            matrix = self._matrix[: stop - start + margin, : stop - start]
            across[:, :, start:stop] = planes[:, :, start : stop + margin] @ matrix
        filtered = np.empty((count, rows - margin, cols - margin))
        for start in range(0, rows - margin, TILE):
            stop = min(start + TILE, rows - margin)
            matrix = self._matrix[: stop - start + margin, : stop - start]
            filtered[:, start:stop] = matrix.T @ across[:, start : stop + margin]
        return filtered
