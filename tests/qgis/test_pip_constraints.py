"""A constraint of the user's own pip configuration that is in the way is named with its file and line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ssml_qgis.core.runtime.errors import InputError
from ssml_qgis.core.runtime.progress import Progress
from ssml_qgis.pytorch.constraints import Line, Named, configuration_files, named_constraints, why_not
from ssml_qgis.pytorch.install import Request, install
from ssml_qgis.pytorch.store import Store

from .wheels import make_wheel

CONFLICT = "    The user requested (constraint) torch<=2.14.1"


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """A function: the sentence with which the installation of a PyTorch 9.0 from a folder of wheels ends."""
    monkeypatch.delenv("PIP_CONFIG_FILE")
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "torch", "9.0", {"torch/__init__.py": ""}, ("ssml-part>=2",))
    make_wheel(wheels, "ssml_part", "2.5", {"ssml_part.py": ""})
    make_wheel(wheels, "safetensors", "9.0", {"safetensors/__init__.py": ""})

    def run(version="torch==9.0"):
        store = Store.of_profile(tmp_path / "profile")
        with pytest.raises(InputError) as caught:
            install(store, Request(version=version, wheels=str(wheels), force=True), Progress())
        assert store.installed() is None
        sentence = str(caught.value)
        assert "\n" not in sentence
        assert sentence.endswith(".")
        return sentence

    return run


def configured(path: Path, constraints: Path | str) -> str:
    """Write a configuration file of pip; what a sentence says of its entry."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of this section, so that no other file of the machine has a say.
    path.write_text(f"# mine\n[install]\nconstraint = {constraints}\n", encoding="utf-8")
    return f"{path}, line 3: constraint = {constraints}"


def address(path: Path) -> str:
    """As pip's configuration wants a file whose path has spaces."""
    return path.as_uri()


def of_the_variable(tmp_path, monkeypatch, constraints):
    monkeypatch.setenv("PIP_CONSTRAINT", constraints)
    return f"PIP_CONSTRAINT={constraints}"


def of_the_named_file(tmp_path, monkeypatch, constraints):
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "mine.conf"))
    return configured(tmp_path / "mine.conf", constraints)


def of_the_home(tmp_path, monkeypatch, constraints):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return configured(tmp_path / "home" / ".config" / "pip" / "pip.conf", constraints)


def of_the_machine(tmp_path, monkeypatch, constraints):
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "etc"))
    return configured(tmp_path / "etc" / "pip" / "pip.conf", constraints)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the places differ elsewhere")
@pytest.mark.parametrize("level", [of_the_variable, of_the_named_file, of_the_home, of_the_machine])
def test_the_sentence_names_the_constraint_and_who_names_it(refused, tmp_path, monkeypatch, level):
    constraints = tmp_path / "my constraints.txt"
    constraints.write_text("# no newer ones\nTorch<=2.14.1  # for a reason\n", encoding="utf-8")
    by = level(tmp_path, monkeypatch, address(constraints))
    sentence = refused()
    assert f"{constraints}, line 2: Torch<=2.14.1 (named by {by})" in sentence
    assert "change that line, or ask for another version" in sentence


def test_a_constraint_of_what_pytorch_needs_is_named_too(refused, tmp_path, monkeypatch):
    constraints = tmp_path / "c.txt"
    constraints.write_text("numpy<99\nssml.Part==1.0\n", encoding="utf-8")
    of_the_variable(tmp_path, monkeypatch, address(constraints))
    sentence = refused()
    assert f"{constraints}, line 2: ssml.Part==1.0 " in sentence
    assert "numpy" not in sentence


def test_a_constraint_that_is_not_in_the_way_is_not_blamed(refused, tmp_path, monkeypatch):
    constraints = tmp_path / "c.txt"
    constraints.write_text("safetensors<99\n", encoding="utf-8")
    of_the_variable(tmp_path, monkeypatch, address(constraints))
    assert "your own pip configuration" not in refused("torch==8.0")


def test_a_constraints_file_that_is_not_there_is_named_with_the_line(refused, tmp_path, monkeypatch):
    by = of_the_named_file(tmp_path, monkeypatch, address(tmp_path / "none.txt"))
    assert f"cannot be read: correct {by}, and run again" in refused()


def test_a_file_that_a_constraints_file_names_is_looked_at(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "c.txt").write_text("-c sub/more.txt\n--constraint c.txt\n", encoding="utf-8")
    (tmp_path / "sub" / "more.txt").write_text("\n\ntorch<=2.14.1; python_version>'3'\n", encoding="utf-8")
    named = [Named(str(tmp_path / "c.txt"), Line("pip.conf", 1, "constraint = c.txt"))]
    assert f"{tmp_path / 'sub' / 'more.txt'}, line 3: torch<=2.14.1; python_version>'3' (" in why_not([CONFLICT], named)


def test_an_address_is_named_without_its_password():
    source = "https://me:secret@example.org/c.txt"
    sentence = why_not([CONFLICT], [Named(source, Line("pip.conf", 7, f"constraint = {source}"))])
    assert "https://example.org/c.txt (named by pip.conf, line 7: constraint = https://example.org/c.txt)" in sentence
    assert "secret" not in sentence


def test_nothing_is_blamed_where_pip_blames_no_constraint(tmp_path):
    (tmp_path / "c.txt").write_text("torch<=2.14.1\n", encoding="utf-8")
    named = [Named(str(tmp_path / "c.txt"), Line("pip.conf", 1, "constraint = c.txt"))]
    assert why_not(["ERROR: No matching distribution found for torch==8.0"], named) == ""
    assert why_not([CONFLICT], []) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[global]\nconstraint = a.txt b.txt\n", [("a.txt", 2), ("b.txt", 2)]),
        ("[global]\nconstraint =\n    a.txt\n    # not c.txt\n    b.txt\n", [("a.txt", 3), ("b.txt", 5)]),
        ("[global]\nconstraint = a.txt\n[install]\n--Constraint: b.txt\n", [("b.txt", 4)]),
        ("[install]\nconstraint =\n[global]\nconstraint = a.txt\n", [("a.txt", 4)]),
        ("[download]\nconstraint = a.txt\n", []),
        ("[global]\nindex-url = x\n    constraint = a.txt\n", []),
        ("", []),
    ],
)
def test_a_configuration_file_is_understood_as_pip_does(tmp_path, text, expected):
    path = tmp_path / "pip.conf"
    path.write_text(text, encoding="utf-8")
    found = named_constraints([str(path)], {})
    assert [(file.source, file.by.number) for file in found] == expected


def test_the_file_that_counts_more_is_the_one_named(tmp_path):
    for name in ("machine", "home"):
        (tmp_path / name).write_text(f"[global]\nconstraint = {name}.txt\n", encoding="utf-8")
    files = [str(tmp_path / "machine"), str(tmp_path / "home"), str(tmp_path / "none")]
    assert [file.source for file in named_constraints(files, {})] == ["home.txt"]
    assert [file.source for file in named_constraints(files, {"PIP_CONSTRAINT": "v.txt"})] == ["v.txt"]
    assert named_constraints(files, {"PIP_CONFIG_FILE": os.devnull}) == []


def test_the_configuration_files_are_taken_in_the_order_in_which_they_count():
    listing = ["env_var:", "  PIP_CERT='x'", "env:", "  /e, exists: True", "    global.constraint: c", "global:"]
    listing += ["  /g 1, exists: True", "  /g2, exists: False", "site:", "  /s, exists: True", "user:"]
    assert configuration_files([*listing, "  /u, exists: True"]) == ["/g 1", "/u", "/s", "/e"]
