"""What a user can choose of a scene, and what is looked at before the work: bands, overviews, the disk."""

from __future__ import annotations

import shutil
from collections import namedtuple

import numpy as np
import pytest
from osgeo import gdal

from core.io.band_selection import select_bands
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.runtime.errors import Cancelled, InputError
from core.runtime.progress import Progress
from core.runtime.time_left import spoken_duration
from core.workflows.assess import assess
from core.workflows.classical import classical

LOW = (500000.0, 20.0, 0.0, 5800000.0, 0.0, -20.0)
HIGH = (500000.0, 5.0, 0.0, 5800000.0, 0.0, -5.0)
WAVES = (450.0, 550.0, 650.0, 850.0, 1600.0)


@pytest.fixture
def pair(make_raster, tmp_path):
    rng = np.random.default_rng(0)
    hsi = make_raster(tmp_path / "hsi.tif", rng.uniform(100, 900, (5, 20, 24)).astype(np.float32), LOW)
    dataset = gdal.Open(hsi, gdal.GA_Update)
    for band, wave in enumerate(WAVES):
        dataset.GetRasterBand(band + 1).SetMetadata({"wavelength": str(wave), "wavelength_units": "nm"})
    dataset = None
    return hsi, make_raster(tmp_path / "pan.tif", rng.uniform(100, 900, (80, 96)).astype(np.float32), HIGH)


@pytest.mark.parametrize(
    ("text", "bands"), [("", [0, 1, 2, 3, 4]), ("2-3,5", [1, 2, 4]), ("4,1", [3, 0]), ("500-900 nm", [1, 2, 3])]
)
def test_bands_are_chosen_by_number_or_wavelength(pair, text, bands):
    with RasterReader(pair[0]) as whole, select_bands(RasterReader(pair[0]), text) as some:
        assert some.bands == len(bands)
        assert some.metadata.wavelengths == tuple(WAVES[band] for band in bands)
        np.testing.assert_array_equal(some.read().values, whole.read(bands=bands).values)
        np.testing.assert_array_equal(
            some.read(bands=[1] if len(bands) > 1 else [0]).values[0], whole.read().values[bands[1]]
        )


@pytest.mark.parametrize(
    ("text", "words"), [("0-3", "bands 1 to 5"), ("900-400 nm", "write the lower wavelength first"), ("red", "numbers")]
)
def test_bands_that_are_none_are_refused(pair, text, words):
    with pytest.raises(InputError, match=words):
        classical(*pair, "o.tif", bands=text)


def test_a_result_of_some_bands_is_that_of_an_image_with_those_bands(pair, tmp_path, make_raster):
    some, alone = str(tmp_path / "some.tif"), str(tmp_path / "alone.tif")
    classical(*pair, some, bands="2-4")
    hsi = make_raster(tmp_path / "three.tif", gdal.Open(pair[0]).ReadAsArray()[1:4], LOW)
    classical(hsi, pair[1], alone)
    np.testing.assert_array_equal(gdal.Open(some).ReadAsArray(), gdal.Open(alone).ReadAsArray())
    fused = gdal.Open(some)
    assert [fused.GetRasterBand(band).GetMetadataItem("wavelength") for band in (1, 3)] == ["550.0", "850.0"]
    scores = assess(some, hsi=pair[0], pan=pair[1], bands="2-4")
    assert scores["bands"] == 3


@pytest.mark.parametrize("name", ["o.tif", "o.img"])
def test_overviews_are_made_on_request_and_only_then(tmp_path, name):
    path = str(tmp_path / name)
    values = np.random.default_rng(0).uniform(0, 100, (2, 700, 300)).astype(np.float32)
    values[:, :8, :8] = -9.0
    grid = Grid(500000.0, 5800000.0, 10.0, -10.0, 700, 300)
    for wanted in (True, False):
        with RasterWriter(path, grid, RasterMetadata.plain(2, "float32", -9.0), overviews=wanted) as writer:
            writer.write(values, values[0] != -9.0)
        dataset = gdal.Open(path)
        band = dataset.GetRasterBand(2)
        assert band.GetOverviewCount() == (2 if wanted else 0)
        if wanted:
            overview = band.GetOverview(0)
            assert (overview.YSize, overview.XSize) == (350, 150)
            shown = overview.ReadAsArray()
            np.testing.assert_allclose(
                shown[20:, 20:], values[1].reshape(350, 2, 150, 2).mean((1, 3))[20:, 20:], rtol=1e-4
            )
            assert (shown[:4, :4] == -9.0).all()
            assert (shown[:8, :8] >= -9.0).all()
    assert not [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")]


def test_cancel_is_answered_while_overviews_are_made(tmp_path):
    class Stop(Progress):
        def cancelled(self):
            return True

    path = str(tmp_path / "o.tif")
    writer = RasterWriter(
        path,
        Grid(0.0, 0.0, 1.0, -1.0, 600, 600),
        RasterMetadata.plain(1, "uint8"),
        overviews=True,
        progress=Stop(),
    )
    with pytest.raises(Cancelled), writer:
        writer.write(np.zeros((1, 600, 600)), np.ones((600, 600), bool))
    assert not list(tmp_path.iterdir())


def test_a_disk_without_room_is_told_before_the_work(pair, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    needed = 80 * 96 * 5 * 4
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1, 1, needed // 2 - 1))
    with pytest.raises(InputError, match=r"80 x 96 pixels takes .* GB at least, but .* GB left; choose another place"):
        classical(*pair, str(tmp_path / "o.tif"))
    assert not (tmp_path / "o.tif").exists()
    classical(*pair, str(tmp_path / "o.tif"), extent=(500000.0, 5799800.0, 500200.0, 5800000.0))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1, 1, needed - 1))
    classical(*pair, str(tmp_path / "o.tif"))
    with pytest.raises(InputError, match="at least"):
        classical(*pair, str(tmp_path / "o.img"))  # not compressed


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (61, "61 s"), (300, "5 min"), (9000, "2.5 h")])
def test_a_time_is_said_as_a_person_would(seconds, words):
    assert spoken_duration(seconds) == words
