"""Rasters of one ground, known everywhere, on any grid in any reference system; how far one is from the truth."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal, osr

HSI = (500000.0, 30.0, 0.0, 4600000.0, 0.0, -30.0)
SIZE = 48  # HSI pixels
CENTRE = 500720.0, 4599280.0


def system(epsg):
    made = osr.SpatialReference()
    made.ImportFromEPSG(epsg)
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


def transformed(x, y, source, target):
    if source == target:
        return x, y
    points = np.stack([x.ravel(), y.ravel()], 1)
    found = osr.CoordinateTransformation(system(source), system(target)).TransformPoints(points.tolist())
    found = np.array(found)[:, :2].T
    return found[0].reshape(x.shape), found[1].reshape(y.shape)


def ground(x, y):
    """The truth at a place in EPSG:32633: waves of 130 m and more."""
    x, y = (x - CENTRE[0]) / 30.0, (y - CENTRE[1]) / 30.0
    return 1000 + 200 * np.sin(x / 2.3 + y / 7) + 200 * np.cos(y / 0.7 - x / 5) + 100 * np.sin((x + y) / 0.9)


def centres(transform, rows, cols):
    row, col = np.mgrid[:rows, :cols] + 0.5
    x0, dx, rx, y0, ry, dy = transform
    return x0 + col * dx + row * rx, y0 + col * ry + row * dy


def image(transform, rows, cols, epsg=32633):
    return ground(*transformed(*centres(transform, rows, cols), epsg, 32633)).astype(np.float32)


def cube(*arguments):
    plane = image(*arguments)
    return np.stack([plane, plane * 2, plane * 3])


def rotated(pixel, degrees, mirrored=False):
    """A geotransform around the centre of the place."""
    angle, sign = np.radians(degrees), -1.0 if mirrored else 1.0
    dx, ry = sign * pixel * np.cos(angle), sign * pixel * np.sin(angle)
    rx, dy = pixel * np.sin(angle), -pixel * np.cos(angle)
    half = SIZE * 30.0 / pixel / 2
    return CENTRE[0] - half * (dx + rx), dx, rx, CENTRE[1] - half * (ry + dy), ry, dy


def plain(step, step_y=None):
    return HSI[0], step, 0.0, HSI[3], 0.0, -(step_y or step)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose name a shell would split, as the working directory."""
    made = tmp_path / "it's my data"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def make(folder, make_raster):
    def write(name, array, transform, epsg=32633, **options):
        return make_raster(folder / name, array, transform, epsg, **options)

    return write


def error_of(reader):
    """Relative RMSE of the first band against the truth, over valid pixels."""
    block = reader.read(bands=[0])
    truth, valid = image(reader.grid.geotransform, reader.grid.rows, reader.grid.cols), block.valid[0]
    assert valid.mean() > 0.4
    difference = (block.values[0] - truth)[valid]
    return float(np.sqrt((difference**2).mean()) / truth[valid].std())


def pan_in(epsg, pixel=7.43):
    """A PAN of 7.5 m or so in another reference system, somewhat larger than the place."""
    x, y = transformed(*np.meshgrid([HSI[0] - 40, HSI[0] + 1480], [HSI[3] + 40, HSI[3] - 1480]), 32633, epsg)
    step = np.sqrt((x.max() - x.min()) * (y.max() - y.min())) / 1520 * pixel
    transform = (x.min(), step, 0.0, y.max(), 0.0, -step)
    rows, cols = int((y.max() - y.min()) / step), int((x.max() - x.min()) / step)
    return image(transform, rows, cols, epsg), transform


def points(path, transform, epsg):
    """Move a raster's georeference into ground control points on a grid of 4 x 4."""
    dataset = gdal.Open(path, gdal.GA_Update)
    col, row = np.meshgrid(np.linspace(0, dataset.RasterXSize, 4), np.linspace(0, dataset.RasterYSize, 4))
    x0, dx, rx, y0, ry, dy = transform
    x, y = transformed(x0 + col * dx + row * rx, y0 + col * ry + row * dy, 32633, epsg)
    made = [gdal.GCP(*place) for place in zip(x.flat, y.flat, np.zeros(16), col.flat, row.flat)]
    dataset.SetGCPs(made, system(epsg).ExportToWkt())
    dataset.FlushCache()
    return path
