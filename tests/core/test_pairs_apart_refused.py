"""What cannot be done with pairs whose grids are not parallel is refused in one sentence."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from benchmarks.pairs_apart import PIXEL, RATIO, Case, Ground, Image, swath, with_arrays, write
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.workflows.classical import classical
from tests.core import made_apart
from tests.core.made_apart import FIXED
from tests.core.open_datasets import open_datasets

made = made_apart.made  # a fixture

WRONG = {
    "elsewhere": (
        Image.affine(PIXEL / RATIO, 0.0, 32634),
        r"do not overlap: hsi\.tif covers longitudes 13\.\d+ to 13\.\d+",
    ),
    "as coarse as the HSI": (Image.affine(25.0, 20.0), "is not sharper than the HSI"),
    "a few pixels": (Image.affine(PIXEL / RATIO, 20.0, 32633, 4 * PIXEL), "overlap by only"),
    "a few pixels in a larger window": (Image.affine(PIXEL / RATIO, 45.0, 32633, 6 * PIXEL), "overlap by only 3. HSI"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_done_is_refused_in_one_sentence(tmp_path, name):
    pan, words = WRONG[name]
    if name == "elsewhere":
        far = np.add(pan.transform, [60_000.0, 0, 0, 0, 0, 0])
        pan = Image(pan.rows, pan.cols, pan.places, 32634, tuple(far))
    low = Image.affine(PIXEL)
    hsi = write(tmp_path / "hsi.tif", Ground().at(*low.centres()), low)
    high = write(tmp_path / "pan.tif", np.ones((1, pan.rows, pan.cols), np.float32), pan)
    with pytest.raises(InputError, match=words) as error:
        open_pair(hsi, high)
    assert str(error.value).endswith(".")


def test_a_geolocation_of_another_image_is_refused(tmp_path):
    case = Case("small", swath(), Image.affine(PIXEL / RATIO), with_arrays)
    hsi, pan, more = case.files(tmp_path, Ground())
    write(tmp_path / "igm.tif", np.zeros((2, 10, 12)))
    with pytest.raises(InputError, match=r"igm\.tif has 10 x 12 pixels, but hsi\.tif has 64 x 64"):
        classical(hsi, pan, tmp_path / "out.tif", **FIXED, geolocation=more["geolocation"])
    with pytest.raises(InputError, match=r"no\.tif cannot be read"):
        classical(hsi, pan, tmp_path / "out.tif", **FIXED, geolocation=str(tmp_path / "no.tif"))


def test_the_pans_grid_is_refused_where_control_points_place_the_pan(made, tmp_path):
    folder, _, _, more = made("PAN by control points")
    with pytest.raises(InputError, match=r"pan\.tif lies on no map grid.*--grid auto or hsi"):
        classical(folder / "hsi.tif", folder / "pan.tif", tmp_path / "out.tif", grid="pan", **FIXED, **more)


@pytest.mark.parametrize("name", ["PAN by control points", "PAN by RPCs"])
def test_a_closed_pair_and_its_grids_keep_no_dataset_open(made, name):
    folder = made(name)[0]
    gc.collect()  # what making it has left
    before = open_datasets()
    scene = open_pair(folder / "hsi.tif", folder / "pan.tif")
    scene.pan_rows(0, 8)
    scene.close()
    assert open_datasets() <= before


def test_what_an_envi_header_cannot_say_is_refused(made, tmp_path):
    folder, _, _, more = made("swath with a GLT")
    with pytest.raises(InputError, match=r"out\.bsq is to lie in sensor geometry.*GeoTIFF"):
        classical(folder / "hsi.tif", folder / "pan.tif", tmp_path / "out.bsq", **FIXED, **more)
    assert not list(tmp_path.iterdir())
