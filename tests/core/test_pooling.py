from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from core.networks.layers.pointwise import JoinedPointwiseConv2d, PointwiseConv2d, SplitPointwiseConv2d  # noqa: E402
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
    layer, x = PointwiseConv2d(5, 4), torch.randn(2, 5, 6, 7)
    torch.testing.assert_close(layer(x), torch.nn.functional.conv2d(x, layer.weight, layer.bias))


@pytest.mark.parametrize("learning", [True, False])
def test_pointwise_layers_of_halves_are_the_convolution_with_its_parameters(learning):
    x, plain = torch.randn(2, 6, 5, 7), torch.nn.functional.conv2d
    split, joined = SplitPointwiseConv2d(6, 8), JoinedPointwiseConv2d(6, 4)
    with torch.set_grad_enabled(learning):
        torch.testing.assert_close(torch.cat(split(x), 1), plain(x, split.weight, split.bias))
        halves = [half.contiguous(memory_format=torch.channels_last) for half in x.chunk(2, 1)]
        torch.testing.assert_close(joined(*halves), plain(x, joined.weight, joined.bias))
