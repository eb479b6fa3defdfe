"""Which MTF gain jobs compute with, and what they say of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.io.array_image import ArrayImage, metadata_of, pair_of_arrays, with_wavelengths
from core.operators.linear import Separable
from core.operators.resample import gaussian_line
from core.runtime.errors import InputError
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare
from tests.core.said import Said

GAINS = (0.2, 0.35)


def truth(size: int = 160) -> np.ndarray:
    """(8, size, size): houses of four materials that differ most in brightness."""
    rng = np.random.default_rng(3)
    spectra = 1000 + 300 * rng.normal(size=(4, 1)) + 20 * rng.normal(size=(4, 8))
    kind = np.zeros((size, size), int)
    for _ in range(size * size // 12):
        y, x, h, w = (*rng.integers(0, size, 2), *rng.integers(1, 9, 2))
        kind[y : y + h, x : x + w] = rng.integers(0, 4)
    return (np.moveaxis(spectra[kind], -1, 0) * (1 + 0.1 * rng.normal(size=(size, size)))).astype(np.float32)


@pytest.fixture
def files(tmp_path):
    """Paths of an HSI blurred by GAINS, its PAN, and the truth."""
    cube = truth()
    lines = [gaussian_line(160, 40, 4, 0.0, gain) for gain in GAINS]
    images = pair_of_arrays(Separable(*lines)(cube), cube[:6].mean(axis=0), 4)
    paths = [str(tmp_path / name) for name in ("hsi.tif", "pan.tif", "truth.tif")]
    images = (*images, replace(images[1], values=cube, metadata=metadata_of(cube, "truth", None)))
    for image, path in zip(images, paths):
        image.write(path)
    return paths


def test_the_gain_is_measured_said_and_returned(files, tmp_path):
    progress = Said()
    made = classical(*files[:2], str(tmp_path / "o.tif"), progress=progress)
    assert (made["mtf_gain"]["rows"], made["mtf_gain"]["columns"]) == pytest.approx(GAINS, abs=0.01)
    assert made["mtf_gain"]["source"] == "measured"
    assert made["mtf_gain"]["measured"][0]["sure"]
    assert any("MTF gain of hsi.tif, measured against pan.tif: 0.2" in line for line in progress.infos)
    assert progress.warnings == []


def test_two_gains_are_used_along_their_own_axes(files, tmp_path):
    right, wrong = (str(tmp_path / name) for name in ("right.tif", "wrong.tif"))
    classical(*files[:2], right, mtf="0.2,0.35")
    classical(*files[:2], wrong, mtf="0.35,0.2")
    errors = [assess(path, reference=files[2], ratio=4, crop=8)["rmse"] for path in (right, wrong)]
    assert errors[0] < 0.95 * errors[1]
    auto = str(tmp_path / "auto.tif")
    classical(*files[:2], auto)
    assert assess(auto, reference=files[2], ratio=4, crop=8)["rmse"] == pytest.approx(errors[0], rel=0.01)


def test_where_nothing_can_be_told_the_usual_gain_is_assumed_with_a_warning(files, tmp_path):
    cube = truth(64)
    lines = [gaussian_line(64, 16, 4, 0.0, 0.2)] * 2
    hsi = Separable(*lines)(cube)
    noisy = hsi + np.random.default_rng(0).normal(size=hsi.shape) * hsi.mean() / 8
    for image, path in zip(pair_of_arrays(noisy.astype(np.float32), cube[:6].mean(axis=0), 4), files):
        image.write(path)
    progress = Said()
    made = classical(*files[:2], str(tmp_path / "o.tif"), progress=progress)
    assert (made["mtf_gain"]["source"], made["mtf_gain"]["rows"]) == ("assumed", 0.3)
    assert any("0.3 is assumed" in line for line in progress.warnings)


def test_what_a_few_clean_pixels_say_is_not_replaced_by_an_assumption(files, tmp_path):
    cube = truth(64)
    lines = [gaussian_line(64, 16, 4, 0.0, 0.2)] * 2
    for image, path in zip(pair_of_arrays(Separable(*lines)(cube), cube[:6].mean(axis=0), 4), files):
        image.write(path)
    made = classical(*files[:2], str(tmp_path / "o.tif"))
    assert (made["mtf_gain"]["source"], made["mtf_gain"]["rows"]) == ("measured", pytest.approx(0.2, abs=0.02))


def test_assessment_degrades_by_the_gain_of_the_pair_and_says_so(files, tmp_path):
    fused = str(tmp_path / "o.tif")
    classical(*files[:2], fused)
    scores = assess(fused, hsi=files[0], pan=files[1], json_path=str(tmp_path / "s.json"))
    assert scores["mtf"] == pytest.approx(GAINS, abs=0.01)
    assert json.loads((tmp_path / "s.json").read_text())["mtf_gain"]["source"] == "measured"
    given = assess(fused, hsi=files[0], pan=files[1], mtf=0.3)
    assert given["mtf"] == 0.3
    assert scores["consistency"] < given["consistency"]


def test_comparison_reports_the_gain(files, tmp_path):
    report = tmp_path / "r.html"
    found = compare(*files[:2], methods=["mtf-glp"], report=str(report))
    assert found["parameters"]["mtf"] == pytest.approx(GAINS, abs=0.01)
    assert found["mtf_gain"]["source"] == "measured"
    page = report.read_text(encoding="utf-8")
    assert found["mtf_gain"]["said"] in page
    assert found["pair"]["mtf"] == found["mtf_gain"]
    assert all(title in page for title in ("How blurred the HSI is", "What the PAN is made of", "beyond: inferred"))


def test_a_published_gain_names_its_sensor(files, tmp_path):
    made = classical(*files[:2], str(tmp_path / "o.tif"), mtf="enmap")
    assert (made["mtf_gain"]["source"], made["mtf_gain"]["sensor"]) == ("published", "EnMAP")
    assert made["mtf_gain"]["said"] == "0.16 vertically and 0.25 horizontally, published for EnMAP"


def test_groups_of_bands_share_the_mean_blur_of_the_good_bands_with_a_warning(files, tmp_path):
    image = ArrayImage.read(files[0])
    with_wavelengths(image, [500, 600, 700, 800, 900, 950, 1500, 1600]).write(files[0])
    progress = Said()
    made = classical(*files[:2], str(tmp_path / "o.tif"), mtf="400-1000nm:0.3;1000-2500nm:0.1", progress=progress)
    assert made["mtf_gain"]["rows"] == pytest.approx(0.3 ** (6 / 8) * 0.1 ** (2 / 8))
    assert any("one blur, the mean of theirs" in line for line in progress.warnings)
    alike = Said()
    classical(*files[:2], str(tmp_path / "o.tif"), mtf="400-1000nm:0.3;1000-2500nm:0.3", progress=alike)
    assert alike.warnings == []
    with pytest.raises(InputError, match="the band at 1500 nm"):
        classical(*files[:2], str(tmp_path / "o.tif"), mtf="400-1000nm:0.3")


def test_a_gain_that_is_none_is_refused_before_any_file_is_read():
    for job in (classical, compare):
        more = ["o.tif"] if job is classical else []
        with pytest.raises(InputError, match="between 0 and 1"):
            job("nowhere_hsi.tif", "nowhere_pan.tif", *more, mtf="1.5")
    with pytest.raises(InputError, match="reads no model file"):
        classical("nowhere_hsi.tif", "nowhere_pan.tif", "o.tif", mtf="model")


@pytest.fixture
def model(files, tmp_path):
    """A model that was trained for a gain of 0.45."""
    pytest.importorskip("torch")
    from core.workflows.train import train

    path = str(tmp_path / "m.safetensors")
    train([files[0]], [files[1]], path, steps=2, mtf=0.45, shift="none", device="cpu")
    return path


def test_a_model_is_used_with_the_gain_of_the_pair_where_that_surely_differs(files, model, tmp_path):
    from core.workflows.fuse import fuse

    errors = {}
    for mtf in ("auto", "model", "0.2,0.35"):
        said, out = Said(), str(tmp_path / f"{mtf}.tif")
        made = fuse(*files[:2], model, out, mtf=mtf, device="cpu", shift="none", progress=said)
        errors[mtf] = assess(out, reference=files[2], ratio=4, crop=8)["rmse"], made["mtf_gain"]["source"]
        assert any("was trained for an MTF gain of 0.45" in line for line in said.warnings)
    assert [source for _, source in errors.values()] == ["measured", "model", "given"]
    assert errors["auto"][0] < 0.95 * errors["model"][0]
    assert errors["auto"][0] == pytest.approx(errors["0.2,0.35"][0], rel=0.01)


def test_a_model_keeps_its_gain_where_that_of_the_pair_is_near(files, tmp_path):
    pytest.importorskip("torch")
    from core.workflows.fuse import fuse
    from core.workflows.train import train

    path, said = str(tmp_path / "m.safetensors"), Said()
    train([files[0]], [files[1]], path, steps=2, mtf="0.22,0.33", shift="none", device="cpu")
    made = fuse(*files[:2], path, str(tmp_path / "o.tif"), device="cpu", shift="none", progress=said)
    assert (made["mtf_gain"]["source"], made["mtf_gain"]["rows"]) == ("model", 0.22)
    assert said.warnings == []
