"""The job ``info``: what a model file says of itself, without PyTorch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Callable

from ..models.format import read_model
from ..report.html import Facts, Report, Section, Table, render, write_page
from ..runtime.progress import Progress
from .options.call import on_files
from .options.declare import Options
from .options.menus import network_title
from .output import check_outputs, write_json

_LONG = (
    "tensors",
    "costs",
    "history",
    "wavelengths",
    "fwhm",
    "good",
    "scaling",
    "scores",
    "training_data",
    "settings",
    "distributions",
)


@on_files(Options)
def info(model: str, *, report: str = "", json_path: str = "", options: Options, progress: Progress) -> dict[str, Any]:
    """Read what a model file says of itself.

    Args:
        model: the model file.
        report: HTML file to write, "" for none.
        json_path: JSON file to write, "" for none.
        options: there are none.
        progress: not used, since nothing takes time.

    Returns:
        The file's header, and ``file``, ``file_size`` (bytes), ``parameter_count`` (learned numbers; statistics such
        as means and gains are not learned), ``tensors`` (name -> ``shape`` and ``dtype``) and ``summary`` (a sentence).

    Raises:
        InputError: it is no model file, or an output cannot be written.
        MissingDependencyError: safetensors is not installed.
    """
    check_outputs((), (), (report, json_path), (model,))
    file = read_model(model)
    tensors = {
        name: {"shape": list(array.shape), "dtype": array.dtype.name} for name, array in sorted(file.tensors.items())
    }
    facts = {
        **file.header,
        "file": os.path.basename(model),
        "file_size": os.path.getsize(model),
        "parameter_count": _parameter_count(file.header, sum(array.size for array in file.tensors.values())),
        "tensors": tensors,
    }
    if json_path:
        write_json(json_path, facts)
    if report:
        _write_report(report, facts)
    return {**facts, "summary": _summary(facts)}


def sharp_bands(facts: Mapping[str, Any]) -> str:
    """The sharper image that a model needs, in words.

    Args:
        facts: of a model file, as :func:`info` returns them.

    Returns:
        Its number of bands, with their wavelengths where they are known; "" for a PAN of one band.
    """
    bands, waves = facts.get("pan_bands", 1), facts.get("pan_wavelengths", [])
    if bands == 1:
        return ""
    known = waves and None not in waves
    return f"a sharper image of {bands} bands" + (f" ({', '.join(f'{wave:.4g}' for wave in waves)} nm)" * bool(known))


def _parameter_count(header: Mapping[str, Any], numbers: int) -> int:
    counts = header.get("parameters")
    if isinstance(counts, Mapping) and counts and all(isinstance(count, int) for count in counts.values()):
        return sum(counts.values())
    return counts if isinstance(counts, int) else numbers


def _write_report(path: str, facts: Mapping[str, Any]) -> None:
    short = {key: value for key, value in facts.items() if key not in _LONG}
    sections = [Section("The model", [Facts(_flat(short))])]
    caption = "On pixels of the training scenes that were held out."
    sections += _section("Scores", facts.get("scores"), str.upper, caption)
    caption = (
        "Learned numbers, and multiplications for one output pixel. Strict: a binary weight counts 1/32, a binary "
        "multiplication 1/64. Paper style: so does all between the first and the last layer."
    )
    sections += _section("Costs", facts.get("costs"), lambda name: name.replace("_", " "), caption)
    for key, title in (("settings", "Training"), ("training_data", "Training data")):
        if facts.get(key):
            sections.append(Section(title, [Facts(_flat(facts[key], key if isinstance(facts[key], list) else ""))]))
    columns = ["Band", "Wavelength (nm)", *(["Width (nm)"] if isinstance(facts.get("fwhm"), list) else [])]
    widths = facts["fwhm"] if len(columns) == 3 else [None] * facts["bands"]
    bands = [(n + 1, *pair)[: len(columns)] for n, pair in enumerate(zip(facts["wavelengths"], widths))]
    sections.append(Section("Bands", [Table(columns, bands)]))
    shapes = [(name, " x ".join(map(str, item["shape"])), item["dtype"]) for name, item in facts["tensors"].items()]
    sections.append(Section("Arrays", [Table(("Name", "Shape", "Type"), shapes)]))
    write_page(path, render(Report(facts["file"], _summary(facts), sections)))


def _summary(facts: Mapping[str, Any]) -> str:
    """What the model is, in a sentence."""
    sharper = sharp_bands(facts)
    return (
        f"A model for {facts['bands']} bands{sharper and f' and {sharper}'} at ratio {facts['ratio']}: network "
        f"{network_title(facts['network'])}, {facts['parameter_count']:,} learned parameters in "
        f"{facts['file_size'] / 1e6:.2f} MB."
    )


def _section(title: str, values: Any, heading: Callable[[str], str], caption: str) -> list[Section]:
    """A table of numbers by name and column; nothing where the file has something else there."""
    if not (isinstance(values, Mapping) and values and all(isinstance(row, Mapping) for row in values.values())):
        return []
    columns = list(dict.fromkeys(column for row in values.values() for column in row))
    rows = [(name, *(row.get(column) for column in columns)) for name, row in values.items()]
    return [Section(title, [Table(("", *map(heading, columns)), rows, caption=caption)])]


def _flat(values: Any, name: str = "") -> dict[str, object]:
    """Nested values as one level of names and values."""
    if isinstance(values, Mapping):
        parts = [_flat(value, f"{name}, {key}" if name else str(key)) for key, value in values.items()]
    elif isinstance(values, list) and any(isinstance(value, (Mapping, list)) for value in values):
        parts = [_flat(value, f"{name} {number}") for number, value in enumerate(values, 1)]
    else:
        return {name.replace("_", " "): ", ".join(map(str, values)) if isinstance(values, list) else values}
    return {key: value for part in parts for key, value in part.items()}
