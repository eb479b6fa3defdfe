from __future__ import annotations

import math

import numpy as np
import pytest

from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.operators.pair import Operators
from core.quality.reference import ReferenceIndices
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.simulate import simulate


def scores(fused, reference):
    """SAM and ERGAS at ratio 4 of a whole image."""
    with RasterReader(fused) as result, RasterReader(reference) as truth:
        rows, cols = result.grid.rows, result.grid.cols
        indices = ReferenceIndices(result.bands, 4, np.ones(result.bands))
        indices.update(result.read().values, truth.read().values[:, :rows, :cols], np.ones((rows, cols), bool))
        values = indices.result()
        return values["sam"], values["ergas"]


@pytest.mark.parametrize(
    ("scene", "bands", "sam", "ergas"),
    [
        ("aviris_los_angeles/urban-5.tif", "6-36", 2.63, 2.88),
        ("aviris_los_angeles/airport-2.tif", "6-36", 2.27, 2.12),
        ("indian_pines/hsi.tif", "7-33", 2.25, 1.058),
    ],
)
def test_mtf_glp_is_as_good_as_is_known_of_it(tmp_path, scenes, scene, bands, sam, ergas):
    reference = scenes / scene
    if not reference.is_file():
        pytest.skip(f"no {scene} among the scenes")
    hsi, pan, out = (str(tmp_path / name) for name in ("hsi.tif", "pan.tif", "out.tif"))
    simulate(str(reference), 4, hsi, pan, pan_bands=bands)
    classical(hsi, pan, out, consistency=0)
    plain = scores(out, reference)
    assert plain[0] == pytest.approx(sam, rel=0.02)
    assert plain[1] == pytest.approx(ergas, rel=0.02)
    classical(hsi, pan, out)  # the projection makes it better
    projected = scores(out, reference)
    assert projected[0] < plain[0]
    assert projected[1] < plain[1]


@pytest.fixture
def pair(tmp_path):
    """A function that writes an HSI and a PAN of ratio 3 and gives their paths."""

    def make(dtype="int16", nodata=None, hsi_gap=None, pan_gap=None, suffix=".tif", **changes):
        rng = np.random.default_rng(0)
        hsi, pan = rng.random((3, 12, 10)) * 900 + 50, rng.random((1, 36, 30)) * 400
        valid, pan_valid = np.ones(hsi.shape[1:], bool), np.ones(pan.shape[1:], bool)
        if hsi_gap:
            valid[hsi_gap] = False
        if pan_gap:
            pan_valid[pan_gap] = False
        paths = str(tmp_path / f"hsi{suffix}"), str(tmp_path / "pan.tif")
        metadata = RasterMetadata.plain(3, dtype, nodata).replace(**changes)
        with RasterWriter(paths[0], Grid(6e5, 5e6, 30.0, -30.0, 12, 10), metadata) as writer:
            writer.write(hsi, valid)
        metadata = RasterMetadata.plain(1, "float32", math.nan if pan_gap else None)
        with RasterWriter(paths[1], Grid(6e5, 5e6, 10.0, -10.0, 36, 30), metadata) as writer:
            writer.write(pan, pan_valid)
        return paths

    return make


def test_up_sampling_takes_nothing_from_the_pan(tmp_path, pair):
    hsi, pan = pair("float32")
    out = str(tmp_path / "out.tif")
    made = classical(hsi, pan, out, method="exp", consistency=0)
    expected = {
        "output": out,
        "method": "exp",
        "ratio": 3,
        "bands": 3,
        "rows": 36,
        "cols": 30,
    }
    assert {key: made[key] for key in expected} == expected
    expected = Operators((12, 10), (36, 30), 3).up(RasterReader(hsi).read().values)
    np.testing.assert_allclose(RasterReader(out).read().values, expected, atol=1e-2)


@pytest.mark.parametrize("suffix", [".tif", ".img"])
def test_the_output_has_the_hsis_metadata_and_the_pans_grid(tmp_path, pair, suffix):
    changes = {
        "names": ("a", "b", "c"),
        "wavelengths": (500.0, 600.0, 700.0),
        "fwhm": (5.0, 6.0, 7.0),
        "scales": (1e-4,) * 3,
        "offsets": (0.0,) * 3,
    }
    hsi, pan = pair("uint16", 65535.0, **changes)
    out = str(tmp_path / f"out{suffix}")
    classical(hsi, pan, out)
    with RasterReader(out) as result, RasterReader(pan) as fine:
        assert result.grid == fine.grid
        assert result.dtype == "uint16"
        for key in ("wavelengths", "fwhm", "scales", "offsets", "nodata"):
            assert getattr(result.metadata, key) == getattr(RasterReader(hsi).metadata, key)


@pytest.mark.parametrize(
    ("dtype", "expected"), [("uint8", 0.0), ("uint16", 0.0), ("int16", -32768.0), ("float32", math.nan)]
)
def test_a_nodata_value_is_found_where_one_is_needed_and_there_is_none(tmp_path, pair, dtype, expected):
    hsi, pan = pair(dtype, None, pan_gap=(4, 5))
    out = str(tmp_path / "out.tif")
    classical(hsi, pan, out)
    with RasterReader(out) as result:
        np.testing.assert_equal(result.metadata.nodata, expected)
        block = result.read()
    assert not block.valid[:, 4, 5].any()
    assert block.valid.sum() == 3 * (36 * 30 - 1)


def test_no_nodata_value_is_invented_where_all_is_valid(tmp_path, pair):
    out = str(tmp_path / "out.tif")
    classical(*pair("int16"), out)
    assert RasterReader(out).metadata.nodata is None


def test_bad_pixels_come_out_as_the_hsis_nodata(tmp_path, pair):
    out = str(tmp_path / "out.tif")
    classical(*pair("int16", -999.0, hsi_gap=(2, 3)), out)
    with RasterReader(out) as result:
        assert result.metadata.nodata == -999.0
        valid = result.read().valid
    expected = np.ones((36, 30), bool)
    expected[6:9, 9:12] = False
    np.testing.assert_array_equal(valid, np.repeat(expected[None], 3, 0))


def test_an_extent_gives_the_same_pixels_of_a_part(tmp_path, pair):
    hsi, pan = pair()
    whole, part = str(tmp_path / "whole.tif"), str(tmp_path / "part.tif")
    classical(hsi, pan, whole)
    classical(hsi, pan, part, extent=(6e5 + 50, 5e6 - 200, 6e5 + 121, 5e6 - 99))
    with RasterReader(part) as result:
        assert result.grid == Grid(6e5 + 50, 5e6 - 100, 10.0, -10.0, 10, 7)
        np.testing.assert_allclose(result.read().values, RasterReader(whole).read().values[:, 10:20, 5:12], atol=1.0)
    with pytest.raises(InputError, match=r"lies outside .*, x 600000 to 600300 and y 4999640 to 5000000;"):
        classical(hsi, pan, str(tmp_path / "none.tif"), extent=(0, 0, 1, 1))
    assert not (tmp_path / "none.tif").exists()


def test_the_same_job_gives_the_same_file_contents(tmp_path, pair):
    hsi, pan = pair("float32")
    results = []
    for name in ("a.tif", "b.tif"):
        classical(hsi, pan, str(tmp_path / name))
        results.append(RasterReader(tmp_path / name).read().values)
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"method": "magic"}, "choose one of exp, "),
        ({"consistency": -1}, "between 0"),
        ({"consistency": 1000}, "between 0"),
        ({"mtf": 0.0}, "between 0 and 1"),
        ({"mtf": 1.0}, "between 0 and 1"),
    ],
)
def test_wrong_parameters_get_one_sentence(tmp_path, pair, options, sentence):
    hsi, pan = pair()
    with pytest.raises(InputError, match=sentence):
        classical(hsi, pan, str(tmp_path / "out.tif"), **options)
    assert not (tmp_path / "out.tif").exists()


def test_stopping_leaves_no_output_and_a_former_one_untouched(tmp_path, pair):
    class Stop(Progress):
        fraction = 0.0

        def set(self, fraction, text=None):
            self.fraction = max(self.fraction, fraction)

        def cancelled(self):
            return self.fraction >= 0.25

    hsi, pan = pair()
    out = tmp_path / "out.tif"
    out.write_bytes(b"former")
    with pytest.raises(Cancelled):
        classical(hsi, pan, str(out), progress=Stop())
    assert out.read_bytes() == b"former"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hsi.tif", "out.tif", "pan.tif"]
