"""Rasters as they come: the result is right, or refused in one sentence.

What is right is computed from the arrays that were written, with numpy alone.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from osgeo import gdal

from core.runtime.errors import InputError
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.fuse import fuse
from core.workflows.sharpen import sharpen
from core.workflows.simulate import simulate

from .drawn import Case, X, Y, cases, expected, write
from .jobs import Files, left

CASES = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def is_sentence(text: str) -> str:
    assert text.endswith("."), text
    assert "\n" not in text
    return text


def check(case: Case, run, folder: Path, keeps_constants: bool = True) -> str:
    """Run a job; the sentence that it refuses with, or "" where its result is right.

    Args:
        keeps_constants: whether a constant band comes out as it is, which methods that mix bands do not promise.
    """
    output = folder / f"out {case.name[:150]}.tif"
    before = left(folder)
    try:
        run(str(output))
    except InputError as error:
        assert left(folder) == before
        return is_sentence(str(error))
    known = expected(case)
    assert known is not None
    ranges, valid, good = known
    dataset = gdal.Open(str(output))
    x, dx, _, y, _, dy = dataset.GetGeoTransform()
    assert (dx, dy) == (30.0, -30.0)
    assert x == pytest.approx(X + 30.0 * (case.shift[1] + ranges[1].start), abs=1e-6)
    assert y == pytest.approx(Y - 30.0 * (case.shift[0] + ranges[0].start), abs=1e-6)
    found = dataset.ReadAsArray()
    assert found.shape == (len(case.hsi), *valid.shape[1:])
    assert found.dtype == case.hsi.dtype
    nodata = dataset.GetRasterBand(1).GetNoDataValue()
    stored = np.zeros(found.shape, bool)
    if nodata is not None:
        stored = np.isnan(found) if math.isnan(nodata) else found == found.dtype.type(nodata)
    np.testing.assert_array_equal(~stored[good], valid)
    assert np.isfinite(found[~stored].astype(np.float64)).all()
    for band, known in zip(np.flatnonzero(good), valid):
        values = case.hsi[band][case.hsi_valid[band]]
        if (
            keeps_constants
            and case.hsi.dtype.kind == "f"
            and values.size
            and (values == values[0]).all()
            and known.any()
        ):
            np.testing.assert_allclose(found[band][known], values[0], rtol=1e-4, atol=1e-37)
    return ""


@settings(CASES, max_examples=120)
@given(case=cases(), method=st.sampled_from(["exp", "mtf-glp", "gsa", "brovey", "gfpca", "bdsd", "cnmf"]))
def test_classical_fusion_is_right_or_refused(case, method, tmp_path_factory, make_raster):
    folder = tmp_path_factory.mktemp("bad")
    hsi, pan = write(case, folder, make_raster)
    check(case, lambda output: classical(hsi, pan, output, method=method), folder, method in ("exp", "mtf-glp"))


@settings(CASES, max_examples=10)
@given(case=cases(least=16, most=18, ratios=(2,)))
def test_learning_is_right_or_refused(case, tmp_path_factory, make_raster):
    folder = tmp_path_factory.mktemp("bad")
    hsi, pan = write(case, folder, make_raster)
    report = folder / "r.html"
    quick = {"steps": 2, "checks": 1}
    check(case, lambda output: sharpen(hsi, pan, output, report=str(report), settings=quick, device="cpu"), folder)


@settings(CASES, max_examples=40)
@given(case=cases(least=33, most=40, ratios=(2, 3)))
def test_assessment_and_simulation_are_right_or_refused(case, tmp_path_factory, make_raster):
    """The HSI stands for a reference and for a result at once: what is alike is perfect."""
    folder = tmp_path_factory.mktemp("bad")
    hsi, _ = write(case, folder, make_raster)
    try:
        scores = assess(hsi, reference=hsi, ratio=2, json_path=str(folder / "a.json"), report=str(folder / "a.html"))
        for key, perfect in (("rmse", 0.0), ("sam", 0.0), ("ergas", 0.0), ("cc", 1.0), ("ssim", 1.0), ("uiqi", 1.0)):
            assert scores[key] is None or scores[key] == pytest.approx(perfect, abs=1e-3), key
    except InputError as error:
        is_sentence(str(error))
    outputs = [str(folder / name) for name in ("low.tif", "sharp.tif")]
    try:
        simulate(hsi, case.ratio, *outputs, pan_bands="1-2")
    except InputError as error:
        is_sentence(str(error))
        assert not any(map(os.path.exists, outputs))
        return
    for path in outputs:
        dataset = gdal.Open(path)
        nodata = dataset.GetRasterBand(1).GetNoDataValue()
        found = dataset.ReadAsArray()
        assert np.isfinite(found).all() or (nodata is not None and math.isnan(nodata))


@pytest.fixture(scope="session")
def wide(files, make_raster, tmp_path_factory):
    """(hsi, pan arrays, function that writes them) of a scene that the model fits, large enough to see far."""
    bands = gdal.Open(files.hsi).RasterCount
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:80, :80]
    base = np.sin(x / 6) + np.cos(y / 5) + rng.random((80, 80))
    hsi = (1000 + 200 * base * np.linspace(0.5, 2, bands)[:, None, None]).astype(np.float32)
    pan = np.kron(hsi.mean(0), np.ones((2, 2))).astype(np.float32) + rng.random((160, 160), np.float32)
    folder = tmp_path_factory.mktemp("wide")

    def place(name, hsi, pan):
        return (
            make_raster(folder / f"{name}h.tif", hsi, (X, 20.0, 0.0, Y, 0.0, -20.0), nodata=-1.0),
            make_raster(folder / f"{name}p.tif", pan, (X, 10.0, 0.0, Y, 0.0, -10.0), nodata=-1.0),
        )

    return hsi, pan, place


def reach(files: Files) -> int:
    """PAN pixels from a pixel to the farthest one that it depends on: the networks', the projection's, the filters'."""
    from core.models.pair import Pair
    from core.models.trained import TrainedModel

    pair: Pair = TrainedModel.open(files.model).pair
    ratio, iterations, cubic, gaussian, fill = 2, 1, 2, 4, 4
    low = cubic + (iterations + 1) * (gaussian + cubic + 1) + fill
    return max(network.receptive_field for network in pair.networks) + ratio * (low + cubic + gaussian)


@settings(CASES, max_examples=4)
@given(row=st.integers(0, 79), col=st.integers(0, 30), where=st.sampled_from(["hsi", "pan"]))
def test_far_from_nodata_nothing_changes_by_a_single_bit(row, col, where, files, wide, tmp_path_factory):
    hsi, pan, place = wide
    folder = tmp_path_factory.mktemp("far")
    holed = [hsi.copy(), pan.copy()]
    if where == "hsi":
        holed[0][3, row, col] = -1.0
        centre = 2 * row, 2 * col
    else:
        holed[1][2 * row, 2 * col] = -1.0
        centre = 2 * row, 2 * col
    results = []
    for number, pair in enumerate(((hsi, pan), holed)):
        output = str(folder / f"{number}.tif")
        with (
            pytest.MonkeyPatch.context() as patch
        ):  # what a model is judged and matched by are numbers of the whole scene
            patch.setattr("core.workflows.fuse.tried", lambda *more: None)
            patch.setattr("core.workflows.fuse.fit_to_scene", lambda trained, *more: trained)
            fuse(*place(f"{where}{row}-{col}-{number}", *pair), files.model, output, consistency=1, device="cpu")
        results.append(gdal.Open(output).ReadAsArray())
    far = np.ones((160, 160), bool)
    span = reach(files) + 2
    far[max(0, centre[0] - span) : centre[0] + span + 2, max(0, centre[1] - span) : centre[1] + span + 2] = False
    assert far.sum() > 1000
    np.testing.assert_array_equal(results[0][:, far], results[1][:, far])
    assert (results[1] == -1.0).any()


def test_a_real_scene_with_empty_bands_and_overlapping_detectors(scenes, tmp_path):
    """EnMAP: bands 130 to 135 hold nothing, band 92 lies below band 91."""
    hsi, pan, output = (str(tmp_path / name) for name in ("h.tif", "p.tif", "o.tif"))
    source = next((scenes / "enmap_potsdam").glob("*.tif"))
    simulate(str(source), 4, hsi, pan, pan_range="480-690")
    classical(hsi, pan, output)
    low, high = (gdal.Open(path) for path in (hsi, output))
    for number in range(1, low.RasterCount + 1):
        below, above = (dataset.GetRasterBand(number) for dataset in (low, high))
        assert below.GetMetadataItem("wavelength") == above.GetMetadataItem("wavelength")
        found, nodata = above.ReadAsArray(), above.GetNoDataValue()
        if 130 <= number <= 135:
            assert (found == nodata).all() or np.isnan(found).all()
        else:
            assert np.isfinite(found).all()
            assert (found != nodata).mean() > 0.5


def test_read_only_media_are_read_and_refused_as_a_place_to_write_to(files, tmp_path):
    place = tmp_path / "read only"
    place.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    if subprocess.run(["mount", "-t", "tmpfs", "none", str(place)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        for source in (files.hsi, files.pan, files.model):
            (place / Path(source).name).write_bytes(Path(source).read_bytes())
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        hsi, pan, model = (str(place / Path(source).name) for source in (files.hsi, files.pan, files.model))
        fuse(hsi, pan, model, str(tmp_path / "o.tif"))
        with pytest.raises(InputError, match="cannot be written to"):
            classical(hsi, pan, str(place / "o.tif"))
        assert left(place) == sorted(Path(source).name for source in (hsi, pan, model))
    finally:
        subprocess.run(["umount", str(place)], check=True)
