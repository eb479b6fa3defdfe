"""Kernels of :mod:`.popcount`, compiled by numba when they are first called; only that module imports this one.

A word holds the signs of 64 channels of a pixel, or of the same tap of a weight; bit ``b`` of word ``w`` is set where
channel ``64 w + b`` is negative, and bits that no channel has are 0::

    words[row, column, w]         the pixels, with a border of one pixel: +1, all bits 0
    weight[w, tap, output]        the taps of a 3 x 3 kernel, row by row; outputs side by side, so that a compiler
                                  computes several of them with one vector instruction

A product of signs is -1 where the exclusive or of two words has a bit, so with ``n`` bits in all words and taps the
convolution's sum is ``9 channels - 2 n``: the bits that no channel has are equal, and count as nothing.

Everything is plain Python but for :func:`popcount`, which Python has no name for. Test it by
:func:`.popcount.popcount_reason`, which compares a unit with PyTorch's float32 numbers, or run the functions without
numba: ``NUMBA_DISABLE_JIT=1``, with ``popcount`` replaced by ``lambda word: bin(word).count("1")``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.extending import intrinsic

WORD = 64
GROUP = 8  # hidden channels that are computed together: the innermost loop is unrolled
_MAGIC = np.float32(3 << 22)  # added and taken away again, it rounds to the nearest integer, halves to the even one


class Activation(NamedTuple):
    """Numbers of :class:`.binary.RPReLU`, each (channels,) float32."""

    before: np.ndarray
    slope: np.ndarray
    after: np.ndarray


class Redistribution(NamedTuple):
    """Numbers of :class:`.binary.SpectralRedistribution`, float32.

    Attributes:
        cell: pixels of a cell along each axis.
        squeeze: (hidden, channels), excite: (hidden, 2 channels): levels of the weights, hidden channels filled up to a
            multiple of :data:`GROUP`; what a level is worth, and the biases.
        limits: integers a unit, how many of them at most, and the bound.
        strength, bias: (channels,): the scale is multiplied by one, the other is added to the bias.
    """

    cell: int
    squeeze: np.ndarray
    squeeze_step: np.ndarray
    squeeze_bias: np.ndarray
    excite: np.ndarray
    excite_step: np.ndarray
    excite_bias: np.ndarray
    limits: np.ndarray
    strength: np.ndarray
    bias: np.ndarray


@intrinsic
def popcount(typing_context: Any, word: Any) -> Any:
    """The number of set bits: LLVM's ``ctpop``, one instruction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return word(word), generate


@njit(nogil=True, cache=True, error_model="numpy")
def pack(x: np.ndarray, bias: np.ndarray, words: np.ndarray) -> None:
    """Signs of ``x + bias`` into ``words``, which has a border of one pixel more on each side: +1, all bits 0.

    Args:
        x: (rows, columns, channels) float32. bias: (rows / cell, columns / cell, channels) float32.
        words: (rows + 2, columns + 2, words) uint64, zeros.
    """
    rows, cols, channels = x.shape
    down, across = rows // bias.shape[0], cols // bias.shape[1]
    for row in range(rows):
        for col in range(cols):
            pixel, shift = x[row, col], bias[row // down, col // across]
            for w in range(words.shape[2]):
                first, word = WORD * w, np.uint64(0)
                # Nested this deep because only a loop of fixed length becomes vector instructions.
                if first + WORD <= channels:
                    for bit in range(WORD):
                        word |= np.uint64(pixel[first + bit] + shift[first + bit] < np.float32(0)) << np.uint64(bit)
                else:
                    for bit in range(channels - first):
                        word |= np.uint64(pixel[first + bit] + shift[first + bit] < np.float32(0)) << np.uint64(bit)
                words[row + 1, col + 1, w] = word


@njit(nogil=True, cache=True, error_model="numpy")
def convolve_and_activate(
    x: np.ndarray, words: np.ndarray, weight: np.ndarray, scale: np.ndarray, activation: Activation, result: np.ndarray
) -> None:
    """``x + RPReLU(scale * sums)`` with the sums of the 3 x 3 convolution of signs with signs.

    Args:
        x: (rows, columns, channels) float32; as many channels come out.
        words: of :func:`pack`. weight: (words, 9, channels) uint64.
        scale: (rows / cell, columns / cell, channels) float32. result: like ``x``.
    """
    rows, cols, channels = x.shape
    before, slope, after = activation
    down, across = rows // scale.shape[0], cols // scale.shape[1]
    products = np.float32(9 * channels)
    negative = np.empty(channels, np.uint64)
    for row in range(rows):
        for col in range(cols):
            negative[:] = 0
            for w in range(words.shape[2]):
                a, b, c = words[row, col, w], words[row, col + 1, w], words[row, col + 2, w]
                d, e, f = words[row + 1, col, w], words[row + 1, col + 1, w], words[row + 1, col + 2, w]
                g, h, i = words[row + 2, col, w], words[row + 2, col + 1, w], words[row + 2, col + 2, w]
                taps = weight[w]
                for out in range(channels):
                    top = popcount(a ^ taps[0, out]) + popcount(b ^ taps[1, out]) + popcount(c ^ taps[2, out])
                    middle = popcount(d ^ taps[3, out]) + popcount(e ^ taps[4, out]) + popcount(f ^ taps[5, out])
                    bottom = popcount(g ^ taps[6, out]) + popcount(h ^ taps[7, out]) + popcount(i ^ taps[8, out])
                    negative[out] += top + middle + bottom
            y, z = row // down, col // across
            for out in range(channels):
                total = products - np.float32(2) * np.float32(np.int32(negative[out]))
                value = total * scale[y, z, out] + before[out]
                value = value if value > np.float32(0) else value * slope[out]
                result[row, col, out] = x[row, col, out] + (value + after[out])


@njit(nogil=True, cache=True, error_model="numpy")
def _cell_mean(pixels: np.ndarray, steps: np.float32, most: np.float32, mean: np.ndarray) -> None:
    """The mean over a cell's (rows, columns, channels), rounded to integers, ``steps`` of them a unit."""
    rows, cols, channels = pixels.shape
    area = np.float32(rows * cols)
    mean[:] = pixels[0, 0]
    for i in range(rows):
        for j in range(cols):
            if i + j:
                for c in range(channels):
                    mean[c] += pixels[i, j, c]
    for c in range(channels):
        mean[c] = min(max(mean[c] / area * steps, -most), most) + _MAGIC - _MAGIC


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def _dot(first: np.ndarray, second: np.ndarray) -> np.float32:
    """A sum of products of integers, exact in any order."""
    total = np.float32(0)
    for c in range(len(first)):
        total += first[c] * second[c]
    return total


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc"})
def _excite(hidden: np.ndarray, levels: np.ndarray, sums: np.ndarray) -> None:
    """Adds the share of a group of hidden channels to the sums, which are of integers, too."""
    for n in range(len(sums)):
        total = sums[n]
        for h in range(GROUP):
            total += hidden[h] * levels[h, n]
        sums[n] = total


@njit(nogil=True, cache=True, error_model="numpy")
def redistribute(x: np.ndarray, numbers: Redistribution, scales: np.ndarray, biases: np.ndarray) -> None:
    """Scale and bias of each cell, as :class:`.binary.SpectralRedistribution` generates them.

    Args:
        x: (rows, columns, channels) float32.
        scales, biases: (rows / cell, columns / cell, channels) float32, the result.
    """
    cell, squeeze, squeeze_step, squeeze_bias, excite, excite_step, excite_bias, limits, strength, rest = numbers
    rows, cols, channels = scales.shape
    steps, most, bound = limits[0], limits[1], limits[2]
    mean, hidden = np.empty(channels, np.float32), np.empty(GROUP, np.float32)
    sums = np.empty(2 * channels, np.float32)
    for row in range(rows):
        for col in range(cols):
            _cell_mean(x[row * cell : (row + 1) * cell, col * cell : (col + 1) * cell], steps, most, mean)
            sums[:] = 0
            for first in range(0, len(squeeze), GROUP):
                for h in range(GROUP):
                    value = _dot(mean, squeeze[first + h]) * squeeze_step[first + h] + squeeze_bias[first + h]
                    hidden[h] = min(max(value, np.float32(0)) * steps, most) + _MAGIC - _MAGIC
                _excite(hidden, excite[first : first + GROUP], sums)
            for c in range(channels):
                value = min(max(sums[c] * excite_step[c] + excite_bias[c], -bound), bound)
                scales[row, col, c] = (value + np.float32(1)) * strength[c]
            for c in range(channels):
                k = channels + c
                value = min(max(sums[k] * excite_step[k] + excite_bias[k], -bound), bound)
                biases[row, col, c] = value + rest[c]


@njit(nogil=True, cache=True, error_model="numpy")
def unit(
    x: np.ndarray, weight: np.ndarray, activation: Activation, scale: np.ndarray, bias: np.ndarray, result: np.ndarray
) -> None:
    """A whole unit whose scale and bias are those of one cell, or of cells that are given; see the functions above."""
    rows, cols, _ = x.shape
    words = np.zeros((rows + 2, cols + 2, weight.shape[0]), np.uint64)
    pack(x, bias, words)
    convolve_and_activate(x, words, weight, scale, activation, result)


@njit(nogil=True, cache=True, error_model="numpy")
def redistributed_unit(
    x: np.ndarray, weight: np.ndarray, activation: Activation, numbers: Redistribution, result: np.ndarray
) -> None:
    """A whole unit whose scale and bias are generated; a block of rows at a time, so that what is computed on the way
    stays in the cache. The convolution is a block behind, as it needs the signs of a row more."""
    rows, cols, channels = x.shape
    words = np.zeros((rows + 2, cols + 2, weight.shape[0]), np.uint64)
    cell = numbers.cell
    block = max(1, 4 // cell) * cell
    scales = np.empty((2, block // cell, cols // cell, channels), np.float32)  # of this block and the one before
    biases = np.empty((block // cell, cols // cell, channels), np.float32)
    for start in range(0, rows + block, block):
        stop, turn = min(start + block, rows), start // block % 2
        if start < rows:
            part, cells = x[start:stop], (stop - start) // cell
            redistribute(part, numbers, scales[turn, :cells], biases[:cells])
            pack(part, biases[:cells], words[start : stop + 2])
        if start:
            first, last = start - block, min(start, rows)
            scale = scales[1 - turn, : (last - first) // cell]
            convolve_and_activate(x[first:last], words[first : last + 2], weight, scale, activation, result[first:last])
