"""Sharper images of two resolutions in the PAN's place: the coarser is sharpened by the finer, then both are used."""

from __future__ import annotations

import os
import tempfile

import numpy as np
import pytest
from osgeo import gdal

from core.io.reader import RasterReader
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.workflows import gains
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.fuse import fuse
from core.workflows.inspect import inspect
from core.workflows.opening import open_scene
from core.workflows.options.fusion import ClassicalOptions
from core.workflows.sharpen import sharpen
from tests.core.said import Said
from tests.core.several_sizes import GAIN, KNOWN, RATIO, WAVES, degraded, ground, write


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """HSI of 60 m, three bands of 10 m, four of 20 m that show something else, and the truth."""
    folder = tmp_path_factory.mktemp("partners")
    truth, sharp, other = ground(4)
    return {
        "hsi": write(folder / "hsi.tif", degraded(truth, RATIO), 60.0, WAVES),
        "pan": write(folder / "sharp.tif", sharp, 10.0, (480.0, 520.0, 560.0)),
        "pan2": write(folder / "coarse.tif", degraded(other, 2), 20.0, (700.0, 740.0, 780.0, 820.0)),
        "truth": truth,
        "folder": folder,
    }


def error(images, out, **options):
    classical(images["hsi"], options.pop("pan", images["pan"]), str(out), **KNOWN, **options)
    with RasterReader(str(out)) as reader:
        values, valid = reader.read()
    truth = images["truth"][:, : values.shape[1], : values.shape[2]]
    return float(np.sqrt(np.mean((values - truth)[valid] ** 2)))


def test_bands_of_larger_pixels_help_and_the_order_of_the_two_does_not_matter(images, tmp_path):
    alone = error(images, tmp_path / "alone.tif")
    both = error(images, tmp_path / "both.tif", pan2=images["pan2"])
    swapped = error(images, tmp_path / "swapped.tif", pan=images["pan2"], pan2=images["pan"])
    assert both < 0.75 * alone
    assert swapped == pytest.approx(both, rel=1e-4)


def test_the_bands_of_both_lie_on_the_finest_grid_with_what_is_known_of_them(images, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    options = ClassicalOptions(pan2=images["pan2"], mtf=GAIN, shift="none")
    with open_scene(images["hsi"], images["pan"], options, Progress()) as scene:
        assert scene.guides == 7
        assert scene.pan.metadata.wavelengths[:4] == (480.0, 520.0, 560.0, 700.0)
        assert abs(scene.pan.grid.dx) == 10.0
        values, valid = scene.pan.read()
        assert valid.all()
        assert os.listdir(tmp_path)
    assert not os.listdir(tmp_path)
    with RasterReader(images["pan2"]) as coarse:
        stored = coarse.read().values
    again = degraded(values[3:], 2)[:, 3:-3, 3:-3]
    assert np.abs(again - stored[:, 3:-3, 3:-3]).max() < 0.02 * stored.std()


def test_a_blur_between_the_two_that_cannot_be_told_is_no_warning_as_no_option_changes_it(images, monkeypatch):
    monkeypatch.setattr(gains, "measure_blur", lambda scene, progress: None)
    said, options = Said(), ClassicalOptions(pan2=images["pan2"], mtf=GAIN, shift="none")
    with open_scene(images["hsi"], images["pan"], options, said) as scene:
        assert scene.guides == 7
    assert said.warnings == []
    assert any("coarse.tif cannot be told surely from the bands of 10 map units; 0.3" in line for line in said.infos)


def test_bands_of_both_are_numbered_on_and_can_be_chosen(images):
    options = ClassicalOptions(pan2=images["pan2"], pan_bands_used="2,4", shift="none")
    with open_scene(images["hsi"], images["pan"], options, Progress()) as scene:
        assert scene.pan.metadata.wavelengths == (520.0, 700.0)
        assert scene.pan.band_numbers == [2, 4]


def test_two_images_of_one_pixel_size_are_both_used(images, tmp_path):
    twin = write(tmp_path / "twin.tif", degraded(images["truth"][:2], 2), 20.0)
    options = ClassicalOptions(pan2=twin, shift="none")
    with open_scene(images["hsi"], images["pan2"], options, Progress()) as scene:
        assert scene.guides == 6
        assert abs(scene.pan.grid.dx) == 20.0


def test_a_single_band_of_larger_pixels_is_refused(images, tmp_path):
    one = write(tmp_path / "one.tif", degraded(images["truth"][:1], 2), 20.0)
    with pytest.raises(InputError, match="has one band and larger pixels"):
        error(images, tmp_path / "out.tif", pan2=one)


def test_a_second_image_that_covers_less_is_said(images, tmp_path):
    part = str(tmp_path / "part.tif")
    gdal.Translate(part, images["pan2"], srcWin=[0, 0, 48, 30])
    for pan2, warned in ((part, True), (images["pan2"], False)):
        said = Said()
        with open_scene(images["hsi"], images["pan"], ClassicalOptions(pan2=pan2, mtf=GAIN, shift="none"), said):
            pass
        assert any("part.tif covers 62 % of the ground" in text for text in said.warnings) == warned


def test_a_second_image_without_a_crs_is_called_so(images, tmp_path):
    bare = str(tmp_path / "bare.tif")
    gdal.Translate(bare, images["pan2"])
    gdal.Open(bare, gdal.GA_Update).SetProjection("")
    with pytest.raises(InputError, match=r"bare\.tif has no CRS.*--assume-crs EPSG:32633"):
        error(images, tmp_path / "out.tif", pan2=bare)
    error(images, tmp_path / "out.tif", pan2=bare, assume_crs="EPSG:32633")


@pytest.mark.parametrize(("key", "role"), [("pan", "PAN"), ("hsi", "HSI")])
def test_an_image_that_is_given_twice_is_refused(images, tmp_path, key, role):
    with pytest.raises(InputError, match=f"was given as the {role} and as the second sharper image"):
        error(images, tmp_path / "out.tif", pan2=os.path.relpath(images[key]))


def test_the_second_image_is_an_input_that_no_output_may_replace(images):
    with pytest.raises(InputError):
        error(images, images["pan2"], pan2=images["pan2"])


def test_a_result_is_assessed_with_both(images, tmp_path):
    out = tmp_path / "out.tif"
    error(images, out, pan2=images["pan2"])
    scores = assess(str(out), hsi=images["hsi"], pan=images["pan"], pan2=images["pan2"], mtf=GAIN, shift="none")
    alone = assess(str(out), hsi=images["hsi"], pan=images["pan"], mtf=GAIN, shift="none")
    assert scores["d_s_reg"] != alone["d_s_reg"]
    assert scores["consistency"] < 0.05


def test_a_model_remembers_the_bands_of_both(images, tmp_path):
    pytest.importorskip("torch")
    model, learned, fused = (str(tmp_path / name) for name in ("m.safetensors", "learned.tif", "fused.tif"))
    pair = images["hsi"], images["pan"]
    sharpen(*pair, learned, model=model, pan2=images["pan2"], settings={"steps": 2, "checks": 1}, **KNOWN)
    fuse(*pair, model, fused, pan2=images["pan2"], **KNOWN)
    with RasterReader(learned) as first, RasterReader(fused) as second:
        np.testing.assert_allclose(second.read().values, first.read().values, rtol=1e-5)
    with pytest.raises(InputError, match="7"):
        fuse(*pair, model, fused, **KNOWN)


def test_the_table_of_files_names_all_that_are_one_sharper_image(images, tmp_path):
    page = tmp_path / "page.html"
    found = inspect(images["hsi"], images["pan"], report=str(page), pan2=images["pan2"])
    assert (found["pan"]["file"], found["pan"]["others"]) == (images["pan"], ["coarse.tif"])
    assert found["hsi"]["others"] == []
    assert "sharp.tif with coarse.tif" in page.read_text(encoding="utf-8")
