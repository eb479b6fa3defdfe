from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.cli.main import main
from core.models.format import ModelFile, write_model
from core.runtime.devices import torch_available
from core.runtime.errors import Cancelled
from core.runtime.progress import ConsoleProgress

ROOT = Path(__file__).resolve().parents[2]
COARSE = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
FINE = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
needs_torch = pytest.mark.skipif(not torch_available(), reason="PyTorch is not installed")


def noise(*shape):
    return (np.random.default_rng(0).random(shape) * 1000).astype(np.float32)


@pytest.fixture
def inputs(tmp_path, make_raster, monkeypatch):
    """A folder with an HSI and a PAN of ratio 3, which is also the current one."""
    make_raster(tmp_path / "hsi.tif", noise(3, 12, 10), COARSE)
    make_raster(tmp_path / "pan.tif", noise(36, 30), FINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return main([str(argument) for argument in arguments])


def sentence(capsys):
    """What was said on stderr: one line, no traceback, ended like a sentence."""
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert said.endswith(".\n"), said
    assert "Traceback" not in said
    return said


def fuse_arguments(job, hsi="hsi.tif", pan="pan.tif", out="out.tif"):
    return [job, "--hsi", hsi, "--pan", pan, "--out", out, *(["--device", "cpu"] if job != "classical" else [])]


# What wrong input gets: name -> (how the folder is changed, what the sentence says).
WRONG = {
    "missing HSI": (lambda make, folder: (folder / "hsi.tif").unlink(), r"hsi.tif does not exist"),
    "missing PAN": (lambda make, folder: (folder / "pan.tif").unlink(), r"pan.tif does not exist"),
    "unreadable file": (
        lambda make, folder: (folder / "pan.tif").write_text("no raster"),
        r"pan.tif cannot be read",
    ),
    "no georeference": (lambda make, folder: make("hsi.tif", noise(3, 12, 10), None, 0), r"hsi.tif has no georef"),
    "pixels without area": (
        lambda make, folder: make("hsi.tif", noise(3, 12, 10), (5e5, 30.0, 2.0, 5.8e6, 30.0, 2.0)),
        r"hsi.tif has no georeference",
    ),
    "no CRS": (
        lambda make, folder: make("pan.tif", noise(36, 30), FINE, 0),
        r"hsi.tif and pan.tif have different coordinate",
    ),
    "no overlap": (
        lambda make, folder: make("pan.tif", noise(36, 30), (900000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)),
        r"hsi.tif and pan.tif do not overlap",
    ),
    "ratio 1.2": (
        lambda make, folder: make("pan.tif", noise(14, 12), (500000.0, 25.0, 0.0, 5800000.0, 0.0, -25.0)),
        r"hsi.tif is 1.2 pixels of pan.tif .*: the PAN is not sharper",
    ),
    "ratio 1": (lambda make, folder: make("pan.tif", noise(12, 10), COARSE), r"the PAN is not sharper"),
    "HSI of one band": (lambda make, folder: make("hsi.tif", noise(12, 10), COARSE), r"hsi.tif has one band"),
    "HSI all nodata": (
        lambda make, folder: make("hsi.tif", np.zeros((3, 12, 10), np.float32), COARSE, nodata=0.0),
        r"hsi.tif holds no valid values",
    ),
    "PAN all nodata": (
        lambda make, folder: make("pan.tif", np.full((36, 30), np.nan, np.float32), FINE),
        r"pan.tif holds no valid values",
    ),
    "overlap too small": (
        lambda make, folder: make("pan.tif", noise(36, 21), FINE),
        r"overlap by only 7.0 HSI pixels",
    ),
}


@pytest.mark.parametrize("job", ["classical", pytest.param("sharpen", marks=needs_torch)])
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_input_gets_one_sentence_and_leaves_nothing(inputs, make_raster, capsys, job, wrong):
    spoil, words = WRONG[wrong]
    spoil(lambda name, *rest, **options: make_raster(inputs / name, *rest, **options), inputs)
    before = sorted(os.listdir(inputs))
    assert run(*fuse_arguments(job)) == 2
    said = sentence(capsys)
    assert re.search(words, said), said
    assert sorted(os.listdir(inputs)) == before


@pytest.mark.parametrize("job", ["classical", pytest.param("sharpen", marks=needs_torch)])
@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("missing/out.tif", "does not exist"),
        ("hsi.tif", "one of the input files"),
        ("./pan.tif", "one of the input files"),
        (".", "is a folder"),
        ("out.jpg", "name it .tif"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_refused_before_any_work(inputs, capsys, job, out, words):
    before = {path.name: path.read_bytes() for path in inputs.iterdir()}
    assert run(*fuse_arguments(job, out=out)) == 2
    assert words in sentence(capsys)
    assert {path.name: path.read_bytes() for path in inputs.iterdir()} == before


def test_a_folder_that_is_write_protected_is_refused(inputs, capsys, monkeypatch):
    def refuse(**_):  # as the system does; chmod would not stop root
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("core.runtime.atomic_files.tempfile.TemporaryFile", refuse)
    assert run(*fuse_arguments("classical")) == 2
    assert "cannot be written to" in sentence(capsys)
    assert not (inputs / "out.tif").exists()


@needs_torch
def test_outputs_of_one_job_must_be_different_files(inputs, capsys):
    assert run(*fuse_arguments("sharpen"), "--disagreement", "out.tif") == 2
    assert "same file" in sentence(capsys)
    assert run(*fuse_arguments("sharpen"), "--model", "x", "--report", "./x") == 2
    assert "same file" in sentence(capsys)


@needs_torch
@pytest.mark.parametrize("job", ["fuse", "info"])
def test_a_file_that_is_no_model_is_refused(inputs, capsys, job):
    arguments = [*fuse_arguments("fuse"), "--model", "hsi.tif"] if job == "fuse" else ["info", "hsi.tif"]
    assert run(*arguments) == 2
    assert "hsi.tif" in sentence(capsys)
    assert not (inputs / "out.tif").exists()


@needs_torch
def test_train_wants_as_many_pans_as_hsis(inputs, capsys):
    assert run("train", "--hsi", "hsi.tif", "hsi.tif", "--pan", "pan.tif", "--out", "m") == 2
    assert "2 HSI and 1 PAN" in sentence(capsys)


@needs_torch
def test_any_two_networks_can_learn_from_each_other(inputs, make_raster, capsys):
    pan = noise(36, 36) + 5
    levels = np.arange(1, 5, dtype=np.float32)[:, None, None]
    low = pan.reshape(12, 3, 12, 3).mean((1, 3)) * levels
    make_raster(inputs / "h.tif", (low + 0.05 * noise(4, 12, 12)).astype(np.float32), COARSE)
    make_raster(inputs / "p.tif", pan, FINE)
    scene = "--hsi", "h.tif", "--pan", "p.tif"
    pair = "--spectral-network", "hyperpnn", "--spatial-network", "pannet"
    assert run("train", *scene, "--out", "m", *pair, "--steps", 2) == 0
    assert run("fuse", *scene, "--model", "m", "--out", "f.tif", "--use", "spatial") == 0
    capsys.readouterr()
    assert run("info", "m", "--json") == 0
    assert json.loads(capsys.readouterr().out)["network"] == "hyperpnn+pannet"
    assert run("train", *scene, "--out", "n", "--network", "s2bnet", *pair) == 2
    assert "--network s2bnet" in sentence(capsys)
    assert run("train", *scene, "--out", "n", "--network", "hyperpnn+nothing") == 2
    assert "no network called nothing" in capsys.readouterr().err


def test_the_classical_line_from_a_reference_to_scores(inputs, make_raster, capsys):
    make_raster(inputs / "ref.tif", noise(3, 48, 40), COARSE)
    assert (
        run("simulate", "ref.tif", "--ratio", 4, "--pan-bands", "1-2", "--out-hsi", "h.tif", "--out-pan", "p.tif") == 0
    )
    assert "12 x 10 pixels, 3 bands" in capsys.readouterr().out
    assert run("classical", "--hsi", "h.tif", "--pan", "p.tif", "--out", "f.tif", "--method", "mtf-glp") == 0
    assert "f.tif: 48 x 40 pixels, 3 bands, ratio 4" in capsys.readouterr().out
    assert run("assess", "--fused", "f.tif", "--reference", "ref.tif", "--ratio", 4, "--json", "s.json") == 0
    printed = json.loads(capsys.readouterr().out)
    written = json.loads((inputs / "s.json").read_text(encoding="utf-8"))
    for index in ("ergas", "sam", "psnr", "cc", "ssim", "rmse"):
        assert printed[index] == written[index]
        assert isinstance(printed[index], float)
    assert run("assess", "--fused", "f.tif", "--hsi", "h.tif", "--pan", "p.tif") == 0
    assert json.loads(capsys.readouterr().out)["consistency"] < 0.1


def test_an_extent_may_have_negative_coordinates(inputs, make_raster, capsys):
    make_raster(inputs / "hsi.tif", noise(3, 12, 10), (-600.0, 30.0, 0.0, -900.0, 0.0, -30.0))
    make_raster(inputs / "pan.tif", noise(36, 30), (-600.0, 10.0, 0.0, -900.0, 0.0, -10.0))
    assert run(*fuse_arguments("classical"), "--extent", -550, -1000, -450.5, -950) == 0
    assert "5 x 9 pixels" in capsys.readouterr().out


def test_the_methods_can_be_listed_alone(capsys):
    assert run("classical", "--list") == 0
    listed = capsys.readouterr().out
    assert "mtf-glp" in listed
    assert "exp" in listed


def test_info_shows_a_model_and_gives_json(inputs, capsys):
    pytest.importorskip("safetensors")
    header = {
        "network": "ssml",
        "config": {"width": 8},
        "bands": 2,
        "wavelengths": [500.0, None],
        "pan_bands": 3,
        "pan_wavelengths": [492.4, 560.0, 664.6],
        "ratio": 4,
        "mtf": 0.3,
        "parameters": {"spectral": 1000, "spatial": 234},
        "scores": {"prior": {"ergas": 2.0, "sam": 3.0}, "mean": {"ergas": 1.5, "sam": 2.5}},
        "training_data": [{"hsi": "a.tif", "pan": "b.tif"}],
    }
    write_model(inputs / "m.safetensors", ModelFile(header, {"mean": np.zeros((2, 3), np.float32)}))
    assert run("info", "m.safetensors", "--report", "m.html") == 0
    shown = capsys.readouterr().out
    assert "1,234 learned parameters" in shown
    assert "2 bands, 500 to 500 nm, ratio 4" in shown
    assert "with         a sharper image of 3 bands (492.4, 560, 664.6 nm)\n" in shown
    page = (inputs / "m.html").read_text(encoding="utf-8")
    assert "a.tif" in page
    assert "a sharper image of 3 bands (492.4, 560, 664.6 nm)" in page
    assert "ERGAS" in page
    assert run("info", "m.safetensors", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["tensors"] == {"mean": {"shape": [2, 3], "dtype": "float32"}}
    assert facts["parameter_count"] == 1234
    assert facts["file_size"] == (inputs / "m.safetensors").stat().st_size
    assert {key: facts[key] for key in header} == header


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "JOB"),
        (["paint"], "paint"),
        (["simulate"], "REF"),
        (["simulate", "a", "--ratio", "2,5"], "2,5"),
        (["simulate", "a", "--ratio", "2", "--out-hsi", "b", "--out-pan", "c"], "--pan-bands --pan-range"),
        (["classical", "--hsi", "a", "--pan", "b", "--out", "c", "--memory", "0"], "--memory"),
        (["sharpen", "--hsi", "a", "--pan", "b", "--out", "c", "--effort", "heroic"], "heroic"),
        (["train", "--hsi", "a", "--out", "c"], "--pan"),
        (["assess", "--fused"], "--fused"),
    ],
)
def test_wrong_arguments_get_one_sentence_and_exit_code_2(capsys, arguments, words):
    assert main(arguments) == 2
    assert words in sentence(capsys)


@pytest.mark.parametrize("job", ["sharpen", "train", "fuse", "classical", "simulate", "assess", "info"])
def test_help_teaches_with_an_example(capsys, job):
    assert main([job, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"example:\n  ssml {job} " in text
    assert max(map(len, text.splitlines())) <= 110


def failing(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("core.workflows.info.info", fail)


def test_something_unforeseen_gets_one_sentence_and_exit_code_1(monkeypatch, capsys):
    failing(monkeypatch, KeyError("what"))
    assert run("info", "m") == 1
    assert "KeyError" in sentence(capsys)
    assert run("info", "m", "--debug") == 1
    assert "Traceback" in capsys.readouterr().err


def test_stopping_has_exit_code_130(monkeypatch, capsys):
    for error in (Cancelled("Stopped."), KeyboardInterrupt()):
        failing(monkeypatch, error)
        assert run("info", "m") == 130
        assert "Stopped" in sentence(capsys)


def test_ctrl_c_stops_at_the_next_check_and_signals_are_put_back(monkeypatch, capsys):
    def press(hsi, pan, output, progress, **_):
        os.kill(os.getpid(), signal.SIGINT)
        progress.check()
        raise AssertionError("check() did not stop the job")

    monkeypatch.setattr("core.workflows.classical.classical", press)
    before = signal.getsignal(signal.SIGINT)
    assert run(*fuse_arguments("classical")) == 130
    assert signal.getsignal(signal.SIGINT) is before


def test_python_dash_m_core_passes_the_exit_code_on_and_loads_no_torch_for_what_needs_none(inputs):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "core"]
    done = subprocess.run([*command, "info", "none"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "none" in done.stderr
    code = (
        "import sys; from core.cli.main import main; code = main(sys.argv[1:]); "
        "loaded = 'torch' in sys.modules; sys.exit(99 if loaded else code)"
    )
    done = subprocess.run([sys.executable, "-c", code, *fuse_arguments("classical")], env=environment)
    assert done.returncode == 0


def test_the_bar_is_drawn_on_terminals_only_and_taken_away(capsys):
    class Stream:
        def __init__(self, terminal):
            self.text, self.isatty = "", lambda: terminal

        def write(self, text):
            self.text += text

        def flush(self):
            pass

    silent, shown = Stream(False), Stream(True)
    for stream in (silent, shown):
        progress = ConsoleProgress(stream)
        progress.set(0.5, "Fusing")
        progress.part(0.5, 1.0).set(0.5)
        progress.finish()
    assert silent.text == ""
    assert "Fusing" in shown.text
    assert " 75%" in shown.text
    assert shown.text.endswith("\r")
