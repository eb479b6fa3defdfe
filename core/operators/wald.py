"""Wald's protocol: a low-resolution HSI and a PAN made of a reference, in rows, whatever its size.

The reference is degraded with the HSI's MTF and decimated; the PAN is the mean of some of its bands at full
resolution (Wald, Ranchin and Mangolini, 1997). Invalid pixels are filled before a filter sees them, and an HSI sample
is valid only if all reference samples in it are, or are estimated from the other bands of pixels that miss few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..io.grid import Window
from ..io.ratio import Ratio, footprint, ratio_per_axis, whole_pixels
from ..io.reader import Block, RasterReader
from ..io.row_stream import RowStream, row_strips
from ..runtime.progress import Progress
from .fill import fill_invalid
from .footprints import all_valid, touched
from .gaps import BandRegressions
from .resample import GAUSSIAN_CUT, Gains, gaussian_line, per_axis

STRIP = 16  # rows of the HSI at once, as high as the blocks of the files that are written
_SAMPLES = 16_000_000  # samples of the reference held at once


@dataclass(frozen=True)
class Reference:
    """The image that is simulated from.

    Attributes:
        reader: the open raster. ratio: R, of both axes or of each, any real number.
        good, empty: (bands,) bool, as in :class:`..scene.scene.Scene`.
        valid: (rows, columns) bool: hardly a good band is missing, as in :class:`..scene.scan.BandScan`; the pixels
            under whole HSI pixels, from the upper-left corner of the raster on.
        present: (rows, columns) bool: some good band is valid.
        regressions: estimate missing samples; None where nothing is missing in single good bands.
    """

    reader: RasterReader
    ratio: Ratio
    good: np.ndarray
    empty: np.ndarray
    valid: np.ndarray
    present: np.ndarray
    regressions: BandRegressions | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the part that is used."""
        rows, cols = self.valid.shape
        return rows, cols

    @property
    def low_shape(self) -> tuple[int, int]:
        """(rows, columns) of the simulated HSI."""
        (rows, cols), (y, x) = self.shape, ratio_per_axis(self.ratio)
        return whole_pixels(rows, y), whole_pixels(cols, x)

    @property
    def low_valid(self) -> np.ndarray:
        """Valid pixels of the simulated HSI, (rows, columns) bool."""
        return all_valid(self.valid, self.low_shape, self.ratio)

    def read(self, start: int, stop: int, bands: Sequence[int]) -> Block:
        """Rows of the reference; where a pixel misses few good bands, they are estimated and count as valid.

        Args:
            start: first row.
            stop: the row after the last.
            bands: counted from 0.

        Returns:
            values (bands, rows, columns) float32, DN; valid of the same shape.
        """
        window = Window(start, 0, stop - start, self.shape[1])
        if self.regressions is None:
            return self.reader.read(window, bands)
        values, valid = self.reader.read(window)
        values = self.regressions.filled(values, valid, self.present[start:stop])
        valid[self.good] |= self.valid[start:stop]
        return Block(values[bands], valid[bands])

    def filled(self, start: int, stop: int, bands: Sequence[int], passes: int) -> np.ndarray:
        """Rows of the reference, invalid pixels filled.

        Args:
            start: first row.
            stop: the row after the last.
            bands: counted from 0.
            passes: rings of pixels that are filled.

        Returns:
            (bands, rows, columns) float32, DN.
        """
        low, high = start, stop
        own = not self.good[bands].all()
        if own or not self.present[start:stop].all():
            low, high = max(0, start - passes), min(self.shape[0], stop + passes)
        block = self.read(low, high, bands)
        if own:
            for values, valid in zip(block.values, block.valid):
                values[:] = fill_invalid(values[None], valid, passes, 0.0)[0]
            values = block.values
        else:
            values = fill_invalid(block.values, self.present[low:high], passes, 0.0)
        return values[:, start - low : stop - low]


def degraded_rows(reference: Reference, mtf_gains: Sequence[Gains], progress: Progress) -> Iterator[tuple[int, Block]]:
    """The simulated HSI from top to bottom.

    Args:
        reference: what to degrade.
        mtf_gains: MTF gain of every band at the HSI's Nyquist frequency, of both axes or of each.
        progress: gets the share of rows done, and is asked for cancellation.

    Yields:
        First row, and rows: values (bands, rows, columns) in stored units; valid of the same shape.
    """
    (ratio, _), bands = ratio_per_axis(reference.ratio), reference.reader.bands
    cols = reference.shape[1]
    low_rows, low_cols = reference.low_shape
    low_valid = reference.low_valid
    others = np.flatnonzero(~reference.empty & (~reference.good | (reference.regressions is not None)))
    groups = _groups(reference, mtf_gains)
    lines = {
        gains: [
            gaussian_line(high, low, one, 0.0, each)
            for high, low, one, each in zip(
                reference.shape, reference.low_shape, ratio_per_axis(reference.ratio), per_axis(gains)
            )
        ]
        for gains in set(mtf_gains)
    }
    passes = GAUSSIAN_CUT * footprint(reference.ratio)
    tops, bottoms = touched(low_rows, ratio)

    def narrow(start: int, stop: int) -> np.ndarray:
        """Rows of the reference, degraded along the columns' axis only."""
        result = np.zeros((bands, stop - start, low_cols), np.float32)
        most = max(1, _SAMPLES // ((stop - start + 2 * passes) * cols))
        for mtf_gain, chosen in groups:
            for first in range(0, len(chosen), most):
                progress.check()
                some = chosen[first : first + most]
                result[some] = lines[mtf_gain][1].apply(reference.filled(start, stop, some, passes), -1)
        return result

    stream = RowStream(reference.shape[0], narrow, STRIP * footprint(ratio))
    for start, stop in row_strips(low_rows, STRIP):
        values = np.zeros((bands, stop - start, low_cols), np.float32)
        valid = np.repeat(low_valid[None, start:stop], bands, axis=0)
        for mtf_gain, chosen in groups:
            low, high = lines[mtf_gain][0].support(start, stop)
            stream.forget(low)
            values[chosen] = lines[mtf_gain][0].apply(stream.get(low, high)[chosen], -2, start, stop, low)
        valid[reference.empty] = False
        if len(others):
            top, bottom = int(tops[start]), min(int(bottoms[stop - 1]), reference.shape[0])
            own = reference.read(top, bottom, list(others)).valid
            phase = top - start * ratio, 0.0
            valid[others] = all_valid(own, (stop - start, low_cols), reference.ratio, phase)
        yield start, Block(values, valid)
        progress.set(stop / low_rows)


def pan_rows(
    reference: Reference, weights: Mapping[int, float], mtf_gain: float | None, physical: bool, progress: Progress
) -> Iterator[tuple[int, Block]]:
    """The simulated PAN from top to bottom: a weighted sum of some bands.

    Args:
        reference: what the PAN is computed from.
        weights: by band, counted from 0; they sum to 1.
        mtf_gain: the PAN's own MTF gain at its own Nyquist frequency; None leaves it as sharp as the reference.
        physical: take physical values (scale and offset applied), not of stored ones.
        progress: gets the share of rows done, and is asked for cancellation.

    Yields:
        First row, and rows: values (1, rows, columns), valid (rows, columns).
    """
    rows, cols = reference.shape
    metadata = reference.reader.metadata
    step = STRIP * max(1, min(16, _SAMPLES // (STRIP * cols * 8)))
    passes = 2 * GAUSSIAN_CUT
    bands = list(weights)

    def mean(start: int, stop: int) -> Block:
        total, valid = np.zeros((stop - start, cols)), np.ones((stop - start, cols), bool)
        most = max(1, _SAMPLES // ((stop - start) * cols))
        for first in range(0, len(bands), most):
            progress.check()
            some = list(bands[first : first + most])
            block = reference.read(start, stop, some)
            valid &= block.valid.all(axis=0)
            for band, values in zip(some, block.values):
                part = values * metadata.scales[band] + metadata.offsets[band] if physical else values
                total += weights[band] * part.astype(np.float64)
        return Block(total.astype(np.float32)[None], valid)

    if mtf_gain is not None:
        line_y, line_x = (gaussian_line(n, n, 1, 0.0, _continuous_gain(mtf_gain)) for n in (rows, cols))

    def blurred(start: int, stop: int) -> Block:
        low, high = line_y.support(start, stop)
        top, bottom = max(0, low - passes), min(rows, high + passes)
        image = mean(top, bottom)
        filled = fill_invalid(image.values, image.valid, passes, 0.0)[:, low - top : high - top]
        values = line_y.apply(line_x.apply(filled, -1), -2, start, stop, low)
        return Block(values, image.valid[start - top : stop - top])

    for start, stop in row_strips(rows, step):
        yield start, mean(start, stop) if mtf_gain is None else blurred(start, stop)
        progress.set(stop / rows)


def _continuous_gain(mtf_gain: float) -> float:
    """The MTF gain of the Gaussian that, sampled on its own grid, has ``mtf_gain`` at that grid's Nyquist frequency.

    There its spectrum meets its own aliases: the sampled response is the sum of g^(m m) over odd m, divided by that
    over even m.
    """
    order = np.arange(-60, 61)
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        powers = middle ** (order**2.0)
        if powers[order % 2 == 1].sum() < mtf_gain * powers[order % 2 == 0].sum():
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _groups(reference: Reference, mtf_gains: Sequence[Gains]) -> list[tuple[Gains, list[int]]]:
    """Bands that are filtered together: of one MTF gain, and with a common mask or each with its own."""
    groups: list[tuple[Gains, list[int]]] = []
    for mtf_gain in sorted(set(mtf_gains), key=per_axis):
        same = np.array([each == mtf_gain for each in mtf_gains])
        for chosen in (same & reference.good, same & ~reference.good & ~reference.empty):
            if chosen.any():
                groups.append((mtf_gain, [int(band) for band in np.flatnonzero(chosen)]))
    return groups
