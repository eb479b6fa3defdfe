from __future__ import annotations

import math

import numpy as np
import pytest

from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.operators import wald
from core.operators.fill import fill_invalid
from core.operators.resample import degrader
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress
from core.workflows.simulate import simulate
from tests.core.said import Said

GRID = Grid(500000.0, 5800000.0, 30.0, -30.0, 45, 51)


@pytest.fixture
def job(tmp_path):
    """A function that simulates from an array and reads back what came out."""

    def run(values, ratio=4, valid=None, pan_bands="1-2", dtype="float32", nodata=None, changes=None, **options):
        values = np.asarray(values, float)
        grid = Grid(GRID.x, GRID.y, GRID.dx, GRID.dy, *values.shape[1:])
        metadata = RasterMetadata.plain(len(values), dtype, nodata).replace(**(changes or {}))
        path = tmp_path / "reference.tif"
        with RasterWriter(path, grid, metadata) as writer:
            writer.write(values, np.ones(values.shape, bool) if valid is None else valid)
        hsi, pan = str(tmp_path / "hsi.tif"), str(tmp_path / "pan.tif")
        simulate(str(path), ratio, hsi, pan, pan_bands=pan_bands, **options)
        return RasterReader(hsi), RasterReader(pan)

    return run


def image(bands=3, rows=45, cols=51, seed=0):
    return np.random.default_rng(seed).random((bands, rows, cols)).astype(np.float32) * 1000


@pytest.mark.parametrize("ratio", [2, 3, 5])
def test_the_hsi_is_the_degraded_crop_and_the_pan_the_mean_of_its_bands(job, ratio):
    values = image()
    hsi, pan = job(values, ratio, pan_bands="2-3", mtf_hsi=0.25)
    rows, cols = 45 // ratio * ratio, 51 // ratio * ratio
    crop = values[:, :rows, :cols]
    expected = degrader((rows, cols), (rows // ratio, cols // ratio), ratio, mtf_gain=0.25)(crop.astype(float))
    np.testing.assert_allclose(hsi.read().values, expected, rtol=1e-5)
    np.testing.assert_allclose(pan.read().values[0], crop[1:3].mean(0), rtol=1e-6)
    assert pan.grid == Grid(GRID.x, GRID.y, 30.0, -30.0, rows, cols)
    assert hsi.grid == Grid(GRID.x, GRID.y, 30.0 * ratio, -30.0 * ratio, rows // ratio, cols // ratio)


def test_many_strips_and_groups_of_bands_give_the_same(job, monkeypatch):
    valid = np.ones((5, 45, 51), bool)
    valid[:, 20:24, 10:13] = False
    whole = [reader.read() for reader in job(image(5), 2, valid, nodata=-1.0)]
    monkeypatch.setattr(wald, "STRIP", 1)
    monkeypatch.setattr(wald, "_SAMPLES", 1000)
    for one, other in zip(whole, job(image(5), 2, valid, nodata=-1.0)):
        other = other.read()
        np.testing.assert_allclose(one.values, other.values, rtol=1e-5)
        np.testing.assert_array_equal(one.valid, other.valid)


def test_integers_become_real_numbers_and_keep_what_is_known_of_the_bands(job):
    changes = {
        "names": ("red", "near", "far"),
        "wavelengths": (650.0, 850.0, 1600.0),
        "fwhm": (10.0, 11.0, 12.0),
        "scales": (1e-4,) * 3,
        "offsets": (0.5,) * 3,
        "bbl": (1, 1, 0),
    }
    values = np.round(image())
    hsi, pan = job(values, 4, dtype="int16", nodata=-32768.0, changes=changes)
    read = hsi.read().values
    assert hsi.dtype == pan.dtype == "float32"
    assert np.abs(read - np.round(read)).max() > 0.1
    for key, value in changes.items():
        assert getattr(hsi.metadata, key) == value
    assert hsi.metadata.nodata == -32768.0
    np.testing.assert_allclose(pan.read().values[0], values[:2, :44, :48].mean(0), rtol=1e-6)
    assert (pan.metadata.scales, pan.metadata.offsets) == ((1e-4,), (0.5,))


def test_bands_of_different_scaling_are_averaged_in_physical_units(job):
    changes = {"scales": (1.0, 0.1, 1.0), "offsets": (0.0, 5.0, 0.0)}
    values = image()
    _, pan = job(values, 4, changes=changes)
    expected = (values[0] + (values[1] * 0.1 + 5.0)) / 2
    np.testing.assert_allclose(pan.read().values[0], expected[:44, :48], rtol=1e-5)
    assert (pan.metadata.scales, pan.metadata.offsets) == ((1.0,), (0.0,))


def test_bands_can_be_chosen_by_wavelength(job):
    changes = {"wavelengths": (480.0, 690.0, 691.0)}
    values = image()
    _, pan = job(values, 4, pan_bands="", pan_range="480-690", changes=changes)
    np.testing.assert_allclose(pan.read().values[0], values[:2, :44, :48].mean(0), rtol=1e-6)


@pytest.mark.parametrize(("text", "bands"), [("1-3", [0, 1, 2]), ("2", [1]), ("1, 3", [0, 2]), (" 2 - 3 ", [1, 2])])
def test_band_numbers_count_from_one_and_include_both_ends(job, text, bands):
    values = image()
    _, pan = job(values, 4, pan_bands=text)
    np.testing.assert_allclose(pan.read().values[0], values[bands, :44, :48].mean(0), rtol=1e-6)


def test_one_bad_pixel_makes_one_hsi_pixel_bad_and_does_not_bleed(job):
    values, valid = image(), np.ones((3, 45, 51), bool)
    valid[:, 21, 30] = False
    hsi, pan = job(values, 4, valid, nodata=-9999.0, pan_bands="1-2")
    expected = np.ones((11, 12), bool)
    expected[5, 7] = False
    np.testing.assert_array_equal(hsi.read().valid, np.repeat(expected[None], 3, 0))
    assert hsi.metadata.nodata == -9999.0
    expected = np.ones((44, 48), bool)
    expected[21, 30] = False
    np.testing.assert_array_equal(pan.read().valid[0], expected)
    filled = fill_invalid(values.astype(float), valid.all(0), 16, 0.0)[:, :44, :48]
    clean = degrader((44, 48), (11, 12), 4)(filled)
    got = hsi.read()
    np.testing.assert_allclose(got.values[got.valid], clean[got.valid], rtol=1e-4)


def test_a_pixel_bad_in_one_band_makes_one_hsi_pixel_bad_in_that_band_only(job):
    values, valid = image(), np.ones((3, 45, 51), bool)
    valid[1, 21, 30] = False
    hsi, pan = job(values, 4, valid, nodata=-9999.0, pan_bands="1-2")
    got, expected = hsi.read(), np.ones((3, 11, 12), bool)
    expected[1, 5, 7] = False
    np.testing.assert_array_equal(got.valid, expected)
    expected = np.ones((44, 48), bool)
    expected[21, 30] = False
    np.testing.assert_array_equal(pan.read().valid[0], expected)
    clean = degrader((44, 48), (11, 12), 4)(values[:, :44, :48].astype(float))
    np.testing.assert_allclose(got.values[[0, 2]], clean[[0, 2]], rtol=1e-4)
    assert np.abs(got.values[1] - clean[1])[got.valid[1]].max() < 100  # the gap has not bled


def test_a_pan_without_the_bad_band_is_complete(job):
    valid = np.ones((3, 45, 51), bool)
    valid[2, 21, 30] = False
    _, pan = job(image(), 4, valid, nodata=-9999.0, pan_bands="1-2")
    assert pan.read().valid.all()


def test_nan_marks_bad_pixels_where_the_reference_names_no_nodata_value(job):
    values = image()
    values[:, 5, 5] = math.nan
    hsi, pan = job(values, 4, np.isfinite(values), nodata=math.nan)
    assert math.isnan(hsi.metadata.nodata)
    assert not hsi.read().valid[:, 1, 1].any()
    assert not pan.read().valid[0, 5, 5]


def test_bad_bands_keep_to_themselves(job):
    values, valid = image(4), np.ones((4, 45, 51), bool)
    valid[1] = False  # holds nothing
    valid[2, 0, 0] = False  # listed as bad, with a gap
    hsi, pan = job(values, 4, valid, nodata=-9999.0, pan_bands="1-3", changes={"bbl": (1, 1, 0, 1)})
    got = hsi.read()
    assert not got.valid[1].any()
    assert got.valid[[0, 3]].all()
    assert not got.valid[2, 0, 0]
    assert got.valid[2].sum() == got.valid[2].size - 1
    np.testing.assert_allclose(pan.read().values[0], values[0, :44, :48], rtol=1e-6)
    np.testing.assert_allclose(got.values[3], degrader((44, 48), (11, 12), 4)(values[3, :44, :48]), rtol=1e-4)


def test_every_band_can_have_a_gain_of_its_own(job):
    values = image()
    hsi, _ = job(values, 4, mtf_hsi=[0.2, 0.3, 0.2])
    for band, gain in enumerate((0.2, 0.3, 0.2)):
        expected = degrader((44, 48), (11, 12), 4, mtf_gain=gain)(values[band, :44, :48].astype(float))
        np.testing.assert_allclose(hsi.read().values[band], expected, rtol=1e-5)


def test_the_pans_own_mtf_is_applied_on_its_own_grid(job):
    values, valid = image(), np.ones((3, 45, 51), bool)
    sharp = job(values, 4)[1].read().values[0].astype(float)
    blurred = job(values, 4, mtf_pan=0.15)[1].read().values[0]
    assert blurred.mean() == pytest.approx(sharp.mean(), rel=0.01)
    assert blurred.std() < 0.6 * sharp.std()
    stripes = np.tile([0.0, 1000.0], (3, 45, 26))[:, :, :51]  # the PAN's Nyquist frequency
    for gain in (0.05, 0.15, 0.5, 0.9):
        inner = job(stripes, 4, mtf_pan=gain)[1].read().values[0][:, 10:-10]
        assert np.ptp(inner) / 1000 == pytest.approx(gain, abs=1e-3)
    valid[:, 20, 20] = False
    assert job(values, 4, valid, nodata=-1.0, mtf_pan=0.15)[1].read().valid.sum() == 44 * 48 - 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"pan_bands": "2-9"}, r"no bands 2-9 in reference.tif"),
        ({"pan_bands": "3-1"}, r"no bands 3-1"),
        ({"pan_bands": "0-2"}, r"no bands 0-2"),
        ({"pan_bands": "visible"}, r"does not name bands"),
        ({"pan_bands": ""}, r"Say which bands"),
        ({"pan_bands": "1-2", "pan_range": "400-500"}, r"Say which bands"),
        ({"pan_bands": "", "pan_range": "400-500"}, r"no wavelengths; give"),
        ({"pan_bands": "", "pan_range": "blue"}, r"no sensor known"),
        ({"pan_bands": "", "pan_range": "sentinel-2x"}, r"no sensor known here; is it sentinel-2"),
        (
            {"pan_bands": "", "pan_range": "100-200", "changes": {"wavelengths": (500.0, 600.0, 700.0)}},
            r"no band from 100 to 200 nm",
        ),
        ({"pan_bands": "3", "changes": {"bbl": (1, 1, 0)}}, r"bad bands"),
        ({"ratio": 1.4}, r"ratio is 1.4, but it lies between 1.5 and 40"),
        ({"ratio": 41}, r"between 1.5 and 40"),
        ({"ratio": 6}, r"too few for ratio 6"),
        ({"mtf_hsi": 0.0}, r"between 0 and 1"),
        ({"mtf_hsi": 1.0}, r"between 0 and 1"),
        ({"mtf_hsi": [0.3, 0.3]}, r"2 MTF gains"),
        ({"mtf_pan": 1.5}, r"between 0 and 1"),
    ],
)
def test_wrong_parameters_get_one_sentence_and_leave_nothing(job, tmp_path, options, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        job(image(), **options)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["reference.tif"]


def test_a_reference_without_one_whole_block_of_valid_pixels_is_refused(job):
    valid = np.zeros((3, 45, 51), bool)
    valid[:, ::2, ::2] = True
    with pytest.raises(InputError, match="no block of 4 x 4 valid pixels"):
        job(image(), 4, valid, nodata=-1.0)


def test_the_two_outputs_and_the_reference_must_be_three_files(job, tmp_path):
    job(image())
    reference, hsi = str(tmp_path / "reference.tif"), str(tmp_path / "a.tif")
    for outputs in ((hsi, hsi), (reference, hsi), (hsi, reference), (hsi, str(tmp_path / "." / "a.tif"))):
        with pytest.raises(InputError, match=r"same file|input files"):
            simulate(reference, 4, *outputs, pan_bands="1-2")
    with pytest.raises(InputError, match="same file"):  # they would share their header
        simulate(reference, 4, str(tmp_path / "b.img"), str(tmp_path / "b.dat"), pan_bands="1-2")
    with pytest.raises(InputError, match="does not exist"):
        simulate(reference, 4, hsi, str(tmp_path / "missing" / "b.tif"), pan_bands="1-2")


def test_stopping_leaves_neither_output(job, tmp_path):
    class Stop(Progress):
        done = False

        def set(self, fraction, text=None):
            self.done = self.done or fraction > 0.5

        def cancelled(self):
            return self.done

    job(image())
    for name in ("hsi.tif", "pan.tif"):
        (tmp_path / name).unlink()
    with pytest.raises(Cancelled):
        simulate(
            str(tmp_path / "reference.tif"),
            2,
            str(tmp_path / "hsi.tif"),
            str(tmp_path / "pan.tif"),
            pan_bands="1-2",
            progress=Stop(),
        )
    assert [path.name for path in tmp_path.iterdir()] == ["reference.tif"]


def filled(place, value=-9999):
    """An image of integers with a fill value, and where it is not."""
    values, valid = np.round(image(12)), np.ones((45, 51), bool)
    valid[place] = False
    values[:, ~valid] = value
    return values, np.broadcast_to(valid, values.shape)


@pytest.mark.parametrize("place", [np.s_[:, :9], np.s_[20:23, 30:34]], ids=["at the border", "inside"])
def test_a_fill_value_that_is_not_declared_does_not_enter_the_pair(job, place):
    values, valid = filled(place)
    expected = [reader.read() for reader in job(values, 4, valid, dtype="int16", nodata=-9999.0)]
    said, quiet = Said(), Said()
    found = job(values, 4, dtype="int16", progress=said)
    for one, other in zip(expected, found):
        other = other.read()
        np.testing.assert_array_equal(other.valid, one.valid)
        np.testing.assert_array_equal(other.values, one.values)
    (warning,) = said.warnings
    for words in ("reference.tif", "-9999", "--hsi-nodata -9999 (HSI_NODATA)"):
        assert words in warning
    hsi, _ = job(values, 4, dtype="int16", hsi_nodata="-9999", progress=quiet)
    np.testing.assert_array_equal(hsi.read().values, expected[0].values)
    assert not quiet.warnings


def test_none_keeps_a_fill_value_as_data(job):
    values, _ = filled(np.s_[:, :9])
    hsi, _ = job(values, 4, dtype="int16", hsi_nodata="none")
    assert hsi.read().values.min() < -5000


def test_what_a_layer_says_of_the_reference_counts(job, tmp_path):
    values, valid = filled(np.s_[:, :9], -7)
    expected, _ = job(values, 4, valid, dtype="int16", nodata=-7.0)
    read = expected.read()
    hsi, _ = job(values, 4, dtype="int16", layers={str(tmp_path / "reference.tif"): ("-7", "")})
    np.testing.assert_array_equal(hsi.read().values, read.values)
