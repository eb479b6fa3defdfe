"""The activation of our own networks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def hardswish(x: Tensor) -> Tensor:
    """:func:`torch.nn.functional.hardswish`, in place at inference.

    Source: Howard et al., IEEE International Conference on Computer Vision, 2019 (MobileNetV3).

    Args:
        x: any shape, float32; without gradients it is overwritten, so it must be a temporary result.

    Returns:
        Same shape and same dtype.
    """
    return functional.hardswish(x, inplace=not torch.is_grad_enabled())
