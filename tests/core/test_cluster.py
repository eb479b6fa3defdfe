"""Fusing on a Dask cluster of real processes."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

torch = pytest.importorskip("torch")
distributed = pytest.importorskip("distributed")

from core.operators.pair import Operators  # noqa: E402
from core.runtime.errors import Cancelled, InputError, MissingDependencyError  # noqa: E402
from core.runtime.progress import Progress  # noqa: E402
from core.workflows import cluster, dask_versions  # noqa: E402
from core.workflows.fuse import fuse  # noqa: E402
from core.workflows.train import train  # noqa: E402

HIGH = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
LOW = (500000.0, 40.0, 0.0, 5800000.0, 0.0, -40.0)
NODATA = -9999.0
LITTLE = 1e-6  # GB: the lowest strips


@pytest.fixture(scope="module")
def address():
    """The scheduler of two workers, which are processes that a nanny starts again."""
    options = {
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
        "memory_limit": 0,
        "silence_logs": logging.CRITICAL,
    }
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as running:
        yield running.scheduler_address


@pytest.fixture(scope="module")
def files(make_raster, materials, tmp_path_factory):
    """(hsi, pan, model) at ratio 4, float32, with gaps; the PAN starts a fraction of a pixel off."""
    folder = tmp_path_factory.mktemp("scene")
    truth = materials(224, 64, 6).astype(np.float32)
    hsi = Operators((56, 16), (224, 64), 4).down(truth)
    hsi[:, 30:32, 7] = NODATA
    moved = (HIGH[0] + 2.5, *HIGH[1:3], HIGH[3] - 2.5, *HIGH[4:])
    hsi = make_raster(folder / "hsi.tif", hsi, LOW, nodata=NODATA)
    pan = make_raster(folder / "pan.tif", truth[2:6].mean(0), moved, nodata=NODATA)
    train([hsi], [pan], str(folder / "model.ssml"), steps=5, device="cpu", settings={"pairs": 1})
    return hsi, pan, str(folder / "model.ssml")


@pytest.fixture
def low_strips(monkeypatch):
    monkeypatch.setattr(cluster, "LEAST_ROWS", 1)


def values(path):
    return gdal.Open(str(path)).ReadAsArray()


def fused(files, path, **more):
    fuse(*files, str(path), device="cpu", memory=LITTLE, **more)
    return values(path)


def left_of(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_raster_of_a_cluster_is_that_of_one_machine_to_the_last_bit(files, address, low_strips, tmp_path):
    here = fused(files, tmp_path / "here.tif", disagreement=str(tmp_path / "spread.tif"))
    there = fused(files, tmp_path / "there.tif", disagreement=str(tmp_path / "spread2.tif"), dask=address)
    np.testing.assert_array_equal(there, here)
    np.testing.assert_array_equal(values(tmp_path / "spread2.tif"), values(tmp_path / "spread.tif"))
    assert (here == NODATA).any()
    extent = (500033.0, 5800000.0 - 1777.0, 500601.0, 5800000.0 - 222.0)
    here = fused(files, tmp_path / "part.tif", extent=extent, use="spatial", consistency=2)
    there = fused(files, tmp_path / "part2.tif", extent=extent, use="spatial", consistency=2, dask=address)
    np.testing.assert_array_equal(there, here)
    assert len(left_of(tmp_path)) == 6


class KillWorker(Progress):
    """Kills the first worker that is in the middle of a strip."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.killed, self.strips = folder, 0, ""

    def cancelled(self):
        if not self.killed:
            for path in self.folder.glob(".*/*.strip.*"):
                self.killed, self.strips = int(path.name.split(".")[2]), path.name.split(".")[0]
                os.kill(self.killed, signal.SIGKILL)
                break
        return False


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX systems do")
def test_the_strip_of_a_worker_that_is_killed_is_done_again(files, address, low_strips, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_POLL_INTERVAL", 0.01)
    with distributed.Client(address, set_as_default=False) as client:
        workers = set(client.run(os.getpid).values())
        progress = KillWorker(tmp_path)
        there = fused(files, tmp_path / "there.tif", dask=address, progress=progress)
        assert progress.killed in workers
        assert progress.killed not in client.run(os.getpid).values()
    np.testing.assert_array_equal(there, fused(files, tmp_path / "here.tif"))
    assert left_of(tmp_path) == ["here.tif", "there.tif"]


class StopInTheMiddle(Progress):
    def __init__(self, folder: Path) -> None:
        self.folder, self.seen = folder, False

    def cancelled(self):
        self.seen = self.seen or bool(list(self.folder.glob(".*/*.strip*")))
        return self.seen


def test_stopping_leaves_nothing_and_the_cluster_serves_the_next(files, address, low_strips, tmp_path):
    with pytest.raises(Cancelled):
        fused(files, tmp_path / "there.tif", dask=address, progress=StopInTheMiddle(tmp_path))
    assert left_of(tmp_path) == []
    there = fused(files, tmp_path / "there.tif", dask=address)
    np.testing.assert_array_equal(there, fused(files, tmp_path / "here.tif"))


def test_a_worker_with_other_versions_is_refused(files, address, low_strips, tmp_path, monkeypatch):
    monkeypatch.setattr("core.runtime.versions.__version__", "0.0.1")
    with pytest.raises(InputError, match=r"On the worker tcp://.*: SSML is .* but 0.0.1 where the job was started"):
        fused(files, tmp_path / "there.tif", dask=address)
    assert left_of(tmp_path) == []


class OtherVersion:
    """A server that answers as a scheduler of another version of Dask, and to a client with what such ones end in."""

    def __init__(self, version: str) -> None:
        self._version, self._loop = version, asyncio.new_event_loop()

    def __enter__(self) -> str:
        ready, addresses = threading.Event(), []

        async def serve():
            self._stop = asyncio.Event()
            server = distributed.core.Server({"versions": self._versions, "identity": self._identity})
            await server.listen("tcp://127.0.0.1:0")
            addresses.append(server.address)
            ready.set()
            await self._stop.wait()
            await server.close()

        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(serve(),))
        self._thread.start()
        ready.wait()
        return addresses[0]

    def __exit__(self, *exception) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def _versions(self, packages=None):
        return {"host": {}, "packages": {"dask": self._version, "distributed": self._version}}

    def _identity(self):
        return {"type": "Scheduler"}


def test_a_scheduler_of_another_version_is_refused_with_both_versions(files, tmp_path):
    here = distributed.__version__
    with OtherVersion("2023.1.0") as address, pytest.raises(InputError) as refused:
        fused(files, tmp_path / "there.tif", dask=address)
    sentence = str(refused.value)
    assert sentence.startswith(
        f"The Dask scheduler at {address} runs Dask 2023.1.0, but this program runs Dask {here};"
    )
    assert f"dask[distributed]=={here}" in sentence
    assert left_of(tmp_path) == []


def test_a_worker_of_another_version_of_dask_is_refused(address, monkeypatch):
    monkeypatch.setattr(distributed, "__version__", "2023.1.0")
    refusal = pytest.raises(InputError, match=r"The Dask worker at tcp://.* runs Dask .* runs Dask 2023\.1\.0;")
    with distributed.Client(address, set_as_default=False) as client, refusal:
        dask_versions.check_workers(client)


def test_a_scheduler_that_is_not_there_is_said_in_one_sentence(files, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_TIMEOUT", 0.5)
    with pytest.raises(InputError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9;"):
        fused(files, tmp_path / "there.tif", dask="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match="No Dask scheduler answers at nonsense"):
        fused(files, tmp_path / "there.tif", dask="nonsense://here")


def test_without_dask_it_is_said_what_to_install(files, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingDependencyError, match=r"install dask\[distributed\]"):
        fused(files, tmp_path / "there.tif", dask="local")


def test_the_command_line_fuses_on_processes_of_this_machine(files, tmp_path, capsys):
    from core.cli.main import main

    hsi, pan, model = files
    line = ["fuse", "--hsi", hsi, "--pan", pan, "--model", model, "--device", "cpu", "--memory", str(LITTLE)]
    assert main([*line, "--out", str(tmp_path / "there.tif"), "--dask", "local"]) == 0
    assert "Strips of 224 rows: 1; workers: 2." in capsys.readouterr().err
    np.testing.assert_array_equal(values(tmp_path / "there.tif"), fused(files, tmp_path / "here.tif"))


@pytest.fixture
def elsewhere(tmp_path):
    """A function that starts Python in an empty folder, with nothing but what is installed to import from."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    started = []

    def start(*arguments):
        command = [sys.executable, *map(str, arguments)]
        started.append(subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in reversed(started):
        process.terminate()
        process.communicate(timeout=30)


def test_workers_that_have_it_installed_need_no_search_path(files, elsewhere, tmp_path):
    if importlib.util.find_spec("ssml_core") is None:
        pytest.skip("ssml_core is not installed; `make setup` installs it")
    hsi, pan, model = files
    file = tmp_path / "scheduler.json"
    elsewhere(
        "-m",
        "distributed.cli.dask_scheduler",
        *("--host", "127.0.0.1", "--port", 0, "--no-dashboard"),
        *("--scheduler-file", file),
    )
    elsewhere(
        "-m",
        "distributed.cli.dask_worker",
        "--scheduler-file",
        file,
        *("--nthreads", 1, "--no-dashboard"),
        *("--host", "127.0.0.1"),
    )
    until = time.monotonic() + 60
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.1)
    address = json.loads(file.read_text(encoding="utf-8"))["address"]
    line = ["fuse", "--hsi", hsi, "--pan", pan, "--model", model, "--device", "cpu", "--memory", LITTLE]
    job = elsewhere("-m", "ssml_core", *line, "--out", tmp_path / "there.tif", "--dask", address)
    said = job.communicate(timeout=180)[1]
    assert job.returncode == 0, said
    assert "workers: 1." in said
    np.testing.assert_array_equal(values(tmp_path / "there.tif"), fused(files, tmp_path / "here.tif"))
