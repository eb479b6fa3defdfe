"""Blocks on the CPU while they learn: forward and backward written out.

A block's ``forward`` defines what it computes; autograd would run three times as many operations for it, most of them
on views. Here the gradients are written by hand, images are (pixels, channels) matrices, and means over windows are
products with banded matrices. Tests compare results and gradients with those of ``forward``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from .blocks import SpatialLayers, SpectralLayers

_aten = torch.ops.aten
Shape = tuple[int, int, int]  # of a batch: images, rows, columns


def learn_spectral_block(block: SpectralLayers, x: Tensor) -> Tensor:
    """:class:`..ssml.SpectralBlock` with its gradients.

    Args:
        block: whose layers are applied.
        x: (N, width, rows, columns) float32 or float64.

    Returns:
        Same shape, same dtype, the channels last in memory.
    """
    attention = block.attention
    layers = block.mix, block.look, block.merge, attention.squeeze, attention.excite
    return _SpectralFunction.apply(x, attention.window, *_parameters(*layers))


def learn_spatial_block(block: SpatialLayers, x: Tensor) -> Tensor:
    """:class:`..ssml.SpatialBlock` with its gradients.

    Args:
        block: whose layers are applied.
        x: (N, width, rows, columns) float32 or float64.

    Returns:
        Same shape, same dtype, the channels last in memory.
    """
    layers = block.mix, block.near, block.far, block.merge, block.attention.weigh
    return _SpatialFunction.apply(x, *_parameters(*layers))


def _parameters(*layers: Any) -> list[Tensor]:
    return [parameter for layer in layers for parameter in (layer.weight, layer.bias)]


class _SpectralFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, window: int, *parameters: Tensor) -> Tensor:
        mix, mix_bias, look, look_bias, merge, merge_bias, squeeze, squeeze_bias, excite, excite_bias = parameters
        shape, pixels = _shape(x), _pixels(x)
        mixed = torch.addmm(mix_bias, pixels, _matrix(mix).t())
        active = functional.hardswish(mixed)
        looked = _depthwise(active, shape, look, look_bias)
        seen = functional.hardswish(looked)
        y = torch.addmm(merge_bias, seen, _matrix(merge).t())
        mean = window_means(torch.addmm(squeeze_bias, y, _matrix(squeeze).t()), shape, window).relu_()
        logits = torch.addmm(excite_bias, mean, _matrix(excite).t())
        weights = functional.hardsigmoid(logits)
        ctx.save_for_backward(pixels, mixed, active, looked, seen, y, mean, logits, weights, *parameters[::2])
        ctx.shape, ctx.window = shape, window
        return _image(torch.addcmul(pixels, y, weights), shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        pixels, mixed, active, looked, seen, y, mean, logits, weights, *layers = ctx.saved_tensors
        mix, look, merge, squeeze, excite = layers
        shape, gradient = ctx.shape, _pixels(outer[0])
        by_logits = _aten.hardsigmoid_backward(gradient * y, logits)
        by_mean = _aten.threshold_backward(by_logits @ _matrix(excite), mean, 0)
        by_squeezed = window_means(by_mean, shape, ctx.window, transposed=True)
        by_y = torch.addmm(gradient * weights, by_squeezed, _matrix(squeeze))
        by_looked = _aten.hardswish_backward(by_y @ _matrix(merge), looked)
        by_active, by_look = _depthwise_gradients(by_looked, active, shape, look)
        by_mixed = _aten.hardswish_backward(by_active, mixed)
        by_x = torch.addmm(gradient, by_mixed, _matrix(mix))
        return (
            _image(by_x, shape),
            None,
            *_pointwise_gradients(by_mixed, pixels, mix),
            by_look,
            by_looked.sum(0),
            *_pointwise_gradients(by_y, seen, merge),
            *_pointwise_gradients(by_squeezed, y, squeeze),
            *_pointwise_gradients(by_logits, mean, excite),
        )


class _SpatialFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *parameters: Tensor) -> Tensor:
        mix, mix_bias, near, near_bias, far, far_bias, merge, merge_bias, weigh, weigh_bias = parameters
        shape, pixels = _shape(x), _pixels(x)
        kept, seen = [], []
        branches = zip(_matrix(mix).chunk(2), mix_bias.chunk(2), (near, far), (near_bias, far_bias), (1, 2))
        for matrix, bias, kernel, kernel_bias, dilation in branches:
            mixed = torch.addmm(bias, pixels, matrix.t())
            active = functional.hardswish(mixed)
            looked = _depthwise(active, shape, kernel, kernel_bias, dilation)
            seen.append(functional.hardswish(looked))
            kept += [mixed, active, looked, seen[-1]]
        halves = _matrix(merge).chunk(2, 1)
        y = torch.addmm(merge_bias, seen[0], halves[0].t()).addmm_(seen[1], halves[1].t())
        largest, place = y.max(1, keepdim=True)
        summary = torch.cat([y.mean(1, keepdim=True), largest], 1)
        around = _neighbourhoods(summary, shape, weigh.shape[-1])
        weights = torch.sigmoid(torch.addmv(weigh_bias, around, weigh.flatten()))[:, None]
        ctx.save_for_backward(pixels, *kept, y, place, around, weights, *parameters[::2])
        ctx.shape = shape
        return _image(torch.addcmul(pixels, y, weights), shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        pixels, *kept = ctx.saved_tensors
        branches, (y, place, around, weights, mix, near, far, merge, weigh) = (kept[:4], kept[4:8]), kept[8:]
        shape, gradient = ctx.shape, _pixels(outer[0])
        by_logits = _aten.sigmoid_backward((gradient * y).sum(1, keepdim=True), weights)
        flipped = weigh[0].flip(1, 2).flatten(1)
        by_summary = _neighbourhoods(by_logits, shape, weigh.shape[-1]) @ flipped.t()
        by_y = torch.addcmul(by_summary[:, :1] / y.shape[1], gradient, weights)
        by_y.scatter_add_(1, place, by_summary[:, 1:])
        by_x, of_mix, of_kernels, of_merge = gradient, [], [], []
        halves = zip(branches, _matrix(mix).chunk(2), _matrix(merge).chunk(2, 1), (near, far), (1, 2))
        for (mixed, active, looked, seen), inward, outward, kernel, dilation in halves:
            by_looked = _aten.hardswish_backward(by_y @ outward, looked)
            by_active, by_kernel = _depthwise_gradients(by_looked, active, shape, kernel, dilation)
            by_mixed = _aten.hardswish_backward(by_active, mixed)
            by_x = torch.addmm(by_x, by_mixed, inward)
            of_mix.append((by_mixed.t() @ pixels, by_mixed.sum(0)))
            of_kernels += [by_kernel, by_looked.sum(0)]
            of_merge.append(by_y.t() @ seen)
        return (
            _image(by_x, shape),
            torch.cat([weight for weight, _ in of_mix]).view(mix.shape),
            torch.cat([bias for _, bias in of_mix]),
            *of_kernels,
            torch.cat(of_merge, 1).view(merge.shape),
            by_y.sum(0),
            (around.t() @ by_logits).view(weigh.shape),
            by_logits.sum().view(1),
        )


def window_means(pixels: Tensor, shape: Shape, window: int, transposed: bool = False) -> Tensor:
    """:func:`..layers.pooling.window_mean` as products with banded matrices, which suit small images.

    Args:
        pixels: (pixels, channels) float32 or float64.
        shape: images, rows, columns.
        window: in pixels along each axis, odd.
        transposed: whether the transposed operator is applied, for gradients.

    Returns:
        Same shape, same dtype.
    """
    (count, rows, cols), channels = shape, pixels.shape[1]
    down, across = (_banded(size, window, pixels.dtype) for size in (rows, cols))
    if transposed:
        down, across = down.t(), across.t()
    of_rows = torch.matmul(down, pixels.view(count, rows, cols * channels))
    return torch.matmul(across, of_rows.view(count * rows, cols, channels)).view(-1, channels)


@lru_cache(maxsize=32)
def _banded(size: int, window: int, dtype: torch.dtype) -> Tensor:
    index = torch.arange(size)
    inside = ((index[:, None] - index).abs() <= window // 2).to(dtype)
    return inside / inside.sum(1, keepdim=True)


def _neighbourhoods(pixels: Tensor, shape: Shape, window: int) -> Tensor:
    """(pixels, channels x window x window): what a convolution sees of each pixel, zeros outside of the image."""
    count, rows, cols = shape
    image = pixels.view(count, rows, cols, -1).permute(0, 3, 1, 2)
    columns = functional.unfold(image, window, padding=window // 2)
    return columns.transpose(1, 2).reshape(count * rows * cols, -1)


def _depthwise(pixels: Tensor, shape: Shape, kernel: Tensor, bias: Tensor | None, dilation: int = 1) -> Tensor:
    channels = pixels.shape[1]
    return _pixels(torch.conv2d(_image(pixels, shape), kernel, bias, 1, dilation, dilation, channels))


def _depthwise_gradients(
    outer: Tensor, pixels: Tensor, shape: Shape, kernel: Tensor, dilation: int = 1
) -> tuple[Tensor, Tensor]:
    """By the input, which is a convolution again, and by the kernel. PyTorch's gradient of a kernel without holes is
    ten times as fast, so for one with holes pixels are sorted into four images."""
    by_input = _depthwise(outer, shape, kernel.flip(2, 3), None, dilation)
    images = [_image(one, shape) for one in (outer, pixels)]
    if dilation == 2:
        images = [_sorted(image) for image in images]
    channels, mask = pixels.shape[1], (False, True, False)
    _, by_kernel, _ = _aten.convolution_backward(
        *images, kernel, [channels], [1, 1], [1, 1], [1, 1], False, [0, 0], channels, mask
    )
    return by_input, by_kernel


def _sorted(image: Tensor) -> Tensor:
    """The four images of every other row and column, (4 N, channels, rows / 2, columns / 2), zeros where there are no
    more pixels."""
    rows, cols = image.shape[2:]
    x = functional.pad(image, (0, cols % 2, 0, rows % 2)).permute(0, 2, 3, 1)
    count, rows, cols, channels = x.shape
    x = x.reshape(count, rows // 2, 2, cols // 2, 2, channels).permute(0, 2, 4, 1, 3, 5)
    return x.reshape(-1, rows // 2, cols // 2, channels).permute(0, 3, 1, 2)


def _pointwise_gradients(outer: Tensor, pixels: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    return (outer.t() @ pixels).view(weight.shape), outer.sum(0)


def _matrix(weight: Tensor) -> Tensor:
    """(outputs, inputs) of a pointwise convolution."""
    return weight.flatten(1)


def _shape(image: Tensor) -> Shape:
    count, _, rows, cols = image.shape
    return count, rows, cols


def _pixels(image: Tensor) -> Tensor:
    """(pixels, channels) of images, in the same memory where the channels are last."""
    return image.permute(0, 2, 3, 1).reshape(-1, image.shape[1])


def _image(pixels: Tensor, shape: Shape) -> Tensor:
    """(N, channels, rows, columns) in the same memory."""
    return pixels.view(*shape, -1).permute(0, 3, 1, 2)
