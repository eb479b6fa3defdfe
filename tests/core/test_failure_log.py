from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest

from core.cli.main import main
from core.runtime.failure_log import without_home, write_failure_log


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where log files go to."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def failed(message="what") -> Exception:
    try:
        raise KeyError(message)
    except KeyError as error:
        return error


def test_the_log_has_versions_facts_and_the_traceback(temporary):
    path = write_failure_log(failed(), "the job", {"HSI": "a.tif", "many": list(range(1000))})
    assert Path(path).parent == temporary
    text = Path(path).read_text(encoding="utf-8")
    for words in (
        "the job stopped unexpectedly",
        "  SSML: ",
        "  GDAL: ",
        "  numpy: ",
        "  HSI: 'a.tif'",
        "KeyError: 'what'",
    ):
        assert words in text
    assert "test_failure_log.py" in text
    assert len(text) < 10_000


def test_each_failure_has_a_file_of_its_own(temporary):
    assert len({write_failure_log(failed(), "a job") for _ in range(3)}) == 3


def test_the_home_folder_is_left_out(temporary, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("USERPROFILE", "/home/somebody")
    path = write_failure_log(failed("/home/somebody/data"), "a job", {"HSI": "/home/somebody/hsi.tif"})
    assert "somebody" not in Path(path).read_text(encoding="utf-8")
    assert without_home("/home/somebody/x") == "~/x"


def test_facts_that_cannot_be_shown_do_no_harm(temporary):
    class Odd:
        def __repr__(self):
            raise RuntimeError("no")

    assert "RuntimeError in its repr" in Path(write_failure_log(failed(), "a", {"x": Odd()})).read_text()


def test_where_no_log_can_be_written_there_is_none(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    assert write_failure_log(failed(), "a job") == ""


def test_the_command_line_names_the_log_in_its_sentence(temporary, monkeypatch, capsys):
    def fail(*_, **__):
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("core.workflows.info.info", fail)
    assert main(["info", "model.ssml"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    path = re.search(r"with the file (.+\.log)\.", said).group(1)
    text = Path(path).read_text(encoding="utf-8")
    assert "ZeroDivisionError: of ours" in text
    assert "model.ssml" in text
    assert os.path.dirname(path) == str(temporary)
