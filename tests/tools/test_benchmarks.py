"""Benchmarks: records that say where figures come from, pages that agree with them, scripts that use public names."""

from __future__ import annotations

import argparse
import ast
import json
import re
from pathlib import Path

import pytest

from benchmarks import grid_runs, pages
from benchmarks.record import RESULTS, ROOT, Record, add_option, command, file_name, read, read_parts

SCRIPTS = sorted((ROOT / "benchmarks").glob("*.py"))
RECORDS = sorted(RESULTS.glob("*.json"))


def test_pages_agree_with_the_records():
    made = pages.all_pages(pages.Results())
    assert {path.name for path in pages.PAGES.glob("*.md")} == set(made)
    for name, text in made.items():
        assert (pages.PAGES / name).read_text(encoding="utf-8") == text, f"{name} is stale: make benchmark-pages"


@pytest.mark.parametrize("page", sorted(pages.PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_has_at_most_eighty_lines(page):
    assert page.read_text(encoding="utf-8").count("\n") <= pages.LONGEST


def test_the_leading_page_answers_in_five_lines():
    text = (pages.PAGES / "index.md").read_text(encoding="utf-8")
    answers = re.findall(r"^\d\. .*$", text, re.MULTILINE)
    assert len(answers) == 5
    for question, unit in (("How much better", "%"), ("How long", " s"), ("How much memory", "MB")):
        assert any(question in line and unit in line for line in answers), question


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_says_where_its_figures_come_from(path):
    record = read(path)
    assert re.fullmatch("[0-9a-f]{40}", record["commit"])
    assert not record["modified"], "measured on files that no commit has"
    assert re.match(r"\d{4}-\d\d-\d\dT", record["date"])
    assert record["machine"]["processor"]
    assert record["machine"]["cores"] > 0
    script = record["command"].split()[1]
    assert (ROOT / script).is_file(), record["command"]
    assert "/home/" not in record["command"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_uses_public_names_only(script):
    tree = ast.parse(script.read_text(encoding="utf-8"))
    imported, private = set(), []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                imported.add(alias.asname or alias.name.split(".")[0])
                path = f"{getattr(node, 'module', None) or ''}.{alias.name}"
                private += [path] if any(re.match("_(?!_)", part) for part in path.split(".")) else []
    for node in ast.walk(tree):  # module._name of what was imported
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            private += [f"{node.value.id}.{node.attr}"] if re.match("_(?!_)", node.attr) else []
    assert private == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_changes_no_module_or_class_of_the_package(script):
    """No ``module.name = ...`` on something that was imported from core."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    own = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core")
        for alias in node.names
    }
    targets = [
        target
        for node in ast.walk(tree)
        for target in (node.targets if isinstance(node, ast.Assign) else [])
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
    ]
    assert [target.value.id for target in targets if target.value.id in own] == []


def test_a_benchmark_writes_what_it_prints_with_commit_machine_date_and_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", [str(ROOT / "benchmarks" / "speed.py"), "--folder", str(tmp_path), "fuse"])
    record = Record("speed-made-up", "two rounds")
    table = record.table("cost", "what", "wall_s", "peak_mb")
    table.add("fuse", 3.14159265, None)
    record.write(tmp_path)
    (path,) = tmp_path.glob("*.json")
    found = read(path)
    assert found["tables"] == {"cost": {"columns": ["what", "wall_s", "peak_mb"], "rows": [["fuse", 3.1416, None]]}}
    assert found["command"] == f"python benchmarks/speed.py --folder DIR/{tmp_path.name} fuse"
    assert found["note"] == "two rounds"
    assert found["software"]["numpy"]
    assert "| fuse | 3.1416 |  |" in capsys.readouterr().out


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    add_option(parser)
    Record("speed-made-up").write(parser.parse_args([]).results)
    assert list(tmp_path.iterdir()) == []


def test_a_row_with_too_few_cells_is_refused():
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        Record("made-up").table("cost", "what", "wall_s").add("fuse")


def test_folders_of_the_one_who_measures_are_not_told():
    home = Path.home() / "my scenes"
    assert command(["speed.py", "--scenes", str(home)]) == 'python speed.py --scenes "DIR/my scenes"'


@pytest.fixture
def results(tmp_path):
    """Three records of one benchmark: two of one machine, the later with other figures, and one of another."""
    for machine, date, wall in (("Old", "2026-01-01", 9.0), ("Old", "2026-02-01", 5.0), ("New", "2026-01-15", 3.0)):
        content = {
            "benchmark": "speed",
            "commit": "a" * 40,
            "modified": False,
            "date": f"{date}T00:00:00+00:00",
            "machine": {"processor": machine, "cores": 2, "memory_gb": None, "gpu": None},
            "software": {},
            "command": "python benchmarks/speed.py",
            "note": "",
            "tables": {
                "cost": {"columns": ["what", "wall", "wall_sd"], "rows": [["fuse", wall, 0.5], ["copy", 2.0, None]]},
                "files": {"columns": ["what", "gb"], "rows": [["fuse", 17.0]]},
            },
        }
        (tmp_path / file_name(content)).write_text(json.dumps(content))
    return pages.Results(tmp_path)


def test_a_page_shows_the_latest_record(results):
    text = pages.page("{{value speed/cost\nwhere: what=fuse\ncell: {wall:.1f} s}}", results)
    assert text == pages.NOTICE + "5.0 s"


def test_a_section_is_left_out_while_there_is_no_record_of_its_name(results):
    text = pages.page(
        "a\n{{#speed}}\nb {{value speed/cost\nwhere: what=fuse\ncell: {wall:.1f}}}\n{{/speed}}\nc\n", results
    )
    assert re.search(r"^a\nb \d+\.\d\nc\n\Z", text, re.MULTILINE)
    text = pages.page("a\n{{#other}}\nb {{source other}}\n{{/other}}\nc\n", results)
    assert text.endswith("a\nc\n")


def test_a_template_of_which_nothing_is_left_makes_no_page(results, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "TEMPLATES", tmp_path)
    for name in ("speed", "other"):
        (tmp_path / f"{name}.md").write_text(f"{{{{#{name}}}}}\nsome\n{{{{/{name}}}}}\n", encoding="utf-8")
    assert set(pages.all_pages(results)) == {"speed.md"}


def test_a_star_shows_the_latest_record_of_each_machine(results):
    text = pages.page("{{pivot speed*/cost\nrows: {what}\ncolumns: machine\ncell: {wall_pm}\n}}", results)
    assert text.splitlines()[1:] == [
        "|  | Old | New |",
        "| --- | --- | --- |",
        "| fuse | 5.000 ± 0.500 | 3.000 ± 0.500 |",
        "| copy | 2.000 | 2.000 |",
    ]


def test_tables_are_joined_and_unknown_figures_left_empty(results):
    text = pages.page("{{table speed/cost\njoin: files by what\nname: {what}\nfile, GB: {gb:.1f}\n}}", results)
    assert text.splitlines()[3:] == ["| fuse | 17.0 |", "| copy |  |"]


@pytest.mark.parametrize(
    "block",
    [
        "{{value speed/cost\nwhere: what=nothing\ncell: {wall}}}",
        "{{value speed/other\nwhere: what=fuse\ncell: {wall}}}",
        "{{table slow/cost\nname: {what}\n}}",
        "{{table speed/cost\nname: {what}\nname: {wall}\n}}",
        "{{picture speed/cost\nname: {what}\n}}",
    ],
)
def test_a_block_that_cannot_be_filled_in_is_named(results, block):
    with pytest.raises(ValueError, match=re.escape(block.split("\n")[0])):
        pages.page(block, results)


def _grid_runs(folder, case, seeds, ergas):
    parser = argparse.ArgumentParser()
    grid_runs.add_options(parser, ["nested", "turned"])
    options = parser.parse_args(["--part", str(folder), "--cases", case, "--seeds", *map(str, seeds)])
    wanted = [grid_runs.Run(case, "gsa", seed) for seed in seeds]
    grid_runs.runs_of("grids", "", wanted, options, lambda one: grid_runs.Found(ergas[one.seed], 100))


def test_parts_of_a_benchmark_of_grids_are_joined(tmp_path):
    _grid_runs(tmp_path, "nested", [0, 1], [1.0, 3.0])
    _grid_runs(tmp_path, "turned", [1, 0], [1.5, 3.5])
    parser = argparse.ArgumentParser()
    grid_runs.add_options(parser, ["nested", "turned"])
    options = parser.parse_args(["--join", str(tmp_path)])
    record, found = grid_runs.runs_of("grids", "", [], options, lambda one: pytest.fail("nothing is run"))
    assert grid_runs.quotient(found, "turned", "nested", "gsa") == (2.5, 2.0, 1.25)
    assert grid_runs.quotient(found, "turned", "nested", "brovey") is None
    assert len(record.tables["runs"].rows) == 4
    (tmp_path / "joined").mkdir()
    record.write(tmp_path / "joined")
    (path,) = (tmp_path / "joined").glob("*.json")
    part = json.loads(next(tmp_path.glob("*.json")).read_text())
    assert read(path)["commit"] == part["commit"]


def test_parts_of_two_machines_are_not_joined(tmp_path):
    _grid_runs(tmp_path, "nested", [0], [1.0])
    (path,) = tmp_path.glob("*.json")
    other = json.loads(path.read_text())
    other["machine"]["cores"] += 1
    (tmp_path / "other.json").write_text(json.dumps(other))
    with pytest.raises(ValueError, match="one machine"):
        read_parts(tmp_path, "grids", "runs")
