"""docs/extend.md, "Add a network", followed to the letter."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from core.io.reader import RasterReader
from core.models.trained import TrainedModel
from core.networks import base
from core.workflows.fuse import fuse
from core.workflows.sharpen import sharpen
from core.workflows.train import train

PAGE = Path(__file__).resolve().parents[2] / "docs" / "extend.md"
LEARNING = {"settings": {"steps": 3, "size": 24, "checks": 1, "pairs": 1}, "device": "cpu"}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The network of the page, as a module of ``core.networks``; it is forgotten afterwards."""
    section = PAGE.read_text(encoding="utf-8").split("## Add a network")[1]
    lines = re.search(r"```python\n(.*?)```", section, re.S).group(1).splitlines()
    path = tmp_path / "tiny.py"
    path.write_text("\n".join(line[3:] for line in lines), encoding="utf-8")
    monkeypatch.setattr(base, "_NETWORKS", dict(base._NETWORKS))
    spec = importlib.util.spec_from_file_location("core.networks.tiny", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "core.networks.tiny", module)
    spec.loader.exec_module(module)
    return "tiny"


@pytest.fixture
def files(make_raster, tmp_path):
    rng = np.random.default_rng(0)
    hsi = rng.random((4, 24, 30)).astype(np.float32)
    pan = np.kron(hsi.mean(0), np.ones((4, 4))) + 0.1 * rng.random((96, 120))
    return (
        make_raster(tmp_path / "h.tif", hsi),
        make_raster(tmp_path / "p.tif", pan.astype(np.float32), (500000.0, 7.5, 0.0, 5800000.0, 0.0, -7.5)),
    )


def test_the_network_of_the_page_learns_and_fuses_with_its_model_file(tiny, files, tmp_path):
    model, sharpened, fused = (str(tmp_path / name) for name in ("m.safetensors", "a.tif", "b.tif"))
    sharpen(*files, sharpened, network=tiny, model=model, **LEARNING)
    fuse(*files, model, fused, device="cpu")
    with RasterReader(sharpened) as first, RasterReader(fused) as second:
        np.testing.assert_array_equal(first.read().values, second.read().values)


def test_the_network_of_the_page_is_one_of_a_pair(tiny, files, tmp_path):
    model = str(tmp_path / "m.safetensors")
    train([files[0]], [files[1]], model, network=f"{tiny}+ssml-spatial", **LEARNING)
    assert set(TrainedModel.open(model).pair.parameters) == {"spectral", "spatial"}
