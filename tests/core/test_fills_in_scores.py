"""Undeclared fill values in results and references do not count in scores; one in a PAN costs no detail elsewhere."""

from __future__ import annotations

import shlex
import subprocess
import sys

import numpy as np
import pytest
from osgeo import gdal

from core.workflows.assess import assess
from core.workflows.classical import classical
from tests.core.filled_scenes import HIGH, LOW, RATIO, SIZE, coarse, reflectance, shape_of, stored
from tests.core.said import Said


@pytest.mark.parametrize("spoiled", ["made.tif", "truth.tif"])
@pytest.mark.parametrize(("fill", "shape"), [(-9999.0, "rotated footprint"), (-9999.0, "cloud"), (0.0, "ragged side")])
def test_a_fill_in_a_result_or_its_reference_does_not_count_in_scores(make_raster, tmp_path, fill, shape, spoiled):
    reference = reflectance(12).astype(np.float32)
    images = {"truth.tif": reference, "made.tif": reference + np.float32(0.01)}
    mask = np.zeros((SIZE * RATIO,) * 2, bool)
    mask[90:99, 80:96] = True  # a cloud that is cut out
    mask = mask if shape == "cloud" else shape_of(shape, SIZE * RATIO)
    images[spoiled] = np.where(mask, np.float32(fill), images[spoiled])
    files = {name: make_raster(tmp_path / name, image, HIGH) for name, image in images.items()}

    def scored(**options):
        return assess(files["made.tif"], reference=files["truth.tif"], ratio=RATIO, **options)

    found = scored()
    assert found["pixels"] == mask.size - mask.sum()
    assert found["rmse"] == pytest.approx(0.01, rel=1e-3)
    (warning,) = [text for text in found["warnings"] if "does not declare it as nodata" in text]
    assert warning.startswith(f"{spoiled} has {fill:g}")
    kept = scored(hsi_nodata="none")
    assert kept["pixels"] == mask.size
    assert kept["rmse"] > 0.1
    if spoiled == "truth.tif":
        declared = scored(hsi_nodata=f"{fill:g}")
    else:
        command = shlex.split(warning.split(": ", 1)[1].split(" (")[0])
        subprocess.run([sys.executable, "-m", "osgeo_utils.gdal_edit", *command[1:]], check=True)
        declared = scored()
    assert not [text for text in declared["warnings"] if "nodata" in text]
    assert declared["rmse"] == pytest.approx(found["rmse"], rel=1e-6)


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint32", "float32"])
def test_three_lost_samples_in_one_band_of_a_result_are_found_in_every_type_that_can_hold_them(
    make_raster, tmp_path, dtype
):
    reference = stored(reflectance(12), dtype)
    fused, fill = reference.copy(), 4e9 if dtype == "uint32" else -9999
    fused[5, [3, 90, 170], 7] = fill
    files = [make_raster(tmp_path / name, image, HIGH) for name, image in (("t.tif", reference), ("m.tif", fused))]
    found = assess(files[1], reference=files[0], ratio=RATIO)
    assert found["rmse"] == 0
    assert any("band 6 (3 samples)" in text for text in found["warnings"])


@pytest.mark.parametrize("number", [-9999, -32768, -1, 3.4e38])
def test_a_fill_inside_a_pan_costs_no_detail_elsewhere(make_raster, tmp_path, number):
    image = reflectance()
    hsi = make_raster(tmp_path / "hsi.tif", coarse(image).astype(np.float32), LOW)
    pan, hole = image[2:7].mean(axis=0).astype(np.float32), np.s_[80:92, 100:120]
    made = {}
    for name in ("whole", "declared", "cut"):
        values = pan.copy()
        if name != "whole":
            values[hole] = number
        path = make_raster(tmp_path / f"{name}.tif", values, HIGH, nodata=number if name == "declared" else None)
        said, out = Said(), str(tmp_path / f"{name}-out.tif")
        classical(hsi, path, out, mtf=0.3, shift="none", progress=said)
        assert ["a number that no data has" in text for text in said.warnings] == [True] * (name == "cut")
        made[name] = gdal.Open(out).ReadAsArray()
    np.testing.assert_array_equal(made["cut"], made["declared"])
    assert np.abs(made["cut"] - made["whole"])[:, :60].max() < 0.01
