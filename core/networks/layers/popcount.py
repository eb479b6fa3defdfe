"""Binarized units by exclusive or and popcount on packed bits, where numba is installed (an optional package).

64 products are one instruction each of exclusive or, popcount and addition; and redistribution, signs, convolution,
RPReLU and identity path are two passes over memory. The numbers are those of the float32 simulation to the last bit:
integers where it has integers, and the same float32 operations in the same order.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .binary import RPReLU, SpectralRedistribution
from .fixed_point import MOST, STEPS


class PopcountRedistribution:
    """Scale and bias of each cell, generated from the image; see :class:`.binary.SpectralRedistribution`.

    Args:
        strength: (channels,), multiplied with the scale.
    """

    def __init__(self, generated: SpectralRedistribution, strength: Tensor) -> None:
        from . import popcount_kernels

        self._kernel, self._cell = popcount_kernels.redistribute, generated.cell
        squeeze, excite = generated.squeeze, generated.excite
        levels = [(conv.weight[:, :, 0, 0] / conv.step[:, None]).round() for conv in (squeeze, excite)]
        more = 0, -len(levels[0]) % popcount_kernels.GROUP  # hidden channels that say nothing
        self._numbers = [
            _numbers(each)
            for each in (
                functional.pad(levels[0], (0, 0, *more)),
                functional.pad(squeeze.step / STEPS, more),
                functional.pad(squeeze.bias, more),
                functional.pad(levels[1].T, (0, 0, *more)),
                excite.step / STEPS,
                excite.bias,
                torch.tensor([STEPS, MOST * STEPS, generated.bound]),
                strength,
                generated.bias.flatten(),
            )
        ]

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(rows, columns, channels) to both, (rows / cell, columns / cell, channels)."""
        rows, cols, channels = image.shape
        scales, biases = np.empty((2, rows // self._cell, cols // self._cell, channels), np.float32)
        self._kernel(image, *self._numbers, scales, biases)
        return scales, biases


class PopcountUnit:
    """``x + RPReLU(k * scale * conv(sign(x + b), signs))``, +1 outside the image, compiled for this CPU.

    Args:
        signs: (channels, channels, 3, 3), -1 or 1. scale: (channels,).
        bend: of the result. redistribution: gives k and b; None for 1 and 0.

    Raises:
        ImportError: numba is not installed. ValueError: another shape of ``signs``.
    """

    def __init__(self, signs: Tensor, scale: Tensor, bend: RPReLU, redistribution: nn.Module | None = None) -> None:
        channels = len(scale)
        if tuple(signs.shape) != (channels, channels, 3, 3):
            raise ValueError(f"signs of shape {tuple(signs.shape)}; (channels, channels, 3, 3) is expected")
        from . import popcount_kernels

        self._kernels = popcount_kernels
        self._weight = _packed(signs.detach().numpy(), popcount_kernels.WORD)
        self._bend = [_numbers(each).reshape(-1) for each in (bend.before, bend.slope, bend.after)]
        self._same = [_numbers(each).reshape(1, 1, -1) for each in (scale, torch.zeros(channels))]
        self._redistribute: PopcountRedistribution | None = None
        if isinstance(redistribution, SpectralRedistribution):
            self._redistribute = PopcountRedistribution(redistribution, scale.detach())
        elif redistribution is not None:
            both = redistribution.scale.flatten() * scale, redistribution.bias
            self._same = [_numbers(each).reshape(1, 1, -1) for each in both]

    def __call__(self, x: Tensor) -> Tensor:
        """(1, channels, rows, columns) float32 to the same."""
        x = x.contiguous(memory_format=torch.channels_last)
        result = torch.empty_like(x)
        image = _pixels(x)
        scale, bias = self._same if self._redistribute is None else self._redistribute(image)
        rows, cols, _ = image.shape
        words = np.zeros((rows + 2, cols + 2, len(self._weight)), np.uint64)
        self._kernels.pack(image, bias, words)
        self._kernels.convolve_and_bend(image, words, self._weight, scale, *self._bend, _pixels(result))
        return result


def _packed(signs: np.ndarray, word: int) -> np.ndarray:
    """(outputs, inputs, 3, 3) to words (inputs / word, 9, outputs), a bit set where a sign is negative."""
    outputs, inputs = signs.shape[:2]
    words = -(-inputs // word)
    bits = np.zeros((words * word, 9, outputs), np.uint64)
    bits[:inputs] = (signs < 0).reshape(outputs, inputs, 9).transpose(1, 2, 0)
    shifts = np.arange(word, dtype=np.uint64)[:, None, None]
    return np.bitwise_or.reduce(bits.reshape(words, word, 9, outputs) << shifts, axis=1)


def _pixels(x: Tensor) -> np.ndarray:
    """(1, channels, rows, columns), channels last in memory, as (rows, columns, channels)."""
    return x[0].permute(1, 2, 0).numpy()


def _numbers(x: Tensor) -> np.ndarray:
    return np.ascontiguousarray(x.detach().numpy())


@lru_cache(maxsize=1)
def popcount_reason() -> str:
    """Why the kernels cannot be used here; "" if a trial gives the exact numbers."""
    channels, cell = 80, 2
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        x = torch.randn(1, channels, 6, 8)
        signs = torch.where(torch.randn(channels, channels, 3, 3) < 0, -1.0, 1.0)
        bend, generated = RPReLU(channels), SpectralRedistribution(channels, cell)
        generated.excite.weight.normal_()
        scale, bias = (each.repeat_interleave(cell, 2).repeat_interleave(cell, 3) for each in generated(x))
        padded = functional.pad(torch.where(x + bias < 0, -1.0, 1.0), [1] * 4, value=1.0)
        expected = x + bend(functional.conv2d(padded, signs) * scale)
    try:
        with torch.inference_mode():
            found = PopcountUnit(signs, torch.ones(channels), bend, generated)(x)
    except ImportError:
        return "numba is not installed"
    except Exception as error:  # whatever a compiler that does not fit may raise: there is another engine
        return (str(error).strip().splitlines() or ["no reason given"])[0][:120]
    return "" if torch.equal(found, expected) else "a trial gave other numbers"
