"""Kernels of :mod:`.popcount`, compiled by numba when they are first called; only that module imports this one.

A word holds the signs of 64 channels of a pixel or of a weight's tap, a set bit for a negative one; bits that no
channel has are 0. An exclusive or of two words marks the products that are -1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numba.extending import intrinsic

WORD = 64


@intrinsic
def _ones(typing_context: Any, word: Any) -> Any:
    """The number of set bits."""

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
            y, z = row // down, col // across
            for w in range(words.shape[2]):
                first, word = 64 * w, np.uint64(0)
                if first + 64 <= channels:
                    for bit in range(64):
                        negative = x[row, col, first + bit] + bias[y, z, first + bit] < np.float32(0)
                        word |= np.uint64(negative) << np.uint64(bit)
                else:
                    for bit in range(channels - first):
                        negative = x[row, col, first + bit] + bias[y, z, first + bit] < np.float32(0)
                        word |= np.uint64(negative) << np.uint64(bit)
                words[row + 1, col + 1, w] = word


@njit(nogil=True, cache=True, error_model="numpy")
def convolve_and_bend(
    x: np.ndarray,
    words: np.ndarray,
    weight: np.ndarray,
    scale: np.ndarray,
    before: np.ndarray,
    slope: np.ndarray,
    after: np.ndarray,
    result: np.ndarray,
) -> None:
    """``x + RPReLU(scale * sums)`` with the sums of the 3 x 3 convolution of signs with signs.

    Args:
        x: (rows, columns, channels) float32; as many channels come out.
        words: of :func:`pack`. weight: (words, 9, channels) uint64.
        scale: (rows / cell, columns / cell, channels) float32. before, slope, after: (channels,) float32.
        result: like ``x``.
    """
    rows, cols, channels = x.shape
    down, across = rows // scale.shape[0], cols // scale.shape[1]
    products = np.int32(9 * channels)
    negative = np.empty(channels, np.int32)
    for row in range(rows):
        for col in range(cols):
            negative[:] = 0
            for w in range(words.shape[2]):
                a, b, c = words[row, col, w], words[row, col + 1, w], words[row, col + 2, w]
                d, e, f = words[row + 1, col, w], words[row + 1, col + 1, w], words[row + 1, col + 2, w]
                g, h, i = words[row + 2, col, w], words[row + 2, col + 1, w], words[row + 2, col + 2, w]
                for out in range(channels):
                    count = _ones(a ^ weight[w, 0, out]) + _ones(b ^ weight[w, 1, out]) + _ones(c ^ weight[w, 2, out])
                    count += _ones(d ^ weight[w, 3, out]) + _ones(e ^ weight[w, 4, out]) + _ones(f ^ weight[w, 5, out])
                    count += _ones(g ^ weight[w, 6, out]) + _ones(h ^ weight[w, 7, out]) + _ones(i ^ weight[w, 8, out])
                    negative[out] += np.int32(count)
            y, z = row // down, col // across
            for out in range(channels):
                value = np.float32(products - 2 * negative[out]) * scale[y, z, out] + before[out]
                value = value if value > np.float32(0) else value * slope[out]
                result[row, col, out] = x[row, col, out] + (value + after[out])


_MAGIC = np.float32(3 << 22)  # added and taken away again, it rounds to the nearest integer, halves to the even one


@njit(nogil=True, cache=True, error_model="numpy")
def cell_means(x: np.ndarray, steps: np.float32, most: np.float32, result: np.ndarray) -> None:
    """Means of cells, in integers: ``steps`` of them a unit, at most ``most``.

    Args:
        x: (rows, columns, channels) float32. result: (rows / cell, columns / cell, channels) float32.
    """
    rows, cols, channels = result.shape
    cell = x.shape[0] // rows
    area = np.float32(cell * cell)
    for row in range(rows):
        for col in range(cols):
            for c in range(channels):
                result[row, col, c] = x[row * cell, col * cell, c]
            for i in range(cell):
                for j in range(cell):
                    if i + j:
                        for c in range(channels):
                            result[row, col, c] += x[row * cell + i, col * cell + j, c]
            for c in range(channels):
                value = result[row, col, c] / area * steps
                result[row, col, c] = min(max(value, -most), most) + _MAGIC - _MAGIC


@njit(nogil=True, cache=True, error_model="numpy")
def bounded(
    sums: np.ndarray,
    step: np.ndarray,
    bias: np.ndarray,
    bound: np.float32,
    strength: np.ndarray,
    rest: np.ndarray,
    scales: np.ndarray,
    biases: np.ndarray,
) -> None:
    """The scale ``(1 + e) strength`` and the bias ``e + rest`` of cells, with ``e = clamp(sums step + bias)``.

    Args:
        sums: (cells, 2 channels) float32, those of the scale first. step, bias: (2 channels,) float32.
        strength, rest: (channels,) float32. scales, biases: (cells, channels) float32, the result.
    """
    cells, channels = scales.shape
    for cell in range(cells):
        for c in range(channels):
            scales[cell, c] = (min(max(sums[cell, c] * step[c] + bias[c], -bound), bound) + np.float32(1)) * strength[c]
        for c in range(channels):
            k = channels + c
            biases[cell, c] = min(max(sums[cell, k] * step[k] + bias[k], -bound), bound) + rest[c]
