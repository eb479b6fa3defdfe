"""Kernels of :mod:`.popcount`, compiled by numba when they are first called; only that module imports this one.

A word holds the signs of 64 channels of a pixel or of a weight's tap, a set bit for a negative one; bits that no
channel has are 0. An exclusive or of two words marks the products that are -1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

WORD = 64


@intrinsic
def _ones(typing_context: Any, word: Any) -> Any:
    """The number of set bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return word(word), generate


def _spread(builder: Any, value: Any, count: int) -> Any:
    """A vector of ``count`` times the same."""
    nothing, first = ir.Constant(ir.VectorType(value.type, count), ir.Undefined), ir.Constant(ir.IntType(32), 0)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
    return builder.shuffle_vector(builder.insert_element(nothing, value, first), nothing, everywhere)


LANES = 4  # outputs that are counted together, as many as registers of 256 bits hold words


@intrinsic
def _count(typing_context: Any, counts: Any, weight: Any, word: Any, first: Any, taps: Any) -> Any:
    """Adds to :data:`LANES` counts, from ``first`` on, the set bits of the exclusive or of nine words with ``weight``.
    Bits are counted in bytes, which are summed once; of a loop a compiler makes as many sums as there are words."""
    signature = types.void(counts, weight, word, first, taps)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        i64 = ir.IntType(64)
        lanes, few, floats = (ir.VectorType(kind, LANES) for kind in (i64, ir.IntType(32), ir.FloatType()))
        bytes_ = ir.VectorType(ir.IntType(8), 8 * LANES)
        ones = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(bytes_, [bytes_]), f"llvm.ctpop.v{8 * LANES}i8"
        )
        target, source = (
            context.make_array(kind)(context, builder, value) for kind, value in zip(signature.args, arguments[:2])
        )
        channels = builder.extract_value(source.shape, 2)

        def all_lanes(value: int) -> Any:
            return ir.Constant(lanes, [value] * LANES)

        total = None
        for tap in range(9):
            row = builder.add(builder.mul(arguments[2], ir.Constant(i64, 9)), ir.Constant(i64, tap))
            place = builder.gep(source.data, [builder.add(builder.mul(row, channels), arguments[3])])
            products = builder.xor(
                builder.load(builder.bitcast(place, lanes.as_pointer()), align=8),
                _spread(builder, builder.extract_value(arguments[4], tap), LANES),
            )
            count = builder.call(ones, [builder.bitcast(products, bytes_)])
            total = count if total is None else builder.add(total, count)
        total = builder.bitcast(total, lanes)
        mask = all_lanes(0x00FF00FF00FF00FF)
        total = builder.add(builder.and_(total, mask), builder.and_(builder.lshr(total, all_lanes(8)), mask))
        total = builder.add(total, builder.lshr(total, all_lanes(32)))
        total = builder.and_(builder.add(total, builder.lshr(total, all_lanes(16))), all_lanes(0xFFFF))
        place = builder.bitcast(builder.gep(target.data, [arguments[3]]), floats.as_pointer())
        found = builder.fadd(builder.load(place, align=4), builder.sitofp(builder.trunc(total, few), floats))
        builder.store(found, place, align=4)
        return context.get_dummy_value()

    return signature, generate


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
    products = np.float32(9 * channels)
    negative, vectors = np.empty(channels, np.float32), channels // LANES * LANES
    for row in range(rows):
        for col in range(cols):
            negative[:] = 0
            for w in range(words.shape[2]):
                a, b, c = words[row, col, w], words[row, col + 1, w], words[row, col + 2, w]
                d, e, f = words[row + 1, col, w], words[row + 1, col + 1, w], words[row + 1, col + 2, w]
                g, h, i = words[row + 2, col, w], words[row + 2, col + 1, w], words[row + 2, col + 2, w]
                for out in range(0, vectors, LANES):
                    _count(negative, weight, w, out, (a, b, c, d, e, f, g, h, i))
                for out in range(vectors, channels):
                    count = _ones(a ^ weight[w, 0, out]) + _ones(b ^ weight[w, 1, out]) + _ones(c ^ weight[w, 2, out])
                    count += _ones(d ^ weight[w, 3, out]) + _ones(e ^ weight[w, 4, out]) + _ones(f ^ weight[w, 5, out])
                    count += _ones(g ^ weight[w, 6, out]) + _ones(h ^ weight[w, 7, out]) + _ones(i ^ weight[w, 8, out])
                    negative[out] += np.float32(count)
            y, z = row // down, col // across
            for out in range(channels):
                value = (products - np.float32(2) * negative[out]) * scale[y, z, out] + before[out]
                value = value if value > np.float32(0) else value * slope[out]
                result[row, col, out] = x[row, col, out] + (value + after[out])


GROUP = 8  # hidden channels that are computed together, as many as registers of 256 bits hold
_MAGIC = np.float32(3 << 22)  # added and taken away again, it rounds to the nearest integer, halves to the even one


@intrinsic
def _squeeze(typing_context: Any, mean: Any, levels: Any, group: Any, hidden: Any) -> Any:
    """``hidden = mean @ levels[group]``, :data:`GROUP` sums of integers, which are exact in any order: four of each are
    kept in registers."""
    signature = types.void(mean, levels, group, hidden)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        floats, flags = ir.VectorType(ir.FloatType(), GROUP), ("contract",)
        source, weights, target = (
            context.make_array(signature.args[at])(context, builder, arguments[at]) for at in (0, 1, 3)
        )
        count, four = builder.extract_value(source.shape, 0), ir.Constant(ir.IntType(64), 4)
        start = builder.mul(arguments[2], count)
        sums = [cgutils.alloca_once(builder, floats) for _ in range(4)]
        for total in sums:
            builder.store(ir.Constant(floats, [0.0] * GROUP), total)
        with cgutils.for_range(builder, builder.sdiv(count, four)) as loop:
            first = builder.mul(loop.index, four)
            for at, total in enumerate(sums):
                place = builder.add(first, ir.Constant(ir.IntType(64), at))
                value = builder.load(builder.gep(source.data, [place]))
                row = builder.mul(builder.add(start, place), ir.Constant(ir.IntType(64), GROUP))
                row = builder.bitcast(builder.gep(weights.data, [row]), floats.as_pointer())
                product = builder.fmul(_spread(builder, value, GROUP), builder.load(row, align=4), flags=flags)
                builder.store(builder.fadd(builder.load(total), product, flags=flags), total)
        one, two, three, last = (builder.load(total) for total in sums)
        result = builder.fadd(builder.fadd(one, two), builder.fadd(three, last))
        builder.store(result, builder.bitcast(target.data, floats.as_pointer()), align=4)
        return context.get_dummy_value()

    return signature, generate


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _excite(hidden: np.ndarray, levels: np.ndarray, first: int, sums: np.ndarray) -> None:
    """Adds a group's share to the sums, which are of integers, too."""
    a, b, c, d = hidden[0], hidden[1], hidden[2], hidden[3]
    e, f, g, h = hidden[4], hidden[5], hidden[6], hidden[7]
    for n in range(len(sums)):
        some = a * levels[first, n] + b * levels[first + 1, n] + c * levels[first + 2, n] + d * levels[first + 3, n]
        more = e * levels[first + 4, n] + f * levels[first + 5, n] + g * levels[first + 6, n] + h * levels[first + 7, n]
        sums[n] += some + more


@njit(nogil=True, cache=True, error_model="numpy")
def redistribute(
    x: np.ndarray,
    squeeze: np.ndarray,
    squeeze_step: np.ndarray,
    squeeze_bias: np.ndarray,
    excite: np.ndarray,
    excite_step: np.ndarray,
    excite_bias: np.ndarray,
    limits: np.ndarray,
    strength: np.ndarray,
    rest: np.ndarray,
    scales: np.ndarray,
    biases: np.ndarray,
) -> None:
    """Scale and bias of each cell, as :class:`.binary.SpectralRedistribution` generates them.

    Args:
        x: (rows, columns, channels) float32.
        squeeze: (hidden / GROUP, channels, GROUP), the channels filled up to a multiple of 4, and excite: (hidden,
            2 channels), levels of the weights; what a level is worth, and the biases.
        limits: integers a unit, how many of them at most, and the bound; float32.
        strength, rest: (channels,): the scale is multiplied by one, the other is added to the bias.
        scales, biases: (rows / cell, columns / cell, channels) float32, the result.
    """
    rows, cols, channels = scales.shape
    cell = x.shape[0] // rows
    area, steps, most, bound = np.float32(cell * cell), limits[0], limits[1], limits[2]
    mean, hidden = np.zeros(squeeze.shape[1], np.float32), np.empty(GROUP, np.float32)
    sums = np.empty(2 * channels, np.float32)
    for row in range(rows):
        for col in range(cols):
            for c in range(channels):
                mean[c] = x[row * cell, col * cell, c]
            for i in range(cell):
                for j in range(cell):
                    if i + j:
                        for c in range(channels):
                            mean[c] += x[row * cell + i, col * cell + j, c]
            for c in range(channels):
                mean[c] = min(max(mean[c] / area * steps, -most), most) + _MAGIC - _MAGIC
            sums[:] = 0
            for group in range(len(squeeze)):
                _squeeze(mean, squeeze, group, hidden)
                for h in range(GROUP):
                    value = hidden[h] * squeeze_step[GROUP * group + h] + squeeze_bias[GROUP * group + h]
                    hidden[h] = min(max(value, np.float32(0)) * steps, most) + _MAGIC - _MAGIC
                _excite(hidden, excite, GROUP * group, sums)
            for c in range(channels):
                value = min(max(sums[c] * excite_step[c] + excite_bias[c], -bound), bound)
                scales[row, col, c] = (value + np.float32(1)) * strength[c]
            for c in range(channels):
                k = channels + c
                value = min(max(sums[k] * excite_step[k] + excite_bias[k], -bound), bound)
                biases[row, col, c] = value + rest[c]


@njit(nogil=True, cache=True, error_model="numpy")
def unit(
    x: np.ndarray,
    weight: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    before: np.ndarray,
    slope: np.ndarray,
    after: np.ndarray,
    result: np.ndarray,
) -> None:
    """A whole unit whose scale and bias are those of one cell, or of cells that are given; see the functions above."""
    rows, cols, _ = x.shape
    words = np.zeros((rows + 2, cols + 2, weight.shape[0]), np.uint64)
    pack(x, bias, words)
    convolve_and_bend(x, words, weight, scale, before, slope, after, result)


@njit(nogil=True, cache=True, error_model="numpy")
def redistributed_unit(
    x: np.ndarray,
    weight: np.ndarray,
    before: np.ndarray,
    slope: np.ndarray,
    after: np.ndarray,
    cell: int,
    squeeze: np.ndarray,
    squeeze_step: np.ndarray,
    squeeze_bias: np.ndarray,
    excite: np.ndarray,
    excite_step: np.ndarray,
    excite_bias: np.ndarray,
    limits: np.ndarray,
    strength: np.ndarray,
    rest: np.ndarray,
    result: np.ndarray,
) -> None:
    """A whole unit whose scale and bias are generated; a block of rows at a time, so that what is computed on the way
    stays in the cache."""
    rows, cols, channels = x.shape
    words = np.zeros((rows + 2, cols + 2, weight.shape[0]), np.uint64)
    block = max(1, 4 // cell) * cell
    scales = np.empty((2, block // cell, cols // cell, channels), np.float32)
    biases = np.empty((block // cell, cols // cell, channels), np.float32)
    for start in range(0, rows + block, block):
        stop, turn = min(start + block, rows), start // block % 2
        if start < rows:
            some, cells = x[start:stop], (stop - start) // cell
            redistribute(
                some,
                squeeze,
                squeeze_step,
                squeeze_bias,
                excite,
                excite_step,
                excite_bias,
                limits,
                strength,
                rest,
                scales[turn, :cells],
                biases[:cells],
            )
            pack(some, biases[:cells], words[start : stop + 2])
        if start:  # the signs of the block before, and of a row more, are there
            first = start - block
            last = min(start, rows)
            convolve_and_bend(
                x[first:last],
                words[first : last + 2],
                weight,
                scales[1 - turn, : (last - first) // cell],
                before,
                slope,
                after,
                result[first:last],
            )
