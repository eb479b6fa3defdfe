"""A model is tried on the scene that it fuses; planes beyond those of training are clipped."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

torch = pytest.importorskip("torch")

from core.models.format import ModelFile, read_model, write_model  # noqa: E402
from core.models.inference import PairResidual  # noqa: E402
from core.models.pair import Pair  # noqa: E402
from core.models.trained import TrainedModel  # noqa: E402
from core.operators.pair import Operators  # noqa: E402
from core.runtime.errors import InputError  # noqa: E402
from core.workflows.classical import classical  # noqa: E402
from core.workflows.fuse import fuse  # noqa: E402
from core.workflows.train import train  # noqa: E402
from core.workflows.trial import Trial  # noqa: E402
from tests.core.said import Said  # noqa: E402

RATIO, SIDE, BANDS = 4, 40, 8
LOW, HIGH = (500000.0, 20.0, 0.0, 5800000.0, 0.0, -20.0), (500000.0, 5.0, 0.0, 5800000.0, 0.0, -5.0)
KNOWN = {"mtf": 0.3, "shift": "none", "contradictions": "off", "device": "cpu"}


def ground(seed, side=SIDE):
    """(truth, HSI, PAN): fields of five materials."""
    rng, high = np.random.default_rng(seed), side * RATIO
    shares = np.full((5, high, high), 0.3)
    for share in shares:
        for _ in range(2 * side):
            (row, col), (rows, cols) = rng.integers(0, high, 2), rng.integers(3, 18, 2)
            share[row : row + rows, col : col + cols] = 0.1 + rng.random()
    spectra = np.random.default_rng(1).uniform(300, 3000, (BANDS, 5))
    truth = np.tensordot(spectra, shares / shares.sum(0), 1)
    return truth, Operators((side, side), (high, high), RATIO).down(truth), truth[:4].mean(0)


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    def make(hsi, pan):
        paths = []
        for image, transform in ((hsi, LOW), (pan[None], HIGH)):
            paths.append(str(tmp_path_factory.mktemp("pair") / "image.tif"))
            made = gdal.GetDriverByName("GTiff").Create(paths[-1], *image.shape[:0:-1], len(image), gdal.GDT_Float32)
            made.SetGeoTransform(transform)
            made.WriteArray(image.astype(np.float32))
            del made
        return paths

    return make


@pytest.fixture(scope="module")
def learned(write, tmp_path_factory):
    """The pair and the model that was trained on it."""
    pair, path = write(*ground(1)[1:]), str(tmp_path_factory.mktemp("model") / "m.ssml")
    train(pair[:1], pair[1:], path, steps=80, **KNOWN)
    return pair, path


def spoiled(model, folder):
    """The model, whose networks add the opposite of what they learned, several times."""
    trained = TrainedModel.open(model)
    with torch.no_grad():
        for network in trained.pair.networks:
            network.scale_output(torch.full((trained.statistics.components,), -4.0))
    trained.save(folder / "spoiled.ssml")
    return str(folder / "spoiled.ssml")


def pixels(path):
    return gdal.Open(str(path)).ReadAsArray().astype(float)


def rmse(path, truth):
    return float(np.sqrt(np.mean((pixels(path) - truth) ** 2)))


@pytest.mark.parametrize("side", [SIDE, 176])
def test_a_model_that_knows_the_ground_is_used_and_one_that_fails_gives_way_to_the_scenes_prior(
    learned, write, tmp_path, side
):
    truth, *images = ground(2, side)
    pair, out, own = write(*images), str(tmp_path / "o.tif"), str(tmp_path / "own.tif")
    classical(*pair, own, method="mtf-glp", **{key: value for key, value in KNOWN.items() if key != "device"})
    said = Said()
    good = fuse(*pair, learned[1], out, progress=said, **KNOWN)
    assert (good["result"], said.warnings) == ("networks'", [])
    assert all(good["trial"]["model"][key] < good["trial"]["prior"][key] for key in ("ergas", "sam"))
    assert rmse(out, truth) < rmse(own, truth)
    bad = fuse(*pair, spoiled(learned[1], tmp_path), out, progress=said, **KNOWN)
    assert (bad["result"], bad["mark"]) == ("regression prior", "look")
    assert "does not know this ground" in said.warnings[0]
    assert "Sharpened with the regression prior" in bad["verdict"]
    assert bad["trial"]["model"]["ergas"] > bad["trial"]["prior"]["ergas"]
    np.testing.assert_allclose(pixels(out), pixels(own), rtol=0.01, atol=0.02 * truth.std())


@pytest.mark.parametrize(
    ("ergas", "sam", "failed"), [(0.9, 0.9, False), (1.01, 0.9, False), (1.03, 0.9, True), (0.9, 1.03, True)]
)
def test_a_model_gives_way_where_one_score_is_worse_by_more_than_a_trial_can_tell(ergas, sam, failed):
    assert Trial({"ergas": ergas, "sam": sam}, {"ergas": 1.0, "sam": 1.0}).failed is failed


def test_a_model_that_is_the_scenes_prior_is_used_without_a_warning(learned, tmp_path):
    pair, model = learned
    trained, said = TrainedModel.open(model), Said()
    with torch.no_grad():
        for network in trained.pair.networks:
            network.scale_output(torch.zeros(trained.statistics.components))
    trained.save(tmp_path / "prior.ssml")
    found = fuse(*pair, str(tmp_path / "prior.ssml"), str(tmp_path / "o.tif"), progress=said, **KNOWN)
    assert (found["result"], said.warnings) == ("networks'", [])
    np.testing.assert_allclose(found["trial"]["model"]["ergas"], found["trial"]["prior"]["ergas"], rtol=1e-4)


def test_a_scene_too_small_to_be_degraded_is_fused_without_a_trial(learned, write, tmp_path):
    _, hsi, pan = ground(2)
    pair = write(hsi[:, :20, :20], pan[:80, :80])
    assert fuse(*pair, learned[1], str(tmp_path / "o.tif"), **KNOWN)["trial"] is None


def test_what_networks_saw_in_training_is_not_clipped(learned, tmp_path):
    pair, model = learned
    file = read_model(model)
    free = {key: value for key, value in file.header.items() if key not in ("limits", "checksum")}
    write_model(tmp_path / "free.ssml", ModelFile(free, file.tensors))
    results = [tmp_path / name for name in ("limited.tif", "free.tif")]
    for path, result in zip((model, tmp_path / "free.ssml"), results):
        fuse(*pair, str(path), str(result), **KNOWN)
    np.testing.assert_array_equal(pixels(results[0]), pixels(results[1]))


def test_planes_beyond_those_of_training_are_clipped():
    pair, planes = Pair.fresh("ssml", 3, 0), np.random.default_rng(0).normal(size=(5, 24, 24)).astype(np.float32)
    limits = np.abs(planes).max((1, 2)).tolist()
    glint = planes.copy()
    glint[:, 10, 10] = 50.0
    expected = planes.copy()
    expected[:, 10, 10] = limits
    with torch.no_grad():
        for network in pair.networks:
            for parameter in network.parameters():
                parameter.normal_(0, 0.3, generator=torch.Generator().manual_seed(1))
    plain, limited = (PairResidual(pair, torch.device("cpu"), limits=one) for one in (None, limits))
    np.testing.assert_array_equal(limited(glint.copy())[0], plain(expected.copy())[0])
    assert np.abs(plain(glint.copy())[0]).max() > 5 * np.abs(limited(glint.copy())[0]).max()


@pytest.mark.parametrize("limit", ["3.0", -1.0, True, None])
def test_limits_that_are_none_are_refused(learned, tmp_path, limit):
    file = read_model(learned[1])
    header = {key: value for key, value in file.header.items() if key != "checksum"}
    header["limits"] = [1.0] if limit is None else [limit] * len(header["limits"])
    write_model(tmp_path / "bad.ssml", ModelFile(header, file.tensors))
    with pytest.raises(InputError, match="train the model again"):
        TrainedModel.open(tmp_path / "bad.ssml")
