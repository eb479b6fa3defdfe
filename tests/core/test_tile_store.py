"""Tiles that were computed once are kept, in memory or in a file."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.grid import Grid
from core.io.reader import RasterReader
from core.scene import tile_store
from core.scene.tile_store import TileStore
from core.scene.warp import WarpedReader


class Moved:
    def positions(self, rows, cols):
        return rows + 0.3, cols + 0.2


@pytest.fixture
def little_memory(monkeypatch):
    monkeypatch.setattr(tile_store, "_IN_MEMORY", 100_000)


def tile(number):
    rng = np.random.default_rng(number)
    return rng.random((20, 50)).astype(np.float32), rng.random((20, 50)) > 0.5


def test_tiles_come_back_with_their_bits(monkeypatch):
    monkeypatch.setattr(tile_store, "_IN_MEMORY", 12_000)  # two tiles
    store = TileStore()
    for number in range(9):
        store.put((number, 0, 0), *tile(number))
    for number in (0, 8, 3, 0, 5):
        found = store.get((number, 0, 0))
        np.testing.assert_array_equal(found[0], tile(number)[0])
        np.testing.assert_array_equal(found[1], tile(number)[1])
    assert store.get((9, 0, 0)) is None
    store.clear()
    assert store.get((8, 0, 0)) is None


@pytest.mark.parametrize("why", ["no folder", "limit"])
def test_where_there_is_no_file_or_no_more_room_tiles_are_lost_and_nothing_else(monkeypatch, why):
    def refuse():
        raise OSError("no folder")

    monkeypatch.setattr(tile_store, "_IN_MEMORY", 6_000)
    if why == "limit":
        monkeypatch.setattr(tile_store, "_IN_FILE", 6_000)
    else:
        monkeypatch.setattr(tile_store.tempfile, "TemporaryFile", refuse)
    store = TileStore()
    for number in range(4):
        store.put((number, 0, 0), *tile(number))
    kept = [store.get((number, 0, 0)) is not None for number in (3, 2, 1, 0)]
    assert kept == [True, False, False, why == "limit"]


def test_a_warped_raster_is_computed_once(little_memory, make_raster, tmp_path, monkeypatch):
    values = np.random.default_rng(0).uniform(1, 9, (1, 300, 700)).astype(np.float32)
    path = make_raster(tmp_path / "a.tif", values, (5e5, 2.0, 0.0, 5.8e6, 0.0, -2.0))
    computed = []
    compute = WarpedReader._compute

    def counted(self, place, *more):
        computed.append(place)
        compute(self, place, *more)

    monkeypatch.setattr(WarpedReader, "_compute", counted)
    with WarpedReader(RasterReader(path), Moved(), Grid(5e5, 5.8e6, 2.0, -2.0, 300, 700, "")) as warped:
        first = warped.read()
        count = len(computed)
        assert count == 9
        again = warped.read()
    assert len(computed) == count
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.valid, again.valid)
