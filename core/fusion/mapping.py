"""From the low-resolution image and a few planes to all bands at high resolution.

A linear method is ``U L + C S``. Up-sampling along a row and the combination of planes are two sums over different
things that end in the same sample: written side by side, ``[L | C] [U ; S]``, they are one matrix product (own). So
each output sample is computed, rounded and stored while it is in the processor's cache, and no cube is kept in floating
point. The bands of other methods are up-sampled and fused some at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..io.encoding import store
from ..io.metadata import RasterMetadata
from ..operators.linear import LARGEST_PRODUCT, Separable
from ..runtime.progress import Progress
from ..runtime.threads import Workers
from .dependencies import Needs
from .fading import Fading, fuse_bands
from .method import FittedMethod, Part

BANDS = 16  # at once, where a method is not linear
_ROWS = 4  # at once: with all bands and some columns, what fits into a processor's cache
_COLS, _BYTES = 1024, 800_000  # at most
_LEAST, _MOST_INPUTS = 8, 64  # columns of a block; inputs of one, most of which have no weight in a given column


def band_chunks(bands: int, progress: Progress) -> list[slice]:
    """Some bands at a time, so that the temporary arrays stay small.

    Args:
        bands: the number of bands.
        progress: asked once whether to stop.

    Returns:
        slices of at most 16 bands.
    """
    progress.check()
    return [slice(first, min(first + BANDS, bands)) for first in range(0, bands, BANDS)]


class Target(NamedTuple):
    """Where finished rows go.

    Attributes:
        values: (rows, bands, columns) of the type that is stored.
        valid: (rows, columns) or (bands, rows, columns) bool.
        nodata: what is stored where a sample is not valid.
        encoded: whether values are rounded for a file; else they are float32.
    """

    values: np.ndarray
    valid: np.ndarray
    nodata: float | None
    encoded: bool

    @classmethod
    def empty(cls, bands: int, shape: tuple[int, ...], valid: np.ndarray, stored: RasterMetadata | None) -> Target:
        """A target to be filled.

        Args:
            bands: the number of bands.
            shape: (rows, columns).
            valid: (rows, columns) or (bands, rows, columns) bool.
            stored: of the file that the rows go to; None for float32.

        Returns:
            the target, its values not initialised.
        """
        dtype = np.dtype("float32" if stored is None else stored.dtype)
        values = np.empty((shape[0], bands, shape[1]), dtype)
        return cls(values, valid, None if stored is None else stored.nodata, stored is not None)

    def mask(self, *inputs: np.ndarray) -> np.ndarray | None:
        """The mask to store with.

        Args:
            *inputs: arrays of any shape, floating point (float32), that the values are computed from.

        Returns:
            ``valid``, (rows, columns) or (bands, rows, columns) bool; None where all is valid and the inputs are
            finite, so that no sample has to be tested, or where the values are not encoded.
        """
        if not self.encoded or (self.valid.all() and all(np.isfinite(array).all() for array in inputs)):
            return None
        return self.valid


class LinearMapping:
    """``U L + C S`` for a panel of columns.

    Args:
        up: U.
        cols: of the panel.
        coefficients: (bands, K) C, float32.
        workers: threads that share the rows.
        progress: asked whether to stop.
    """

    def __init__(
        self, up: Separable, cols: Needs, coefficients: np.ndarray, workers: Workers, progress: Progress
    ) -> None:
        self._up, self._workers, self._progress = up, workers, progress
        (left, right), (origin, end) = cols.output, cols.lifted
        self._coefficients = np.ascontiguousarray(coefficients, np.float32)
        bands, planes = self._coefficients.shape
        ratio = up.x.outputs / up.x.inputs
        size = _LEAST
        most = min(_COLS, _MOST_INPUTS * ratio)
        while size < most and bands * (size + 8) * ((size + 8) / ratio + up.x.taps + 1 + planes) <= LARGEST_PRODUCT:
            size += 8
        spans = [(start, min(start + size, right)) for start in range(left, right, size)]
        self._inputs = max(high - low for low, high in (up.x.support(*span) for span in spans))
        self._blocks = []
        for start, stop in spans:
            low = min(up.x.support(start, stop)[0] - origin, end - origin - self._inputs)
            matrix = np.zeros((self._inputs, stop - start), np.float32)
            rows = up.x.first[start:stop] - origin - low + np.arange(up.x.taps)[:, None]
            matrix[rows, np.arange(stop - start)] = up.x.weights[start:stop].T
            self._blocks.append((start - left, stop - left, low, matrix))
        together = min(_COLS, _BYTES // (4 * _ROWS * bands))
        self._group = max(1, together // size)  # blocks that are stored together

    def __call__(
        self, low: np.ndarray, correction: np.ndarray | None, planes: np.ndarray, part: Part, target: Target
    ) -> None:
        """Compute rows of the output.

        Args:
            low: (bands, rows, columns) float32, the HSI that the output depends on.
            correction: (bands, rows, columns) float32, what is added to it; None for no correction.
            planes: (K or more, rows, columns) float32 S, exactly the output's part.
            part: of the output.
            target: the rows to fill.

        Raises:
            Cancelled: the user stopped the job.
        """
        low = low if correction is None else low + correction
        planes = planes[: self._coefficients.shape[1]]
        (first, end), mask = part.rows, target.mask(low, planes)

        def work(start: int) -> None:
            stop = min(start + _ROWS, end)
            here = slice(start - first, stop - first)
            valid = None
            if mask is not None:
                valid = np.broadcast_to(mask, (low.shape[0], *planes.shape[1:]))[:, here].transpose(1, 0, 2)
            rows = Part((start, stop), part.cols, part.origin)
            self._some_rows(low, planes[:, here], rows, target._replace(values=target.values[here]), valid)

        self._workers.run(work, range(first, end, _ROWS), self._progress)

    def _some_rows(
        self, low: np.ndarray, planes: np.ndarray, part: Part, target: Target, valid: np.ndarray | None
    ) -> None:
        (count, bands, _), extra, inputs = target.values.shape, self._coefficients.shape[1], self._inputs
        top, bottom = self._up.y.support(*part.rows)
        first = part.origin[0]
        lines = np.empty((count, bands, low.shape[2]), np.float32)
        lines.transpose(1, 0, 2)[...] = self._up.y.apply(low[:, top - first : bottom - first], -2, *part.rows, top)
        left = np.empty((count, bands, inputs + extra), np.float32)
        left[:, :, inputs:] = self._coefficients
        for place in range(0, len(self._blocks), self._group):
            group = self._blocks[place : place + self._group]
            begin, end = group[0][0], group[-1][1]
            made = np.empty((count, bands, end - begin), np.float32)
            for start, stop, corner, matrix in group:
                left[:, :, :inputs] = lines[:, :, corner : corner + inputs]
                right = np.empty((count, inputs + extra, stop - start), np.float32)
                right[:, :inputs] = matrix
                right[:, inputs:] = planes[:, :, start:stop].transpose(1, 0, 2)
                np.matmul(left, right, out=made[:, :, start - begin : stop - begin])
            mask = None if valid is None else valid[:, :, begin:end]
            store(made, mask, target.nodata, target.values[:, :, begin:end])


class NonlinearMapping:
    """``Y_0 + U E`` of a method that turns up-sampled bands into fused ones.

    Args:
        up: U.
        method: gives :meth:`.method.FittedMethod.fuse_bands`.
        fading: how much of the detail is kept.
        workers: threads that share the bands.
        progress: asked whether to stop.
    """

    def __init__(
        self, up: Separable, method: FittedMethod, fading: Fading, workers: Workers, progress: Progress
    ) -> None:
        self._up, self._method, self._fading = up, method, fading
        self._workers, self._progress = workers, progress

    def __call__(
        self, low: np.ndarray, correction: np.ndarray | None, planes: np.ndarray, part: Part, target: Target
    ) -> None:
        """Compute rows of the output.

        Args:
            low: (bands, rows, columns) float32, the HSI that the output depends on.
            correction: (bands, rows, columns) float32, what is added after the fusion, up-sampled, or None.
            planes: (K or more, rows, columns) float32 S, exactly the output's part.
            part: of the output.
            target: the rows to fill.

        Raises:
            Cancelled: the user stopped the job.
        """
        kept = self._fading.kept(part.rows, part.cols)

        def work(bands: slice) -> None:
            values = self._up.part(low[bands], *part)
            fuse_bands(self._method, values, planes, bands, kept)
            if correction is not None:
                values += self._up.part(correction[bands], *part)
            place = target.values[:, bands].transpose(1, 0, 2)
            if not target.encoded:
                place[...] = values
                return
            own = target if target.valid.ndim == 2 else target._replace(valid=target.valid[bands])
            mask = own.mask(values)
            store(values, None if mask is None else np.broadcast_to(mask, values.shape), target.nodata, place)

        self._workers.run(work, band_chunks(len(low), self._progress), self._progress)
