"""Radiance of AVIRIS-3 and -5 in netCDF: in sensor geometry, with a lookup table on a map grid."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.lookup_table import LookupTable
from core.io.positions import to_map
from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.workflows.classical import classical
from tests.core import swaths

h5py = pytest.importorskip("h5py")

NAME = "AV520250508t173511_000_L1B_RDN_d1a6a8b6_RDN.nc"
STEP = 30.0


def lookup_table():
    """Samples and lines from 1 of the nearest pixel at each pixel of a map grid; -9999 for none. Its geotransform."""
    rows, cols = np.mgrid[: swaths.SHAPE[0], : swaths.SHAPE[1]] + 0.5
    x, y = swaths.on_map(rows, cols)
    west, north = np.floor(x.min() / STEP) * STEP, np.ceil(y.max() / STEP) * STEP
    down, right = np.mgrid[: int((north - y.min()) / STEP) + 1, : int((x.max() - west) / STEP) + 1]
    at = west + (right + 0.5) * STEP, north - (down + 0.5) * STEP
    far = np.hypot(at[0][..., None] - x.ravel(), at[1][..., None] - y.ravel())
    nearest, inside = far.argmin(-1), far.min(-1) < 0.75 * STEP
    line, sample = nearest // swaths.SHAPE[1] + 1, nearest % swaths.SHAPE[1] + 1
    return *(np.where(inside, plane, -9999).astype(np.int32) for plane in (sample, line)), (west, north)


def write_radiance(path):
    sample, line, (west, north) = lookup_table()
    with h5py.File(path, "w") as file:
        cube = file.create_dataset("radiance/radiance", data=swaths.hsi(), chunks=(4, 5, 26))
        cube.attrs["_FillValue"], cube.attrs["grid_mapping"] = np.float32(-9999), "transverse_mercator"
        file.create_dataset("radiance/wavelength", data=np.array(swaths.WAVES, np.float32))
        file.create_dataset("radiance/fwhm", data=np.full(len(swaths.WAVES), 7.5, np.float32))
        file.create_dataset("geolocation_lookup_table/sample", data=sample)
        file.create_dataset("geolocation_lookup_table/line", data=line)
        place = file.create_dataset("transverse_mercator", data=np.int8(0))
        place.attrs["spatial_ref"] = swaths.wkt(32633)
        place.attrs["GeoTransform"] = f"{west} {STEP} 0 {north} 0 {-STEP}"
    return str(path), sample.shape


def test_radiance_lies_where_its_lookup_table_says(tmp_path):
    """It was laid onto the table's grid as if it were on the map: up to 204 m off here, 7 pixels."""
    path, shape = write_radiance(tmp_path / NAME)
    assert shape != swaths.SHAPE
    rows, cols = (axis.ravel() + 0.5 for axis in np.mgrid[2 : swaths.SHAPE[0] - 2 : 4, 2 : swaths.SHAPE[1] - 2 : 4])
    expected = np.array(swaths.on_map(rows, cols))
    with open_raster(path) as image:
        assert isinstance(image.grid.frame, LookupTable)
        assert image.grid.frame.grid.geotransform[1] == STEP
        assert image.origin.product == "AVIRIS-5 radiance"
        off = np.hypot(*(np.array(to_map(image.grid, rows, cols)) - expected))
        np.testing.assert_array_equal(image.read().values, swaths.hsi())
    assert np.median(off) < 0.1 * STEP
    assert off.max() < 0.2 * STEP


def test_its_result_lies_on_the_map(tmp_path, write_raster):
    path, _ = write_radiance(tmp_path / NAME)
    pan = write_raster(tmp_path / "pan.tif", swaths.pan(), pixel=10.0)
    classical(path, pan, str(tmp_path / "out.tif"), mtf=0.3, shift="none")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert fused.grid.frame is None
        block = fused.read(bands=[3])
        at = np.argwhere(block.valid[0])
        chosen = at[:: max(1, len(at) // 200)]
        x, y = to_map(fused.grid, chosen[:, 0] + 0.5, chosen[:, 1] + 0.5)
        seen = block.values[0][chosen[:, 0], chosen[:, 1]]
    assert np.corrcoef(seen, swaths.ground(x, y))[0, 1] > 0.95
