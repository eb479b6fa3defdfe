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
TILE_ROWS, TILE_COLS = 32, 32  # outputs filtered by one matrix product
_MARGIN = SIZE - 1
_TILES = 16  # side by side, that stay in a processor's cache together


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
    bit: tiles begin at fixed rows, whenever these come. Moments are taken about the level of each tile, so that single
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
        """Over all windows, some tiles at a time."""
        total, step = 0.0, _TILES * TILE_COLS
        filters = self._of_thread.__dict__.setdefault("filters", {})
        kind = "float32" if np.can_cast(x.dtype, np.float32) else "float64"
        for top in range(0, whole.shape[0], TILE_ROWS):
            for left in range(0, whole.shape[1], step):
                inside = whole[top : top + TILE_ROWS, left : left + step]
                under = np.s_[top : top + len(inside) + _MARGIN, left : left + inside.shape[1] + _MARGIN]
                if (kind, inside.shape) not in filters:
                    filters[kind, inside.shape] = _Filter(inside.shape, kind)
                invalid = None if inside.all() else ~valid[under]
                similarity = filters[kind, inside.shape].similarity(x[under], y[under], invalid, self._range[band])
                total += float((similarity if invalid is None else similarity[inside]).sum(dtype=np.float64))
        return total


class _Filter:
    """SSIM of the windows of some tiles that stand side by side: the Gaussian window along both axes as products with
    banded matrices. One thread uses it at a time.

    Args:
        shape: (rows, columns) of the windows' upper left pixels.
        kind: float32, or float64 for samples that are more exact.
    """

    def __init__(self, shape: tuple[int, ...], kind: str) -> None:
        rows, cols = shape
        tiles, wide = -(-cols // TILE_COLS), TILE_COLS + _MARGIN
        self._cols, self._down, self._across = cols, _banded(rows).T, _banded(TILE_COLS)
        self._lines = np.empty((2, rows + _MARGIN, tiles * TILE_COLS + _MARGIN), kind)
        strides = self._lines.strides
        overlapping = (
            *self._lines.shape[:2],
            tiles,
            wide,
        )  # rows of each tile, whose last columns are the next one's first
        self._parts = np.lib.stride_tricks.as_strided(
            self._lines, overlapping, (*strides[:2], TILE_COLS * strides[2], strides[2])
        )
        self._planes = np.empty((4, rows + _MARGIN, tiles, wide), np.float32)
        self._narrow = np.empty((4, rows, tiles, wide), np.float32)
        self._filtered = np.empty((4, rows, tiles, TILE_COLS), np.float32)

    def similarity(self, x: np.ndarray, y: np.ndarray, invalid: np.ndarray | None, data_range: float) -> np.ndarray:
        """(rows, cols) float32, which mean nothing where a window is not whole.

        Args:
            x, y: (rows + 10, cols + 10) of any dtype.
            invalid: (rows + 10, cols + 10) bool; None where there are none.
            data_range: L.
        """
        scale = np.float32(2.0 ** -np.rint(np.log2(data_range)))  # exact, so that squares are numbers in any unit
        for lines, samples in zip(self._lines, (x, y)):
            inner = lines[:, : samples.shape[1]]
            np.copyto(inner, samples)
            if invalid is not None:
                inner[invalid] = 0.0
            lines[:, samples.shape[1] :] = inner[:, -1:]
        level = self._parts[1, :: len(self._down)].mean(axis=(0, 2))[:, None]  # of two rows: any is right
        first, second, squares, products = planes = self._planes
        np.subtract(self._parts, level, out=planes[:2], casting="same_kind")
        planes[:2] *= scale
        np.multiply(first, first, out=squares)
        squares += np.multiply(second, second, out=products)
        np.multiply(first, second, out=products)
        np.matmul(self._down, planes.reshape(*planes.shape[:2], -1), out=self._narrow.reshape(4, len(self._down), -1))
        wide, narrow = self._across.shape
        np.matmul(self._narrow.reshape(-1, wide), self._across, out=self._filtered.reshape(-1, narrow))
        c1, c2 = (np.float32((k * data_range * scale) ** 2) for k in (K1, K2))
        return _similarity(self._filtered, (level * scale).astype(np.float32), c1, c2)[:, : self._cols]


def _similarity(moments: np.ndarray, level: np.ndarray, c1: np.float32, c2: np.float32) -> np.ndarray:
    """(rows, tiles * columns) SSIM of weighted means (4, rows, tiles, columns) about a level (tiles, 1) of x, y,
    x^2 + y^2 and x y, which are overwritten."""
    mean_x, mean_y, squares, products = moments
    both = mean_x * mean_y
    products -= both
    products *= 2
    products += c2
    np.multiply(mean_x, mean_x, out=both)
    squares -= both
    np.multiply(mean_y, mean_y, out=both)
    squares -= both
    squares += c2
    mean_x += level
    mean_y += level
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
    return products.reshape(len(products), -1)


def _banded(outputs: int) -> np.ndarray:
    """(outputs + 10, outputs) float32: the Gaussian window. That its weights sum to 1 is left to the outermost ones,
    which have the finest steps: else every mean of squares would be off by as much."""
    window = gaussian_window().astype(np.float32)
    window[[0, -1]] += np.float32((1.0 - window.sum(dtype=np.float64)) / 2)
    matrix = np.zeros((outputs + _MARGIN, outputs), np.float32)
    for output in range(outputs):
        matrix[output : output + SIZE, output] = window
    return matrix
