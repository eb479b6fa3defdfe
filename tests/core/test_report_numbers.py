"""Numbers on pages are those that somebody else computes: with numpy alone, or with the safetensors library."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.workflows.compare import compare
from core.workflows.simulate import simulate

SCENE = Path(__file__).resolve().parents[2] / "examples" / "indian_pines" / "indian_pines.tif"
RATIO, GAIN = 4, 0.3


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """An HSI of 20 bands of the example, and its PAN."""
    folder = tmp_path_factory.mktemp("pair")
    part, hsi, pan = (str(folder / f"{name}.tif") for name in ("part", "hsi", "pan"))
    gdal.Translate(part, str(SCENE), srcWin=[0, 0, 144, 144], bandList=list(range(1, 200, 10)))
    simulate(part, RATIO, hsi, pan, pan_range="450-700", mtf_hsi=GAIN)
    return hsi, pan


def sampled(size, centres, weight, reach):
    """(len(centres), size): a kernel at each centre, edges replicated, rows that sum to 1."""
    made = np.zeros((len(centres), size))
    for row, centre in enumerate(centres):
        places = np.arange(int(np.floor(centre - reach)), int(np.ceil(centre + reach)) + 1)
        np.add.at(made[row], np.clip(places, 0, size - 1), weight(places - centre))
    return made / made.sum(1, keepdims=True)


def gaussian(offset):
    """Of the given gain at the Nyquist frequency of the larger pixels."""
    deviation = RATIO * np.sqrt(-2 * np.log(GAIN)) / np.pi
    return np.exp(-(offset**2) / (2 * deviation**2))


def cubic(offset, a=-0.75):
    """Keys' convolution."""
    near, far = (a + 2) * np.abs(offset) ** 3 - (a + 3) * offset**2 + 1, np.abs(offset)
    return np.where(far < 1, near, np.where(far < 2, a * (far**3 - 5 * far**2 + 8 * far - 4), 0))


def up_sampled_again(hsi):
    """The HSI degraded by the ratio and brought back, by Wald's protocol."""
    size = hsi.shape[1]
    down = sampled(size, (np.arange(size // RATIO) + 0.5) * RATIO - 0.5, gaussian, 4 * RATIO)
    up = sampled(size // RATIO, (np.arange(size) + 0.5) / RATIO - 0.5, cubic, 2)
    both = up @ down
    return both @ hsi @ both.T


def test_a_comparison_states_the_ergas_and_the_angle_that_numpy_finds(pair, tmp_path):
    hsi = gdal.Open(pair[0]).ReadAsArray().astype(float)
    made = up_sampled_again(hsi)
    errors = ((made - hsi) ** 2).mean((1, 2)) / hsi.mean((1, 2)) ** 2
    ergas = 100 / RATIO * np.sqrt(errors.mean())
    cosine = (made * hsi).sum(0) / np.sqrt((made**2).sum(0) * (hsi**2).sum(0))
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean()
    page = tmp_path / "c.html"
    off = {"shift": "none", "denoise": "off", "contradictions": "off"}
    found = compare(*pair, methods=["exp"], mtf=str(GAIN), report=str(page), **off)
    (record,) = found["methods"]
    # Not closer: our cubic kernels are moved by up to a twentieth of a pixel, so that planes pass.
    assert record["reduced"]["ergas"] == pytest.approx(ergas, rel=0.01)
    assert record["reduced"]["sam"] == pytest.approx(angle, rel=0.01)
    text = page.read_text(encoding="utf-8")
    assert f"{record['reduced']['ergas']:.4g}" in text
    assert f"{record['reduced']['sam']:.4g}" in text


def test_a_training_states_the_parameters_that_its_file_has_and_the_gain_of_its_own_table(pair, tmp_path):
    pytest.importorskip("torch")
    safetensors = pytest.importorskip("safetensors.numpy")
    from core.workflows.train import train

    page, model = tmp_path / "t.html", tmp_path / "m.safetensors"
    made = train([pair[0]], [pair[1]], str(model), report=str(page), steps=40, mtf=str(GAIN), shift="none")
    text = page.read_text(encoding="utf-8")
    tensors = safetensors.load_file(model)
    for kind in ("spectral", "spatial"):
        stated = re.search(rf"parameters, {kind}.*?([\d,]+)<", text, re.DOTALL)[1]
        held = {name: array.size for name, array in tensors.items() if name.startswith(f"{kind}.")}
        assert int(stated.replace(",", "")) == sum(held.values())
    prior, mean = (made["scores"][key]["ergas"] for key in ("prior", "mean"))
    assert f"{100 * (1 - mean / prior):.1f} %" in text
