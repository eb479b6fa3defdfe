from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from core.networks.layers.pointwise import Pointwise  # noqa: E402
from core.networks.layers.pooling import window_mean  # noqa: E402


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("window", [1, 3, 5])
def test_the_window_mean_is_that_of_pytorch_and_leaves_out_what_lies_outside(window, layout):
    x = torch.randn(2, 3, 9, 7, dtype=torch.float64).contiguous(memory_format=layout).requires_grad_()
    expected = torch.nn.functional.avg_pool2d(x, window, 1, window // 2, count_include_pad=False)
    torch.testing.assert_close(window_mean(x, window), expected)
    weight = torch.randn_like(x)
    (own,) = torch.autograd.grad((window_mean(x, window) * weight).sum(), x)
    (theirs,) = torch.autograd.grad((expected * weight).sum(), x)
    torch.testing.assert_close(own, theirs)


def test_a_window_larger_than_the_image_takes_what_there_is():
    x = torch.arange(6.0).reshape(1, 1, 2, 3)
    assert window_mean(x, 9).unique().item() == pytest.approx(2.5)


def test_a_pointwise_layer_is_the_convolution_with_its_parameters():
    layer, x = Pointwise(5, 4), torch.randn(2, 5, 6, 7)
    torch.testing.assert_close(layer(x), torch.nn.functional.conv2d(x, layer.weight, layer.bias))
