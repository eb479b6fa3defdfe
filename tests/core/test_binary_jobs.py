"""Binarized networks in jobs: fused in tiles, trained, written and read."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.fusion.budget import Limits  # noqa: E402
from core.fusion.engine import fuse  # noqa: E402
from core.fusion.prior import RegressionPrior  # noqa: E402
from core.models.format import ModelFile, read_model, write_model  # noqa: E402
from core.models.inference import PairResidual  # noqa: E402
from core.models.pair import Pair  # noqa: E402
from core.models.trained import TrainedModel  # noqa: E402
from core.products.pair import open_pair  # noqa: E402
from core.runtime.errors import InputError  # noqa: E402
from core.scene.statistics import scene_statistics  # noqa: E402
from core.workflows.fuse import fuse as fuse_files  # noqa: E402
from core.workflows.sharpen import sharpen  # noqa: E402
from tests.core.binarized import awake  # noqa: E402

CPU = torch.device("cpu")
NORTH_UP = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)


@pytest.fixture
def files(make_raster, tmp_path):
    """A multispectral scene at ratio 4, 36 x 60 pixels, PAN shifted by a pixel: (hsi, pan)."""
    rng = np.random.default_rng(0)
    steps = np.arange(240)
    pan = 400 + 100 * np.sin(steps[:144, None] / 5) * np.cos(steps[None] / 7) + 30 * rng.normal(size=(144, 240))
    low = pan.reshape(36, 4, 60, 4).mean((1, 3))
    hsi = np.stack([low * gain + 20 * rng.normal(size=low.shape) for gain in (0.5, 0.8, 1.0, 1.3)])
    shifted = (NORTH_UP[0] + 7.5, 7.5, 0.0, NORTH_UP[3] - 7.5, 0.0, -7.5)
    return (
        make_raster(tmp_path / "ms.tif", hsi.astype(np.float32)),
        make_raster(tmp_path / "pan.tif", pan.astype(np.float32), shifted),
    )


def fused(files, pair, memory, limits=None):
    with open_pair(*files) as scene:
        residual = PairResidual(pair, CPU, "mean", 4)
        residual.tile = 80_000 if memory > 1 else 2_000  # pixels
        method = RegressionPrior(scene_statistics(scene, 0.3, 4), 0.3, 2, residual).fit(scene)
        values = np.full((4, *scene.high_shape), np.nan, np.float32)
        for piece in fuse(scene, method, None, memory, limits=limits):
            rows, cols = piece.values.shape[1:]
            place = slice(piece.window.row, piece.window.row + rows), slice(piece.window.col, piece.window.col + cols)
            values[:, place[0], place[1]] = piece.values
    return values


@pytest.mark.parametrize("name", ["s2bnet", "s2bnet_float"])
def test_tiles_equal_the_whole(files, name):
    pair = Pair.fresh(name, 4, 0)
    awake(pair.networks[0])
    whole, pieces = fused(files, pair, 8.0), fused(files, pair, 1e-6, Limits(panel_cols=48))
    assert np.isfinite(whole).all()
    assert float(np.abs(whole - pieces).max()) <= 1e-5 * float(whole.max() - whole.min())


@pytest.fixture(scope="module")
def quick():
    return {"steps": 4, "size": 24, "checks": 1}


def test_sharpen_trains_fuses_and_gives_the_same_from_its_file(files, tmp_path, quick):
    paths = {key: str(tmp_path / name) for key, name in (("model", "m.safetensors"), ("report", "r.html"))}
    result = sharpen(*files, str(tmp_path / "a.tif"), network="s2bnet", settings=quick, device="cpu", **paths)
    assert set(result["scores"]) == {"prior", "mean"}
    fuse_files(*files, paths["model"], str(tmp_path / "b.tif"), device="cpu")
    from core.io.reader import RasterReader

    with RasterReader(str(tmp_path / "a.tif")) as first, RasterReader(str(tmp_path / "b.tif")) as second:
        np.testing.assert_array_equal(first.read().values, second.read().values)
    asked = str(tmp_path / "d.tif")
    made = fuse_files(*files, paths["model"], str(tmp_path / "c.tif"), disagreement=asked, device="cpu")
    assert any("single network" in warning and asked in warning for warning in made["warnings"])
    assert made["disagreement"] == ""
    assert (tmp_path / "c.tif").exists()
    assert not (tmp_path / "d.tif").exists()
    with pytest.raises(InputError, match="no spatial network"):
        fuse_files(*files, paths["model"], str(tmp_path / "c.tif"), use="spatial")


def test_an_image_of_two_bands_or_of_many_is_refused(make_raster, tmp_path, quick):
    rng = np.random.default_rng(0)
    sharp = rng.random((96, 96)).astype(np.float32)
    low = sharp.reshape(24, 4, 24, 4).mean((1, 3))
    hsi = make_raster(tmp_path / "h.tif", np.stack([low, 2 * low]))
    pan = make_raster(tmp_path / "p.tif", sharp, (500000, 7.5, 0, 5800000, 0, -7.5))
    with pytest.raises(InputError, match="3 to 16 bands"):
        sharpen(hsi, pan, str(tmp_path / "o.tif"), network="s2bnet", settings=quick, device="cpu")


def refusal(path):
    with pytest.raises(InputError) as caught:
        TrainedModel.open(str(path))
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    return str(caught.value)


def test_packed_weights_that_were_cut_edited_or_come_from_elsewhere_are_refused(files, tmp_path, quick):
    path, other = tmp_path / "m.safetensors", tmp_path / "o.safetensors"
    sharpen(*files, str(tmp_path / "a.tif"), model=str(path), network="s2bnet", settings=quick, device="cpu")
    model = read_model(str(path))
    assert TrainedModel.open(str(path)).pair.name == "s2bnet"
    data = path.read_bytes()
    other.write_bytes(data[:-40])
    assert "cut off" in refusal(other)
    name = next(name for name in model.tensors if name.endswith(".bits"))
    edited = {**model.tensors, name: model.tensors[name] ^ np.uint8(16)}
    write_model(str(other), ModelFile(model.header, edited))
    assert "altered" in refusal(other)
    shorter = {**model.tensors, name: model.tensors[name][:-1]}
    for header in (model.header, {k: v for k, v in model.header.items() if k != "checksum"}):
        write_model(str(other), ModelFile(header, shorter))
        refusal(other)
    ancestor = {**model.header, "network": "bisrnet"}  # weights of another network under this name
    write_model(str(other), ModelFile(ancestor, model.tensors))
    assert "parameters of its own network" in refusal(other)
