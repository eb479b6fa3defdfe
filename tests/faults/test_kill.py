"""SIGKILL at any moment: nothing of the process gets a chance to tidy up."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from osgeo import gdal

from .jobs import CHECKPOINTS, JOBS, At, left
from .processes import heard, kill, pause, running

pytestmark = [
    pytest.mark.usefixtures("untouched"),
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's"),
]


def killed_at(moment, name, files, folder):
    """Kill a job at that moment; whether the moment came before its end."""
    with running(pause, name, files, str(folder), moment) as (process, way):
        standing = heard(way) == "standing"
        kill(process)
    return standing


def same_rasters(name, first, second):
    for output in JOBS[name].outputs:
        if output.endswith((".tif", ".img")):
            np.testing.assert_array_equal(*(gdal.Open(str(place / output)).ReadAsArray() for place in (first, second)))


@pytest.mark.parametrize("name", JOBS)
def test_a_killed_job_leaves_no_result_and_the_next_run_is_complete_and_tidies_up(
    name, files, folder, moments, tmp_path
):
    """At half of its questions a job is at its work, with files half written; at nine tenths it is near its end."""
    straight = tmp_path / "straight"
    straight.mkdir()
    JOBS[name].run(files, str(straight), At())
    assert killed_at(moments(name) // 2, name, files, folder)
    assert not {entry for entry in left(folder) if not entry.startswith(".")} - {CHECKPOINTS.get(name)}
    if name not in CHECKPOINTS and killed_at(9 * moments(name) // 10, name, files, folder):
        assert not [entry for entry in left(folder) if not entry.startswith(".")]
    JOBS[name].run(files, str(folder), At())
    assert left(folder) == sorted(JOBS[name].outputs)
    same_rasters(name, straight, folder)


@pytest.mark.parametrize("name", ["classical", "fuse"])
def test_a_former_result_stands_while_a_run_is_killed(name, files, folder, moments):
    JOBS[name].run(files, str(folder), At())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert killed_at(2 * moments(name) // 3, name, files, folder)
    after = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}
    assert after == before


def test_the_hidden_files_of_a_run_that_still_works_are_left_alone(files, folder, moments):
    with running(pause, "fuse", files, str(folder), 9 * moments("fuse") // 10) as (_, way):
        assert heard(way) == "standing"
        hidden = left(folder)
        assert hidden
        JOBS["fuse"].run(files, str(folder), At())
        assert set(left(folder)) == {*hidden, *JOBS["fuse"].outputs}
        way.send("go on")
        assert heard(way) == "done"
    assert left(folder) == sorted(JOBS["fuse"].outputs)


def test_a_training_that_is_killed_goes_on_where_its_checkpoint_stands(files, folder, moments, tmp_path):
    straight = tmp_path / "straight"
    straight.mkdir()
    JOBS["sharpen"].run(files, str(straight), At())
    assert killed_at(moments("sharpen") // 2, "sharpen", files, folder)
    assert CHECKPOINTS["sharpen"] in left(folder)
    JOBS["sharpen"].run(files, str(folder), At())
    assert left(folder) == sorted(JOBS["sharpen"].outputs)
    same_rasters("sharpen", straight, folder)
