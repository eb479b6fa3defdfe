"""Binarized units by exclusive or and popcount on packed bits, where numba is installed (an optional package).

64 products are one instruction each of exclusive or, popcount and addition; and redistribution, signs, convolution,
RPReLU and the identity are two passes over memory. The numbers are those of the float32 simulation to the last bit:
integers where it has integers, and the same float32 operations in the same order.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .binary import RPReLU, SpectralRedistribution, StaticRedistribution
from .fixed_point import MOST, STEPS


class PopcountUnit:
    """``x + RPReLU(k * scale * conv(sign(x + b), signs))``, +1 outside the image, compiled for this CPU.

    Args:
        signs: (channels, channels, 3, 3), -1 or 1. scale: (channels,).
        activation: of the result. redistribution: gives k and b; None for 1 and 0.

    Raises:
        ImportError: numba is not installed. ValueError: another shape of ``signs``.
    """

    def __init__(
        self, signs: Tensor, scale: Tensor, activation: RPReLU, redistribution: nn.Module | None = None
    ) -> None:
        channels = len(scale)
        if tuple(signs.shape) != (channels, channels, 3, 3):
            raise ValueError(f"signs of shape {tuple(signs.shape)}; (channels, channels, 3, 3) is expected")
        from . import popcount_kernels as kernels

        self._weight = _packed(signs.detach().numpy(), kernels.WORD)
        shifts = (activation.before, activation.slope, activation.after)
        self._activation = kernels.Activation(*(_numbers(each).reshape(-1) for each in shifts))
        if isinstance(redistribution, SpectralRedistribution):
            self._kernel = kernels.redistributed_unit
            generated = _generated(redistribution, scale, kernels.GROUP)
            self._numbers: list[Any] = [kernels.Redistribution(redistribution.cell, *generated)]
        else:
            self._kernel, self._numbers = kernels.unit, _same(scale, redistribution)

    def __call__(self, x: Tensor) -> Tensor:
        """(1, channels, rows, columns) float32 to the same; rows and columns are multiples of a cell."""
        x = x.contiguous(memory_format=torch.channels_last)
        result = torch.empty_like(x)
        self._kernel(_pixels(x), self._weight, self._activation, *self._numbers, _pixels(result))
        return result


def _same(scale: Tensor, redistribution: nn.Module | None) -> list[np.ndarray]:
    """Scale and bias that are the same everywhere, (1, 1, channels)."""
    bias = torch.zeros_like(scale)
    if isinstance(redistribution, StaticRedistribution):
        scale, bias = redistribution.scale.flatten() * scale, redistribution.bias
    return [_numbers(each).reshape(1, 1, -1) for each in (scale, bias)]


def _generated(redistribution: SpectralRedistribution, strength: Tensor, group: int) -> list[np.ndarray]:
    """What the kernel needs to generate them."""
    squeeze, excite = redistribution.squeeze, redistribution.excite
    levels = [(conv.weight[:, :, 0, 0] / conv.step[:, None]).round() for conv in (squeeze, excite)]
    more = 0, -len(levels[0]) % group  # hidden channels that say nothing
    return [
        _numbers(each)
        for each in (
            functional.pad(levels[0], (0, 0, *more)),
            functional.pad(squeeze.step / STEPS, more),
            functional.pad(squeeze.bias, more),
            functional.pad(levels[1].T, (0, 0, *more)),
            excite.step / STEPS,
            excite.bias,
            torch.tensor([STEPS, MOST * STEPS, redistribution.bound]),
            strength,
            redistribution.bias.flatten(),
        )
    ]


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
        activation, generated = RPReLU(channels), SpectralRedistribution(channels, cell)
        generated.excite.weight.normal_()
        scale, bias = (each.repeat_interleave(cell, 2).repeat_interleave(cell, 3) for each in generated(x))
        padded = functional.pad(torch.where(x + bias < 0, -1.0, 1.0), [1] * 4, value=1.0)
        expected = x + activation(functional.conv2d(padded, signs) * scale)
    try:
        with torch.inference_mode():
            found = PopcountUnit(signs, torch.ones(channels), activation, generated)(x)
    except ImportError:
        return "numba is not installed"
    except Exception as error:  # whatever a compiler that does not fit may raise: there is another engine
        return (str(error).strip().splitlines() or ["no reason given"])[0][:120]
    return "" if torch.equal(found, expected) else "a trial gave other numbers"
