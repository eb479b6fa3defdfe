"""The loss and its derived gradients: by hand, by all bands at once, by finite differences, masked, in shares."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from core.training.loss_terms import angle_to, band_distance  # noqa: E402
from core.training.losses import HybridLoss, Spectra  # noqa: E402
from core.training.plain_losses import masked_mean, plain_loss  # noqa: E402


@pytest.mark.parametrize("angle", [0.3, 0.01, 2.0])
def test_the_spectral_angle_of_a_known_rotation(angle):
    first = torch.tensor([1.0, 0.0], dtype=torch.float64)
    change = 7 * torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64) - first
    found = angle_to(first @ first, first @ change, change @ change)
    assert float(found.value) == pytest.approx(angle, rel=1e-4)


def test_steps_between_neighbours_by_hand_and_blind_to_a_constant():
    basis = torch.ones(1, 1)
    ramp = torch.arange(4.0).expand(1, 3, 4) - 1.5  # steps of 1 to the right, none downwards; 1 from 0 in the mean
    assert float(band_distance(ramp, basis, None, None).value) == pytest.approx(1.0)
    assert float(band_distance(ramp, basis, None, None, gradient=10.0).value) == pytest.approx(11.0)
    constant = torch.full((1, 3, 3), 5.0)
    assert float(band_distance(constant, basis, constant, None, gradient=10.0).value) == 0.0


@pytest.fixture
def images():
    """Bands many enough to be worked on in several parts."""
    generator = torch.Generator().manual_seed(0)
    bands, components, rows, cols = 71, 4, 90, 101

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    basis, scale = normal(bands, components), 1 + normal(bands, 1, 1).abs()
    truth, target = 5 + normal(bands, rows, cols), normal(bands, rows, cols)
    residual, peer = normal(2, components, rows, cols)
    mask = (normal(rows, cols) > -0.5).double()
    return basis, scale, truth, target, residual.requires_grad_(), peer, mask


@pytest.mark.parametrize("masked", [True, False])
def test_the_loss_and_its_gradient_are_those_of_all_bands(images, masked):
    basis, scale, truth, target, residual, peer, mask = images
    loss, mask = HybridLoss(basis, scale, 0.1, 0.5), mask if masked else None
    reference = loss.reference(truth, target)
    own, shift = torch.einsum("bk,kij->bij", basis, residual), torch.einsum("bk,kij->bij", basis, peer)
    for found, plain in (
        (
            loss(residual, reference.truth, mask, reference.target),
            plain_loss(own - target, truth, scale, 0.1, 0.5, mask),
        ),
        (
            loss(residual - peer, loss.moved(reference.prior, peer), mask),
            plain_loss(own - shift, truth - target + shift, scale, 0.1, 0.5, mask),
        ),
        (
            loss.l1(residual, target, torch.ones_like(truth[0]), weight=0.7),
            0.7 * plain_loss(own - target, truth, scale, 0.0, 0.0),
        ),
    ):
        torch.testing.assert_close(found, plain, rtol=1e-9, atol=0)
        gradient, expected = (torch.autograd.grad(value, residual, retain_graph=True)[0] for value in (found, plain))
        torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(("angle", "gradient"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.5), (0.3, 0.5)])
def test_the_derived_gradients_are_those_of_finite_differences(images, masked, angle, gradient):
    basis, scale, truth, target, residual, peer, mask = images
    basis, scale, truth, target = basis[:7], scale[:7], truth[:7, :5, :6], target[:7, :5, :6]
    residual, peer, mask = residual.detach()[:, :5, :6].requires_grad_(), peer[:, :5, :6], mask[:5, :6]
    loss, given = HybridLoss(basis, scale, angle, gradient), mask if masked else None
    reference = loss.reference(truth, target)

    def to_peer(own, sign=1):
        """The mutual distance as a step has it: bands by halves, for the network at either end."""
        with torch.no_grad():
            difference = sign * (own - peer)
            bands = loss.band_share(difference, given, 0, 2) + loss.band_share(difference, given, 1, 2)
        whole = loss.moved(reference.prior, peer)
        return loss(own - peer, whole, given, bands=bands if sign == 1 else bands.mirrored, weight=0.2)

    assert torch.autograd.gradcheck(lambda own: loss(own, reference.truth, given, reference.target), residual)
    assert torch.autograd.gradcheck(to_peer, residual)
    assert torch.autograd.gradcheck(lambda own: to_peer(own, -1), residual)
    assert torch.autograd.gradcheck(lambda own: loss.l1(own, target, mask, weight=0.7), residual)


@pytest.mark.parametrize("masked", [True, False])
def test_the_distance_of_two_networks_is_the_same_from_both_ends_and_in_shares_of_the_bands(images, masked):
    basis, scale, _, _, residual, peer, mask = images
    loss, given = HybridLoss(basis, scale, 0.0, 0.5), mask if masked else None
    residual = residual.detach()
    there, back = (band_distance(change, basis, None, given, 0.5) for change in (residual - peer, peer - residual))
    first, second, third = (loss.band_share(residual - peer, given, part, 3) for part in range(3))
    shares = first + second + third
    for found in (shares, back.mirrored):
        torch.testing.assert_close(found.value, there.value, rtol=1e-12, atol=0)
        torch.testing.assert_close(found.gradient, there.gradient, rtol=1e-9, atol=1e-14)


def test_masked_pixels_do_not_count_in_any_term():
    loss = HybridLoss(torch.eye(3), torch.ones(3, 1, 1), 0.1, 0.5)
    whole = loss.spectra(torch.rand(3, 6, 6) + 1)
    residual = torch.zeros(3, 6, 6)
    residual[:, :, 4:] = 9.0
    mask = torch.ones(6, 6)
    mask[:, 4:] = 0
    assert float(loss(residual, whole, mask)) == pytest.approx(0.0, abs=2e-3)  # the least angle is not 0
    assert float(loss(residual, whole)) > 1.0
    assert float(masked_mean(torch.ones(2, 2), torch.zeros(2, 2))) == 0.0


def test_spectra_without_direction_give_finite_gradients():
    loss = HybridLoss(torch.eye(3), torch.ones(3, 1, 1), 0.1, 0.5)
    nothing = Spectra(torch.zeros(3, 4, 4), torch.zeros(4, 4))
    residual = torch.zeros(3, 4, 4, requires_grad=True)
    loss(residual, nothing).backward()
    assert residual.grad.isfinite().all()


def test_some_bands_stand_for_all_in_turn(images):
    basis, scale, truth, target, residual, _, mask = images
    loss = HybridLoss(basis, scale, 0.0, 0.5)
    reference = loss.reference(truth, target)
    whole = loss(residual, reference.truth, mask, reference.target)
    thirds = [
        len(basis[some]) / len(basis) * loss(residual, reference.truth, mask, reference.target, some=some)
        for some in (slice(first, None, 3) for first in range(3))
    ]
    torch.testing.assert_close(sum(thirds), whole)
    assert len({float(third.detach()) for third in thirds}) == 3


@pytest.mark.parametrize(("bands", "every"), [(4, 1), (127, 1), (128, 2), (230, 3)])
def test_images_of_few_bands_are_learned_from_in_all_of_them(bands, every):
    assert HybridLoss(torch.ones(bands, 1), torch.ones(bands, 1, 1), 0.1, 0.5).every == every
