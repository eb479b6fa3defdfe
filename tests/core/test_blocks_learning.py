"""Blocks while they learn on the CPU: what ``forward`` defines, with its gradients."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from core.networks.cpu.learning import window_means  # noqa: E402
from core.networks.layers.pooling import window_mean  # noqa: E402
from core.networks.ssml import SpatialBlock, SpectralBlock  # noqa: E402


@pytest.mark.parametrize("block_class", [SpectralBlock, SpatialBlock])
@pytest.mark.parametrize("shape", [(2, 9, 12), (1, 7, 5), (3, 1, 2)])
@pytest.mark.parametrize("last", [True, False])
def test_a_block_learns_with_the_gradients_of_its_layers(block_class, shape, last):
    torch.manual_seed(0)
    count, rows, cols = shape
    block = block_class(8).double()
    image = torch.randn(count, 8, rows, cols, dtype=torch.float64)
    image = image.contiguous(memory_format=torch.channels_last) if last else image
    outer, found = torch.randn_like(image), []
    for forward in (block.forward, lambda x: type(block).forward.__wrapped__(block, x)):
        block.zero_grad(set_to_none=True)
        given = image.clone().requires_grad_()
        result = forward(given)
        result.backward(outer)
        found.append([result.detach(), given.grad, *(parameter.grad for parameter in block.parameters())])
    for own, layers in zip(*found):
        torch.testing.assert_close(own, layers, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("window", [3, 5])
def test_means_over_windows_as_matrices_and_their_transpose(window):
    image = torch.randn(2, 3, 6, 9, dtype=torch.float64, requires_grad=True)
    expected, outer = window_mean(image, window), torch.randn(2, 3, 6, 9, dtype=torch.float64)
    expected.backward(outer)
    found, back = (
        window_means(one.detach().permute(0, 2, 3, 1).reshape(-1, 3), (2, 6, 9), window, transposed)
        for one, transposed in ((image, False), (outer, True))
    )
    torch.testing.assert_close(found.view(2, 6, 9, 3).permute(0, 3, 1, 2), expected.detach())
    torch.testing.assert_close(back.view(2, 6, 9, 3).permute(0, 3, 1, 2), image.grad)
