"""The user stops a job at any moment."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from core.models.format import read_model
from core.runtime.errors import Cancelled

from .jobs import CHECKPOINTS, JOBS, STEPS, At, left

pytestmark = pytest.mark.usefixtures("untouched")
RANDOM = 6  # moments of each job, beside the first and the last one


def some_moments(name: str, count: int) -> list[int]:
    """Jobs that wait for their own threads ask more often where a machine is busy: the last moments may not come."""
    drawn = np.random.default_rng([len(name), count]).integers(0, count, RANDOM).tolist()
    return sorted({0, count * 9 // 10, *drawn})


@pytest.mark.parametrize("name", JOBS)
def test_a_cancelled_job_leaves_nothing_but_its_checkpoint(name, files, folder, moments):
    stopped = 0
    for moment in some_moments(name, moments(name)):
        place = folder / str(moment)
        place.mkdir()
        asking = At(moment, lambda: True)
        try:
            JOBS[name].run(files, str(place), asking)
        except Cancelled:
            stopped += 1
            assert not set(left(place)) - {CHECKPOINTS.get(name)}, f"{moment} of {moments(name)}"
        else:
            assert not asking.stop, "the job was asked to stop, and went on"
            assert left(place) == sorted(JOBS[name].outputs)
    assert stopped > RANDOM // 2


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_job_stopped_again_and_again_ends_with_the_pixels_of_one_that_never_was(name, files, tmp_path, moments):
    places = [tmp_path / "straight", tmp_path / "stopped"]
    for place in places:
        place.mkdir()
    JOBS[name].run(files, str(places[0]), At())
    stops = np.random.default_rng(5).integers(moments(name) // 3, moments(name), 4)
    for moment in stops.tolist():
        try:
            JOBS[name].run(files, str(places[1]), At(moment, lambda: True))
        except Cancelled:
            continue
    if left(places[1]) != sorted(JOBS[name].outputs):
        JOBS[name].run(files, str(places[1]), At())
    assert left(places[1]) == sorted(JOBS[name].outputs)
    for output in JOBS[name].outputs:
        paths = [str(place / output) for place in places]
        if output.endswith(".tif"):
            np.testing.assert_array_equal(*(gdal.Open(path).ReadAsArray() for path in paths))
        elif output.endswith(".ssml"):
            first, second = map(read_model, paths)
            assert first.header["history"] == second.header["history"]
            assert set(first.tensors) == set(second.tensors)
            for key, array in first.tensors.items():
                np.testing.assert_array_equal(array, second.tensors[key])


def test_a_training_that_is_stopped_while_fusing_is_not_lost(files, folder):
    """The checkpoint stands until everything is written."""

    class WhileFusing(At):
        def set(self, fraction: float, text: str | None = None) -> None:
            self.stop = self.stop or text == "Fusing"

    with pytest.raises(Cancelled):
        JOBS["sharpen"].run(files, str(folder), WhileFusing())
    assert left(folder) == [CHECKPOINTS["sharpen"]]
    assert read_model(folder / CHECKPOINTS["sharpen"]).header["checkpoint"]["step"] == STEPS
