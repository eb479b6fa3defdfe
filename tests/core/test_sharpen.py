from __future__ import annotations

import html
import json
import os

import numpy as np
import pytest
from osgeo import gdal

torch = pytest.importorskip("torch")

from core.models.format import ModelFile, read_model, write_model  # noqa: E402
from core.models.trained import TrainedModel  # noqa: E402
from core.operators.pair import Operators  # noqa: E402
from core.runtime.errors import Cancelled, InputError  # noqa: E402
from core.runtime.progress import Progress  # noqa: E402
from core.training import settings as learning_settings  # noqa: E402
from core.workflows.fuse import fuse  # noqa: E402
from core.workflows.info import info  # noqa: E402
from core.workflows.sharpen import sharpen  # noqa: E402
from core.workflows.train import train  # noqa: E402

HIGH = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
LOW = (500000.0, 40.0, 0.0, 5800000.0, 0.0, -40.0)
BANDS = 9


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    monkeypatch.setattr(learning_settings, "EFFORTS", {"fast": 12, "normal": 30, "thorough": 60})


@pytest.fixture
def scene(make_raster, materials, tmp_path):
    """(hsi, pan) at ratio 4, uint16, with a little nodata in the HSI's last corner."""
    truth = materials(96, 96, BANDS).astype(np.float32)
    hsi = np.round(Operators((24, 24), (96, 96), 4).down(truth)).astype(np.uint16)
    hsi[:, 22:, 22:] = 0
    return (
        make_raster(tmp_path / "hsi.tif", hsi, LOW, nodata=0),
        make_raster(tmp_path / "pan.tif", truth[2:6].mean(0), HIGH),
    )


def values(path):
    return gdal.Open(str(path)).ReadAsArray()


def test_sharpen_gives_the_pans_grid_the_hsis_type_and_nodata_where_the_hsi_has_it(scene, tmp_path):
    out, model, report, spread = (str(tmp_path / n) for n in ("o.tif", "m.ssml", "r.html", "d.tif"))
    result = sharpen(*scene, out, model=model, report=report, disagreement=spread, effort="fast")
    fused = gdal.Open(out)
    assert fused.GetGeoTransform() == HIGH
    assert (fused.RasterCount, fused.RasterYSize, fused.RasterXSize) == (BANDS, 96, 96)
    assert fused.GetRasterBand(1).DataType == gdal.GDT_UInt16
    invalid = (values(out) == 0).all(0)
    expected = np.zeros((96, 96), bool)
    expected[88:, 88:] = True
    np.testing.assert_array_equal(invalid, expected)
    np.testing.assert_array_equal(np.isnan(values(spread)), expected)
    assert set(result["scores"]) == {"prior", "spectral", "spatial", "mean"}
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    said = [result["verdict"], *(check["text"] for check in result["checks"])]
    assert [text for text in said if html.escape(text) not in page] == []
    assert all(f'<a href="{name}">{name}</a>' in page for name in ("o.tif", "d.tif", "m.ssml"))
    assert [title for title in ("HSI", "Result", "PAN", "Disagreement") if f'<figure title="{title}' not in page] == []
    assert 'id="spot-1"' in page
    json.dumps(result, allow_nan=False)
    header = info(model)
    assert header["network"] == "ssml"
    json.dumps(header, allow_nan=False)
    assert sorted(os.listdir(tmp_path)) == sorted(["hsi.tif", "pan.tif", "o.tif", "m.ssml", "r.html", "d.tif"])


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others(scene, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        sharpen(*scene, str(tmp_path / f"{name}.tif"), model=str(tmp_path / f"{name}.ssml"), effort="fast", seed=seed)
    weights = [read_model(str(tmp_path / f"{name}.ssml")).tensors for name in "abc"]
    assert all(np.array_equal(array, weights[1][key]) for key, array in weights[0].items())
    assert any(not np.array_equal(array, weights[2][key]) for key, array in weights[0].items())
    np.testing.assert_array_equal(values(tmp_path / "a.tif"), values(tmp_path / "b.tif"))


def test_fusing_with_the_model_that_sharpen_kept_gives_sharpens_pixels(scene, tmp_path):
    out, model, again = (str(tmp_path / n) for n in ("o.tif", "m.ssml", "again.tif"))
    sharpen(*scene, out, model=model, effort="fast")
    fuse(*scene, model, again)
    np.testing.assert_array_equal(values(out), values(again))


def test_little_memory_changes_nothing_of_what_is_learned(scene, tmp_path):
    out, little, usual = str(tmp_path / "o.tif"), str(tmp_path / "little.ssml"), str(tmp_path / "usual.ssml")
    scores = [
        sharpen(*scene, out, model=model, memory=memory, effort="fast")["scores"]
        for model, memory in ((little, 0.5), (usual, None))
    ]
    assert scores[0] == scores[1]
    first, second = (read_model(path).tensors for path in (little, usual))
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_little_memory_changes_no_pixel_by_more_than_rounding(scene, tmp_path):
    model, whole, strips = (str(tmp_path / n) for n in ("m.ssml", "whole.tif", "strips.tif"))
    train([scene[0]], [scene[1]], model, steps=20)
    fuse(*scene, model, whole)
    fuse(*scene, model, strips, memory=0.001)
    assert np.abs(values(whole).astype(int) - values(strips)).max() <= 1


def test_an_extent_gives_the_same_pixels_as_the_whole(scene, tmp_path):
    model, whole, part = (str(tmp_path / n) for n in ("m.ssml", "whole.tif", "part.tif"))
    train([scene[0]], [scene[1]], model, steps=20)
    fuse(*scene, model, whole)
    fuse(*scene, model, part, extent=(500200.0, 5799500.0, 500600.0, 5799900.0))
    assert values(part).shape == (BANDS, 40, 40)
    assert np.abs(values(whole)[:, 10:50, 20:60].astype(int) - values(part)).max() <= 1


def test_paths_differ_and_their_mean_lies_between(scene, tmp_path):
    model = str(tmp_path / "m.ssml")
    train([scene[0]], [scene[1]], model, steps=30)
    shown = {}
    for use in ("spectral", "spatial", "mean"):
        fuse(*scene, model, str(tmp_path / f"{use}.tif"), use=use)
        shown[use] = values(tmp_path / f"{use}.tif").astype(float)
    if read_model(model).header["best_step"] > 0:
        assert np.abs(shown["spectral"] - shown["spatial"]).max() > 0
    np.testing.assert_allclose(shown["mean"], (shown["spectral"] + shown["spatial"]) / 2, atol=1.01)


class Listening(Progress):
    """Keeps what is warned of."""

    def __init__(self):
        self.told = []

    def warning(self, text):
        self.told.append(text)


class StopLearning(Progress):
    """The user cancels as soon as a given step is shown."""

    def __init__(self, text):
        self.text, self.stop = text, False

    def set(self, fraction, text=None):
        self.stop = self.stop or (text is not None and self.text in text)

    def cancelled(self):
        return self.stop


def test_cancelling_leaves_the_checkpoint_only_and_resuming_ends_as_if_never_stopped(scene, tmp_path):
    straight, stopped = str(tmp_path / "straight.ssml"), str(tmp_path / "stopped.ssml")
    sharpen(*scene, str(tmp_path / "a.tif"), model=straight)
    with pytest.raises(Cancelled):
        sharpen(*scene, str(tmp_path / "b.tif"), model=stopped, progress=StopLearning("Step 12 of"))
    assert not os.path.exists(stopped)
    assert not os.path.exists(tmp_path / "b.tif")
    assert os.path.exists(stopped + ".checkpoint")
    sharpen(*scene, str(tmp_path / "b.tif"), model=stopped, resume=True)
    assert not os.path.exists(stopped + ".checkpoint")
    first, second = read_model(straight), read_model(stopped)
    assert all(np.array_equal(array, second.tensors[key]) for key, array in first.tensors.items())
    assert first.header["history"] == second.header["history"]
    np.testing.assert_array_equal(values(tmp_path / "a.tif"), values(tmp_path / "b.tif"))


def test_a_checkpoint_of_other_settings_is_refused(scene, tmp_path):
    model = str(tmp_path / "m.ssml")
    with pytest.raises(Cancelled):
        train([scene[0]], [scene[1]], model, steps=40, progress=StopLearning("Step 12 of"))
    with pytest.raises(InputError, match=r"with other settings \(seed 0, now 1\)"):
        train([scene[0]], [scene[1]], model, steps=40, seed=1, resume=model + ".checkpoint")
    with pytest.raises(InputError, match=r"another consistency \(5, now 0\)"):
        train([scene[0]], [scene[1]], model, steps=40, consistency=0, resume=model + ".checkpoint")


def test_a_checkpoint_goes_on_where_last_digits_differ_and_not_with_other_images(scene, tmp_path):
    model = str(tmp_path / "m.ssml")
    kept = model + ".checkpoint"
    with pytest.raises(Cancelled):
        train([scene[0]], [scene[1]], model, steps=40, progress=StopLearning("Step 12 of"))
    file = read_model(kept)
    for factor, refused in ((1.01, True), (1 + 1e-6, False)):  # as of other threads, or another library of algebra
        tensors = {**file.tensors, "statistics.gains": file.tensors["statistics.gains"] * np.float32(factor)}
        write_model(kept, ModelFile(file.header, tensors))
        if refused:
            with pytest.raises(InputError, match="belongs to a training with other images"):
                train([scene[0]], [scene[1]], model, steps=40, resume=kept)
        else:
            train([scene[0]], [scene[1]], model, steps=40, resume=kept)
    assert read_model(model).header["history"][-1]["step"] == 40


def test_the_projections_iterations_are_the_same_in_learning_judging_and_fusing(scene, tmp_path):
    report = tmp_path / "r.html"
    models = {n: str(tmp_path / f"{n}.ssml") for n in (0, 5)}
    made = {
        n: train([scene[0]], [scene[1]], model, steps=8, consistency=n, report=str(report))
        for n, model in reversed(models.items())
    }
    files = {n: read_model(model) for n, model in models.items()}
    assert {n: file.header["consistency"] for n, file in files.items()} == {0: 0, 5: 5}
    assert {n: file.header["settings"]["iterations"] for n, file in files.items()} == {0: 0, 5: 5}
    losses = {n: [record["losses"] for record in file.header["history"]] for n, file in files.items()}
    assert losses[0] != losses[5]
    assert made[0]["scores"]["prior"] != made[5]["scores"]["prior"]  # what all are judged by
    page = report.read_text(encoding="utf-8")  # of the last one, without
    assert html.escape(made[0]["verdict"]) in page
    assert made[0]["checks"][0]["name"] == "Method"
    assert "Regression prior (MTF-GLP)" in page
    assert "projected" not in page

    def fused(n, **more):
        progress = Listening()
        fuse(*scene, models[n], str(tmp_path / "o.tif"), progress=progress, **more)
        return values(tmp_path / "o.tif"), [text for text in progress.told if "iterations" in text]

    for n, other in ((0, 5), (5, 0)):
        usual, told = fused(n)
        assert not told
        same, told = fused(n, consistency=n)
        assert not told
        np.testing.assert_array_equal(usual, same)
        different, told = fused(n, consistency=other)
        assert len(told) == 1
        assert f"learned with {n} iterations" in told[0]
        assert np.abs(usual.astype(int) - different).max() > 1


def test_sharpen_without_projection_learns_and_fuses_without(scene, tmp_path):
    out, model, again = (str(tmp_path / n) for n in ("o.tif", "m.ssml", "again.tif"))
    sharpen(*scene, out, model=model, effort="fast", consistency=0)
    assert read_model(model).header["settings"]["iterations"] == 0
    fuse(*scene, model, again)
    np.testing.assert_array_equal(values(out), values(again))


def test_a_model_that_says_nothing_of_iterations_has_the_usual_ones_and_absurd_ones_are_refused(scene, tmp_path):
    model, old = str(tmp_path / "m.ssml"), str(tmp_path / "old.ssml")
    train([scene[0]], [scene[1]], model, steps=2)
    file = read_model(model)
    header = {key: value for key, value in file.header.items() if key != "consistency"}
    write_model(old, ModelFile(header, file.tensors))
    assert TrainedModel.open(old).iterations == 5
    for wrong in (-1, 51, 2.5, True, "5", None, [5]):
        write_model(old, ModelFile({**header, "consistency": wrong}, file.tensors))
        with pytest.raises(InputError, match="between 0 and 50"):
            TrainedModel.open(old)


def test_networks_that_learn_nothing_leave_the_prior_and_the_user_is_told(scene, tmp_path, monkeypatch):
    """With absurd updates the held-out part says that the networks are worse; then the prior is the result."""
    from core.training import settings

    monkeypatch.setattr(settings.Settings, "__post_init__", lambda self: object.__setattr__(self, "rate", 30.0))
    listening = Listening()
    result = sharpen(*scene, str(tmp_path / "o.tif"), effort="fast", progress=listening)
    assert result["used_prior"]
    assert result["scores"]["mean"] == result["scores"]["prior"]
    assert any("prior is the result" in text for text in listening.told)
    from core.workflows.classical import classical

    classical(*scene, str(tmp_path / "prior.tif"), method="mtf-glp")
    assert np.abs(values(tmp_path / "o.tif").astype(int) - values(tmp_path / "prior.tif")).max() <= 1


def test_a_model_of_other_bands_ratio_or_wavelengths_is_refused(scene, make_raster, tmp_path):
    model, out = str(tmp_path / "m.ssml"), str(tmp_path / "o.tif")
    train([scene[0]], [scene[1]], model, steps=2)
    fewer = make_raster(tmp_path / "fewer.tif", values(scene[0])[:5], LOW, nodata=0)
    with pytest.raises(InputError, match=r"9 bands but fewer.tif has 5"):
        fuse(fewer, scene[1], model, out)
    coarse = make_raster(
        tmp_path / "coarse.tif", values(scene[0])[:, :16, :16], (500000.0, 60.0, 0.0, 5800000.0, 0.0, -60.0)
    )
    with pytest.raises(InputError, match="ratio 4"):
        fuse(coarse, scene[1], model, out)
    assert not os.path.exists(out)


def test_a_file_that_is_no_model_is_refused(scene, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a model")
    with pytest.raises(InputError, match=r"notes\.txt"):
        fuse(*scene, str(path), str(tmp_path / "o.tif"))
    assert not (tmp_path / "o.tif").exists()


def test_training_on_two_scenes_of_different_bands_is_refused(scene, make_raster, tmp_path):
    fewer = make_raster(tmp_path / "fewer.tif", values(scene[0])[:5], LOW)
    with pytest.raises(InputError, match="one sensor"):
        train([scene[0], fewer], [scene[1], scene[1]], str(tmp_path / "m.ssml"), steps=2)


def test_training_on_two_scenes_works_on_a_third(scene, make_raster, materials, tmp_path):
    pairs = []
    for seed in (1, 2):
        truth = materials(96, 96, BANDS, seed).astype(np.float32)
        hsi = np.round(Operators((24, 24), (96, 96), 4).down(truth)).astype(np.uint16)
        pairs.append(
            (
                make_raster(tmp_path / f"h{seed}.tif", hsi, LOW),
                make_raster(tmp_path / f"p{seed}.tif", truth[2:6].mean(0), HIGH),
            )
        )
    model = str(tmp_path / "m.ssml")
    result = train([p[0] for p in pairs], [p[1] for p in pairs], model, steps=15, mode="alone")
    assert result["parameters"]["spectral"] < 250_000
    fuse(*scene, model, str(tmp_path / "o.tif"))
    header = read_model(model).header
    assert [d["hsi"] for d in header["training_data"]] == ["h1.tif", "h2.tif"]
    assert header["settings"]["mode"] == "alone"


def test_a_model_of_chosen_bands_remembers_them(scene, make_raster, tmp_path):
    model, fused, again = (str(tmp_path / name) for name in ("m.ssml", "o.tif", "again.tif"))
    train([scene[0]], [scene[1]], model, steps=5, bands="2-4,7,9")
    header = read_model(model).header
    assert (header["bands"], header["chosen_bands"], header["chosen_of"]) == (5, "2-4,7,9", BANDS)
    assert fuse(*scene, model, fused)["bands"] == 5
    cut = make_raster(tmp_path / "cut.tif", values(scene[0])[[1, 2, 3, 6, 8]], LOW, nodata=0)
    fuse(cut, scene[1], model, again)
    np.testing.assert_array_equal(values(fused), values(again))
    with pytest.raises(InputError, match=r"5 bands \(2-4,7,9 of 9\) but .* has 2"):
        fuse(*scene, model, fused, bands="1-2")


def test_a_model_of_all_bands_says_nothing_of_a_choice(scene, tmp_path):
    model = str(tmp_path / "m.ssml")
    train([scene[0]], [scene[1]], model, steps=2)
    assert not {"chosen_bands", "chosen_of"} & set(read_model(model).header)


def test_an_image_too_small_to_be_degraded_once_more_is_refused(make_raster, materials, tmp_path):
    truth = materials(16 * 9, 16 * 9, BANDS).astype(np.float32)
    blocks = truth.reshape(BANDS, 9, 16, 9, 16).mean((2, 4))
    hsi = make_raster(tmp_path / "h.tif", blocks, (500000.0, 160.0, 0.0, 5800000.0, 0.0, -160.0))
    pan = make_raster(tmp_path / "p.tif", truth[0], HIGH)
    with pytest.raises(InputError, match="classical"):
        sharpen(hsi, pan, str(tmp_path / "o.tif"))
    assert not (tmp_path / "o.tif").exists()
