"""Areas that networks learn from, and a step on them: what they hold, in memory or on disk."""

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
from core.runtime.errors import Cancelled  # noqa: E402
from core.runtime.progress import Progress  # noqa: E402
from core.scene.statistics import scene_statistics  # noqa: E402
from core.training import band_store  # noqa: E402
from core.training.agreement import agreement, unexplained_share  # noqa: E402
from core.training.areas import AreaContext, turn, turn_back  # noqa: E402
from core.training.band_store import BandStore, StoredBands  # noqa: E402
from core.training.constants import without_images  # noqa: E402
from core.training.dataset import scene_areas  # noqa: E402
from core.training.held_out import HeldOutArea, Scale  # noqa: E402
from core.training.losses import HybridLoss  # noqa: E402
from core.training.mutual import MutualStep, Sample  # noqa: E402
from core.training.reduction import labelled_area, whole_reduction  # noqa: E402
from core.training.settings import Settings  # noqa: E402

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
