"""EO-1's products: a file a band, whose wavelengths follow from their numbers."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from core.io.reader import RasterReader
from core.products.hyperion_bands import FWHM, WAVELENGTHS
from core.products.opening import open_raster
from core.runtime.errors import InputError

HYPERION, ALI = "EO1H0440342002212110PY", "EO1A0440342002212110PY"
NUMBERS = (1, 10, 20, 30, 40, 57, 58, 77, 80, 121, 150, 200, 224, 225, 242)
MTL = """GROUP = L1_METADATA_FILE
  GROUP = PRODUCT_METADATA
    PRODUCT_TYPE = "L1T"
    ACQUISITION_DATE = 2002-07-31
  END_GROUP = PRODUCT_METADATA
  GROUP = RADIANCE_SCALING
{}  END_GROUP = RADIANCE_SCALING
END_GROUP = L1_METADATA_FILE
END
"""


def stored(related):
    hsi, pan = related(len(NUMBERS))
    values = np.rint(hsi * 4000).astype(np.int16)
    for i, number in enumerate(NUMBERS):
        if number < 8 or 58 <= number <= 76 or number > 224:
            values[i] = 0  # not calibrated
    values[NUMBERS.index(121), 6, 6] = 0  # a radiance in an absorption, and no gap
    values[:, :2, :1] = 0  # outside the image
    pan = np.rint(pan * 4000).astype(np.int16)
    pan[:6, :3] = 0
    return values, pan


@pytest.fixture
def make(tmp_path, write_raster, related):
    """A function: a folder that holds the products of both sensors."""

    def write(scaling="    SCALING_FACTOR_VNIR = 40\n    SCALING_FACTOR_SWIR = 80\n", level="L1T"):
        folder = tmp_path / "scene"
        folder.mkdir()
        values, pan = stored(related)
        for number, plane in zip(NUMBERS, values):
            write_raster(folder / f"{HYPERION}_B{number:03d}_{level}.TIF", plane)
        (folder / f"{HYPERION}_MTL_{level}.TXT").write_text(MTL.format(scaling))
        write_raster(folder / f"{ALI}_B01_{level}.TIF", pan, pixel=10.0)
        for number in range(2, 11):
            write_raster(folder / f"{ALI}_B{number:02d}_{level}.TIF", values[2] + number)
        scales = "".join(f"    BAND{i}_SCALING_FACTOR = 0.0{23 + i}\n    BAND{i}_OFFSET = -2.2\n" for i in range(1, 11))
        (folder / f"{ALI}_MTL_{level}.TXT").write_text(MTL.format(scales))
        (folder / "README.TXT").write_text("USGS")
        return folder

    return write


@pytest.mark.parametrize("level", ["L1T", "L1GST"])
@pytest.mark.parametrize("way", ["", f"{HYPERION}_MTL_{{}}.TXT", f"{HYPERION}_B020_{{}}.TIF"])
def test_hyperions_bands_have_what_their_numbers_tell(make, related, way, level):
    with open_raster(make(level=level) / way.format(level)) as hsi:
        assert hsi.metadata.wavelengths == tuple(WAVELENGTHS[number - 1] for number in NUMBERS)
        assert hsi.metadata.fwhm == tuple(FWHM[number - 1] for number in NUMBERS)
        assert hsi.metadata.bbl == tuple(int(8 <= n <= 57 or 77 <= n <= 224) for n in NUMBERS)
        assert hsi.metadata.scales == tuple(1 / 40 if number <= 70 else 1 / 80 for number in NUMBERS)
        assert (hsi.origin.sensor, hsi.origin.acquired) == ("eo-1", "2002-07-31")
        block = hsi.read()
        with pickle.loads(pickle.dumps(hsi)) as other:
            np.testing.assert_array_equal(other.read().values, block.values)
    outside = np.zeros((12, 12), bool)
    outside[:2, :1] = True
    assert all((valid == ~outside).all() for valid in block.valid)
    np.testing.assert_array_equal(block.values, stored(related)[0])


def test_the_table_of_bands_is_that_of_usgs():
    assert (len(WAVELENGTHS), len(FWHM)) == (242, 242)
    assert (WAVELENGTHS[0], FWHM[0]) == (355.59, 11.3871)
    assert (WAVELENGTHS[69], WAVELENGTHS[70], WAVELENGTHS[241]) == (1057.68, 851.92, 2577.08)
    for first, stop in ((0, 70), (70, 242)):  # each spectrometer's bands ascend in steps of about 10 nm
        steps = np.diff(WAVELENGTHS[first:stop])
        assert 9.9 < steps.min() <= steps.max() < 10.3


def test_factors_of_the_metadata_count(make):
    with open_raster(make(scaling="    SCALING_FACTOR_VNIR = 50\n")) as hsi:
        assert (hsi.metadata.scales[0], hsi.metadata.scales[-1]) == (1 / 50, 1 / 80)


def test_of_both_products_in_a_folder_each_role_takes_its_own(make, related, run_jobs, tmp_path):
    folder = make()
    with open_raster(folder, "pan") as pan, open_raster(folder, "guide") as guide:
        assert (pan.bands, pan.grid.dx, pan.metadata.nodata) == (1, 10.0, 0.0)
        assert (pan.metadata.scales, pan.metadata.offsets) == ((0.024,), (-2.2,))
        np.testing.assert_array_equal(pan.read().values[0], stored(related)[1])
        assert guide.metadata.names == tuple(f"B{number:02d}" for number in range(2, 11))
        assert guide.metadata.wavelengths[2] == 565.0
    out = tmp_path / "out.tif"
    said = run_jobs(folder, folder, out)
    assert "read as EO-1 Hyperion L1T of 2002-07-31" in said
    with RasterReader(str(out)) as fused:
        assert fused.metadata.wavelengths == tuple(WAVELENGTHS[number - 1] for number in NUMBERS)
        assert fused.metadata.bbl[:2] == (0, 1)
        assert (fused.grid.rows, fused.grid.dx) == (36, 10.0)
        np.testing.assert_allclose(fused.metadata.scales[1], 1 / 40)
        assert not fused.read().valid[:, :6, :3].any()


def test_a_band_on_another_grid_and_missing_files_are_refused(make, write_raster):
    folder = make()
    write_raster(folder / f"{HYPERION}_B030_L1T.TIF", np.ones((12, 13), np.int16))
    with pytest.raises(InputError, match=r"B030.* lies on another grid"):
        open_raster(folder)
    (folder / f"{HYPERION}_MTL_L1T.TXT").write_text("SCALING_FACTOR_VNIR = forty\n")
    with pytest.raises(InputError, match="'forty', which is no number"):
        open_raster(folder)
    (folder / f"{HYPERION}_MTL_L1T.TXT").write_bytes(b"\0\1")
    with pytest.raises(InputError, match="no metadata of a product of USGS"):
        open_raster(folder)
    for name in os.listdir(folder):
        if name.startswith(f"{HYPERION}_B"):
            os.remove(folder / name)
    with pytest.raises(InputError, match="lacks its bands"):
        open_raster(folder)
