"""The command line as a shell meets it: near misses, JSON, silence, files of options, completion, many pairs."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.cli.failures import failure
from core.cli.main import main
from core.report.batch import batch_report
from core.report.html import render
from core.runtime.errors import Cancelled
from core.runtime.progress import ConsoleProgress
from core.runtime.time_left import TimeLeft

ROOT = Path(__file__).resolve().parents[2]
COARSE = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
FINE = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
FUSE = ("classical", "--hsi", "hsi.tif", "--pan", "pan.tif", "--out", "out.tif", "--mtf", "0.3", "--shift", "none")


def run(*arguments):
    return main([str(argument) for argument in arguments])


needs_toml = pytest.mark.skipif(
    not any(importlib.util.find_spec(name) for name in ("tomllib", "tomli")), reason="there is no parser of TOML"
)


@pytest.fixture
def inputs(tmp_path, make_raster, monkeypatch):
    """A folder with an HSI with wavelengths and a PAN of ratio 3, which is also the current one."""
    row, col = np.mgrid[0:48, 0:45]
    truth = 100 + 20 * np.sin(row / 5) * np.cos(col / 7) + 40 * ((row // 9 + col // 11) % 2)
    hsi = truth.reshape(16, 3, 15, 3).mean(axis=(1, 3)) * np.array([1.0, 2.0, 3.0])[:, None, None]
    make_raster(tmp_path / "hsi.tif", hsi.astype(np.float32), COARSE)
    raster = gdal.Open(str(tmp_path / "hsi.tif"), gdal.GA_Update)
    for number, wave in enumerate(("0.45", "0.55", "0.65"), 1):
        raster.GetRasterBand(number).SetMetadataItem("CENTRAL_WAVELENGTH_UM", wave, "IMAGERY")
    del raster
    make_raster(tmp_path / "pan.tif", truth.astype(np.float32), FINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sharpn"], "no JOB 'sharpn'; is it sharpen? See"),
        (["qqqq"], "no JOB 'qqqq'; choose one of inspect, sharpen,"),
        ([*FUSE, "--metod", "gsa"], "--metod gsa; is it --method? See ssml classical --help"),
        ([*FUSE[:3], "two.tif", *FUSE[3:]], "takes one value, and two.tif is left over: many pairs are for ssml batch"),
        ([*FUSE, "--mtf", "0.2", "0.3"], "--mtf takes one value, and 0.3 is left over: quotation marks stand around"),
        ([*FUSE, "--overviews", "yes"], "--overviews takes no value, and yes is left over; see ssml classical --help"),
        (["info", "a", "b"], "It is not said what is meant by b; see ssml info --help"),
        ([*FUSE, "--compress", "deflat"], "no --compress 'deflat'; is it deflate?"),
        ([*FUSE, "--compress", "lzma"], "choose one of deflate, zstd, none;"),
        ([*FUSE, "--method", "gsaa"], "no classical method 'gsaa'; is it gsa?"),
        ([*FUSE, "--bands", "500-700"], "bands 1 to 3: for wavelengths write 500-700 nm."),
        ([*FUSE, "--bands", "3-2"], "write the lower number first."),
        ([*FUSE, "--bands", "2-7"], "bands 1 to 3: choose among these."),
        ([*FUSE, "--config", "none.toml"], "none.toml does not exist"),
        ([*FUSE[:4], "hsi.tif", *FUSE[5:]], "hsi.tif was given as the HSI and as the PAN; give a sharper image"),
        (["batch", "hsi.tif", "--out", "o"], "no text in UTF-8"),
    ],
)
def test_a_near_miss_is_told_from_a_far_one_in_one_sentence(inputs, capsys, arguments, words):
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_wavelengths_may_be_given_in_micrometres(inputs):
    for number, bands in enumerate(("500-700 nm", "0.5-0.7 um", "0.5 - 0.7 µm")):
        assert run(*FUSE[:6], f"{number}.tif", *FUSE[7:], "--bands", bands) == 0
    first, *others = [(inputs / f"{number}.tif").read_bytes() for number in range(3)]
    assert others == [first, first]


@pytest.mark.parametrize("job", [FUSE, ("inspect", "--hsi", "hsi.tif", "--pan", "pan.tif")])
def test_json_is_one_object_on_standard_output(inputs, capsys, job):
    assert run(*job, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ratio"] == 3
    assert isinstance(found["warnings"], list)


def test_json_of_a_failure_says_what_failed(inputs, capsys):
    (inputs / "pan.tif").unlink()
    assert run(*FUSE, "--json") == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == {"error": said.err.strip(), "exit_code": 2}


def test_quiet_keeps_warnings_and_drops_all_else(inputs, capsys):
    assert run(*FUSE, "--quiet") == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert run(*FUSE) == 0
    aloud = capsys.readouterr()
    assert "out.tif: 48 x 45 pixels" in aloud.out
    assert set(said.err.splitlines()) < set(aloud.err.splitlines())


@needs_toml
def test_a_file_gives_options_which_the_call_overrides(inputs, capsys):
    (inputs / "o.toml").write_text(
        'compress = "none"\nmethod = "gsa"\n[classical]\nmethod = "exp"\n[train]\nsteps = 1\n'
    )
    assert run(*FUSE, "--config", "o.toml") == 0
    by_file = (inputs / "out.tif").read_bytes()
    assert run(*FUSE, "--compress", "none", "--method", "exp") == 0
    assert by_file == (inputs / "out.tif").read_bytes()
    assert run(*FUSE, "--config=o.toml", "--method", "gsa") == 0
    assert by_file != (inputs / "out.tif").read_bytes()


@needs_toml
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('metod = "gsa"', "has an option 'metod', which classical does not have; is it method?"),
        ("[clasical]\nmtf = 0.3", "has a table [clasical], but there is no such job; is it classical?"),
        ("mtf 0.3", "cannot be read as TOML"),
        ("mtf = 2020-01-01", "neither text, a number"),
    ],
)
def test_what_is_wrong_with_a_file_of_options_is_said(inputs, capsys, text, words):
    (inputs / "o.toml").write_text(text)
    assert run(*FUSE, "--config", "o.toml") == 2
    said = capsys.readouterr().err
    assert words in said
    assert "o.toml" in said
    assert not (inputs / "out.tif").exists()


def test_without_a_parser_of_toml_it_is_said_how_to_get_one(inputs, capsys, monkeypatch):
    (inputs / "o.toml").write_text("mtf = 0.3")
    for name in ("tomllib", "tomli"):
        monkeypatch.setitem(sys.modules, name, None)
    assert run(*FUSE, "--config", "o.toml") == 2
    assert "needs Python 3.11 or newer, or the package tomli" in capsys.readouterr().err


def completed(line, inputs):
    """What bash proposes for the last word of a line."""
    words = line.split(" ")
    ask = f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; _ssml; "
    ask += 'printf "%s\\n" "${COMPREPLY[@]}"'
    script = subprocess.run(
        [sys.executable, "-m", "core", "completion", "bash"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], cwd=inputs, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no bash")
def test_bash_completes_jobs_options_and_words(tmp_path):
    assert completed("ssml sh", tmp_path) == ["sharpen"]
    assert "--effort" in completed("ssml sharpen --eff", tmp_path)
    assert completed("ssml sharpen --effort n", tmp_path) == ["normal"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_given_a_script_with_all_jobs(capsys, shell):
    assert run("completion", shell) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("sharpen", "classical", "batch", "ssml"))


def test_a_batch_goes_on_after_failures_and_writes_one_page(inputs, capsys):
    (inputs / "broken.tif").write_text("no raster")
    lines = (
        "name;hsi;pan;method",
        "a;hsi.tif;pan.tif;",
        "b;hsi.tif;broken.tif;",
        "c;none.tif;pan.tif;",
        "d;hsi.tif;pan.tif;gsa",
    )
    (inputs / "pairs.csv").write_text("\n".join([*lines, "e;hsi.tif;pan.tif;nosuch"]), encoding="utf-8-sig")
    words = ("--job", "classical", "--shift", "none", "--mtf", "0.3")
    assert run("batch", "pairs.csv", "--out", "made", *words, "--json") == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["done"], found["failed"]) == (2, 3)
    assert [bool(pair["error"]) for pair in found["pairs"]] == [False, True, True, False, True]
    assert sorted(path.name for path in (inputs / "made").iterdir()) == ["a.tif", "d.tif", "overview.html"]
    assert (inputs / "made" / "a.tif").read_bytes() != (inputs / "made" / "d.tif").read_bytes()
    page = (inputs / "made" / "overview.html").read_text(encoding="utf-8")
    assert "2 of 5 pairs done, 3 failed." in page
    assert 'href="a.tif"' in page
    assert "none.tif does not exist" in page
    assert page.count("<img") == 2
    assert "Expected gain" not in page  # this job states none: no column of dashes
    assert "failed: see below" in page


def test_the_page_of_a_batch_says_why_no_gain_is_stated(tmp_path):
    common = {"hsi": "", "pan": "", "output": "", "report": "", "error": "", "warnings": [], "seconds": 1.0}
    told = {"expected_gain": {"ergas": [4.2, 9.0, 12.6]}, "gain_unstated": ""}
    untold = {"expected_gain": {}, "gain_unstated": "not stated for several sharp bands"}
    records = [{"name": "a", **common, **told}, {"name": "b", **common, **untold}]
    page = render(batch_report(records, "sharpen", tmp_path, 2))
    assert "4 to 13 % (ERGAS)" in page
    assert "not stated for several sharp bands" in page
    assert "–" not in page


def test_a_job_ends_with_the_verdict_and_what_calls_for_a_look(inputs, capsys):
    assert run(*FUSE) == 0
    good = capsys.readouterr().out.splitlines()
    assert good[-1].startswith("pass: Sharpened with MTF-GLP; ")
    assert run(*FUSE[:-4], "--shift", "none") == 0  # the blur of so small a pair is not sure
    told = capsys.readouterr().out.splitlines()
    assert told[-2].startswith("look: Sharpened with MTF-GLP; ")
    assert told[-1].startswith("  look: Blur of the HSI: MTF gain 0.3, assumed: the pair does not tell it surely.")


def test_a_table_without_the_columns_is_refused(inputs, capsys):
    (inputs / "pairs.csv").write_text("hyper,pan\nhsi.tif,pan.tif\n")
    assert run("batch", "pairs.csv", "--out", "made") == 2
    assert "has no column 'hsi'" in capsys.readouterr().err
    assert not (inputs / "made").exists()


def test_the_time_left_follows_the_speed_and_counts_down():
    now = [0.0]
    left = TimeLeft(lambda: now[0])
    for step in range(101):
        now[0] = 0.2 * step
        left.update(step / 200)
        if step == 5:
            assert left.sentence() == ""
    assert left.seconds() == pytest.approx(20.0, rel=0.02)
    now[0] += 5
    assert left.seconds() == pytest.approx(15.0, rel=0.03)
    for step in range(100):  # twice as fast from here on
        now[0] += 0.1
        left.update((101 + step) / 201)
    assert left.sentence() == "about 1 s left"
    left.update(1.0)
    assert left.sentence() == ""


def test_the_bar_says_how_much_time_is_left(monkeypatch):
    class Terminal:
        text = ""

        def isatty(self):
            return True

        def write(self, text):
            self.text += text

        def flush(self):
            pass

    now = [0.0]
    monkeypatch.setattr("core.runtime.progress.TimeLeft", lambda: TimeLeft(lambda: now[0]))
    terminal = Terminal()
    bar = ConsoleProgress(terminal)
    for second in range(11):
        now[0] = float(second)
        bar.set(second / 40, "Learning")
    assert "25% (about 30 s left) Learning" in terminal.text


@pytest.mark.parametrize(("job", "flag"), [("sharpen", "--resume"), ("train", "--resume m.safetensors.checkpoint")])
def test_who_stops_a_training_is_told_how_to_go_on(tmp_path, monkeypatch, job, flag):
    monkeypatch.chdir(tmp_path)
    options = {"job": job, "model": "m.safetensors", "resume": ""}
    assert failure(Cancelled(), job, options)[0] == "Stopped by the user; nothing half-done was left behind."
    Path("m.safetensors.checkpoint").touch()
    assert failure(Cancelled(), job, options)[0].endswith(f"the same call with {flag} goes on.")
