"""Memory runs out: on the GPU, in PyTorch on the CPU, in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from osgeo import gdal

from core.cli.main import main
from core.runtime.devices import is_out_of_memory

from .jobs import CHECKPOINTS, JOBS, At, left

pytestmark = pytest.mark.usefixtures("untouched")
GPU = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 4.00 GiB"
CPU = "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate"
LACKS = [MemoryError(), torch.OutOfMemoryError(GPU), RuntimeError(CPU), RuntimeError("std::bad_alloc")]


def raising(error):
    def act():
        raise error

    return act


@pytest.mark.parametrize("name", JOBS)
@pytest.mark.parametrize("error", LACKS[:2], ids=["host", "GPU"])
def test_memory_that_runs_out_at_any_moment_leaves_nothing(name, error, files, folder, moments):
    for moment in (moments(name) // 4, 3 * moments(name) // 4):
        with pytest.raises((MemoryError, RuntimeError)) as caught:
            JOBS[name].run(files, str(folder), At(moment, raising(error)))
        assert is_out_of_memory(caught.value)
        assert not set(left(folder)) - {CHECKPOINTS.get(name)}


@pytest.mark.parametrize("error", LACKS, ids=["numpy", "GPU", "CPU", "C++"])
def test_the_command_line_says_so_in_one_sentence(error, files, folder, monkeypatch, capsys):
    monkeypatch.setattr(torch.nn.functional, "hardswish", lambda *_, **__: raising(error)())
    arguments = ["--hsi", files.hsi, "--pan", files.pan, "--out", str(folder / "o.tif"), "--device", "cpu"]
    assert main(["sharpen", *arguments, "--effort", "fast"]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("There is not enough memory for this job")
    assert left(folder) == []


@pytest.mark.parametrize("error", LACKS[1:3], ids=["GPU", "CPU"])
def test_fusion_takes_smaller_tiles_and_the_pixels_are_the_same(error, files, folder, tmp_path, monkeypatch):
    from core.models.inference import PairResidual

    straight, real, failed = tmp_path / "straight", PairResidual._result, []
    straight.mkdir()
    JOBS["fuse"].run(files, str(straight), At())

    def result(residual, index, planes, rows, cols, progress):
        if cols[1] - cols[0] > 16:
            failed.append(cols)
            raise error
        return real(residual, index, planes, rows, cols, progress)

    monkeypatch.setattr(PairResidual, "_result", result)
    JOBS["fuse"].run(files, str(folder), At())
    assert failed
    first, second = (gdal.Open(str(place / "f.tif")).ReadAsArray() for place in (straight, folder))
    np.testing.assert_allclose(first, second, atol=1e-5 * np.ptp(first))


def test_fusion_that_never_fits_ends_without_a_result(files, folder, monkeypatch):
    monkeypatch.setattr(torch.nn.Conv2d, "forward", lambda *_: raising(torch.OutOfMemoryError(GPU))())
    with pytest.raises(MemoryError):
        JOBS["fuse"].run(files, str(folder), At())
    assert left(folder) == []


def test_a_lack_of_memory_within_a_strip_is_met_with_lower_strips(files, folder, tmp_path, monkeypatch):
    """numpy's arrays do not fit while strips are high."""
    from core.fusion.pipeline import Pipeline
    from core.workflows.classical import classical

    real, places = Pipeline.compute, [str(tmp_path / "a.tif"), str(folder / "b.tif")]
    classical(files.hsi, files.pan, places[0])
    told = []

    class Listening(At):
        def info(self, text):
            told.append(text)

    def compute(pipeline, start, stop):
        if stop - start > 16:
            raise MemoryError
        return real(pipeline, start, stop)

    monkeypatch.setattr(Pipeline, "compute", compute)
    classical(files.hsi, files.pan, places[1], progress=Listening())
    assert any("Memory ran out" in text for text in told)
    first, second = (gdal.Open(place).ReadAsArray() for place in places)
    np.testing.assert_allclose(first, second, atol=1e-5 * np.ptp(first))
