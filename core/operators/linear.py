"""Linear operators along one axis and along two, applied to arrays and tensors alike.

A :class:`Line` is a linear map along one axis, kept as a band: each output sample is a weighted sum of a short run of
neighbouring input samples. It is applied as small dense matrix products, which numpy and torch (with gradients, on any
device) both do at the speed of their BLAS, and it can be applied to any run of output samples, so that a raster can be
worked through in pieces with the same result. Edges are replicated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..io.row_stream import joined

if TYPE_CHECKING:
    from torch import Tensor

    Array = TypeVar("Array", np.ndarray, Tensor)  # what goes in comes out

Span = tuple[int, int]  # (start, stop)

# Input samples per dense block: larger wastes arithmetic, smaller wastes calls, which in torch are kept for gradients.
_BLOCK_INPUTS, _BLOCK_TAPS, _BLOCK_INPUTS_TORCH = 12, 1.5, 64  # at least, and for each tap; in torch
# Multiplications of a product: OpenBLAS splits a larger one between threads, which wait for cores that others use.
LARGEST_PRODUCT = 65536 * 4


@dataclass(frozen=True)
class Line:
    """A linear operator along one axis: ``out[i] = sum_k weights[i, k] * in[first[i] + k]``.

    Attributes:
        inputs: number of input samples.
        first: (outputs,) int, index of the first input of each output.
        weights: (outputs, taps) float64.
    """

    inputs: int
    first: np.ndarray
    weights: np.ndarray
    _cache: dict = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def gather(cls, inputs: int, index: np.ndarray, weights: np.ndarray, inside: Span | None = None) -> Line:
        """A line from the inputs of every output; inputs outside are replaced by the edge.

        Args:
            inputs: number of input samples.
            index: (outputs, taps) int, positions of inputs.
            weights: (outputs, taps) float64.
            inside: (start, stop) of the inputs that exist; all by default.

        Returns:
            The line.
        """
        start, stop = inside or (0, inputs)
        index = np.clip(index, start, stop - 1)
        first = index.min(axis=1)
        taps = min(int((index.max(axis=1) - first).max()) + 1, stop - start)
        first = np.minimum(first, stop - taps)
        places = np.arange(len(index))[:, None] * taps + index - first[:, None]
        band = np.bincount(places.ravel(), np.ravel(weights), len(index) * taps)  # added in order
        return cls(inputs, first, band.reshape(len(index), taps))

    @property
    def outputs(self) -> int:
        """Number of output samples."""
        return len(self.first)

    @property
    def taps(self) -> int:
        """Number of inputs that one output depends on, at most."""
        return self.weights.shape[1]

    def support(self, start: int, stop: int) -> tuple[int, int]:
        """The run of inputs that the outputs ``start`` to ``stop`` depend on.

        Args:
            start: first output.
            stop: the output after the last.

        Returns:
            (start, stop) of inputs.
        """
        return int(self.first[start:stop].min()), int(self.first[start:stop].max()) + self.taps

    def after(self, other: Line) -> Line:
        """The composition: first ``other``, then this one.

        Args:
            other: a line with as many outputs as this one has inputs.

        Returns:
            The composed line.
        """
        index = self.first[:, None] + np.arange(self.taps)
        inner = other.first[index][:, :, None] + np.arange(other.taps)
        weights = self.weights[:, :, None] * other.weights[index]
        return Line.gather(other.inputs, inner.reshape(self.outputs, -1), weights.reshape(self.outputs, -1))

    def within(self, start: int, stop: int) -> Line:
        """The same line where no inputs but ``start`` to ``stop`` are: their edges are replicated.

        Args:
            start: first input.
            stop: the input after the last.

        Returns:
            The line, of as many inputs.
        """
        return Line.gather(self.inputs, self.first[:, None] + np.arange(self.taps), self.weights, (start, stop))

    def apply(self, x: Array, axis: int, start: int = 0, stop: int | None = None, offset: int = 0) -> Array:
        """Compute a run of outputs along one axis.

        Args:
            x: (..., rows, columns) float32 or float64, array or tensor; along ``axis`` it holds the inputs from
                ``offset`` on, as many as are needed.
            axis: -1 (along columns) or -2 (along rows).
            start: first output.
            stop: the output after the last; all by default.
            offset: index of the first input in ``x``.

        Returns:
            (..., rows, columns), same dtype and kind as ``x``.

        Raises:
            ValueError: ``x`` lacks inputs that are needed.
        """
        stop = self.outputs if stop is None else stop
        blocks = self._blocks(x, start, stop)
        lowest, highest = blocks[0][2], max(block[3] for block in blocks)
        if lowest < offset or highest - offset > x.shape[axis]:
            raise ValueError(
                f"inputs {lowest} to {highest} are needed, {offset} to {offset + x.shape[axis]} were given"
            )
        if isinstance(x, np.ndarray):
            return self._apply_numpy(x, axis, start, stop, offset, blocks)
        parts = []
        for _, _, low, high, matrix in blocks:
            if axis == -1:
                parts.append(x[..., low - offset : high - offset] @ matrix.T)
            else:
                parts.append(matrix @ x[..., low - offset : high - offset, :])
        return joined(parts, axis)

    def _apply_numpy(self, x: np.ndarray, axis: int, start: int, stop: int, offset: int, blocks: list) -> np.ndarray:
        shape = list(x.shape)
        shape[axis] = stop - start
        result = out = np.empty(shape, x.dtype)
        if axis == -1 and x.flags.c_contiguous:  # the rows of all images in one product
            x, out = x.reshape(-1, x.shape[-1]), out.reshape(-1, stop - start)
        count = x.shape[-2 if axis == -1 else -1]  # of lines, so many of them at once
        for begin, end, low, high, matrix in blocks:
            step = max(1, LARGEST_PRODUCT // matrix.size)
            part, place = slice(low - offset, high - offset), slice(begin - start, end - start)
            for first in range(0, count, step):
                some = slice(first, first + step)
                if axis == -1:
                    np.matmul(x[..., some, part], matrix.T, out=out[..., some, place])
                else:
                    np.matmul(matrix, x[..., part, some], out=out[..., place, some])
        return result

    def adjoint(self, y: np.ndarray, axis: int, start: int = 0) -> np.ndarray:
        """The transposed operator.

        Args:
            y: (..., rows, columns) float32 or float64; along ``axis`` the outputs from ``start`` on.
            axis: -1 or -2.
            start: first output in ``y``.

        Returns:
            (..., rows, columns) with all inputs along ``axis``, same dtype.
        """
        stop = start + y.shape[axis]
        shape = list(y.shape)
        shape[axis] = self.inputs
        out = np.zeros(shape, y.dtype)
        for begin, end, low, high, matrix in self._blocks(y, start, stop):
            if axis == -1:
                out[..., low:high] += y[..., begin - start : end - start] @ matrix
            else:
                out[..., low:high, :] += matrix.T @ y[..., begin - start : end - start, :]
        return out

    def _blocks(self, like: Array, start: int, stop: int) -> list[tuple[int, int, int, int, Array]]:
        """(begin, end, first input, last input + 1, matrix) of dense blocks that cover the outputs."""
        key = (start, stop, str(like.dtype), str(getattr(like, "device", "")))
        blocks = self._cache.get(key)  # threads may share it
        if blocks is None:
            if len(self._cache) > 64:
                self._cache.clear()
            density = max(self.inputs / self.outputs, 1e-9)  # inputs per output
            block_inputs: float = _BLOCK_INPUTS_TORCH
            if isinstance(like, np.ndarray):
                block_inputs = max(_BLOCK_INPUTS, _BLOCK_TAPS * self.taps)
            size = max(1, round(block_inputs / density))
            blocks = []
            for begin in range(start, stop, size):
                end = min(begin + size, stop)
                low, high = self.support(begin, end)
                matrix = np.zeros((end - begin, high - low))
                columns = self.first[begin:end, None] - low + np.arange(self.taps)
                matrix[np.arange(end - begin)[:, None], columns] = self.weights[begin:end]
                blocks.append((begin, end, low, high, _like(matrix, like)))
            self._cache[key] = blocks
        return blocks


def _like(matrix: np.ndarray, like: Array) -> Array:
    """The matrix as the kind of array, type and device that ``like`` has."""
    if isinstance(like, np.ndarray):
        return matrix.astype(like.dtype)
    return like.new_tensor(matrix)


@dataclass(frozen=True)
class Separable:
    """The same kind of operator along rows and along columns.

    Attributes:
        y: along the rows' axis (-2). x: along the columns' axis (-1).
    """

    y: Line
    x: Line

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the output."""
        return self.y.outputs, self.x.outputs

    def __call__(self, image: Array) -> Array:
        """Apply to a whole image.

        Args:
            image: (..., y.inputs, x.inputs) float32 or float64, array or tensor.

        Returns:
            (..., y.outputs, x.outputs), same dtype and kind.
        """
        return self.part(image, (0, self.y.outputs), (0, self.x.outputs))

    def support(self, rows: Span, cols: Span) -> tuple[Span, Span]:
        """The rows and columns of the input that a part of the output depends on.

        Args:
            rows: (start, stop) of the part.
            cols: (start, stop) of the part.

        Returns:
            (start, stop) of the input's rows, and of its columns.
        """
        return self.y.support(*rows), self.x.support(*cols)

    def part(self, image: Array, rows: Span, cols: Span, origin: tuple[int, int] = (0, 0)) -> Array:
        """A part of the output.

        Args:
            image: (..., rows, columns) float32 or float64, array or tensor, the input from ``origin`` on, as far as it
                is needed.
            rows, cols: (start, stop) of the part.
            origin: row and column of the input at which ``image`` begins.

        Returns:
            (..., rows, columns) of the part, same dtype and kind as ``image``.
        """
        if self.x.outputs >= self.x.inputs:  # the cheaper order: the axis that shrinks comes first, that grows last
            return self.x.apply(self.y.apply(image, -2, *rows, origin[0]), -1, *cols, origin[1])
        low, high = self.y.support(*rows)
        image = self.x.apply(image[..., low - origin[0] : high - origin[0], :], -1, *cols, origin[1])
        return self.y.apply(image, -2, *rows, low)

    def adjoint_rows(self, image: np.ndarray, start: int) -> np.ndarray:
        """The transposed operator on a run of output rows.

        Args:
            image: (..., rows, x.outputs) float32 or float64.
            start: the first of these rows.

        Returns:
            (..., y.inputs, x.inputs), same dtype.
        """
        return self.y.adjoint(self.x.adjoint(image, -1), -2, start)

    def after(self, other: Separable) -> Separable:
        """The composition: first ``other``, then this one.

        Args:
            other: an operator whose output has the shape of this one's input.

        Returns:
            The composed operator.
        """
        return Separable(self.y.after(other.y), self.x.after(other.x))
