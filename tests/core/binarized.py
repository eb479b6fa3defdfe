"""Binarized networks that are no longer as they begin."""

from __future__ import annotations

import torch


def awake(network):
    """The network with parameters moved off their first values, the last layer's zeros above all."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return network.eval()
