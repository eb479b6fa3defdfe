"""Our GeoTIFF and ENVI files as other software reads them: the real packages, each asked by its own interface."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.io.metadata import RasterMetadata
from core.io.writer import RasterWriter

WAVES, WIDTHS, GOOD = (450.25, 660.5, 1380.0, 2200.75), (8.5, 9.0, 10.0, 12.25), (1, 1, 0, 1)


@pytest.fixture
def written(tmp_path, make_grid):
    """A function: a file of that ending, and its stored numbers."""

    def write(ending, factor=False, stem="a"):
        values = np.arange(1, 4 * 6 * 5 + 1, dtype=np.float32).reshape(4, 6, 5) * 10
        valid = np.ones(values.shape, bool)
        valid[:, 2, 3] = False
        scales = (1 / 10_000,) * 4 if factor else (1e-4, 1e-4, 2e-4, 2e-4)
        metadata = RasterMetadata(
            names=("blue", "red", "water", "swir"),
            wavelengths=WAVES,
            fwhm=WIDTHS,
            bbl=GOOD,
            scales=scales,
            offsets=(0.0,) * 4 if factor else (0.0, 0.0, -0.1, -0.1),
            nodata=-9999.0,
            dtype="int16",
            reflectance_factor=10_000.0 if factor else None,
        )
        path = str(tmp_path / f"{stem}{ending}")
        with RasterWriter(path, make_grid(6, 5, _utm()), metadata) as writer:
            writer.write(values, valid)
        return path, np.where(valid, values, -9999), scales

    return write


def _utm():
    from tests.core.swaths import wkt

    return wkt(32633)


def test_rasterio_finds_scale_offset_nodata_and_the_bands_of_a_geotiff(written):
    rasterio = pytest.importorskip("rasterio")
    path, values, scales = written(".tif")
    with rasterio.open(path) as file:
        assert file.nodatavals == (-9999.0,) * 4
        assert file.scales == scales
        assert file.offsets == (0.0, 0.0, -0.1, -0.1)
        assert file.descriptions == ("blue", "red", "water", "swir")
        for band in range(4):
            tags, imagery = file.tags(band + 1), file.tags(band + 1, ns="IMAGERY")
            assert (float(tags["wavelength"]), tags["wavelength_units"]) == (WAVES[band], "Nanometers")
            assert (float(tags["fwhm"]), tags["bbl"]) == (WIDTHS[band], str(GOOD[band]))
            assert float(imagery["CENTRAL_WAVELENGTH_UM"]) == pytest.approx(WAVES[band] / 1e3, abs=1e-9)
            assert float(imagery["FWHM_UM"]) == pytest.approx(WIDTHS[band] / 1e3, abs=1e-9)
        np.testing.assert_array_equal(file.read(), values)
        assert file.crs.to_epsg() == 32633


@pytest.mark.filterwarnings("ignore:(Scales|Offsets) differ:UserWarning")
def test_rioxarray_finds_nodata_scales_and_names_of_a_geotiff(written):
    rioxarray = pytest.importorskip("rioxarray")
    path, values, scales = written(".tif")
    with rioxarray.open_rasterio(path) as image:
        assert image.rio.nodata == -9999
        assert (image.attrs["scales"], image.attrs["offsets"]) == (scales, (0.0, 0.0, -0.1, -0.1))
        assert image.attrs["long_name"] == ("blue", "red", "water", "swir")
        np.testing.assert_array_equal(image.values, values)


def test_spectral_python_finds_the_bands_of_an_envi_file(written):
    spectral = pytest.importorskip("spectral")
    path, values, _ = written(".img", factor=True)
    image = spectral.open_image(path.replace(".img", ".hdr"))
    assert image.bands.centers == pytest.approx(list(WAVES))
    assert image.bands.bandwidths == pytest.approx(list(WIDTHS))
    assert image.bands.band_unit.lower().startswith("nanomet")
    assert [int(flag) for flag in image.metadata["bbl"]] == list(GOOD)
    assert float(image.metadata["data ignore value"]) == -9999
    assert image.scale_factor == 10_000.0
    np.testing.assert_allclose(np.asarray(image.load()).transpose(2, 0, 1), values / 10_000.0, rtol=1e-6)


def enmap_box_wavelengths(path):
    """By EnMAP-Box's rules: of each band the items wavelength and wavelength_units (of the default domain), else those
    of the whole file, a list in braces; fwhm and bbl likewise (its module rasterreader, read in 2026)."""
    from osgeo import gdal

    dataset = gdal.Open(path)
    units = {"nanometers": 1.0, "micrometers": 1e3}
    found = []
    for number in range(1, dataset.RasterCount + 1):
        items = dataset.GetRasterBand(number).GetMetadata()
        whole = {key.lower(): text for key, text in dataset.GetMetadata("ENVI").items()}

        def of(key, items=items, whole=whole, number=number):
            return items.get(key) or whole[key].strip("{}").split(",")[number - 1]

        unit = items.get("wavelength_units") or whole["wavelength_units"]
        found.append((float(of("wavelength")) * units[unit.lower()], float(of("fwhm")), int(of("bbl"))))
    return found


@pytest.mark.parametrize("ending", [".tif", ".img"])
def test_enmap_box_finds_the_bands(written, ending):
    path, _, _ = written(ending)
    assert enmap_box_wavelengths(path) == [pytest.approx(one) for one in zip(WAVES, WIDTHS, GOOD)]


def snap_bands(path):
    """By SNAP's rules for ENVI (its EnviProductReader, Header and HeaderParser, read in 2026): lines of "key = value",
    lists in braces that may go over lines; a list counts where it has an entry for each band; Micrometers are made nm,
    any other unit is taken for nm; gains and offsets scale; bbl and reflectance scale factor are not read."""
    text = Path(path).with_suffix(".hdr").read_text(encoding="utf-8")
    entries = dict(re.findall(r"^([^=\n{}]+?)\s*=\s*(\{[^}]*\}|.*)$", text, re.MULTILINE))
    bands = int(entries["bands"])

    def numbers(key, plain):
        found = [float(entry) for entry in entries[key].strip("{}").split(",")] if key in entries else []
        return found if len(found) == bands else [plain] * bands

    assert text.startswith("ENVI")
    assert len(entries["band names"].strip("{}").split(",")) == bands  # what SNAP counts the bands by
    unit = 1000.0 if entries["wavelength units"].lower() == "micrometers" else 1.0
    waves, widths = ([value * unit for value in numbers(key, 0.0)] for key in ("wavelength", "fwhm"))
    scaling = numbers("data gain values", 1.0), numbers("data offset values", 0.0)
    return waves, widths, *scaling, float(entries["data ignore value"]), entries["map info"]


def test_snap_finds_the_bands_of_an_envi_file(written):
    path, _, scales = written(".img")
    waves, widths, gains, offsets, ignored, place = snap_bands(path)
    assert (waves, widths) == (list(WAVES), list(WIDTHS))
    assert (gains, offsets) == (pytest.approx(scales), pytest.approx([0.0, 0.0, -0.1, -0.1]))
    assert ignored == -9999
    assert re.match(r"\{UTM, .*, 33, North,\s*WGS-84", place)


HYPERPROC = """
import json, sys, types, warnings
warnings.simplefilter("ignore")
try:
    import hyperproc
except SyntaxError:  # its module report is written for Python 3.12 and newer, the rest is not
    for name in [name for name in sys.modules if name.startswith("hyperproc")]:
        del sys.modules[name]
    sys.modules["hyperproc.report"] = types.ModuleType("hyperproc.report")
    sys.modules["hyperproc.report"].describe = None
    import hyperproc
image = hyperproc.open(sys.argv[1], product="reflectance")
values = image.reflectance.transpose("wavelength", "y", "x").values
print(json.dumps({
    "wavelengths": image.wavelength.values.tolist(),
    "fwhm": image.fwhm.values.tolist(),
    "good": image.good_wavelength.values.astype(int).tolist(),
    "crs": image.attrs["crs"],
    "transform": list(image.attrs["transform"]),
    "values": [[[None if value != value else float(value) for value in row] for row in band] for band in values],
}))
"""


def test_hyperproc_finds_the_bands_of_an_envi_file(written):
    """It reads products, by their names: a sharpened AVIRIS-NG cube that is called as one."""
    if importlib.util.find_spec("hyperproc") is None:
        pytest.skip("hyperproc is not installed")
    path, values, _ = written(".img", stem="ang20190712t201415_rfl_v2n2")
    done = subprocess.run(  # a process of its own: it brings another HDF5 library
        [sys.executable, "-c", HYPERPROC, path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["wavelengths"], found["fwhm"], found["good"]) == (list(WAVES), list(WIDTHS), list(GOOD))
    assert found["crs"] == "EPSG:32633"
    assert found["transform"][1] == -found["transform"][5] == 30.0
    made = np.array(found["values"], float)
    keep = np.isfinite(made)
    np.testing.assert_array_equal(made[keep], values[keep])
    np.testing.assert_array_equal(keep[np.array(GOOD) == 1], (values != -9999)[np.array(GOOD) == 1])
