"""The structural similarity index (SSIM), masked and streamed over blocks of rows."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Sequence

import numpy as np

from .windows import CarriedRows, Run, whole_windows

SIGMA = 1.5  # pixels
SIZE = 11  # pixels, the window's width and height
K1, K2 = 0.01, 0.03
TILE_ROWS, TILE_COLS = 16, 22  # outputs filtered by one matrix product
_MARGIN = SIZE - 1
_TILES = 24  # side by side, that stay in a processor's cache together


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
    the border is left out, without padding. The value does not depend on how the image is cut into blocks, to the last
    bit: tiles begin at fixed rows, whenever these come. Moments are taken about a level of the band, so that single
    precision is enough: what it loses is far below C_2.

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
        self._levels: dict[int, np.float32] = {}
        self._above = CarriedRows(SIZE)
        self._of_thread = threading.local()

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
        rows = max(0, masks.shape[-2] - _MARGIN) // TILE_ROWS * TILE_ROWS  # of outputs, in whole tiles
        self._add(masks[..., : rows + _MARGIN, :], fused, reference, run, beside)
        self._above.keep(masks, fused, reference, rows=masks.shape[-2] - rows)

    def result(self) -> np.ndarray:
        """(B,) float64 in [-1, 1]; NaN for a band without range, or without a whole window. After the last rows."""
        rest = self._above.rest()
        if rest is not None:
            self._above = CarriedRows(SIZE)
            mask, fused, reference = rest
            self._add(mask, fused, reference, map, ())
        defined = (self._range > 0) & (self._windows > 0)
        return np.where(defined, self._sums / np.maximum(self._windows, 1), math.nan)

    def _add(
        self,
        masks: np.ndarray,
        fused: np.ndarray,
        reference: np.ndarray,
        run: Run,
        beside: Sequence[Callable[[], None]],
    ) -> None:
        """Add all windows of some rows, the last of which may reach below those of the masks."""
        whole = whole_windows(masks, SIZE) if masks.ndim == 2 else None

        def add(band: int) -> None:
            mask, own = (masks[band], whole_windows(masks[band], SIZE)) if whole is None else (masks, whole)
            if not own.any():
                return
            self._check()
            if self._range[band] > 0:
                x, y = (self._above.plane(stack, band, place) for place, stack in enumerate((fused, reference)))
                self._sums[band] += self._sum(band, x, y, mask, own)
            self._windows[band] += int(np.count_nonzero(own))

        work = [*beside, *(functools.partial(add, band) for band in range(len(self._range)))]
        for _ in run(lambda piece: piece(), work):
            pass

    def _sum(self, band: int, x: np.ndarray, y: np.ndarray, valid: np.ndarray, whole: np.ndarray) -> float:
        """Over all windows, tile by tile."""
        if band not in self._levels:
            self._levels[band] = np.float32(
                y[: TILE_ROWS + _MARGIN][valid[: TILE_ROWS + _MARGIN]].mean(dtype=np.float64)
            )
        level, total = self._levels[band], 0.0
        filters = self._of_thread.__dict__.setdefault("filters", {})
        for top in range(0, whole.shape[0], TILE_ROWS):
            for left in range(0, whole.shape[1], _TILES * TILE_COLS):
                inside = whole[top : top + TILE_ROWS, left : left + _TILES * TILE_COLS]
                under = np.s_[top : top + len(inside) + _MARGIN, left : left + inside.shape[1] + _MARGIN]
                if inside.shape not in filters:
                    filters[inside.shape] = _Filter(*inside.shape)
                invalid = None if inside.all() else ~valid[under]
                total += filters[inside.shape].similarity(x[under], y[under], invalid, level, self._range[band], inside)
        return total


class _Filter:
    """SSIM of the windows of a tile: the Gaussian window along both axes as products with banded matrices. One thread
    uses it at a time."""

    def __init__(self, rows: int, cols: int) -> None:
        self._rows, self._cols = rows, cols
        tiles = -(-cols // TILE_COLS)
        wide = tiles * TILE_COLS + _MARGIN
        self._planes = np.zeros((4, rows + _MARGIN, wide), np.float32)
        self._narrow = np.empty((4 * rows, wide), np.float32)
        self._filtered = np.empty((4, rows, tiles * TILE_COLS), np.float32)
        self._down, self._across = _banded(rows).T, _banded(TILE_COLS)
        # Overlapping views: tiles side by side, each of some columns of all rows.
        step, (down, right) = TILE_COLS, self._narrow.strides
        shape = tiles, 4 * rows, TILE_COLS
        strided = np.lib.stride_tricks.as_strided
        self._parts = strided(self._narrow, (*shape[:2], step + _MARGIN), (step * right, down, right))
        flat = self._filtered.reshape(4 * rows, -1)
        self._outputs = strided(flat, shape, (step * right, flat.strides[0], right))

    def similarity(
        self,
        x: np.ndarray,
        y: np.ndarray,
        invalid: np.ndarray | None,
        level: np.float32,
        data_range: float,
        whole: np.ndarray,
    ) -> float:
        """The sum over the whole windows of a tile.

        Args:
            x, y: (rows + 10, cols + 10) of any dtype.
            invalid: (rows + 10, cols + 10) bool; None where all windows are whole.
            level: about which moments are taken.
            data_range: L.
            whole: (rows, cols) bool.
        """
        first, second, squares, products = planes = self._planes
        scale = np.float32(2.0 ** -np.rint(np.log2(data_range)))  # exact, so that squares are numbers in any unit
        for plane, samples in ((first, x), (second, y)):
            inner = plane[:, : samples.shape[1]]
            if np.can_cast(samples.dtype, np.float32):
                np.copyto(inner, samples)
                inner -= level
            else:
                np.subtract(samples, level, out=inner, casting="same_kind")
            inner *= scale
            if invalid is not None:
                inner[invalid] = 0.0
        np.multiply(first, first, out=squares)
        squares += np.multiply(second, second, out=products)
        np.multiply(first, second, out=products)
        np.matmul(self._down, planes, out=self._narrow.reshape(4, self._rows, -1))
        np.matmul(self._parts, self._across, out=self._outputs)
        mean_x, mean_y, squares, products = self._filtered
        c1, c2 = (np.float32((k * data_range * scale) ** 2) for k in (K1, K2))
        both = mean_x * mean_y
        products -= both
        products *= 2
        products += c2  # 2 covariance + C2
        both = mean_x**2
        both += mean_y**2
        squares -= both
        squares += c2  # the variances + C2
        mean_x += level * scale
        mean_y += level * scale
        np.multiply(mean_x, mean_y, out=both)
        both *= 2
        both += c1
        products *= both
        mean_x *= mean_x
        mean_y *= mean_y
        mean_x += mean_y
        mean_x += c1
        squares *= mean_x
        products /= squares
        inner = products[:, : self._cols]
        return float(inner.sum(dtype=np.float64) if invalid is None else inner[whole].sum(dtype=np.float64))


def _banded(outputs: int) -> np.ndarray:
    """(outputs + 10, outputs) float32: the Gaussian window."""
    matrix = np.zeros((outputs + _MARGIN, outputs), np.float32)
    for output in range(outputs):
        matrix[output : output + SIZE, output] = gaussian_window()
    return matrix
