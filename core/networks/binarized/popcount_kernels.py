"""Kernels of :mod:`.popcount`, compiled by numba when they are first called; only that module imports this one.

A word holds the signs of 64 channels of a pixel, or of the same tap of a weight; bit ``b`` of word ``w`` is set where
channel ``64 w + b`` is negative, and bits that no channel has are 0::

    words[row, column, w]         the pixels, with a border of one pixel: +1, all bits 0
    weight[w, tap, output]        the taps of a 3 x 3 kernel, row by row; outputs side by side, so that a compiler
                                  computes several of them with one vector instruction

A product of signs is -1 where the XOR of two words has a bit, so with ``n`` bits in all words and taps the
convolution's sum is ``9 channels - 2 n``: unused bits are equal, so they do not contribute.

Everything is plain Python except :func:`popcount`, which Python 3.9 does not have. Test it by
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
_MAGIC = np.float32(3 << 22)  # added and subtracted again, it rounds to the nearest integer, half to even


class Activation(NamedTuple):
    """Parameters of :class:`.binary.RPReLU`.

    Attributes:
        before, slope, after: (channels,) float32.
    """

    before: np.ndarray
    slope: np.ndarray
    after: np.ndarray


class Redistribution(NamedTuple):
    """Parameters of :class:`.binary.SpectralRedistribution`; hidden channels are padded to a multiple of :data:`GROUP`.

    Attributes:
        cell: pixels of a cell along each axis.
        squeeze: (hidden, channels) float32, levels of the first layer's weights.
        squeeze_step, squeeze_bias: (hidden,) float32, the weight of one level, and the bias.
        excite: (hidden, 2 channels) float32, levels of the second layer's weights.
        excite_step, excite_bias: (2 channels,) float32, the weight of one level, and the bias.
        limits: (3,) float32: quantization steps per unit, the largest number of steps, and the bound.
        strength: (channels,) float32, factors of the scale.
        bias: (channels,) float32, added to the generated bias.
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
    """The number of set bits: LLVM's ``ctpop``, one instruction.

    Args:
        typing_context: numba's.
        word: an integer; for numba, its type.

    Returns:
        An integer; for numba, the signature and the code generator.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return word(word), generate


@njit(nogil=True, cache=True, error_model="numpy")
def pack(x: np.ndarray, bias: np.ndarray, words: np.ndarray) -> None:
    """Pack the signs of ``x + bias`` into words.

    Args:
        x: (rows, columns, channels) float32.
        bias: (rows / cell, columns / cell, channels) float32.
        words: (rows + 2, columns + 2, words) uint64, zeros; the result, with a border of one pixel, which stays 0: +1.
    """
    rows, cols, channels = x.shape
    down, across = rows // bias.shape[0], cols // bias.shape[1]
    for row, col in np.ndindex(rows, cols):
        pixel, shift = x[row, col], bias[row // down, col // across]
        for w in range(words.shape[2]):
            first, word = WORD * w, np.uint64(0)
            if first + WORD <= channels:  # only a loop of fixed length becomes vector instructions
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
        x: (rows, columns, channels) float32.
        words: (rows + 2, columns + 2, words) uint64, from :func:`pack`.
        weight: (words, 9, channels) uint64.
        scale: (rows / cell, columns / cell, channels) float32.
        activation: parameters of the RPReLU.
        result: (rows, columns, channels) float32.
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
    """The mean over a cell's (rows, columns, channels), rounded to quantization steps, ``steps`` of them a unit."""
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
    """Adds the products of a group of hidden channels to the sums, exact in any order."""
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
        numbers: parameters of the redistribution.
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
    """A whole unit with given scale and bias.

    Args:
        x: (rows, columns, channels) float32.
        weight: (words, 9, channels) uint64.
        activation: parameters of the RPReLU.
        scale, bias: (rows / cell, columns / cell, channels) float32.
        result: (rows, columns, channels) float32.
    """
    rows, cols, _ = x.shape
    words = np.zeros((rows + 2, cols + 2, weight.shape[0]), np.uint64)
    pack(x, bias, words)
    convolve_and_activate(x, words, weight, scale, activation, result)


@njit(nogil=True, cache=True, error_model="numpy")
def redistributed_unit(
    x: np.ndarray, weight: np.ndarray, activation: Activation, numbers: Redistribution, result: np.ndarray
) -> None:
    """A whole unit whose scale and bias are generated, a block of rows at a time, so that intermediate numbers stay in
    the cache. The convolution lags a block behind, as it needs the signs of one more row.

    Args:
        x: (rows, columns, channels) float32.
        weight: (words, 9, channels) uint64.
        activation: parameters of the RPReLU.
        numbers: parameters of the redistribution.
        result: (rows, columns, channels) float32.
    """
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
