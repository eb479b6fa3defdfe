"""The disk is full, or the folder is gone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from core.runtime.errors import InputError

from .jobs import CHECKPOINTS, JOBS, At, left
from .processes import heard, running, tell

pytestmark = pytest.mark.usefixtures("untouched")
PAGE = 4096


@pytest.fixture
def disk(tmp_path):
    """A function: mounts a file system of so many bytes in memory; for root on Linux only."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(size: int):
        unmount()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", str(place)], check=False)
        if done.returncode:
            pytest.skip("no file system can be mounted here")
        return place

    def unmount():
        if os.path.ismount(place):
            subprocess.run(["umount", str(place)], check=True)

    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    yield mount
    unmount()


@pytest.mark.parametrize("name", JOBS)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(name, files, folder, disk, sentence):
    """Disks that have room for nothing, for a part of the results, and for nearly all of them."""
    JOBS[name].run(files, str(folder), At())
    whole = sum(-(-(folder / output).stat().st_size // PAGE) * PAGE for output in JOBS[name].outputs)
    for size in sorted({PAGE, whole // 3, whole - PAGE} - {0}):
        place = disk(max(size // PAGE, 1) * PAGE)
        with pytest.raises(InputError) as caught:
            JOBS[name].run(files, str(place), At())
        sentence(caught.value)
        found = set(left(place)) - {CHECKPOINTS.get(name)}
        # What stands there is complete: a job may have ended one of its files before the disk was full.
        assert found <= set(JOBS[name].outputs)
        for output in found:
            assert (place / output).stat().st_size == pytest.approx((folder / output).stat().st_size, rel=0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="limits on a file's size are POSIX's")
@pytest.mark.parametrize("name", ["simulate", "fuse", "classical", "assess", "train"])
@pytest.mark.parametrize("limit", [0, 3000])
def test_a_limit_on_the_size_of_files_is_one_sentence_and_leaves_nothing(name, limit, files, folder):
    with running(tell, name, files, str(folder), limit) as (_, way):
        said = heard(way)
    assert "could not be written" in said or "cannot be written" in said
    assert said.endswith(".")
    assert left(folder) == []


@pytest.mark.parametrize("name", JOBS)
def test_a_folder_that_vanishes_is_one_sentence(name, files, folder, moments, sentence):
    for moment in {moments(name) // 2, 3 * moments(name) // 4}:
        os.makedirs(folder, exist_ok=True)
        with pytest.raises(InputError) as caught:
            JOBS[name].run(files, str(folder), At(moment, lambda: shutil.rmtree(folder, ignore_errors=True)))
        assert "folder" in sentence(caught.value).lower()
        assert not folder.exists()
