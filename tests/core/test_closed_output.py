"""``... | head``: the program ends without a word when nobody reads what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.cli.closed_output import EXIT_CODE, OutputClosed, watched_output
from core.models.format import ModelFile, write_model

ROOT = Path(__file__).resolve().parents[2]
COARSE = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
FINE = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
pytestmark = pytest.mark.skipif(os.name == "nt", reason="a pipe without a reader is made in another way there")


@pytest.fixture
def run(tmp_path):
    """A function: ``python -m core`` in a folder of its own, without a reader of the streams that are named."""
    logs = tmp_path / "temporary"
    logs.mkdir()

    def run(*arguments, closed=("stdout",), python=(), cwd=tmp_path):
        reader, writer = os.pipe()
        os.close(reader)
        streams = {name: writer if name in closed else subprocess.PIPE for name in ("stdout", "stderr")}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(logs)}
        environment.pop("PYTHONUNBUFFERED", None)
        command = [sys.executable, *python, "-m", "core", *map(str, arguments)]
        try:
            done = subprocess.run(command, env=environment, cwd=cwd, text=True, timeout=120, check=False, **streams)
        finally:
            os.close(writer)
        assert not list(logs.glob("*failure*"))
        return done

    return run


@pytest.fixture
def scene(tmp_path, make_raster):
    hsi, fused = ((np.random.default_rng(n).random((3, 36, 30)) * 1000).astype(np.float32) for n in range(2))
    return make_raster(tmp_path / "truth.tif", hsi, FINE), make_raster(tmp_path / "fused.tif", fused, FINE)


@pytest.mark.parametrize("python", [(), ("-u",)], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["compare", "--help"], ["classical", "--list"]], ids=" ".join
)
def test_help_and_lists_end_quietly(run, arguments, python):
    done = run(*arguments, python=python)
    assert (done.returncode, done.stderr) == (EXIT_CODE, "")


def test_a_small_result_of_a_job_ends_quietly(run, scene):
    truth, fused = scene
    arguments = ["assess", "--fused", fused, "--reference", truth, "--ratio", 3]
    done = run(*arguments)
    assert done.returncode == EXIT_CODE
    assert "Traceback" not in done.stderr
    assert "unforeseen" not in done.stderr
    read = run(*arguments, closed=())
    assert (read.returncode, read.stderr) == (0, done.stderr)  # no word more, no word less
    assert '"ergas"' in read.stdout


def test_a_result_larger_than_all_buffers_ends_quietly(run, tmp_path):
    pytest.importorskip("safetensors")
    waves = [400.0 + 0.01 * band for band in range(20_000)]
    header = {"network": "x", "config": {}, "bands": len(waves), "wavelengths": waves, "ratio": 4, "mtf": 0.3}
    write_model(tmp_path / "m.ssml", ModelFile(header))
    done = run("info", "m.ssml", "--json")
    assert (done.returncode, done.stderr) == (EXIT_CODE, "")
    read = run("info", "m.ssml", "--json", closed=())
    assert read.returncode == 0
    assert len(read.stdout) > 2 * 65536  # more than a pipe holds


def test_a_reader_that_takes_one_line_and_leaves_is_no_failure(run, tmp_path):
    pytest.importorskip("safetensors")
    waves = [400.0 + 0.01 * band for band in range(20_000)]
    header = {"network": "x", "config": {}, "bands": len(waves), "wavelengths": waves, "ratio": 4, "mtf": 0.3}
    write_model(tmp_path / "m.ssml", ModelFile(header))
    command = [sys.executable, "-m", "core", "info", "m.ssml", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=tmp_path, text=True, **pipes) as process:
        assert process.stdout.readline() == "{\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(120) == EXIT_CODE


@pytest.mark.parametrize("closed", [("stderr",), ("stdout", "stderr")], ids="+".join)
@pytest.mark.parametrize("arguments", [["no-such-job"], ["info", "no-such-model"]], ids=" ".join)
def test_a_sentence_that_nobody_reads_ends_quietly(run, arguments, closed):
    done = run(*arguments, closed=closed)
    assert done.returncode == EXIT_CODE
    assert not done.stdout
    assert not done.stderr


def test_a_job_whose_messages_nobody_reads_leaves_nothing_behind(run, tmp_path, make_raster):
    rng = np.random.default_rng(0)
    folder = tmp_path / "scene"
    folder.mkdir()
    make_raster(folder / "hsi.tif", rng.random((3, 12, 10)).astype(np.float32), COARSE)
    make_raster(folder / "pan.tif", rng.random((36, 30)).astype(np.float32), FINE)
    arguments = ["classical", "--hsi", "hsi.tif", "--pan", "pan.tif", "--out", "o.tif", "--mtf", "enmap"]
    done = run(*arguments, closed=("stderr",), cwd=folder)
    assert (done.returncode, done.stdout) == (EXIT_CODE, "")
    assert sorted(os.listdir(folder)) == ["hsi.tif", "pan.tif"]
    assert run(*arguments, closed=(), cwd=folder).returncode == 0


@pytest.mark.parametrize("descriptor", [1, 2])
def test_a_stream_that_was_never_open_loses_what_is_said(scene, tmp_path, descriptor):
    truth, fused = scene
    code = (
        f"import os, sys; os.close({descriptor}); "
        "os.execv(sys.executable, [sys.executable, '-m', 'core', *sys.argv[1:]])"
    )
    arguments = ["assess", "--fused", fused, "--reference", truth, "--ratio", "3"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert ('"ergas"' in done.stdout) == (descriptor == 2)
    assert not list(tmp_path.glob("*failure*"))


def test_other_broken_pipes_stay_what_they_are():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with watched_output(), pytest.raises(BrokenPipeError):
            os.write(writer, b"to a worker that is gone")
    finally:
        os.close(writer)


def test_the_streams_are_put_back():
    def ended():
        with watched_output():
            assert sys.stdout is not before[0]
            raise OutputClosed

    before = sys.stdout, sys.stderr
    with pytest.raises(OutputClosed):
        ended()
    assert (sys.stdout, sys.stderr) == before
