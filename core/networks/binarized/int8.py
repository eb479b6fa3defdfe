"""Convolutions of signs by 8-bit integer kernels of the CPU, oneDNN's in PyTorch; fastest with AVX-512 VNNI or AMX.

The sums are those of the float32 simulation to the last bit. Where the kernels are not available, or a self-test does
not give the exact sums, the float32 simulation is used.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable

import torch
from torch import Tensor
from torch.nn import functional

_UNSCALED = 1.0, 0  # scale and zero point of the bits and of the sums


class Int8Sums:
    """``conv(sign x, signs)``, padded with +1.

    Args:
        signs: (outputs, inputs, kernel, kernel) float32, -1 or 1.

    Raises:
        RuntimeError: this PyTorch has no such kernels.
    """

    def __init__(self, signs: Tensor) -> None:
        outputs, inputs, kernel = signs.shape[:3]
        self._run = _kernel()
        self._geometry = [1, 1], [kernel // 2] * 2, [1, 1], 1  # stride, padding, dilation, groups
        # A bit is set where a sign s is negative: sum of s w = sum of w - 2 sum of bit w.
        self._scale = torch.full((outputs,), 2.0)
        self._zero = torch.zeros(outputs, dtype=torch.int8)
        self._bias = signs.float().sum((1, 2, 3)).contiguous()
        weight, shape = signs.neg().to(torch.int8).contiguous(), [1, inputs, 64, 64]
        self._weight = torch.ops.onednn.qconv_prepack(weight, self._scale, *_UNSCALED, *self._geometry, shape)

    def __call__(self, x: Tensor) -> Tensor:
        """The sums.

        Args:
            x: (N, inputs, rows, columns) float32.

        Returns:
            (N, outputs, rows, columns) float32, integers.
        """
        x = x.contiguous(memory_format=torch.channels_last)
        bits = (x < 0).view(torch.uint8)
        weight = self._weight, self._scale, self._zero, self._bias
        return self._run(bits, *_UNSCALED, *weight, *self._geometry, *_UNSCALED, torch.float32, "none", [], "")


def _kernel() -> Callable[..., Tensor]:
    operations: Any = torch.ops.onednn
    for name in ("qconv_pointwise", "qconv2d_pointwise"):  # the name has changed between versions of PyTorch
        if hasattr(operations, name):
            return getattr(operations, name)
    raise RuntimeError("this PyTorch has no 8-bit convolution")


@lru_cache(maxsize=1)
def int8_reason() -> str:
    """Why the 8-bit kernels cannot be used here; "" if a self-test gives the exact sums."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, 32, 9, 11, generator=generator)
    signs = torch.randn(32, 32, 3, 3, generator=generator).sign()
    expected = functional.conv2d(functional.pad(torch.where(x < 0, -1.0, 1.0), [1] * 4, value=1.0), signs)
    try:
        found = Int8Sums(signs)(x)
    except (RuntimeError, TypeError, AttributeError, NotImplementedError) as error:
        return (str(error).strip().splitlines() or ["no reason given"])[0][:120]
    return "" if torch.equal(found, expected) else "its self-test gave other sums"
