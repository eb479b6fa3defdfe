"""One self-contained HTML file: no network, light and dark, to be read in any browser and printed."""

from __future__ import annotations

import base64
import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Union, runtime_checkable

import numpy as np

from ..runtime.atomic_files import check_output, placed
from ..runtime.paths import StrPath, as_path
from ..runtime.progress import Progress
from .charts import Chart, legend, svg
from .links import Link
from .page import STYLE
from .pictures import COLOUR_STOPS
from .slider import SCRIPT

if TYPE_CHECKING:
    from typing import TypeGuard

    from .verdict import Verdict


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Attributes:
        text: plain text.
        warning: highlight it.
    """

    text: str
    warning: bool = False


@dataclass(frozen=True)
class Facts:
    """Names and values, such as files, parameters and versions.

    Attributes:
        values: name -> value, in the order of the report.
    """

    values: Mapping[str, object]


@dataclass(frozen=True)
class Table:
    """Rows of values.

    Attributes:
        columns: the headings, with units.
        rows: one value a column; numbers are shown with four digits, None and NaN as a dash.
        best: column -> "min" or "max": the best value of that column is set in bold.
        caption: a sentence above.
        outside: indices of rows that are shown but cannot be the best.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    best: Mapping[str, str] = field(default_factory=dict)
    caption: str = ""
    outside: Sequence[int] = ()


@dataclass(frozen=True)
class ColourScale:
    """The legend of a colour map (:func:`.pictures.colour_map`).

    Attributes:
        low: value of the first colour.
        high: value of the last colour.
        label: the quantity, with its unit.
    """

    low: float
    high: float
    label: str


@dataclass(frozen=True)
class Picture:
    """A PNG with a caption.

    Attributes:
        caption: plain text below the picture.
        png: the file's content.
        scale: the legend, where the colours stand for numbers.
    """

    caption: str
    png: bytes
    scale: ColourScale | None = None


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side.

    Attributes:
        pictures: from left to right.
    """

    pictures: Sequence[Picture]


@runtime_checkable
class Element(Protocol):
    """What draws itself."""

    def markup(self) -> str:
        """The element as HTML."""


Item = Union[Text, Facts, Table, Pictures, Chart, Element]


@dataclass(frozen=True)
class Section:
    """A heading and its items.

    Attributes:
        title: the heading.
        items: from top to bottom.
    """

    title: str
    items: Sequence[Item]


@dataclass(frozen=True)
class Report:
    """A page.

    Attributes:
        title: of the page.
        lead: a sentence with the main result.
        sections: from top to bottom.
        verdict: the first box, which then has the main result; None for none.
    """

    title: str
    lead: str
    sections: Sequence[Section]
    verdict: Verdict | None = None


def write_page(path: StrPath, page: str) -> None:
    """Write a page as one file, in place only when it is complete.

    Args:
        path: of the HTML file.
        page: what :func:`render` returned.

    Raises:
        InputError: the file cannot be written there.
    """
    path = as_path(path)
    check_output(path)
    with placed(path) as file:
        file.write(page)


def render(report: Report, progress: Progress | None = None) -> str:
    """The report as an HTML document.

    Args:
        report: what to draw.
        progress: asked before every item whether to stop: charts take their time. Files are written afterwards.

    Returns:
        the document, without references to other files.

    Raises:
        Cancelled: the user stopped the job.
    """
    progress = progress or Progress()

    def shown(item: Item) -> str:
        progress.check()
        return _item(item)

    title = html.escape(report.title)
    sections = "\n".join(
        f'<section id="{part_of(section.title)}">\n'
        f"<h2>{html.escape(section.title)}</h2>\n{''.join(map(shown, section.items))}</section>"
        for section in report.sections
    )
    first = f'<p class="lead">{html.escape(report.lead)}</p>' if report.verdict is None else ""
    verdict = "" if report.verdict is None else report.verdict.markup()
    if len(report.sections) > 3:
        links = "".join(
            f'<a href="#{part_of(section.title)}">{html.escape(section.title)}</a>' for section in report.sections
        )
        verdict += f"<nav>{links}</nav>\n"
    script = f"<script>{SCRIPT}</script>\n" if '<div class="slider"' in sections else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{title}</h1>\n{first}</header>\n{verdict}{sections}\n"
        f"</main>\n{script}</body>\n</html>\n"
    )


def part_of(title: str) -> str:
    """The id of a section.

    Args:
        title: of it.

    Returns:
        Its words in lower case, joined by dashes.
    """
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))


def number(value: object) -> str:
    """A value for reading.

    Args:
        value: of any type.

    Returns:
        four significant digits of a number, a dash for None and NaN, "yes" or "no" for a bool, else ``str`` of it.
    """
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if value is None or (isinstance(value, (float, np.floating)) and math.isnan(value)):
        return "–"
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}".replace("inf", "∞").replace("-", "−")
    return str(value).replace("-", "−") if isinstance(value, (int, np.integer)) else str(value)


def _item(item: Item) -> str:
    if isinstance(item, Text):
        kind = ' class="warning"' if item.warning else ""
        return f"<p{kind}>{html.escape(item.text)}</p>\n"
    if isinstance(item, Facts):
        return _facts(item)
    if isinstance(item, Table):
        return _table(item)
    if isinstance(item, Pictures):
        return f'<div class="pictures">\n{"".join(map(_picture, item.pictures))}</div>\n'
    if isinstance(item, Chart):
        return _chart(item)
    if isinstance(item, Element):
        return item.markup()
    raise TypeError(f"a report holds Text, Facts, Table, Pictures, Chart and elements, not {type(item).__name__}")


def _facts(facts: Facts) -> str:
    lines = "".join(
        f"<dt>{html.escape(str(name))}</dt><dd>{_value(value)}</dd>\n" for name, value in facts.values.items()
    )
    return f"<dl>\n{lines}</dl>\n"


def _table(table: Table) -> str:
    best = {}
    for column, sense in table.best.items():
        place = list(table.columns).index(column)
        ranked = [row for index, row in enumerate(table.rows) if index not in table.outside]
        values = [value for value in (row[place] for row in ranked) if _is_number(value)]
        if values:
            best[place] = {"min": min, "max": max}[sense](values)
    head = "".join(f"<th>{html.escape(column)}</th>" for column in table.columns)
    lines = []
    for index, row in enumerate(table.rows):
        cells = []
        for place, value in enumerate(row):
            text = _value(value)
            if place in best and index not in table.outside and _is_number(value) and value == best[place]:
                text = f"<strong>{text}</strong>"
            kind = ' class="number"' if value is None or isinstance(value, (int, float, np.number)) else ""
            cells.append(f"<td{kind}>{text}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>\n")
    caption = f"<caption>{html.escape(table.caption)}</caption>" if table.caption else ""
    return (
        f'<div class="table"><table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{"".join(lines)}</tbody></table>'
        "</div>\n"
    )


def _value(value: object) -> str:
    return value.markup() if isinstance(value, Link) else html.escape(number(value))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float, np.number)) and not math.isnan(value)


def _picture(picture: Picture) -> str:
    data = base64.b64encode(picture.png).decode("ascii")
    caption = html.escape(picture.caption)
    legend = _legend(picture.scale) if picture.scale else ""
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{caption}">{legend}'
        f"<figcaption>{caption}</figcaption></figure>\n"
    )


def _legend(scale: ColourScale) -> str:
    colours = ", ".join("#{:02x}{:02x}{:02x}".format(*stop) for stop in COLOUR_STOPS)
    return (
        f'<div class="scale"><div class="bar" style="background: linear-gradient(to right, {colours})"></div>'
        f"<span>{html.escape(number(float(scale.low)))}</span><span>{html.escape(scale.label)}</span>"
        f"<span>{html.escape(number(float(scale.high)))}</span></div>"
    )


def _chart(chart: Chart) -> str:
    drawing = svg(chart)
    title = html.escape(chart.title)
    note = f" <span>{html.escape(chart.note)}</span>" if chart.note else ""
    if drawing is not None:
        return (
            f'<figure class="chart"><figcaption><b>{title}.</b>{note}</figcaption>{legend(chart)}'
            f'<div class="drawing">{drawing}</div></figure>\n'
        )
    rows = []
    for name, (_, values) in chart.series.items():
        finite = np.asarray(values, float)
        finite = finite[np.isfinite(finite)]
        numbers = (finite.min(), np.median(finite), finite.max()) if finite.size else (None, None, None)
        rows.append((name, *numbers))
    caption = f"{chart.title} ({chart.y_label}). matplotlib is not installed, so the chart is given in numbers."
    return _table(Table(("Series", "Lowest", "Median", "Highest"), rows, caption=caption))
