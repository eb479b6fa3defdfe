"""The consistency projection of a residual, as networks learn through it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.operators.pair import Operators  # noqa: E402
from core.training.projection import Projection  # noqa: E402


def test_the_projection_of_a_residual_equals_projecting_the_image():
    """V dz through the projection, by the literal iteration Y <- Y + U (X - D Y) with and without dz."""
    operators = Operators((6, 5), (24, 20), 4)
    rng = np.random.default_rng(0)
    hsi, prior, residual = (torch.from_numpy(rng.normal(size=s)) for s in ((2, 6, 5), (2, 24, 20), (2, 24, 20)))

    def projected(image):
        for _ in range(3):
            image = image + operators.up(hsi - operators.down(image))
        return image

    shown = Projection(operators, 3, torch.ones(6, 5, dtype=torch.float64))(residual)
    torch.testing.assert_close(shown, projected(prior + residual) - projected(prior))


def _by_iterations(operators, iterations, weight):
    """The projection of a residual, step by step, for autograd."""

    def project(residual):
        image, lowered = residual, -operators.down(residual)
        for _ in range(iterations):
            image = image + operators.up(weight * lowered)
            lowered = -operators.down(image)
        return image

    return project


@pytest.mark.parametrize("low", [(6, 5), (24, 20)])  # few pixels, as one matrix, and many
@pytest.mark.parametrize("whole", [True, False])
def test_the_projection_and_its_gradient_are_those_of_its_iterations(low, whole):
    operators = Operators(low, (4 * low[0], 4 * low[1]), 4)
    generator = torch.Generator().manual_seed(0)
    weight = torch.ones(low, dtype=torch.float64)
    if not whole:
        weight[:2, 1:3] = 0
    residual, outer = torch.randn(2, 2, *operators.high, generator=generator, dtype=torch.float64)
    results = []
    for project in (Projection(operators, 5, weight), _by_iterations(operators, 5, weight)):
        given = residual.clone().requires_grad_()
        projected = project(given)
        projected.backward(outer)
        results.append((projected.detach(), given.grad))
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-12)
