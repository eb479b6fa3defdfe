"""The activation of our own networks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def hardswish(x: Tensor) -> Tensor:
    """:func:`torch.nn.functional.hardswish` (Howard et al., 2019, MobileNetV3); without gradients in place, as ``x`` is
    the result of a layer that nobody else needs."""
    return functional.hardswish(x, inplace=not torch.is_grad_enabled())
