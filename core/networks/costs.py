"""Cost of a network at inference: parameters and operations, by which binarized networks are compared."""

from __future__ import annotations

from typing import Any, Callable

import torch
from torch import Tensor, nn

from .base import parameter_count
from .binarized.binary import BinaryConv
from .binarized.fixed_point import FixedPointConv

_SIDE = 16  # pixels of the image that operations are counted on
_ENDS = ("head", "tail")


def costs(network: nn.Module, components: int) -> dict[str, float]:
    """Parameters and operations, counted in two ways: *strict*, where a binary weight counts 1/32 and a binary
    multiplication 1/64 and everything else in full; and *paper style* (BiSRNet), where all that lies between the first
    and the last layer counts as if it were binary.

    Operations are multiply-accumulates of convolutions, per output pixel.

    Source: the paper style is that of Cai et al., NeurIPS, 2023 (BiSRNet).

    Args:
        network: takes planes as :meth:`.FusionNetwork.forward` does; its first layer is ``head``, its last ``tail``.
        components: planes of the HSI that it takes.

    Returns:
        ``parameters``, ``binary_parameters``, ``parameters_strict``, ``parameters_paper_style``,
        ``operations_per_pixel``, ``binary_operations_per_pixel``, ``operations_strict``, ``operations_paper_style``.
    """
    everything, binary, ends = parameter_count(network), 0, 0
    counted = {"all": 0, "binary": 0, "ends": 0}
    hooks = []

    def count(weight: Tensor, kind: str) -> Callable[[nn.Module, object, Any], None]:
        def add(module: nn.Module, _: object, output: Tensor | tuple[Tensor, ...]) -> None:
            images = output if isinstance(output, tuple) else (output,)
            operations = sum(image.numel() for image in images) * weight[0].numel()
            counted["all"] += operations
            if kind:
                counted[kind] += operations

        return add

    for name, module in network.named_modules():
        at_end = name.split(".")[0] in _ENDS
        if at_end:
            ends += sum(parameter.numel() for parameter in module.parameters(recurse=False))
        if isinstance(module, BinaryConv) and module.binary:
            everything -= 1  # the slope of the sign's gradient is not used at inference
            binary += module.weight.numel()
            hooks.append(module.register_forward_hook(count(module.weight, "binary")))
        elif isinstance(module, (nn.Conv2d, FixedPointConv, BinaryConv)):
            hooks.append(module.register_forward_hook(count(module.weight, "ends" if at_end else "")))
    device = next(network.parameters()).device
    with torch.no_grad():
        network(torch.zeros(1, components + 2 * getattr(network, "guides", 1), _SIDE, _SIDE, device=device))
    for hook in hooks:
        hook.remove()
    operations = {key: value / _SIDE**2 for key, value in counted.items()}
    return {
        "parameters": everything,
        "binary_parameters": binary,
        "parameters_strict": round(binary / 32 + everything - binary),
        "parameters_paper_style": round((everything - ends) / 32 + ends) if binary else everything,
        "operations_per_pixel": round(operations["all"]),
        "binary_operations_per_pixel": round(operations["binary"]),
        "operations_strict": round(operations["binary"] / 64 + operations["all"] - operations["binary"]),
        "operations_paper_style": round((operations["all"] - operations["ends"]) / 64 + operations["ends"])
        if binary
        else round(operations["all"]),
    }
