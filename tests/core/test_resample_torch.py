from __future__ import annotations

import numpy as np
import pytest

from core.operators.consistency import correction
from core.operators.pair import Operators
from core.operators.resample import upsampler

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("ratio", [2, 3, 4, 8, 16])
def test_up_sampling_is_torchs_bicubic_but_for_the_planes_that_torch_moves(ratio):
    """torch moves a plane by up to 0.05 pixels of its input; what is left when that is put right is the same kernel."""
    rng = np.random.default_rng(0)
    image = rng.random((2, 11, 13))
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(image)[None], scale_factor=ratio, mode="bicubic", align_corners=False
    )[0].numpy()
    ours = upsampler((11, 13), (11 * ratio, 13 * ratio), ratio)(image)
    assert np.abs(ours - expected).max() < 0.08
    assert np.sqrt(np.mean((ours - expected) ** 2)) < 0.02
    if ratio % 2:  # both interpolate
        inner = slice(ratio // 2, None, ratio)
        np.testing.assert_allclose(ours[:, inner, inner], image, atol=1e-12)
        np.testing.assert_allclose(expected[:, inner, inner], image, atol=1e-12)


@pytest.mark.parametrize(("ratio", "phase"), [(2, (0.5, 0.0)), (3, (0.0, 0.0)), (5, (4.25, 1.0))])
def test_numpy_and_torch_give_the_same(ratio, phase):
    rng = np.random.default_rng(1)
    operators = Operators((25, 22), (24 * ratio, 21 * ratio), ratio, phase)
    x, y = rng.random((3, 25, 22)), rng.random((3, 24 * ratio, 21 * ratio))
    for operator, image in ((operators.up, x), (operators.down, y), (operators.round_trip, x)):
        np.testing.assert_allclose(operator(torch.from_numpy(image)).numpy(), operator(image), atol=1e-12)
    weight = (rng.random((25, 22)) > 0.1).astype(float)
    np.testing.assert_allclose(
        correction(torch.from_numpy(x), operators.round_trip, 4, torch.from_numpy(weight)).numpy(),
        correction(x, operators.round_trip, 4, weight),
        atol=1e-12,
    )


def test_the_gradient_passes_through():
    """The gradient of <D x, y> with respect to x is D^T y."""
    operators = Operators((10, 10), (30, 30), 3)
    rng = np.random.default_rng(2)
    y = rng.random((10, 10))
    x = torch.rand(1, 30, 30, dtype=torch.float64, requires_grad=True)
    (operators.down(x)[0] * torch.from_numpy(y)).sum().backward()
    np.testing.assert_allclose(x.grad[0].numpy(), operators.down.adjoint_rows(y, 0), atol=1e-12)
    z = torch.rand(2, 10, 10, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda image: operators.up(image)[:, :4, :4], (z,))
