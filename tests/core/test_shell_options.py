"""Options that many jobs of the command line share: each takes them, and refuses a wrong word before any work."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.cli.arguments import build_parser, job_parsers
from core.cli.main import main

COARSE = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
FINE = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
PAIR = ("--hsi", "hsi.tif", "--pan", "pan.tif")
FIXED = ("--mtf", "0.3", "--shift", "none")
CALLS = {
    "inspect": PAIR,
    "sharpen": (*PAIR, "--out", "out.tif"),
    "train": (*PAIR, "--model", "m.safetensors"),
    "fuse": (*PAIR, "--model", "m.safetensors", "--out", "out.tif"),
    "classical": (*PAIR, *FIXED, "--out", "out.tif"),
    "simulate": ("hsi.tif", "--ratio", "2", "--pan-bands", "1-2", "--out-hsi", "h.tif", "--out-pan", "p.tif"),
    "assess": ("--fused", "truth.tif", "--reference", "truth.tif", "--ratio", "3"),
    "compare": (*PAIR, *FIXED, "--methods", "gsa"),
}
QUICK = ("inspect", "classical", "simulate", "assess", "compare")


@pytest.fixture
def folder(tmp_path, make_raster, monkeypatch):
    """The current folder, with an HSI, its PAN and its truth."""
    row, col = np.mgrid[0:72, 0:72]
    truth = 100 + 20 * np.sin(row / 5) * np.cos(col / 7) + 40 * ((row // 9 + col // 11) % 2)
    bands = truth * np.array([1.0, 2.0, 3.0])[:, None, None]
    make_raster(tmp_path / "truth.tif", bands.astype(np.float32), FINE)
    make_raster(tmp_path / "hsi.tif", bands.reshape(3, 24, 3, 24, 3).mean((2, 4)).astype(np.float32), COARSE)
    make_raster(tmp_path / "pan.tif", truth.astype(np.float32), FINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def options_of(job):
    return job_parsers(build_parser())[job].known_options()


@pytest.mark.parametrize("job", [job for job in CALLS if "--denoise" in options_of(job)])
@pytest.mark.parametrize(
    ("flag", "word", "hint"),
    [
        ("--denoise", "of", "is it off?"),
        ("--denoise", "yes", "choose one of auto, off"),
        ("--clip", "rnge", "is it range?"),
    ],
)
def test_a_wrong_word_is_refused_before_any_work(folder, capsys, job, flag, word, hint):
    if flag not in options_of(job):
        assert (flag, job in ("inspect", "train", "compare")) == ("--clip", True)  # what writes no sharpened image
        return
    before = sorted(folder.iterdir())
    assert main([job, *CALLS[job], flag, word]) == 2
    said = capsys.readouterr()
    assert f"{word!r}; {hint}" in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("job", [job for job in CALLS if job not in QUICK])
def test_every_job_knows_json_and_quiet(job):
    assert {"--json", "--quiet"} <= set(options_of(job))


@pytest.mark.parametrize("job", QUICK)
def test_json_is_one_object_and_quiet_says_nothing(folder, capsys, job):
    assert main([job, *CALLS[job], "--json", "--quiet"]) == 0
    said = capsys.readouterr()
    assert isinstance(json.loads(said.out), dict)
    assert all(line.startswith("Warning: ") for line in said.err.splitlines())
    assert main([job, *CALLS[job], "--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("job", QUICK)
def test_json_of_a_failure_is_one_object_with_the_sentence(folder, capsys, job):
    for name in ("hsi.tif", "truth.tif"):
        (folder / name).unlink()
    assert main([job, *CALLS[job], "--json"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == {"error": said.err.strip().splitlines()[-1], "exit_code": 2}
