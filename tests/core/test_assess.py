"""Assessment against a reference: grids, masks, bad bands, units, outputs; values by independent filters."""

import json

import numpy as np
import pytest

from core.assessment import reference as scoring
from core.io.grid import Grid
from core.io.overlap import overlap
from core.quality.reference import reference_indices
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress
from core.workflows.assess import assess
from tests.core import assessed
from tests.core.assessed import X, Y, gaussian_degrade
from tests.core.said import Said

write, images = assessed.write, assessed.images  # fixtures


def test_indices_are_those_of_the_overlap(write, images):
    fused, reference = images
    scores = assess(
        write("fused.tif", fused[:, 4:, :40], corner=(4, 0)),
        reference=write("reference.tif", reference[:, :30, 7:], corner=(0, 7)),
        ratio=3,
        crop=2,
    )
    expected = reference_indices(fused[:, 6:28, 9:38], reference[:, 6:28, 9:38], 3)
    for key in ("ergas", "sam", "psnr", "cc", "ssim", "rmse"):
        assert scores[key] == pytest.approx(expected[key], rel=1e-6), key
    assert scores["pixels"] == 22 * 29
    assert (scores["crop"], scores["ratio"], scores["bands"]) == (2, 3, 4)
    assert "consistency" not in scores


def test_scale_and_offset_give_physical_units(write, images):
    fused, reference = images
    scores = assess(
        write("fused.tif", fused, scales=(0.01,) * 4, offsets=(1.0,) * 4),
        reference=write("reference.tif", reference * 10, scales=(0.001,) * 4, offsets=(1.0,) * 4),
        ratio=4,
    )
    expected = reference_indices(fused / 100 + 1, reference / 100 + 1, 4)
    assert scores["rmse"] == pytest.approx(expected["rmse"], rel=1e-4)
    assert scores["ergas"] == pytest.approx(expected["ergas"], rel=1e-4)


def test_bad_bands_and_samples_of_either_image_take_no_part(write, images):
    fused, reference = images
    broken, truth = fused.copy(), reference.copy()
    broken[1] = 1e6
    truth[3] = -1e6
    fused_valid, reference_valid = np.ones((2, 4, 36, 48), bool)
    fused_valid[0, 3, 5] = False
    reference_valid[2, 20:23, 30] = False
    reference_valid[3] = False  # all nodata
    scores = assess(
        write("fused.tif", broken, valid=fused_valid, bbl=(1, 0, 1, 1)),
        reference=write("reference.tif", truth, valid=reference_valid),
        ratio=4,
    )
    mask = np.ones((2, 36, 48), bool)  # each band has its own
    mask[0, 3, 5] = False
    mask[1, 20:23, 30] = False
    expected = reference_indices(fused[[0, 2]], reference[[0, 2]], 4, mask)
    for key in ("ergas", "sam", "psnr", "cc", "ssim", "rmse"):
        assert scores[key] == pytest.approx(expected[key], rel=1e-6), key
    assert scores["pixels"] == 36 * 48
    assert scores["per_band"]["band"] == [1, 3]


@pytest.mark.parametrize("samples", [4 * 48, 4 * 48 * 7, 10_000_000])
def test_blocks_do_not_change_the_numbers(write, images, monkeypatch, samples):
    fused, reference = images
    valid = np.random.default_rng(2).uniform(size=(36, 48)) > 0.01
    hsi = gaussian_degrade(reference, 3, 0.3)
    paths = {
        "reference": write("reference.tif", reference),
        "hsi": write("hsi.tif", hsi, step=30.0),
        "pan": write("pan.tif", reference[:1]),
    }
    path = write("fused.tif", fused, valid=valid)
    whole = assess(path, **paths)
    monkeypatch.setattr(scoring, "SAMPLES", samples)
    blocks = assess(path, **paths)
    for key in ("ergas", "sam", "psnr", "cc", "ssim", "rmse", "rsnr"):
        assert blocks[key] == pytest.approx(whole[key], rel=1e-12), key
    for key in ("d_s_reg", "d_rho"):
        assert blocks[key] == pytest.approx(whole[key], rel=1e-9), key
    assert blocks["consistency"] == pytest.approx(whole["consistency"], rel=1e-5)
    assert blocks["hsi_pixels"] == whole["hsi_pixels"]


def test_the_ratio_comes_from_the_hsi_or_ergas_is_left_out(write, images):
    fused, reference = images
    path, truth = write("fused.tif", fused), write("reference.tif", reference)
    notes = Said()
    scores = assess(path, reference=truth, progress=notes)
    assert scores["ergas"] is None
    assert any("ERGAS" in text and "ratio" in text for text in notes.warnings)
    assert scores["sam"] > 0
    pair = {"hsi": write("hsi.tif", np.ones((4, 12, 16)), step=30.0), "pan": write("pan.tif", reference[:1])}
    both = assess(path, reference=truth, **pair)
    assert both["ratio"] == 3
    assert both["ergas"] == pytest.approx(reference_indices(fused, reference, 3)["ergas"], rel=1e-6)
    with pytest.raises(InputError, match="is 3, not 4"):
        assess(path, reference=truth, ratio=4, **pair)


@pytest.mark.parametrize(("factor", "size"), [(1e4, "10,000 times"), (1 / 255, "1/255 of"), (2.0, ""), (7.0, "")])
def test_units_that_differ_from_the_references_are_named_before_the_numbers_are_judged(write, images, factor, size):
    fused, reference = images
    found = assess(write("fused.tif", fused), reference=write("truth.tif", reference * factor), ratio=3)
    first = found["checks"][0]
    if not size:
        assert (found["unit_factor"], first["name"]) == (None, "ERGAS")
        return
    assert found["unit_factor"] == pytest.approx(factor)
    assert (first["name"], first["mark"]) == ("Units", "fail")
    assert f"about {size} the result's" in first["text"]


def test_units_cannot_be_told_where_nothing_is_valid_in_the_middle(write, images):
    fused, reference = images
    dark = write("dark.tif", np.zeros_like(fused))
    assert assess(dark, reference=write("truth.tif", reference * 1e4), ratio=3)["unit_factor"] is None


def test_json_holds_the_numbers_and_nothing_that_json_lacks(write, images, tmp_path):
    _, reference = images
    target = tmp_path / "scores.json"
    path = write("fused.tif", reference)
    scores = assess(path, reference=write("reference.tif", reference), ratio=4, json_path=str(target))
    assert scores["psnr"] is None  # infinite

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads(target.read_text(encoding="utf-8"), parse_constant=refuse) == scores
    assert scores["files"]["fused"] == path


def test_the_report_shows_scores_pictures_and_charts(write, images, tmp_path):
    fused, reference = images
    target = tmp_path / "report.html"
    wavelengths = {"wavelengths": (460.0, 550.0, 640.0, 850.0)}
    scores = assess(
        write("fused.tif", fused, **wavelengths),
        reference=write("reference.tif", reference, **wavelengths),
        hsi=write("hsi.tif", gaussian_degrade(reference, 3, 0.3), step=30.0),
        pan=write("pan.tif", reference[:1]),
        report=str(target),
    )
    text = target.read_text(encoding="utf-8")
    for key in ("ergas", "sam", "psnr", "cc", "ssim", "rmse"):
        assert f"{scores[key]:.4g}" in text
    assert f"{100 * scores['consistency']:.4g}" in text
    assert text.count("<img ") == 4 + 10 * 4 + 2  # images one behind the other, doubtful places, maps of errors
    assert "red 640 nm, green 550 nm, blue 460 nm" in text
    assert len(text) < 3_000_000
    assert sorted(entry.name for entry in tmp_path.glob("*.html")) == ["report.html"]
    assert not list(tmp_path.glob(".*partial*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "nothing to compare"),
        ({"hsi": "hsi"}, "without the PAN"),
        ({"pan": "pan"}, "without the HSI"),
        ({"reference": "reference", "ratio": 1}, "ratio is 1, but it lies between 1.5 and 40"),
        ({"reference": "reference", "crop": -1}, "crop"),
        ({"reference": "reference", "crop": 18}, "smaller crop"),
        ({"reference": "reference", "mtf": 1.0}, "mtf"),
        ({"reference": "missing"}, "does not exist"),
        ({"reference": "fewer"}, "has 4 bands and fewer.tif has 3"),
        ({"reference": "coarse"}, "is 3 pixels of fused.tif"),
        ({"reference": "half"}, "do not share a pixel grid"),
        ({"reference": "far"}, "do not overlap"),
        ({"reference": "empty"}, "no good band"),
        ({"hsi": "reference", "pan": "pan"}, "the PAN is not sharper"),
        ({"reference": "reference", "json_path": "reference"}, "input"),
        ({"reference": "reference", "json_path": "same", "report": "same"}, "same file"),
    ],
)
def test_wrong_input_is_one_sentence(write, images, tmp_path, arguments, words):
    fused, reference = images
    write("reference.tif", reference)
    write("fewer.tif", reference[:3])
    write("coarse.tif", reference[:, :12, :16], step=30.0)
    write("half.tif", reference, corner=(0, 0.5))
    write("far.tif", reference, corner=(100, 0))
    write("empty.tif", reference, bbl=(0,) * 4)
    write("pan.tif", reference[:1])
    given = {
        key: str(tmp_path / f"{value}.tif") if isinstance(value, str) else value for key, value in arguments.items()
    }
    with pytest.raises(InputError) as error:
        assess(write("fused.tif", fused), **given)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_stopping_leaves_no_file(write, images, tmp_path):
    class Stop(Progress):
        def cancelled(self):
            return True

    fused, reference = images
    with pytest.raises(Cancelled):
        assess(
            write("fused.tif", fused),
            reference=write("reference.tif", reference),
            json_path=str(tmp_path / "a.json"),
            report=str(tmp_path / "a.html"),
            progress=Stop(),
        )
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["fused.tif", "reference.tif"]


def test_overlap_accepts_a_hundredth_of_a_pixel_and_no_more():
    first = Grid(X, Y, 10.0, -10.0, 50, 60, "")
    near = overlap(first, Grid(X + 30.05, Y - 20, 10.0, -10.0, 50, 60, ""), "a", "b")
    assert (near[0].row, near[0].col, near[0].rows, near[0].cols) == (2, 3, 48, 57)
    assert (near[1].row, near[1].col, near[1].rows, near[1].cols) == (0, 0, 48, 57)
    with pytest.raises(InputError, match="pixel grid"):
        overlap(first, Grid(X + 30.2, Y - 20, 10.0, -10.0, 50, 60, ""), "a", "b")
    with pytest.raises(InputError, match="pixel grid"):
        overlap(first, Grid(X, Y, 10.003, -10.003, 50, 60, ""), "a", "b")
    with pytest.raises(InputError, match="pixel grid"):
        overlap(first, Grid(X, Y - 500, 10.0, 10.0, 50, 60, ""), "a", "b")


def test_a_published_scene_gives_the_published_scores(scenes, write):
    """MTF-GLP on Indian Pines, PAN = bands 7 to 33, ratio 4: SAM 2.25, ERGAS 1.058 over the whole image."""
    from osgeo import gdal

    from core.workflows.classical import classical

    cube = gdal.Open(str(scenes / "indian_pines" / "hsi.tif")).ReadAsArray()[:, :144, :144].astype(np.float32)
    hsi = write("hsi.tif", gaussian_degrade(cube, 4, 0.3), step=40.0)
    pan = write("pan.tif", cube[6:33].mean(axis=0, keepdims=True))
    output = hsi.replace("hsi.tif", "fused.tif")
    classical(hsi, pan, output, method="mtf-glp", consistency=0)
    scores = assess(output, reference=write("reference.tif", cube), hsi=hsi, pan=pan)
    assert scores["sam"] == pytest.approx(2.25, rel=0.02)
    assert scores["ergas"] == pytest.approx(1.058, rel=0.02)
