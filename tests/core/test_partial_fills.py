"""A fill value of some bands only, where the detectors of a sensor see other ground along the border."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.reader import RasterReader
from core.io.undeclared_fill import undeclared_fills
from core.products.claims import Claims
from core.products.pair import open_pair
from core.scene.reader_view import FlippedReader
from core.workflows.classical import classical
from tests.core.filled_scenes import HIGH, LOW, RATIO, SIZE, coarse, reflectance, shape_of, stored, values
from tests.core.said import Said

BANDS, SWIR = 20, 12  # the first band of the second detector


def lost(name):
    """(bands, rows, columns) bool: what no band has seen."""
    col, band = np.arange(SIZE), np.arange(BANDS)[:, None, None]
    left, right, common = col < 6, col >= SIZE - 5, shape_of("ragged side", SIZE)
    farther = np.pad(common, ((0, 0), (3, 0)), constant_values=True)[:, :SIZE]
    masks = {
        "one detector": left & (band >= SWIR),
        "either detector": left & (band >= SWIR) | right & (band < SWIR),
        "one detector beyond the other": common | farther & (band >= SWIR),
        "edges that move from band to band": col < 5 + band // 4,
    }
    return np.broadcast_to(masks[name], (BANDS, SIZE, SIZE))


@pytest.mark.parametrize(
    "name",
    ["one detector", "either detector", "one detector beyond the other", "edges that move from band to band"],
)
@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
def test_samples_that_a_detector_has_not_seen_are_no_values(make_raster, tmp_path, dtype, name):
    mask = lost(name)
    path = make_raster(tmp_path / "a.tif", np.where(mask, 0, stored(coarse(reflectance(BANDS)), dtype)), LOW)
    for view in (RasterReader, lambda file: FlippedReader(RasterReader(file))):
        with view(path) as reader:
            (fill,) = undeclared_fills(reader)
            assert fill.value == 0
            assert (fill.pixels, fill.in_some) == (mask.all(axis=0).sum(), (mask.any(axis=0) & ~mask.all(axis=0)).sum())
            reader.add_fill(fill)
            seen = reader.read().valid
            np.testing.assert_array_equal(seen if view is RasterReader else seen[:, ::-1], ~mask)


def test_a_result_is_that_of_a_file_that_declares_it(make_raster, tmp_path):
    image = reflectance(BANDS)
    hsi, mask = stored(coarse(image), "uint16"), lost("either detector")
    hsi[mask] = 0
    pan, made, said = make_raster(tmp_path / "pan.tif", stored(image.mean(axis=0)[None], "uint16"), HIGH), [], Said()
    for nodata in (None, 0):
        low = make_raster(tmp_path / "hsi.tif", hsi, LOW, nodata=nodata)
        classical(low, pan, str(tmp_path / "o.tif"), mtf=0.3, shift="none", contradictions="off", progress=said)
        made.append(values(str(tmp_path / "o.tif")))
    np.testing.assert_array_equal(*made)
    np.testing.assert_array_equal(made[0] == 0, np.kron(mask, np.ones((1, RATIO, RATIO))) > 0)
    count = mask.any(axis=0).sum()
    assert f"hsi.tif has 0 in some bands of {count} pixels at its border" in said.warnings[0]


@pytest.mark.parametrize("noise", [0, 5, 40])
def test_water_that_is_0_in_the_short_wave_infrared_is_no_fill(make_raster, tmp_path, noise):
    image = coarse(reflectance(BANDS))
    water = np.arange(SIZE) < 12 + 4 * np.sin(np.arange(SIZE)[:, None] / 5)
    spectrum = np.interp(np.arange(BANDS), [0, 6, 10, SWIR], [0.05, 0.03, 0.004, 0.0])
    image[:, water] = spectrum[:, None]
    numbers = image * 10000 + np.random.default_rng(0).normal(0, noise, image.shape)
    with RasterReader(make_raster(tmp_path / "a.tif", np.rint(numbers).clip(0).astype("uint16"), LOW)) as reader:
        assert undeclared_fills(reader) == []


def test_a_saturated_or_single_band_is_no_detector(make_raster, tmp_path):
    for bands, number in ((slice(SWIR, None), 65535), (slice(7, 8), 0)):
        image = stored(coarse(reflectance(BANDS)), "uint16")
        image[bands, :, :6] = number
        with RasterReader(make_raster(tmp_path / "a.tif", image, LOW)) as reader:
            assert undeclared_fills(reader) == []


@pytest.mark.parametrize("water", [False, True])
def test_a_band_of_the_sharper_image_may_see_less_but_not_where_the_hsi_shows_water(make_raster, tmp_path, water):
    image = reflectance()
    sharp = stored(image[:4] * 0.5, "uint16")
    corner, edge = shape_of("corner", SIZE * RATIO), np.broadcast_to(np.arange(SIZE * RATIO) < 40, (SIZE * RATIO,) * 2)
    sharp[:, corner] = 0
    sharp[3, edge] = 0
    if water:
        image[:, edge] = np.random.default_rng(0).uniform(0.005, 0.02, (len(image), edge.sum()))
    hsi = make_raster(tmp_path / "hsi.tif", coarse(image).astype("float32"), LOW)
    files, said = (hsi, make_raster(tmp_path / "pan.tif", sharp, HIGH)), Said()
    with open_pair(*files, said, (Claims(), Claims())) as scene:
        (fill,) = scene.pan.fills
        assert fill.pixels == corner.sum()
        assert fill.in_some == (0 if water else (edge & ~corner).sum())
        valid = scene.pan.read().valid
        np.testing.assert_array_equal(valid[3], ~(corner if water else corner | edge))
        np.testing.assert_array_equal(valid[0], ~corner)
    assert sum("--pan-nodata 0" in text for text in said.warnings) == 1
