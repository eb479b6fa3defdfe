"""The table of ``ssml batch``: what its columns and cells mean, and what is done with them."""

from __future__ import annotations

import numpy as np
import pytest

from core.cli.arguments import build_parser
from core.cli.failures import failure
from core.cli.main import main
from core.cli.pairs import call_of, read_pairs
from core.runtime.errors import Cancelled, InputError
from core.workflows.options import JOBS

COARSE = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
FINE = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
FIXED = ("--mtf", "0.3", "--shift", "none", "--contradictions", "off", "--denoise", "off")
FLAGS = ("--hsi", "--pan", "--mtf", "--model", "--mask", "--extent", "--overviews", "--disagreement", "--debug")


@pytest.fixture
def folder(tmp_path, make_raster, monkeypatch):
    """The current folder, with an HSI and its PAN."""
    row, col = np.mgrid[0:72, 0:72]
    truth = 100 + 20 * np.sin(row / 5) * np.cos(col / 7) + 40 * ((row // 9 + col // 11) % 2)
    hsi = truth.reshape(24, 3, 24, 3).mean(axis=(1, 3)) * np.array([1.0, 2.0, 3.0])[:, None, None]
    make_raster(tmp_path / "hsi.tif", hsi.astype(np.float32), COARSE)
    make_raster(tmp_path / "pan.tif", truth.astype(np.float32), FINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(folder, text):
    path = folder / "pairs.csv"
    path.write_text(text)
    return str(path)


def job_of(name):
    return next(job for job in JOBS if job.name == name)


def pairs_of(folder, text):
    return read_pairs(table(folder, text), job_of("sharpen"), FLAGS, folder / "made")


@pytest.mark.parametrize(
    ("job", "column", "words"),
    [
        ("fuse", "modle", "has a column 'modle', which fuse does not have; is it model?"),
        ("classical", "metod", "has a column 'metod', which classical does not have; is it method?"),
        ("classical", "nodata", "classical does not have; is it pan-nodata or hsi-nodata?"),
        ("classical", "colour_of_car", "has a column 'colour_of_car', which classical does not have."),
    ],
)
def test_a_column_that_is_no_option_is_named_before_any_work(folder, capsys, job, column, words):
    table(folder, f"hsi,pan,{column}\nhsi.tif,pan.tif,1\n")
    assert main(["batch", "pairs.csv", "--out", "made", "--job", job]) == 2
    said = capsys.readouterr().err
    assert said.endswith(f"{words}\n")
    assert said.count("\n") == 1
    assert not (folder / "made").exists()


def test_an_option_that_no_pair_can_have_is_refused_once_and_not_for_each(folder, capsys):
    table(folder, "name,hsi,pan\na,hsi.tif,pan.tif\nb,hsi.tif,pan.tif\n")
    assert main(["batch", "pairs.csv", "--out", "made", "--job", "classical", "--metod", "gsa"]) == 2
    said = capsys.readouterr().err
    assert "--metod gsa; is it --method?" in said
    assert said.count("\n") == 1
    assert not (folder / "made").exists()


def test_a_cell_too_many_is_no_value_that_is_passed_over(tmp_path):
    with pytest.raises(InputError, match=r"Line 3 of .* more cells than there are columns: .* between quotation marks"):
        pairs_of(tmp_path, "hsi,pan,mtf\na.tif,b.tif,0.3\na.tif,b.tif,0.2,0.3\n")


def test_cells_are_read_as_what_their_options_are(tmp_path):
    head = "hsi,pan,mask,mtf,extent,overviews,disagreement\n"
    one, other = pairs_of(tmp_path, f'{head}a.tif,b.tif;c.tif,m.tif,"0.2,0.3",-1.5 2 3 4,yes,d.tif\nb.tif,c.tif,,,,no')
    assert one.words == [
        f"--hsi={tmp_path / 'a.tif'}",
        *("--pan", str(tmp_path / "b.tif"), str(tmp_path / "c.tif")),
        f"--out={tmp_path / 'made' / 'a.tif'}",
        f"--report={tmp_path / 'made' / 'a.html'}",
        f"--mask={tmp_path / 'm.tif'}",
        "--mtf=0.2,0.3",
        *("--extent", "-1.5", "2", "3", "4"),
        "--overviews",
        f"--disagreement={tmp_path / 'made' / 'd.tif'}",
    ]
    assert not {"--overviews", "--disagreement"} & set(other.words)


def test_names_of_results_are_names_of_files_and_differ(tmp_path):
    rows = [
        "a-3,h.tif",
        ",x/A.tif",
        ",a-3.tif",
        "north/2020,h.tif",
        ",.",
        ",..",
        ",/vsizip/a.zip/b.tif",
        ",NETCDF:a.nc:c",
    ]
    names = [pair.name for pair in pairs_of(tmp_path, "\n".join(["name,hsi,pan", *(f"{row},p.tif" for row in rows)]))]
    assert names == ["a-3", "A", "a-3-3", "north_2020", "pair", "pair-6", "b", "NETCDF_a"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ('NETCDF:"a.nc":cube', 'NETCDF:"{0}/a.nc":cube'),
        ("/vsizip/a.zip/b.tif", "/vsizip/{0}/a.zip/b.tif"),
        ("/vsizip//data/a.zip/b.tif", "/vsizip//data/a.zip/b.tif"),
        ("/data/a.tif", "/data/a.tif"),
    ],
)
def test_what_gdals_names_hold_lies_beside_the_table_too(tmp_path, name, found):
    quoted = name.replace('"', '""')
    (pair,) = pairs_of(tmp_path, f'hsi,pan\n"{quoted}",p.tif\n')
    assert pair.hsi == found.format(tmp_path)


def test_a_file_to_write_that_is_named_for_all_pairs_is_one_of_each(tmp_path):
    pairs = pairs_of(tmp_path, "name,hsi,pan,disagreement\na,a.tif,p.tif,\nb,b.tif,p.tif,own.tif\n")
    common = ("--model", "deep/m.safetensors", "--disagreement=d.tif")
    calls = [call_of(job_of("sharpen"), pair, common, tmp_path / "made", build_parser()) for pair in pairs]
    names = [[getattr(call, name) for name in ("output", "model", "disagreement")] for call in calls]
    assert names == [
        [str(tmp_path / "made" / name) for name in ("a.tif", "a-m.safetensors", "a-d.tif")],
        [str(tmp_path / "made" / name) for name in ("b.tif", "b-m.safetensors", "own.tif")],
    ]


def test_a_line_without_an_image_is_refused_by_the_name_of_its_column(tmp_path):
    (pair,) = pairs_of(tmp_path, "name,hsi,pan\nnorth,a.tif\n")
    refused = call_of(job_of("sharpen"), pair, (), tmp_path, build_parser())
    assert str(refused) == "The line of north names no pan: write its file into that column."


def test_pairs_that_are_done_are_left_out_where_that_is_asked_for(folder, capsys):
    table(folder, "name,hsi,pan\na,hsi.tif,pan.tif\nb,hsi.tif,pan.tif\n")
    (folder / "made").mkdir()
    (folder / "made" / "a.tif").write_text("made before")
    words = ("--job", "classical", "--method", "exp", *FIXED)
    assert main(["batch", "pairs.csv", "--out", "made", *words, "--skip-existing"]) == 0
    assert (folder / "made" / "a.tif").read_text() == "made before"
    assert (folder / "made" / "b.tif").stat().st_size > 1000
    assert "done before" in (folder / "made" / "overview.html").read_text(encoding="utf-8")
    assert main(["batch", "pairs.csv", "--out", "made", *words]) == 0
    assert (folder / "made" / "a.tif").read_bytes() == (folder / "made" / "b.tif").read_bytes()


def test_who_stops_a_batch_is_told_how_to_go_on():
    sentence, code = failure(Cancelled(), "ssml batch", {"skip_existing": False, "out": "made"})
    assert sentence.endswith("Finished pairs are kept in made: the same call with --skip-existing does the others.")
    assert code == 130
