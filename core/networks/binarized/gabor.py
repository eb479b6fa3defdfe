"""Fixed random Gabor kernels: GSFA of S2BNet, which draws frequencies and angles at random within a range.

Source: Jiang et al., arXiv 2509.23321, 2025 (S2BNet); kernels after Alekseev and Bobe, arXiv 1904.13204, 2019
(GaborNet).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

FREQUENCIES = (0.6, 1.6)  # radians per pixel: those that a kernel of 5 x 5 to 7 x 7 can represent
ANGLES = (0.0, math.pi)  # radians
_LEVELS = 127  # positive and negative ones, to which kernels are rounded, so that sums of integers stay exact


def gabor_kernel(size: int, frequency: float, angle: float, phase: float) -> np.ndarray:
    """``exp(-(x'^2 + y'^2) / (2 s^2)) cos(w x' + psi)`` with ``x' = x cos t + y sin t``, made zero-mean and of unit L1
    norm.

    Args:
        size: of the kernel, odd; ``s = pi / w``, at most half of it.
        frequency: ``w``, radians per pixel.
        angle: ``t``, radians.
        phase: ``psi``, radians.

    Returns:
        (size, size) float32.
    """
    steps = np.arange(size) - size // 2
    y, x = np.meshgrid(steps, steps, indexing="ij")
    along = x * math.cos(angle) + y * math.sin(angle)
    sigma = min(math.pi / frequency, size / 2)
    kernel = np.exp(-(x**2 + y**2) / (2 * sigma**2)) * np.cos(frequency * along + phase)
    kernel -= kernel.mean()
    return (kernel / np.abs(kernel).sum()).astype(np.float32)


def gabor_bank(
    count: int,
    size: int,
    seed: int,
    frequencies: Sequence[float] = FREQUENCIES,
    angles: Sequence[float] = ANGLES,
) -> np.ndarray:
    """Kernels of random frequency, angle and phase.

    Args:
        count: number of kernels.
        size: of a kernel in pixels, odd, 5 at least.
        seed: of the random numbers.
        frequencies: the lowest and the highest, radians per pixel.
        angles: the first and the last, radians.

    Returns:
        (count, size, size) float32.

    Raises:
        ValueError: the size is even or below 5, or a range does not have two ends.
    """
    if size < 5 or size % 2 == 0:
        raise ValueError(f"a Gabor kernel of {size} x {size} pixels; 5 or more, an odd number")
    (slowest, fastest), (first, last) = frequencies, angles
    rng = np.random.default_rng(seed)
    draws = zip(rng.uniform(slowest, fastest, count), rng.uniform(first, last, count), rng.uniform(0, math.pi, count))
    return np.stack([gabor_kernel(size, *draw) for draw in draws])


class GaborAmplifier(nn.Module):
    """GSFA: the PAN's responses to fixed random Gabor kernels, at half its resolution. The first layer takes them, so
    that edges of many angles and frequencies are available before the first sign.

    The kernels are not stored: the seed determines them.

    Source: Jiang et al., arXiv 2509.23321, 2025 (S2BNet). Note: our own interpretation; docs/notebook/2026-11.md has
    the alternatives.

    Args:
        count, size, seed, frequencies, angles: see :func:`gabor_bank`.
        rounded: whether responses are rounded to quantization steps, see :mod:`.fixed_point`.
    """

    kernels: Tensor
    step: Tensor

    def __init__(
        self,
        count: int,
        size: int,
        seed: int,
        frequencies: Sequence[float] = FREQUENCIES,
        angles: Sequence[float] = ANGLES,
        rounded: bool = True,
    ) -> None:
        super().__init__()
        self.rounded = rounded
        bank = torch.from_numpy(gabor_bank(count, size, seed, frequencies, angles))[:, None]
        step = bank.abs().amax((2, 3), keepdim=True) / _LEVELS
        self.register_buffer("kernels", (bank / step).round(), persistent=False)
        self.register_buffer("step", 2 * step[:, 0], persistent=False)  # responses are half a unit at most

    def forward(self, pan: Tensor) -> Tensor:
        """The responses.

        Args:
            pan: (N, 1, rows, columns) float32, quantization steps of the PAN or its detail.

        Returns:
            (N, count, rows / 2, columns / 2) float32, quantization steps.
        """
        responses = functional.conv2d(pan, self.kernels, stride=2, padding=self.kernels.shape[-1] // 2) * self.step
        return responses.round() if self.rounded else responses
