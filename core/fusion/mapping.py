"""From the low-resolution image and a few planes to all bands at high resolution, ``U L + C S``, in one go.

Up-sampling along a row and the combination of planes are two sums over different things that end in the same sample:
written side by side, ``[L | C] [U ; S]``, they are one matrix product (own). So each output sample is computed,
rounded and stored while it is in the processor's cache, and no cube is kept in floating point.
"""

from __future__ import annotations

import numpy as np

from ..physics.resample import LARGEST_PRODUCT, Separable, Span
from ..progress import Progress
from ..raster.stored import store
from ..workers import Workers

_ROWS = 4  # at once: with all bands and some columns, what fits into a processor's cache
_COLS, _BYTES = 1024, 800_000  # at most
_LEAST, _MOST_INPUTS = 8, 64  # columns of a block; inputs of one, most of which say nothing of a given column


class BandMapping:
    """``U L + C S`` for a panel of columns.

    Args:
        up: U.
        cols: (start, stop) of the panel's output columns.
        origin: column at which the low-resolution image that will be given starts. width: its number of columns.
        coefficients: (bands, K) C.
    """

    def __init__(self, up: Separable, cols: Span, origin: int, width: int, coefficients: np.ndarray) -> None:
        self._up, self._cols = up, cols
        self._coefficients = np.ascontiguousarray(coefficients, np.float32)
        bands, planes = self._coefficients.shape
        ratio = up.x.outputs / up.x.inputs
        size = _LEAST
        most = min(_COLS, _MOST_INPUTS * ratio)
        while size < most and bands * (size + 8) * ((size + 8) / ratio + up.x.taps + 1 + planes) <= LARGEST_PRODUCT:
            size += 8
        starts = range(cols[0], cols[1], size)
        spans = [(start, min(start + size, cols[1])) for start in starts]
        self._inputs = max(high - low for low, high in (up.x.support(*span) for span in spans))
        self._blocks = []
        for start, stop in spans:
            low = min(up.x.support(start, stop)[0] - origin, width - self._inputs)
            matrix = np.zeros((self._inputs, stop - start), np.float32)
            rows = up.x.first[start:stop] - origin - low + np.arange(up.x.taps)[:, None]
            matrix[rows, np.arange(stop - start)] = up.x.weights[start:stop].T
            self._blocks.append((start - cols[0], stop - cols[0], low, matrix))
        together = min(_COLS, _BYTES // (4 * _ROWS * bands))
        self._group = max(1, together // size)  # blocks that are stored together

    def __call__(
        self,
        low: np.ndarray,
        first: int,
        planes: np.ndarray,
        rows: Span,
        out: np.ndarray,
        valid: np.ndarray | None,
        nodata: float | None,
        workers: Workers,
        progress: Progress,
    ) -> None:
        """Compute rows of the output.

        Args:
            low: (bands, rows, width) float32 L, from row ``first`` on, as far as the output depends on it.
            planes: (K, rows, columns) S, exactly the output's part.
            rows: (start, stop) of the output.
            out: (rows, bands, columns), of the type that is to be stored; see :func:`..raster.stored.store`.
            valid: (rows, columns) or (bands, rows, columns); None where all is valid and finite.
        """

        def work(start: int) -> None:
            stop = min(start + _ROWS, rows[1])
            here = slice(start - rows[0], stop - rows[0])
            mask = None
            if valid is not None:
                mask = np.broadcast_to(valid, (low.shape[0], *planes.shape[1:]))[:, here].transpose(1, 0, 2)
            self._some_rows(low, first, planes[:, here], (start, stop), out[here], mask, nodata)

        workers.run(work, range(rows[0], rows[1], _ROWS), progress)

    def _some_rows(
        self,
        low: np.ndarray,
        first: int,
        planes: np.ndarray,
        rows: Span,
        out: np.ndarray,
        valid: np.ndarray | None,
        nodata: float | None,
    ) -> None:
        count, (bands, extra), inputs = rows[1] - rows[0], self._coefficients.shape, self._inputs
        top, bottom = self._up.y.support(*rows)
        part = low[:, top - first : bottom - first]
        lines = np.empty((count, bands, low.shape[2]), np.float32)
        lines.transpose(1, 0, 2)[...] = self._up.y.apply(part, -2, *rows, top)
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
            store(made, None if valid is None else valid[:, :, begin:end], nodata, out[:, :, begin:end])
