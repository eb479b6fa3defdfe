"""Samples that cannot be: counted as a plain loop counts them, however the result is cut, mapped, and limited."""

from __future__ import annotations

import json

import numpy as np
import pytest
from osgeo import gdal

from core.assessment.local_range import OUTSIDE, SPREAD, RangeCheck, band_spread
from core.fusion.budget import Limits
from core.fusion.classical import ClassicalMethod
from core.fusion.engine import fuse
from core.products.pair import open_pair
from core.workflows.classical import classical
from tests.core.said import Said

RATIO, SIZE = 3, 14
NESTED = {"mtf": 0.3, "shift": "none", "contradictions": "off"}


@pytest.fixture
def pair(related, make_raster, tmp_path):
    """A function: a pair of some type whose PAN has a hot pixel."""

    def make(dtype="float32", scale=1.0, hole=False, nodata=None):
        hsi, pan = related(5, SIZE, RATIO)
        hsi[2, 5:8, 5:8] = 0.01  # where detail of the PAN takes it below zero
        pan[4, 4] += 8.0
        if hole:
            hsi[:, 9, 2] = nodata / scale
        place = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
        fine = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
        values = (hsi * scale).round() if np.dtype(dtype).kind in "iu" else hsi * scale
        return (
            make_raster(tmp_path / "hsi.tif", values.astype(dtype), place, nodata=nodata),
            make_raster(tmp_path / "pan.tif", pan.astype(np.float32), fine),
        )

    return make


def expected(hsi, fused, spread, rounding, known=None):
    """Which samples cannot be, by a loop over HSI pixels."""
    bands, rows, cols = hsi.shape
    low, high, below = (np.zeros(fused.shape, bool) for _ in range(3))
    for row in range(rows):
        for col in range(cols):
            around = hsi[:, max(0, row - 1) : row + 2, max(0, col - 1) : col + 2].reshape(bands, -1)
            least, most = around.min(1), around.max(1)
            margin = OUTSIDE * (most - least) + SPREAD * spread + rounding
            here = np.s_[:, row * RATIO : (row + 1) * RATIO, col * RATIO : (col + 1) * RATIO]
            floor = np.where(least >= 0, 0.0, -np.inf)
            low[here] = fused[here] < np.maximum(least - margin, floor)[:, None, None]
            high[here] = fused[here] > (most + margin)[:, None, None]
            below[here] = fused[here] < floor[:, None, None]
    return low | high, below


def pixels(path):
    return gdal.Open(path).ReadAsArray()


def test_the_count_is_that_of_a_plain_loop_and_limiting_changes_nothing_else(pair, tmp_path):
    files, said = pair(), Said()
    made = classical(*files, tmp_path / "a.tif", method="mtf-glp-hpm", progress=said, **NESTED)
    fused, hsi = pixels(made["output"]), pixels(files[0])
    with open_pair(*files) as scene:
        cannot_be, below = expected(hsi, fused, band_spread(scene), 0.0)
    found = made["range"]
    assert found["clip"] == "none"
    assert found["outside"] == cannot_be.sum() > 20
    assert found["negative"] == below.sum()
    assert found["pixels"] == cannot_be.any(axis=0).sum()
    assert (found["seen"], found["of"]) == (fused.size, fused[0].size)
    worst = found["places"][0]
    assert cannot_be[:, worst["row"] * RATIO :, worst["column"] * RATIO :][:, :RATIO, :RATIO].any()
    assert any("CLIP" in text for text in [*said.infos, *said.warnings])
    assert json.dumps(found)

    limited = classical(*files, tmp_path / "b.tif", method="mtf-glp-hpm", clip="range", **NESTED)
    after = pixels(limited["output"])
    assert limited["range"]["outside"] == found["outside"]
    assert (after[~cannot_be] == fused[~cannot_be]).all()
    assert (after[cannot_be] != fused[cannot_be]).all()
    with open_pair(*files) as scene:
        assert not expected(hsi, after, band_spread(scene) * 1.0001 + 1e-6, 0.0)[0].any()


@pytest.mark.parametrize(("dtype", "scale", "nodata"), [("int16", 5000, -9999), ("uint16", 5000, 0), ("float32", 1, 0)])
def test_a_limited_sample_never_becomes_nodata(pair, tmp_path, dtype, scale, nodata):
    files = pair(dtype, scale, True, nodata)
    made = {
        clip: classical(*files, tmp_path / f"{clip}.tif", method="mtf-glp-hpm", clip=clip, **NESTED)
        for clip in ("none", "range")
    }
    assert made["none"]["range"]["outside"] > 0
    before, after = (pixels(made[clip]["output"]) for clip in ("none", "range"))
    assert ((before == nodata) == (after == nodata)).all()
    assert made["none"]["range"]["of"] == (before != nodata).any(axis=0).sum()
    assert (after != before).any()


def test_tiles_give_what_the_whole_gives(pair):
    """To the pixel, map included; what the HSI holds is read anew where the pieces come from elsewhere."""
    with open_pair(*pair()) as scene:
        method = ClassicalMethod("mtf-glp", 0.3, 5).fit(scene)
        stored = scene.hsi.metadata
        found, images = [], []
        for limits, elsewhere in ((None, False), (Limits(panel_cols=8, plane_rows=8), False), (None, True)):
            check, image = RangeCheck(scene, clip=True), np.zeros((5, *scene.high_shape), np.float32)
            for piece in fuse(scene, method, stored=stored, limits=limits, memory=1e-6 if limits else None):
                check(piece._replace(low=None) if elsewhere else piece, stored)
                part = piece.window
                image[:, part.row : part.row + part.rows, part.col : part.col + part.cols] = piece.values
            found.append(check.facts())
            images.append(image)
        facts = [{key: one[key] for key in ("outside", "negative", "pixels", "seen", "of")} for one in found]
        assert facts[0]["outside"] > 0
        assert facts[0] == facts[1] == facts[2]
        assert np.abs(images[0] - images[1]).max() < 1e-5
        assert [(p["row"], p["column"]) for p in found[0]["places"][:3]] == [
            (p["row"], p["column"]) for p in found[1]["places"][:3]
        ]
