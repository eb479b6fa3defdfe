"""What indices with reference sum sample by sample: errors, angles and moments of each band, masked and streamed."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_PIXELS, _BANDS = 4096, 8  # of a tile, and of it at once: some such arrays stay in a processor's cache


class _TileSums(NamedTuple):
    """Sums over a tile.

    Attributes:
        pixels: with any valid sample. counts: (B,) valid samples. largest: (B,) of the reference.
        angles, angle_pixels: the sum of the spectral angles, in radians, and of how many pixels.
        bands: (7, B) squared error and reference; means of x and y; sums about them of x^2, y^2 and x y.
    """

    pixels: int
    counts: np.ndarray
    largest: np.ndarray
    angles: float
    angle_pixels: int
    bands: np.ndarray


class SampleSums:
    """Sums of two images x and y over their valid samples.

    Args:
        in_angle: (B,) bool, the bands that take part in the spectral angle.
        check: called at every tile; may raise to stop the work.

    Attributes:
        pixels: with any valid sample.
        counts: (B,) int64 valid samples of each band.
        mean_x, mean_y, xx, yy, xy: (B,) float64 means, and sums of products about them.
        squared_error, squared_reference: (B,) float64 sums of (x - y)^2 and of y^2.
        maximum: (B,) float64 of y.
        angles, angle_pixels: the sum of the spectral angles in radians, and of how many pixels.
    """

    def __init__(self, in_angle: np.ndarray, check: Callable[[], None]) -> None:
        bands = len(in_angle)
        self._in_angle, self._check = in_angle, check
        self.pixels, self.counts = 0, np.zeros(bands, np.int64)
        self.mean_x, self.mean_y = np.zeros(bands), np.zeros(bands)
        self.xx, self.yy, self.xy = np.zeros(bands), np.zeros(bands), np.zeros(bands)
        self.squared_error, self.squared_reference = np.zeros(bands), np.zeros(bands)
        self.maximum = np.full(bands, -math.inf)
        self.angles, self.angle_pixels = 0.0, 0
        self._found: list[_TileSums | None] = []
        self._of_thread = threading.local()

    def pieces(self, x: np.ndarray, y: np.ndarray, valid: np.ndarray, maps: np.ndarray) -> list[Callable[[], None]]:
        """The work of some rows, which may be done side by side; then :meth:`merge` adds it.

        Args:
            x, y: (B, r, c) of any dtype.
            valid: (r, c) bool, or (B, r, c) where bands differ.
            maps: (2, r, c) float32, filled where a sample is valid: root mean square error, and angle in degrees.

        Returns:
            functions that each do a part of it.
        """
        step = max(1, _PIXELS // max(x.shape[2], 1))
        spans = [slice(top, top + step) for top in range(0, x.shape[1], step)]
        self._found = [None] * len(spans)

        def work(number: int, rows: slice) -> None:
            self._check()
            self._found[number] = self._tile(x[:, rows], y[:, rows], valid[..., rows, :], maps[:, rows])

        return [functools.partial(work, number, rows) for number, rows in enumerate(spans)]

    def merge(self) -> None:
        """Add what the pieces have found, in their order (Chan, Golub and LeVeque, 1983)."""
        for tile in self._found:
            if tile is None or not tile.pixels:
                continue
            error, reference, mean_x, mean_y, xx, yy, xy = tile.bands
            self.pixels += tile.pixels
            self.angles += tile.angles
            self.angle_pixels += tile.angle_pixels
            self.squared_error += error
            self.squared_reference += reference
            np.maximum(self.maximum, tile.largest, out=self.maximum)
            counts = np.maximum(self.counts + tile.counts, 1)
            step_x, step_y, share = mean_x - self.mean_x, mean_y - self.mean_y, tile.counts / counts
            weight = self.counts * share
            self.xx += xx + weight * step_x * step_x
            self.yy += yy + weight * step_y * step_y
            self.xy += xy + weight * step_x * step_y
            self.mean_x += step_x * share
            self.mean_y += step_y * share
            self.counts += tile.counts
        self._found = []

    def _tile(self, x: np.ndarray, y: np.ndarray, valid: np.ndarray, maps: np.ndarray) -> _TileSums:
        bands, shape, size = len(x), x.shape[1:], x[0].size
        whole = bool(valid.all())
        some = valid if valid.ndim == 2 else valid.any(axis=0)
        counts = np.broadcast_to(valid.sum(axis=(-2, -1)), bands)
        sums, found = np.zeros((4, size)), np.zeros((7, bands))
        largest = np.full(bands, -math.inf)
        for first in range(0, bands, _BANDS):
            group = slice(first, min(first + _BANDS, bands))
            a, b, error = (work[: group.stop - first] for work in self._arrays(size))
            a.reshape(-1, *shape)[...], b.reshape(-1, *shape)[...] = x[group], y[group]
            missing = None
            if not whole:
                missing = np.broadcast_to(~(valid if valid.ndim == 2 else valid[group]), (len(a), *shape))
                missing = missing.reshape(a.shape)
                a[missing] = b[missing] = 0.0
            np.max(b, axis=1, out=largest[group], initial=-math.inf, where=True if missing is None else ~missing)
            np.subtract(a, b, out=error)
            chosen = self._in_angle[group]
            u, v = (a, b) if chosen.all() else (a[chosen], b[chosen])
            for total, one, other in zip(sums, (u, u, v, error), (v, u, v, error)):
                total += np.einsum("bp,bp->p", one, other)
            found[:2, group] = _dots(error, error), _dots(b, b)
            number = np.maximum(counts[group], 1)
            for place, samples in ((2, a), (3, b)):
                mean = found[place, group] = samples.sum(axis=1) / number
                samples -= mean[:, None]
                if missing is not None:
                    samples[missing] = 0.0
            found[4:, group] = _dots(a, a), _dots(b, b), _dots(a, b)
        dot, square_x, square_y, square_error = sums.reshape(4, *shape)
        angle = _angles(dot, square_x, square_y)
        angle[~some] = math.nan
        defined = np.isfinite(angle)
        numbers = bands if valid.ndim == 2 else np.maximum(valid.sum(axis=0), 1)
        np.copyto(maps[0], np.sqrt(square_error / numbers), where=some, casting="same_kind")
        np.copyto(maps[1], np.degrees(angle), where=some, casting="same_kind")
        pixels, angles = int(np.count_nonzero(some)), float(angle[defined].sum())
        return _TileSums(pixels, counts, largest, angles, int(np.count_nonzero(defined)), found)

    def _arrays(self, size: int) -> np.ndarray:
        """(3, bands at once, pixels) float64 of any content; each thread has its own for each of the few sizes."""
        made = self._of_thread.__dict__.setdefault("made", {})
        if size not in made:
            made[size] = np.empty((3, _BANDS, size))
        return made[size]


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(B,) float64, products of the rows of two (B, n)."""
    return np.matmul(a[:, None, :], b[:, :, None])[:, 0, 0]


def _angles(dot: np.ndarray, square_x: np.ndarray, square_y: np.ndarray) -> np.ndarray:
    """Angles in radians between spectra; NaN where either is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = dot / np.sqrt(square_x * square_y)  # exactly 1 for equal spectra
    return np.arccos(np.clip(cosine, -1.0, 1.0))
