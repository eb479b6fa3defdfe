"""Binarized units by XOR and popcount on packed bits, where numba is installed (an optional package).

64 products take one instruction each of XOR, popcount and addition; redistribution, signs, convolution, RPReLU and the
identity branch take two passes over memory. The numbers are those of the float32 simulation to the last bit: integers
where it has integers, and the same float32 operations in the same order.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .binary import RPReLU, SpectralRedistribution, StaticRedistribution
from .fixed_point import CLIP, STEPS


class PopcountUnit:
    """``x + RPReLU(k * scale * conv(sign(x + b), signs))``, padded with +1, compiled for this CPU.

    Args:
        signs: (channels, channels, 3, 3) float32, -1 or 1.
        scale: (channels,) float32.
        activation: of the result.
        redistribution: gives k and b; None for 1 and 0.

    Raises:
        ImportError: numba is not installed.
        ValueError: another shape of ``signs``.
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
        self._activation = kernels.Activation(*(_array(each).reshape(-1) for each in shifts))
        if isinstance(redistribution, SpectralRedistribution):
            self._kernel = kernels.redistributed_unit
            generated = _generator_parameters(redistribution, scale, kernels.GROUP)
            self._numbers: list[Any] = [kernels.Redistribution(redistribution.cell, *generated)]
        else:
            self._kernel, self._numbers = kernels.unit, _constant(scale, redistribution)

    def __call__(self, x: Tensor) -> Tensor:
        """The unit.

        Args:
            x: (1, channels, rows, columns) float32, rows and columns multiples of a cell.

        Returns:
            Same shape and same dtype.
        """
        x = x.contiguous(memory_format=torch.channels_last)
        result = torch.empty_like(x)
        self._kernel(_pixels(x), self._weight, self._activation, *self._numbers, _pixels(result))
        return result


def _constant(scale: Tensor, redistribution: nn.Module | None) -> list[np.ndarray]:
    """Scale and bias that are the same for all pixels, (1, 1, channels)."""
    bias = torch.zeros_like(scale)
    if isinstance(redistribution, StaticRedistribution):
        scale, bias = redistribution.scale.flatten() * scale, redistribution.bias
    return [_array(each).reshape(1, 1, -1) for each in (scale, bias)]


def _generator_parameters(redistribution: SpectralRedistribution, strength: Tensor, group: int) -> list[np.ndarray]:
    """The fields of :class:`.popcount_kernels.Redistribution` but the first."""
    squeeze, excite = redistribution.squeeze, redistribution.excite
    levels = [(conv.weight[:, :, 0, 0] / conv.step[:, None]).round() for conv in (squeeze, excite)]
    padding = 0, -len(levels[0]) % group  # hidden channels of weight 0
    return [
        _array(each)
        for each in (
            functional.pad(levels[0], (0, 0, *padding)),
            functional.pad(squeeze.step / STEPS, padding),
            functional.pad(squeeze.bias, padding),
            functional.pad(levels[1].T, (0, 0, *padding)),
            excite.step / STEPS,
            excite.bias,
            torch.tensor([STEPS, CLIP * STEPS, redistribution.bound]),
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


def _array(x: Tensor) -> np.ndarray:
    return np.ascontiguousarray(x.detach().numpy())


@lru_cache(maxsize=1)
def popcount_reason() -> str:
    """Why the kernels cannot be used here; "" if a self-test gives the exact numbers."""
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
    except Exception as error:  # an incompatible compiler may raise anything; there are other engines
        return (str(error).strip().splitlines() or ["no reason given"])[0][:120]
    return "" if torch.equal(found, expected) else "its self-test gave other numbers"
