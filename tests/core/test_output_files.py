"""An output is complete or not there: former files, failures, full disks, places that cannot be written to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.runtime import atomic_files as placing
from core.runtime.atomic_files import check_output
from core.runtime.errors import Cancelled, InputError
from tests.core.written import names, raw, write

ROOT = Path(__file__).resolve().parents[2]
LIBTIFFS_OWN = ("_tiffWriteProc: File too large.", "_tiffSeekProc: File too large.")


@pytest.mark.parametrize("error", [KeyboardInterrupt, Cancelled, RuntimeError])
@pytest.mark.parametrize("name", ["a.tif", "a.img"])
def test_an_exception_leaves_nothing_and_the_former_file_untouched(tmp_path, make_grid, error, name):
    def fail():
        with RasterWriter(tmp_path / name, make_grid(40, 40), RasterMetadata.plain(3, "int16")) as writer:
            writer.write(np.full((3, 20, 40), 9.0), np.ones((20, 40), bool))
            raise error("stop")

    with pytest.raises(error):
        fail()
    assert names(tmp_path) == []
    write(tmp_path / name, make_grid(1, 2), [[1, 2]])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(error):
        fail()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_former_file_stands_until_the_end(tmp_path, make_grid):
    path = tmp_path / "a.tif"
    write(path, make_grid(1, 2), [[1, 2]])
    with RasterWriter(path, make_grid(1, 2), RasterMetadata.plain(1, "int16")) as writer:
        writer.write(np.full((1, 1, 2), 7.0), np.ones((1, 2), bool))
        assert raw(path, "int16").tolist() == [[[1, 2]]]
        assert all(name == "a.tif" or name.startswith(".") for name in names(tmp_path))
    assert raw(path, "int16").tolist() == [[[7, 7]]]
    assert names(tmp_path) == ["a.tif"]


def test_files_that_described_the_former_one_are_removed(tmp_path, make_grid):
    for stale in ("a.tif.aux.xml", "a.tif.ovr", "a.tif.msk", "a.tfw", "b.img.aux.xml", "b.img.hdr"):
        (tmp_path / stale).write_text("old")
    for mine in ("a.qml", "a.hdr", "a.tif.txt"):
        (tmp_path / mine).write_text("not about the pixels of a.tif")
    write(tmp_path / "a.tif", make_grid(1, 2), [[1, 2]])
    write(tmp_path / "b.img", make_grid(1, 2), [[1, 2]])
    assert names(tmp_path) == ["a.hdr", "a.qml", "a.tif", "a.tif.txt", "b.hdr", "b.img"]


def test_an_envi_file_replaces_its_own_header_but_not_that_of_another(tmp_path, make_grid):
    write(tmp_path / "a.img", make_grid(1, 2), [[1, 2]])
    write(tmp_path / "a.img", make_grid(1, 3), [[1, 2, 3]])
    with RasterReader(tmp_path / "a.img") as reader:
        assert reader.grid.cols == 3
    with pytest.raises(InputError, match=r"belongs to a\.img"):
        write(tmp_path / "a.bsq", make_grid(1, 2), [[1, 2]])
    assert names(tmp_path) == ["a.hdr", "a.img"]


@pytest.mark.parametrize("name", ["a.tif", "a.img"])
def test_a_file_held_by_another_program_keeps_the_result_beside_it(tmp_path, make_grid, monkeypatch, name):
    write(tmp_path / name, make_grid(1, 2), [[1, 2]])

    def held(source, target):
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(placing.os, "replace", held)
    with pytest.raises(InputError, match="a-new1") as refusal:
        write(tmp_path / name, make_grid(1, 2), [[5, 6]])
    assert "QGIS" in str(refusal.value)
    stem, suffix = name.split(".")
    assert raw(tmp_path / name, "int16").tolist() == [[[1, 2]]]
    assert raw(tmp_path / f"{stem}-new1.{suffix}", "int16").tolist() == [[[5, 6]]]
    assert not [left for left in names(tmp_path) if left.startswith(".")]


def test_places_that_cannot_be_written_to_are_refused_at_once(tmp_path, make_grid):
    plain = RasterMetadata.plain(1, "int16")
    for path, words in (
        (tmp_path / "missing" / "a.tif", "does not exist"),
        (tmp_path, "is a folder"),
        (tmp_path / "a.png", "name it .tif"),
        (tmp_path / "a.hdr", "name it .tif"),
        (tmp_path / "a", "name it .tif"),
    ):
        with pytest.raises(InputError, match=words):
            RasterWriter(path, make_grid(1, 2), plain)
    assert names(tmp_path) == []


def test_a_folder_without_write_permission_is_refused(tmp_path, monkeypatch):
    def denied(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(placing.tempfile, "TemporaryFile", denied)
    with pytest.raises(InputError, match="cannot be written to"):
        check_output(tmp_path / "a.tif")


def test_an_output_may_not_be_one_of_its_inputs(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"x")
    (tmp_path / "link.tif").symlink_to(tmp_path / "a.tif")
    with pytest.raises(InputError, match="one of the input files"):
        check_output(tmp_path / "a.tif", ["/vsimem/x.tif", tmp_path / "a.tif"])
    with pytest.raises(InputError, match="one of the input files"):
        check_output(tmp_path / "link.tif", [tmp_path / "a.tif"])
    check_output(tmp_path / "b.tif", [tmp_path / "a.tif"])
    assert names(tmp_path) == ["a.tif", "link.tif"]


FULL_DISK = """
import resource, sys
import numpy as np
from osgeo import gdal
from core.runtime.errors import InputError
from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.writer import RasterWriter

path, when, exceptions = sys.argv[1:]
if exceptions == "True":
    gdal.UseExceptions()
grid, metadata = Grid(5e5, 5.8e6, 30, -30, 512, 512), RasterMetadata.plain(2, "int16")
noise = np.random.default_rng(0).integers(0, 30000, (2, 512, 512)).astype(float)
try:
    with RasterWriter(path, grid, metadata) as writer:
        if when == "closing":  # the rows that nobody wrote are written then
            writer.write(noise[:, :256], np.ones((256, 512), bool))
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        if when == "writing":
            writer.write(noise, np.ones((512, 512), bool))
except InputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on a file's size are POSIX's")
@pytest.mark.parametrize("exceptions", [False, True])
@pytest.mark.parametrize(("name", "when"), [("a.tif", "writing"), ("a.img", "writing"), ("a.tif", "closing")])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, name, when, exceptions):
    if exceptions and not hasattr(gdal, "ExceptionMgr"):
        pytest.skip("GDAL's destructors print with exceptions on, and this GDAL cannot have them off in one thread")
    start = [sys.executable, "-c", FULL_DISK, str(tmp_path / name), when, str(exceptions)]
    done = subprocess.run(start, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    # libtiff prints these itself, past GDAL's error handlers, where GDAL is not built with its own libtiff.
    said = [line for line in done.stderr.splitlines() if line not in LIBTIFFS_OWN]
    assert said == []
    assert done.stdout.count("\n") == 1
    assert f"{name} could not be written" in done.stdout
    assert "May be caused by" not in done.stdout
    assert names(tmp_path) == []
