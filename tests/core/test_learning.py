from __future__ import annotations

import io
import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.band_space import BandSpaceStep  # noqa: E402
from core.models.pair import Pair  # noqa: E402
from core.operators.pair import Operators  # noqa: E402
from core.products.pair import open_pair  # noqa: E402
from core.runtime.errors import Cancelled, InputError  # noqa: E402
from core.runtime.progress import Progress  # noqa: E402
from core.scene.statistics import scene_statistics  # noqa: E402
from core.training import band_store  # noqa: E402
from core.training.agreement import agreement, unexplained_share  # noqa: E402
from core.training.areas import AreaContext, turn, turn_back  # noqa: E402
from core.training.band_store import BandStore, StoredBands  # noqa: E402
from core.training.constants import without_images  # noqa: E402
from core.training.dataset import scene_areas  # noqa: E402
from core.training.held_out import HeldOutArea, Scale  # noqa: E402
from core.training.learn import settings_for  # noqa: E402
from core.training.loss_terms import angle_to, band_distance  # noqa: E402
from core.training.losses import HybridLoss, Spectra  # noqa: E402
from core.training.mutual import MutualStep, Sample  # noqa: E402
from core.training.plain_losses import masked_mean, plain_loss  # noqa: E402
from core.training.reduction import labelled_area, whole_reduction  # noqa: E402
from core.training.settings import LearningTask, Settings, steps_for  # noqa: E402

NORTH_UP = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
LOW = (500000.0, 40.0, 0.0, 5800000.0, 0.0, -40.0)


def ground(rows, cols, bands, seed=0):
    """A smooth scene of a few materials with edges, (bands, rows, cols), positive."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :cols]
    spectra = rng.uniform(200, 2000, (4, bands)).cumsum(1) / np.arange(1, bands + 1)
    maps = np.stack([np.sin(y / 5 + i) + np.cos(x / (4 + i)) + (((x // 9 + y // 7 + i) % 4) == 0) for i in range(4)])
    shares = np.exp(maps) / np.exp(maps).sum(0)
    return (np.tensordot(spectra.T, shares, 1)).astype(np.float32)


@pytest.fixture
def files(make_raster, tmp_path):
    """A scene at ratio 4 with its truth: (hsi, pan, truth array)."""
    truth = ground(96, 96, 10)
    operators = Operators((24, 24), (96, 96), 4)
    hsi = make_raster(tmp_path / "hsi.tif", operators.down(truth), LOW)
    pan = make_raster(tmp_path / "pan.tif", truth[2:6].mean(0), NORTH_UP)
    return hsi, pan, truth


def context(scene, statistics):
    return AreaContext(statistics, scene.good, 0.3, torch.device("cpu"))


@pytest.fixture
def areas(files):
    with open_pair(files[0], files[1]) as scene:
        statistics = scene_statistics(scene, 0.3, 4)
        yield (
            scene,
            statistics,
            *scene_areas(scene, context(scene, statistics), Settings(components=4)),
        )


def test_turning_back_undoes_each_of_the_eight_turns_and_all_differ():
    image = torch.arange(2 * 4 * 4).reshape(2, 4, 4)
    turned = [turn(image, way) for way in range(8)]
    assert all(torch.equal(turn_back(t, way), image) for way, t in enumerate(turned))
    assert len({tuple(t.flatten().tolist()) for t in turned}) == 8


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


def _pair():
    """Networks that say something, as fresh ones do not."""
    pair = Pair.fresh("ssml", 4, 0)
    generator = torch.Generator().manual_seed(0)
    for network in pair.networks:
        for parameter in network.tail.parameters():
            parameter.data.normal_(0, 0.05, generator=generator)
    return pair


def _step_gradients(step, labelled, unlabelled, way):
    """Losses of both networks and their parameters' gradients after a step that changes nothing."""
    for optimizer in step.optimizers:
        optimizer.step = lambda: None
    labelled, unlabelled = step.prepared(labelled), step.prepared(unlabelled).crop(3, 5, (12, 12))
    losses = step(50, [Sample(labelled, unlabelled, np.random.default_rng(way))])
    return losses, [[p.grad.clone() for p in network.parameters()] for network in step.networks]


@pytest.mark.parametrize("mode", ["mutual", "alone"])
def test_a_step_has_the_losses_and_gradients_of_the_straightforward_one_in_all_bands(areas, mode):
    _, statistics, (labelled, *_), (unlabelled, *_) = areas
    settings = Settings(components=4, steps=100, mode=mode, batch=2)
    pair = _pair()
    loss = HybridLoss(torch.from_numpy(statistics.basis), torch.from_numpy(statistics.std)[:, None, None], 0.1, 0.5)
    step = MutualStep(pair.networks, loss, settings)
    plain = BandSpaceStep(pair.networks, loss, replace(settings, batch=1))
    for way in range(2):
        losses, gradients = _step_gradients(step, labelled, unlabelled, way)
        expected, plain_gradients = _step_gradients(plain, labelled, unlabelled, way)
        np.testing.assert_allclose(2 * np.array(losses), expected, rtol=1e-4)  # of a batch of two, one
        for own, reference in zip(gradients, plain_gradients):
            scale = max(float(gradient.abs().max()) for gradient in reference)
            assert scale > 0
            for one, other in zip(own, reference):
                torch.testing.assert_close(2 * one, other, rtol=1e-3, atol=1e-4 * scale)


@pytest.mark.parametrize(
    ("space", "on_disk"), [(math.inf, [True, True]), (80_000, [True, False]), (30_000, [False, False])]
)
def test_areas_on_disk_give_what_those_in_memory_do(areas, monkeypatch, space, on_disk):
    class Disk(io.BytesIO):
        def write(self, data):
            if self.tell() + len(data) > space:
                raise OSError(28, "No space left on device")
            return super().write(data)

    if space < math.inf:
        monkeypatch.setattr(band_store.tempfile, "TemporaryFile", lambda buffering: Disk())
    _, statistics, (labelled, *_), (unlabelled, *_) = areas
    loss = HybridLoss(torch.from_numpy(statistics.basis), torch.from_numpy(statistics.std)[:, None, None], 0.1, 0.5)
    step = MutualStep(_pair().networks, loss, Settings(components=4, steps=100))
    usual = [without_images(area, loss) for area in (labelled, unlabelled)]
    store = BandStore()
    stored = [without_images(area, loss, store) for area in (labelled, unlabelled)]
    assert [isinstance(area.planes, StoredBands) for area in stored] == on_disk
    (losses, gradients), (expected, wanted) = (_step_gradients(step, *both, 5) for both in (stored, usual))
    assert losses == expected
    assert all(torch.equal(a, b) for some, others in zip(gradients, wanted) for a, b in zip(some, others))
    scale = Scale(loss.basis, loss.scale, torch.ones(10, 1, 1), 4.0)
    residual = torch.ones(4, *labelled.train_mask.shape)
    for area, other in zip(stored, usual):
        first, second = (agreement(step.networks, [one], 5, 1.2, Progress()) for one in (area, other))
        assert torch.equal(first.power, second.power)
        assert unexplained_share([area], statistics) == unexplained_share([other], statistics)
    first, second = (HeldOutArea(one, scale).in_memory() for one in (stored[0], usual[0]))
    pixels = first.pixels(residual)
    assert torch.equal(first.squares(pixels), second.squares(pixels))
    assert first.angles(pixels) == second.angles(pixels)


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


def test_a_labelled_area_holds_the_truth_of_its_pixels(areas, files):
    scene, statistics, labelled, _ = areas
    hsi, _ = scene.hsi_rows(0, 24)
    scale = statistics.std[:, None, None]
    area = labelled[0]
    rows, cols = area.truth.shape[1:]
    np.testing.assert_allclose(area.truth.numpy() * scale, hsi[:, :rows, :cols], rtol=1e-5)
    # Truth minus target is the projected prior: degraded once more it gives what was given, nearly.
    prior = (area.truth - area.target).numpy() * scale
    operators = area.project.operators
    lowered = operators.down(hsi[:, :rows, :cols])
    error = np.sqrt(((operators.down(prior) - lowered) ** 2).sum() / (lowered**2).sum())
    assert error < 0.02


@pytest.mark.parametrize("iterations", [0, 1, 5])
def test_truth_and_residual_are_seen_through_as_many_iterations_as_are_asked_for(areas, iterations):
    """By the literal iteration Y <- Y + U (X - D Y); none leaves the prior and the residual as they are."""
    scene, statistics, *_ = areas
    rng = np.random.default_rng(0)
    hsi, pan, dz = (rng.normal(5, 1, (n, 16, 16)).astype(np.float32) for n in (10, 1, 4))
    everywhere, reduction = np.ones((16, 16), bool), whole_reduction((4, 4), 4, 0.3)
    operators = reduction.operators
    area = labelled_area(context(scene, statistics), reduction, hsi, pan, everywhere, ~everywhere, iterations)

    def projected(image, wanted):
        for _ in range(iterations):
            image = image + operators.up(wanted - operators.down(image))
        return image

    prior = operators.up(operators.down(hsi))
    prior = prior + statistics.gains[:, :, None] * (pan - operators.up(operators.down(pan)))
    expected = (hsi - projected(prior, operators.down(hsi))) / statistics.std[:, None, None]
    np.testing.assert_allclose(area.target.numpy(), expected, rtol=1e-4, atol=1e-5)
    shown = area.project(torch.from_numpy(dz)).numpy()
    np.testing.assert_allclose(shown, projected(dz, np.float32(0)), rtol=1e-4, atol=1e-5)
    assert np.array_equal(shown, dz) == (iterations == 0)


def test_nothing_is_both_learned_from_and_judged_and_some_of_each_is_there(areas):
    labelled = areas[2]
    assert all(float((area.train_mask * area.held_out_mask).max()) == 0.0 for area in labelled)
    learned, judged = (
        sum(float(getattr(area, kind).sum()) for area in labelled) for kind in ("train_mask", "held_out_mask")
    )
    assert 0.05 < judged / (learned + judged) < 0.4


def test_overlapping_areas_agree_on_what_is_judged(make_raster, tmp_path):
    truth = ground(72 * 4, 72 * 4, 6)
    hsi = make_raster(tmp_path / "h.tif", Operators((72, 72), (288, 288), 4).down(truth), LOW)
    pan = make_raster(tmp_path / "p.tif", truth.mean(0), NORTH_UP)
    with open_pair(hsi, pan) as scene:
        statistics = scene_statistics(scene, 0.3, 3)
        settings = Settings(components=3, size=24)
        labelled, _ = scene_areas(scene, context(scene, statistics), settings)
    spectra = {}
    scale = statistics.std[:, None, None]
    clashes = 0
    for area in labelled:
        truth_values = np.round(area.truth.numpy() * scale, 1)
        for row in range(24):
            for col in range(24):
                key = tuple(truth_values[:, row, col])
                held_out = bool(area.held_out_mask[row, col])
                clashes += spectra.setdefault(key, held_out) != held_out
    assert len(labelled) > 8
    assert clashes == 0


def test_the_reprojection_residual_of_an_unlabelled_area_is_what_the_prior_misses_of_the_hsi(areas):
    scene, statistics, _, unlabelled = areas
    area = unlabelled[0]
    hsi, _ = scene.hsi_rows(0, 24)
    scale = torch.from_numpy(statistics.std)[:, None, None]
    again = (area.reprojection_residual + area.operators.down(area.prior)) * scale
    torch.testing.assert_close(again, torch.from_numpy(hsi), rtol=1e-4, atol=0.05)


def test_a_crop_keeps_the_geometry_of_its_area(areas):
    area = areas[3][0]
    crop = area.crop(5, 7, (6, 6))
    assert crop.planes.shape[1:] == (24, 24)
    # Far from its edges, what the crop lacks is what the area lacks.
    torch.testing.assert_close(
        crop.operators.down(crop.prior)[:, 2:-2, 2:-2],
        area.operators.down(area.prior)[:, 7:9, 9:11],
        rtol=1e-3,
        atol=1e-3,
    )


def test_areas_keep_the_constants_of_their_loss_instead_of_the_images(areas):
    scene, statistics, labelled, (area, *others) = areas
    basis, scale = torch.from_numpy(statistics.basis), torch.from_numpy(statistics.std)[:, None, None]
    loss, asked = HybridLoss(basis, scale, 0.1, 0.5), []

    def keep(area):
        asked.append(area)
        return without_images(area, loss)

    learned, kept = scene_areas(scene, context(scene, statistics), Settings(components=4), prepare=keep)
    assert len(asked) == len(labelled) + 1 + len(others) == len(learned) + len(kept)
    assert all(one.prior is None for one in kept)
    for one, whole in zip(learned, labelled):
        expected = loss.reference(whole.truth, whole.target)
        for found, wanted in zip((one.reference.truth, one.reference.prior), (expected.truth, expected.prior)):
            assert torch.equal(found.products, wanted.products)
        assert one.truth is None
        assert torch.equal(one.scored, whole.truth[:, whole.held_out_mask > 0])
    for crop, whole in ((kept[0], area), (kept[0].crop(5, 7, (6, 6)), area.crop(5, 7, (6, 6)))):
        assert torch.equal(crop.planes, whole.planes)
        expected = loss.spectra(whole.prior)
        torch.testing.assert_close(crop.spectra.products, expected.products)
        torch.testing.assert_close(crop.spectra.square, expected.square)


def steps(effort, pixels, **more):
    return steps_for(LearningTask(effort, pixels, **more))


def chosen(effort, pixels, guides=1, network="ssml", **more):
    return settings_for(network, LearningTask(effort, pixels, guides), more=more)


@pytest.mark.parametrize(("effort", "more"), [("fast", "normal"), ("normal", "thorough")])
def test_steps_follow_effort_and_size_by_a_fixed_formula(effort, more):
    assert steps(effort, 1000) < steps(more, 1000)
    assert steps(effort, 1000) < steps(effort, 1000 * 1000) <= 4 * steps(effort, 1000)
    assert chosen(effort, 1000).steps == steps(effort, 1000)
    with pytest.raises(InputError, match="fast, normal, thorough"):
        LearningTask("hasty", 100)


@pytest.mark.parametrize("effort", ["fast", "normal", "thorough"])
def test_the_largest_scenes_take_no_more_steps_of_pairs_than_of_single_networks(effort):
    assert steps(effort, 10**7) == steps(effort, 10**8) < steps(effort, 10**7, networks=1)


def test_a_single_network_learns_more_slowly_than_pairs():
    assert steps("fast", 1000, networks=1) < steps("fast", 1000)
    assert steps("normal", 1000, networks=1) < steps("normal", 1000)
    single, pair = chosen("normal", 1000, network="hyperpnn"), chosen("normal", 1000)
    assert single.rate < pair.rate
    assert single.second_moment > pair.second_moment
    assert pair.nesterov
    assert not single.nesterov


def test_several_sharp_bands_learn_longer():
    assert steps("normal", 1000, guides=6) > 2 * steps("normal", 1000)
    assert steps("thorough", 1000, guides=6) > 2 * steps("thorough", 1000)
    assert steps("fast", 1000) < steps("fast", 1000, guides=6) < steps("normal", 1000, guides=6)
    for effort in ("normal", "thorough"):
        one, several = chosen(effort, 1000), chosen(effort, 1000, 6)
        assert several.size > one.size
        assert several.pairs < one.pairs
    assert chosen("normal", 1000, 6, size=24).size == 24


def test_larger_scenes_learn_from_larger_areas_but_for_a_first_look():
    small, large = chosen("normal", 600), chosen("normal", 2500)
    assert small.size < large.size
    assert chosen("fast", 600).size == small.size
    assert chosen("fast", 2500).size < large.size
    assert chosen("normal", 2500, size=24).size == 24


def test_wrong_settings_are_refused():
    with pytest.raises(InputError, match="mutual, alone"):
        Settings(mode="together")
    with pytest.raises(InputError, match="positive"):
        Settings(steps=0)


class CancelAfter(Progress):
    """Cancels at the n-th question."""

    def __init__(self, count):
        self.count = count

    def cancelled(self):
        self.count -= 1
        return self.count < 0


def test_preparing_areas_can_be_cancelled(files):
    with open_pair(files[0], files[1]) as scene:
        statistics = scene_statistics(scene, 0.3, 4)
        with pytest.raises(Cancelled):
            scene_areas(scene, context(scene, statistics), Settings(components=4), CancelAfter(1))


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
