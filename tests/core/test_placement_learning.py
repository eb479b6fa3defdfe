"""Learning and fusing with networks on pairs whose axes are parallel but whose grids do not nest."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.analytic import Waves, ergas_of, make_pair, read  # noqa: E402
from benchmarks.grids import CORNER, GAIN, SHORTEST, parallel  # noqa: E402
from core.models.trained import TrainedModel  # noqa: E402
from core.networks.ssml import SpatialNetwork  # noqa: E402
from core.products.pair import open_pair  # noqa: E402
from core.runtime.errors import InputError  # noqa: E402
from core.runtime.progress import Progress  # noqa: E402
from core.training import settings as learning_settings  # noqa: E402
from core.workflows.classical import classical  # noqa: E402
from core.workflows.fuse import fuse  # noqa: E402
from core.workflows.sharpen import sharpen  # noqa: E402
from core.workflows.train import train  # noqa: E402

TOLD = {"mtf": GAIN, "shift": "none"}
PLACES = {
    "2.4, PAN south-up": parallel((2.4, 2.4), (0.3, 0.7), (False, True)),
    "6 x 5": parallel((6, 5), pixel=(6.25, 7.5)),
    "1.5": parallel((1.5, 1.5), (0.4, 0.4)),
}


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    monkeypatch.setattr(learning_settings, "EFFORTS", {"fast": 12, "normal": 30, "thorough": 60})


@pytest.fixture
def make(tmp_path):
    """A function: the files of a pair, and its scene."""

    def pair(place, size=28, seed=0):
        folder = tmp_path / f"pair{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        scene = Waves.random(seed, SHORTEST, origin=CORNER)
        return (*make_pair(scene, *place(size), str(folder), GAIN), scene)

    return pair


@pytest.mark.parametrize("name", PLACES)
def test_sharpen_learns_at_any_ratio_and_is_no_worse_than_mtf_glp(make, tmp_path, name):
    hsi, pan, scene = make(PLACES[name])
    out, plain, model = (str(tmp_path / name) for name in ("out.tif", "plain.tif", "m.safetensors"))
    made = sharpen(hsi, pan, out, model=model, effort="fast", **TOLD)
    classical(hsi, pan, plain, **TOLD)
    values, place = read(out)
    usual, same = read(plain)
    assert place == same
    assert values.shape == usual.shape
    found, other = ergas_of(scene, out, made["ratio"])[0], ergas_of(scene, plain, made["ratio"])[0]
    assert found < 1.02 * other
    with open_pair(hsi, pan) as opened:
        trained = TrainedModel.open(model)
        assert trained.header["ratio"] == opened.ratio
        assert trained.ratios == pytest.approx(opened.ratios, rel=1e-6)
    again = str(tmp_path / "again.tif")
    fuse(hsi, pan, model, again, shift="none")
    np.testing.assert_allclose(read(again)[0], values, rtol=1e-5)


def test_networks_in_pieces_equal_the_whole_at_a_real_ratio(make, tmp_path):
    hsi, pan, _ = make(PLACES["2.4, PAN south-up"], 48)
    model, whole, pieces = (str(tmp_path / name) for name in ("m.safetensors", "whole.tif", "pieces.tif"))
    train([hsi], [pan], model, steps=2, **TOLD)
    fuse(hsi, pan, model, whole, shift="none")
    fuse(hsi, pan, model, pieces, shift="none", memory=1e-6)
    values = read(whole)[0]
    assert np.abs(read(pieces)[0] - values).max() < 1e-5 * np.ptp(values)


def test_a_model_is_used_at_ratios_near_its_own_and_refused_at_others(make, tmp_path):
    said = []

    class Listener(Progress):
        def info(self, message):
            said.append(message)

    hsi, pan, _ = make(parallel((4, 4)))
    model, out, plain = (str(tmp_path / name) for name in ("m.safetensors", "out.tif", "plain.tif"))
    train([hsi], [pan], model, effort="fast", **TOLD)
    near, pan_near, scene = make(parallel((3.75, 4.0), (0.2, 0.0)))
    fuse(near, pan_near, model, out, shift="none", progress=Listener())
    assert any("trained at ratio 4 and is used at 3.75 in x and 4 in y" in text for text in said)
    classical(near, pan_near, plain, **TOLD)
    assert ergas_of(scene, out, 4)[0] < ergas_of(scene, plain, 4)[0]
    for far in (parallel((3.6, 3.6)), parallel((4.0, 4.5)), parallel((3, 3))):
        low, high, _ = make(far)
        with pytest.raises(InputError, match=r"was trained at ratio 4 but hsi.tif and pan.tif have ratio"):
            fuse(low, high, model, out, shift="none")


def test_scenes_of_one_training_may_differ_in_ratio_by_as_much_as_a_model_allows(make, tmp_path):
    model = str(tmp_path / "m.safetensors")
    (hsi, pan, _), (near, pan_near, _), (far, pan_far, _) = (make(parallel((r, r))) for r in (3.0, 3.1, 3.6))
    train([hsi, near], [pan, pan_near], model, effort="fast", **TOLD)
    assert TrainedModel.open(model).header["ratio"] == 3
    with pytest.raises(InputError, match=r"have ratio 3\.6 but hsi.tif and its PAN have 3; train on scenes of one"):
        train([hsi, far], [pan, pan_far], model, effort="fast", **TOLD)


def test_a_scene_too_small_to_be_degraded_once_more_is_refused(make, tmp_path):
    hsi, pan, _ = make(parallel((7.5, 7.5)), 12)
    with pytest.raises(InputError, match=r"learning at ratio 7\.5 needs 15 in each direction"):
        sharpen(hsi, pan, str(tmp_path / "out.tif"), effort="fast", **TOLD)


@pytest.mark.parametrize(("ratio", "side"), [(1.5, 1), (2, 1), (2.4, 1), (2.6, None), (4, None)])
def test_the_spatial_network_works_at_half_the_resolution_where_that_is_finer_than_the_hsi(ratio, side):
    assert SpatialNetwork.config_for(ratio).get("side") == side
