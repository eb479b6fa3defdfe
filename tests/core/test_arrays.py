"""Arrays go through the engine that files go through."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import core
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress
from tests.core import array_pair
from tests.core.array_pair import RATIO, ROOT, WAVES, values

pair, files, temporary = array_pair.pair, array_pair.files, array_pair.temporary  # fixtures


def test_the_pixels_of_classical_arrays_are_those_of_files(pair, files, tmp_path):
    made = core.classical_arrays(*pair, RATIO, method="gsa", wavelengths=WAVES, mtf=0.3)
    core.classical(*files, tmp_path / "out.tif", method="gsa", mtf=0.3)
    np.testing.assert_array_equal(made.fused, values(tmp_path / "out.tif"))
    assert made.fused.dtype == np.uint16
    assert made.fused.flags.writeable
    assert (made.nodata, made.disagreement) == (None, None)
    told = ("look", "pan_correlation", "mtf_gain", "range", "verdict", "mark", "checks", "advice")
    seen = {name: made.facts[name] for name in told}
    seen["moved"] = {"rows": 0.0, "columns": 0.0, "local": 0.0}
    known = {"method": "gsa", "ratio": RATIO, "bands": 5, "rows": 64, "cols": 96, "placement": "", "warnings": []}
    assert made.facts == {**known, "result": "Gram-Schmidt, adaptive (GSA)", **seen}
    assert set(seen["look"]) == {"residual", "band", "band_residual", "outside", "samples", "denoised"}
    assert set(seen["pan_correlation"]) == {"level", "detail"}
    assert set(seen["mtf_gain"]) == {"rows", "columns", "source", "sensor", "said", "measured"}


def test_the_pixels_of_sharpened_and_fused_arrays_are_those_of_files(pair, files, tmp_path):
    pytest.importorskip("torch")
    options = {"device": "cpu", "seed": 3, "settings": {"steps": 4}}
    model = tmp_path / "m.safetensors"
    made = core.sharpen_arrays(*pair, RATIO, wavelengths=WAVES, disagreement=True, model=model, **options)
    core.sharpen(*files, tmp_path / "out.tif", disagreement=tmp_path / "spread.tif", **options)
    np.testing.assert_array_equal(made.fused, values(tmp_path / "out.tif"))
    np.testing.assert_array_equal(made.disagreement, values(tmp_path / "spread.tif"))
    assert {"mean", "prior"} <= set(made.facts["scores"])
    assert "output" not in made.facts
    again = core.fuse_arrays(*pair, model, RATIO, wavelengths=WAVES, disagreement=True, device="cpu")
    core.fuse(*files, model, tmp_path / "again.tif", device="cpu")
    np.testing.assert_array_equal(again.fused, values(tmp_path / "again.tif"))
    assert again.disagreement.shape == (64, 96)
    assert core.info(model)["wavelengths"] == WAVES


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64", ">f4", ">i2"])
def test_the_type_is_kept_and_any_layout_of_memory_gives_the_same(pair, dtype):
    hsi, pan = (np.minimum(array // 16, 255).astype(dtype) for array in pair)
    made = core.classical_arrays(hsi, pan[None], RATIO)
    assert made.fused.dtype == np.dtype(dtype).newbyteorder("=")
    turned = np.asfortranarray(hsi), np.repeat(pan, 2, axis=0)[::2]
    np.testing.assert_array_equal(core.classical_arrays(*turned, RATIO).fused, made.fused)


def test_half_precision_is_fused_as_the_numbers_that_it_holds(pair):
    hsi, pan = ((array / 65535).astype(np.float16) for array in pair)
    made = core.classical_arrays(hsi, pan, RATIO, mtf=0.3)
    assert made.fused.dtype == np.float32
    same = core.classical_arrays(hsi.astype(np.float32), pan.astype(np.float32), RATIO, mtf=0.3)
    np.testing.assert_array_equal(made.fused, same.fused)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"nodata": "x"}, "The nodata value of hsi is 'x'"),
        ({"nodata": [0, 1]}, r"The nodata value of hsi is \[0, 1\]"),
        ({"pan_nodata": [0]}, r"The nodata value of pan is \[0\]"),
        ({"wavelengths": ["red"] * 5}, "A wavelength is 'red'"),
    ],
)
def test_what_is_no_number_is_refused_by_its_name(pair, options, words):
    with pytest.raises(InputError, match=words):
        core.classical_arrays(*pair, RATIO, **options)


def test_what_has_no_value_stays_so(pair):
    hsi, pan = pair[0].astype(np.int16), pair[1].astype(np.float32)
    hsi[:, 3, 5], pan[40, 50] = -1, np.nan
    made = core.classical_arrays(hsi, pan, RATIO, nodata=-1)
    assert made.nodata == -1
    lost = (made.fused == -1).all(axis=0)
    assert lost[12:16, 20:24].all()
    assert lost[40, 50]
    assert lost.sum() == 17


@pytest.mark.parametrize(("dtype", "stands"), [("float32", np.nan), ("int16", -32768), ("uint16", 7)])
def test_masked_numbers_have_no_value(pair, dtype, stands):
    hsi, pan = (np.maximum(array // 3, 9).astype(dtype) for array in pair)
    mask = np.zeros(hsi.shape, bool)
    mask[:, 3, 5] = True
    filled = hsi.copy()
    filled[mask] = stands
    told = {} if np.isnan(stands) else {"nodata": stands}
    expected = core.classical_arrays(filled, pan, RATIO, **told)
    masked = np.ma.array(hsi, mask=mask, fill_value=stands)
    made = core.classical_arrays(masked, np.ma.array(pan), RATIO)
    np.testing.assert_array_equal(made.fused, expected.fused)
    np.testing.assert_equal(made.nodata, expected.nodata)


def test_a_fill_value_that_a_valid_number_has_stands_for_nothing(pair):
    hsi = np.maximum(pair[0] // 3, 9).astype(np.int16)
    masked = np.ma.array(hsi, mask=np.zeros(hsi.shape, bool), fill_value=hsi[0, 0, 0])
    masked.mask[:, 3, 5] = True
    assert core.classical_arrays(masked, pair[1], RATIO).nodata == np.iinfo(np.int16).min


def test_options_may_be_sequences_and_none_leaves_them_as_they_are(pair):
    text = core.classical_arrays(*pair, RATIO, bands="1,3,4", mtf="0.3,0.2")
    given = core.classical_arrays(
        *pair, RATIO, bands=np.array([1, 3, 4]), mtf=(0.3, 0.2), method=None, consistency=None
    )
    np.testing.assert_array_equal(given.fused, text.fused)


def test_an_option_that_arrays_have_not_is_refused_with_the_one_that_was_meant(pair):
    for word, words in (("wavelenghts", "is it wavelengths"), ("methd", "is it method"), ("output", "no option")):
        with pytest.raises(TypeError, match=words):
            core.classical_arrays(*pair, RATIO, **{word: ""})


def test_an_extent_of_arrays_counts_pan_pixels_from_the_lower_left_corner(pair):
    whole = core.classical_arrays(*pair, RATIO)
    part = core.classical_arrays(*pair, RATIO, extent=(8, 4, 48, 24))
    np.testing.assert_array_equal(part.fused, whole.fused[:, 40:60, 8:48])


WRONG = {
    "no ratio": (lambda hsi, pan: (hsi, pan), "give the ratio"),
    "a fraction": (lambda hsi, pan: (hsi, pan, 2.5), r"ratio 2\.5 it must be \(40, 60\)"),
    "too coarse": (lambda hsi, pan: (hsi, pan, 41), "must be a number from 1.5 to 40"),
    "a word": (lambda hsi, pan: (hsi, pan, "4"), "must be a number"),
    "another ratio": (lambda hsi, pan: (hsi, pan, 2), r"it must be \(32, 48\)"),
    "two dimensions": (lambda hsi, pan: (hsi[0], pan, 4), "bands, rows, columns"),
    "several bands": (lambda hsi, pan: (hsi, np.stack([pan, pan])[:, :-1], 4), r"pan has the shape \(2, 63, 96\)"),
    "complex numbers": (lambda hsi, pan: (hsi.astype(complex), pan, 4), "complex128"),
    "truth values": (lambda hsi, pan: (hsi > 0, pan, 4), "bool"),
    "text": (lambda hsi, pan: (hsi.astype(str), pan, 4), "convert it to float32"),
    "no bands": (lambda hsi, pan: (hsi[:0], pan, 4), r"shape \(0, 16, 24\)"),
    "bands last": (lambda hsi, pan: (np.moveaxis(hsi, 0, -1), pan, 4), r"np\.moveaxis\(hsi, -1, 0\)"),
    "sharp bands last": (lambda hsi, pan: (hsi, np.stack([pan, pan], -1), 4), r"np\.moveaxis\(pan, -1, 0\)"),
    "all bands last": (lambda hsi, pan: (np.moveaxis(hsi, 0, -1), pan[..., None], 4), r"hsi and pan lie last"),
    "a path": (lambda hsi, pan: ("hsi.tif", pan, 4), "hsi is of type str"),
    "a list": (lambda hsi, pan: (hsi, pan.tolist(), 4), "pan is of type list"),
    "one band": (lambda hsi, pan: (hsi[:1], pan, 4), "has one band"),
    "small": (lambda hsi, pan: (hsi[:, :2, :2], pan[:8, :8], 4), "at least 8 are needed"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_arrays_are_refused_in_one_sentence(pair, wrong):
    make, words = WRONG[wrong]
    with pytest.raises(InputError, match=words) as caught:
        core.classical_arrays(*make(*pair))
    assert str(caught.value).count("\n") == 0


def test_wrong_facts_are_refused_in_one_sentence(pair):
    for options, words in [
        ({"nodata": -9999}, "no nodata value -9999"),
        ({"nodata": np.nan}, "no nodata value nan"),
        ({"wavelengths": [450.0]}, "1 wavelengths for 5 bands"),
        ({"wavelengths": [[450.0] * 5]}, r"wavelengths has the shape \(1, 5\)"),
        ({"wavelengths": 450.0}, r"wavelengths has the shape \(\)"),
        ({"wavelengths": [-450.0] * 5}, "A wavelength is -450"),
        ({"method": "magic"}, "no classical method"),
    ]:
        with pytest.raises(InputError, match=words):
            core.classical_arrays(*pair, RATIO, **options)


def test_nothing_is_left_when_the_user_stops(pair):
    class Stopped(Progress):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        core.classical_arrays(*pair, RATIO, progress=Stopped())


def test_numpy_arrays_do_not_load_xarray():
    code = (
        "import sys, numpy as np, core; rng = np.random.default_rng(0);"
        "core.classical_arrays(rng.random((3, 8, 8)), rng.random((16, 16)), 2); sys.exit('xarray' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
