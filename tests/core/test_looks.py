"""A result is looked at: an unrelated PAN gives nothing, a useless result is replaced, and numbers come with each."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from core.assessment.looks import look_at
from core.calibration.relation import pan_relation
from core.fusion.classical import METHODS, ClassicalMethod
from core.io.grid import Window
from core.io.reader import Block
from core.operators.pair import Operators
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.workflows.classical import classical
from core.workflows.looks import UP_SAMPLING, Attempt, write_looked_at
from core.workflows.options.shared import FusionOptions
from core.workflows.output import Outputs
from tests.core.said import Said

RATIO, SIZE, BANDS = 4, 40, 6
LOW = (500000.0, 20.0, 0.0, 5800000.0, 0.0, -20.0)
HIGH = (500000.0, 5.0, 0.0, 5800000.0, 0.0, -5.0)


def ground(seed=0):
    rng = np.random.default_rng(seed)
    maps = np.full((4, SIZE * RATIO, SIZE * RATIO), 0.3)
    for plane in maps:
        for _ in range(80):
            (row, col), (rows, cols) = rng.integers(0, SIZE * RATIO, 2), rng.integers(4, 20, 2)
            plane[row : row + rows, col : col + cols] = 0.1 + rng.random()
    spectra = np.random.default_rng(1).uniform(300, 3000, (BANDS, 4))
    return np.tensordot(spectra, maps / maps.sum(0), 1).astype(np.float32)


@pytest.fixture
def pair(make_raster, tmp_path):
    truth = ground()
    hsi = Operators((SIZE, SIZE), truth.shape[1:], RATIO).down(truth)

    def make(pan=None):
        return (
            make_raster(tmp_path / "hsi.tif", hsi, LOW),
            make_raster(tmp_path / "pan.tif", truth.mean(0) if pan is None else pan.astype(np.float32), HIGH),
        )

    return make


def unrelated():
    rng = np.random.default_rng(4)
    return {
        "mirrored": ground().mean(0)[::-1].copy(),
        "other ground": ground(9).mean(0),
        "noise": rng.uniform(0, 1000, (SIZE * RATIO,) * 2),
        "flat": np.full((SIZE * RATIO,) * 2, 7.0),
    }


def pixels(path):
    return gdal.Open(path).ReadAsArray()


@pytest.mark.parametrize("kind", ["mirrored", "other ground", "noise", "flat"])
def test_nothing_is_taken_from_an_unrelated_pan(pair, tmp_path, kind):
    told, out, plain = Said(), str(tmp_path / "o.tif"), str(tmp_path / "plain.tif")
    files = pair(unrelated()[kind])
    result = classical(*files, out, method="gsa", progress=told)
    classical(*files, plain, method="exp")
    np.testing.assert_array_equal(pixels(out), pixels(plain))
    (warning,) = told.warnings
    assert "no detail is taken from it" in warning
    assert result["result"] == UP_SAMPLING
    assert result["pan_correlation"]["detail"] < 0.3


def test_a_pan_of_the_scene_is_used_and_its_correlation_is_always_said(pair, tmp_path):
    told = Said()
    result = classical(*pair(), str(tmp_path / "o.tif"), progress=told)
    assert told.warnings == []
    assert any("The correlation of pan.tif, degraded, with the bands of hsi.tif is 1.00" in text for text in told.infos)
    assert result["result"] == METHODS["mtf-glp"].title
    assert result["pan_correlation"]["detail"] > 0.9
    assert result["look"]["residual"] < 0.02


def test_a_pan_that_is_half_alike_is_warned_of_and_used(pair, tmp_path):
    rng, pan = np.random.default_rng(2), ground().mean(0)
    noise = np.kron(rng.normal(0, 1, (SIZE, SIZE)), np.ones((RATIO, RATIO)))
    told = Said()
    with open_pair(*pair(pan + 2.0 * pan.std() * noise)) as scene:
        relation = pan_relation(scene)
    assert 0.3 < relation.detail < 0.5
    result = classical(*pair(pan + 2.0 * pan.std() * noise), str(tmp_path / "o.tif"), progress=told)
    assert any("check that the PAN belongs to the HSI" in text for text in told.warnings)
    assert result["result"] == METHODS["mtf-glp"].title


def test_nothing_is_learned_from_an_unrelated_pan(pair, tmp_path):
    pytest.importorskip("torch")
    from core.workflows.sharpen import sharpen
    from core.workflows.train import train

    told, out, model = Said(), str(tmp_path / "o.tif"), str(tmp_path / "m.safetensors")
    files = pair(unrelated()["mirrored"])
    report = tmp_path / "o.html"
    result = sharpen(*files, out, model=model, report=str(report), effort="fast", device="cpu", progress=told)
    assert (result["used_prior"], result["model"], result["result"]) == (True, "", UP_SAMPLING)
    assert (result["mark"], result["report"]) == ("fail", str(report))
    assert result["gain_unstated"] == "none: the HSI was only up-sampled"
    assert "Same moment" not in [check["name"] for check in result["checks"]]  # they show different ground
    page = report.read_text(encoding="utf-8")
    assert "nothing was learned, the HSI was only up-sampled" in page
    assert "m.safetensors is not written" in page  # every warning stands there
    assert "Before and after" in page
    assert not (tmp_path / "m.safetensors").exists()
    assert any("m.safetensors is not written" in text for text in told.warnings)
    with pytest.raises(InputError, match="Nothing can be learned"):
        train([files[0]], [files[1]], model, effort="fast", device="cpu")


class Spoiled:
    """A fitted method whose bands are multiplied by a factor."""

    def __new__(cls, fitted, factor):
        fitted.coefficients = fitted.coefficients * np.float32(factor)
        return fitted


@pytest.mark.parametrize("prior", [False, True])
def test_a_result_that_has_left_the_ground_is_replaced_and_that_is_said(pair, tmp_path, prior):
    told, out = Said(), str(tmp_path / "o.tif")
    with open_pair(*pair()) as scene:
        good = ClassicalMethod().fit(scene)
        factor = 20.0 if prior else 400.0
        bad = Attempt("networks'", Spoiled(ClassicalMethod().fit(scene), factor))
        safe = good if prior else None
        result = write_looked_at(scene, [bad], Outputs(out), FusionOptions(), told, safe)
    plain = str(tmp_path / "plain.tif")
    classical(*pair(), plain, method="mtf-glp" if prior and result["result"] != UP_SAMPLING else "exp")
    np.testing.assert_array_equal(pixels(out), pixels(plain))
    (warning,) = told.warnings
    assert "%" in warning
    assert "is the result" in warning
    assert result["result"] == ("regression prior" if prior else UP_SAMPLING)
    assert sorted(path.name for path in tmp_path.glob("o*")) == ["o.tif"]


def test_what_is_seen_is_what_is_there(pair):
    with open_pair(*pair()) as scene:
        hsi = scene.hsi.read().values
        whole = Window(0, 0, *scene.high_shape)

        def look(image):
            def read(part, bands):
                values = image[bands, part.row : part.row + part.rows, part.col : part.col + part.cols]
                return Block(values, np.ones(values.shape, bool))

            return look_at(scene, read, 0.3, whole)

        near = hsi.repeat(RATIO, 1).repeat(RATIO, 2)
        assert look(near).outside == 0.0
        constant = np.ones_like(near)
        exact = look(constant)
        assert exact.residual == pytest.approx(np.sqrt(((hsi - 1.0) ** 2).sum() / (hsi**2).sum()), rel=0.05)
        spoiled = near.copy()
        spoiled[:, ::2, ::2] = 1e6
        assert look(spoiled).outside == pytest.approx(0.25, abs=0.01)
        spoiled = near.copy()
        spoiled[3] *= 3.0
        assert look(spoiled).band == 4
        assert look(spoiled).band_residual == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("method", METHODS)
def test_real_scenes_are_not_warned_of(scenes, tmp_path, method):
    told = Said()
    classical(*(str(scenes / "worldview2" / name) for name in ("ms.tif", "pan.tif")), str(tmp_path / "o.tif"),
              method=method, mtf=0.3, compress="none", progress=told)  # fmt: skip
    assert told.warnings == []


def test_what_comes_of_rounding_small_integers_is_no_residual(make_raster, tmp_path):
    truth = ground() / 600.0  # 0 to 6 DN
    truth[2:4] = 0.0
    hsi = np.rint(Operators((SIZE, SIZE), truth.shape[1:], RATIO).down(truth)).astype(np.uint16)
    hsi[3, 7, 7] = 1  # a band without signal: nothing is divided by it
    pan = make_raster(tmp_path / "pan.tif", (truth.mean(0) * 600).astype(np.float32), HIGH)
    told = Said()
    look = classical(make_raster(tmp_path / "hsi.tif", hsi, LOW), pan, str(tmp_path / "o.tif"), mtf=0.3, progress=told)[
        "look"
    ]
    assert told.warnings == []
    assert look["band_residual"] < 0.1
    assert look["outside"] < 0.05


def test_what_unsigned_numbers_cannot_hold_is_no_residual_but_a_result_of_zeros_is(make_raster, tmp_path):
    truth = ground()
    truth[:, SIZE * RATIO // 4 : SIZE * RATIO // 2] = 0.0  # black water with sharp shores
    truth[4:, ::20, ::20] *= 400.0  # and fires
    hsi = np.rint(Operators((SIZE, SIZE), truth.shape[1:], RATIO).down(truth)).clip(0, 65535).astype(np.uint16)
    files = make_raster(tmp_path / "hsi.tif", hsi, LOW), make_raster(tmp_path / "pan.tif", truth[:4].mean(0), HIGH)
    told, seen = Said(), []
    seen.append(classical(*files, str(tmp_path / "o.tif"), method="exp", progress=told)["look"]["residual"])
    with open_pair(*files) as scene:
        for number in (0, 1, 65535):

            def read(part, bands, number=number):
                values = np.full((len(bands), part.rows, part.cols), number, np.float32)
                return Block(values, np.ones(values.shape, bool))

            seen.append(look_at(scene, read, 0.3, Window(0, 0, *scene.high_shape)).residual)
    assert seen[0] < 0.03
    assert seen[1:3] == pytest.approx([1.0, 1.0], abs=0.01)
    assert seen[3] > 1.0
