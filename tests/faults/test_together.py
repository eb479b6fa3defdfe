"""Runs beside each other that write to the same place, and what a run leaves of the process that it ran in."""

from __future__ import annotations

import locale
import os
import signal
import threading

import numpy as np
import pytest
import torch
from osgeo import gdal, ogr, osr

from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.runtime.errors import Cancelled, InputError

from .jobs import JOBS, At, left
from .processes import heard, running

pytestmark = pytest.mark.usefixtures("untouched")
ROUNDS = 40


def write_often(path: str, size: int, way) -> None:
    """Write a raster of ``size`` x ``size`` pixels that all hold that number, again and again."""
    grid, metadata = Grid(5e5, 5.8e6, 30.0, -30.0, size, size), RasterMetadata.plain(2, "int16")
    way.send("ready")
    way.recv()
    for _ in range(ROUNDS):
        with RasterWriter(path, grid, metadata) as writer:
            writer.write(np.full((2, size, size), float(size)), np.ones((size, size), bool))
    way.send("done")


@pytest.mark.parametrize("name", ["o.tif", "o.img"])
def test_of_runs_that_write_the_same_file_one_is_there_as_a_whole(name, folder):
    path = str(folder / name)
    with running(write_often, path, 40) as (_, first), running(write_often, path, 90) as (_, second):
        for way in (first, second):
            assert heard(way) == "ready"
        for way in (first, second):
            way.send("go")
        for way in (first, second):
            assert heard(way) == "done"
    with RasterReader(path) as reader:
        size = reader.grid.rows
        assert size in (40, 90)
        assert (reader.read().values == size).all()
    assert left(folder) == (["o.tif"] if name == "o.tif" else ["o.hdr", "o.img"])


def test_two_trainings_of_the_same_model_both_end(files, folder, tmp_path):
    from core.models.format import read_model

    straight = tmp_path / "straight"
    straight.mkdir()
    JOBS["sharpen"].run(files, str(straight), At())
    with (
        running(_work, "sharpen", files, str(folder)) as (_, first),
        running(_work, "sharpen", files, str(folder)) as (
            _,
            second,
        ),
    ):
        assert [heard(first), heard(second)] == ["", ""]
    assert left(folder) == sorted(JOBS["sharpen"].outputs)
    expected, found = (read_model(place / "s.ssml").tensors for place in (straight, folder))
    assert all(np.array_equal(array, found[key]) for key, array in expected.items())
    np.testing.assert_array_equal(*(gdal.Open(str(place / "s.tif")).ReadAsArray() for place in (straight, folder)))


def _work(name, files, folder, way) -> None:
    try:
        JOBS[name].run(files, folder, At())
        way.send("")
    except BaseException as error:
        way.send(f"{type(error).__name__}: {error}")


def settings() -> dict[str, object]:
    """What is global in a process and belongs to whoever runs it: QGIS, other plugins."""
    options = ("GDAL_CACHEMAX", "GDAL_NUM_THREADS", "GDAL_PAM_ENABLED", "GDAL_DISABLE_READDIR_ON_OPEN")
    return {
        "GDAL exceptions": (gdal.GetUseExceptions(), ogr.GetUseExceptions(), osr.GetUseExceptions()),
        "GDAL options": {name: gdal.GetConfigOption(name) for name in options},
        "GDAL cache": gdal.GetCacheMax(),
        "GDAL's last error": gdal.GetLastErrorNo(),
        "torch threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch types": (torch.get_default_dtype(), torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "torch generator": torch.get_rng_state().sum().item(),
        "torch algorithms": (torch.are_deterministic_algorithms_enabled(), torch.backends.mkldnn.enabled),
        "numpy errors": np.geterr(),
        "numpy generator": np.random.get_state()[1].sum(),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "locale": locale.setlocale(locale.LC_ALL),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "threads": {thread.name for thread in threading.enumerate() if thread.name.startswith("ssml")},
    }


@pytest.mark.parametrize("name", JOBS)
def test_settings_of_the_process_are_after_a_run_what_they_were_before(name, files, folder, moments, monkeypatch):
    moments(name)  # all that is loaded once is loaded
    before = settings()
    JOBS[name].run(files, str(folder), At())
    assert settings() == before
    with pytest.raises(Cancelled):
        JOBS[name].run(files, str(folder), At(moments(name) // 3, lambda: True))
    assert settings() == before
    if name != "openproduct":
        with pytest.raises(InputError):
            JOBS[name].run(files, str(folder / "missing"), At())
        assert settings() == before
