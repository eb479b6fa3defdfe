"""Line charts as inline SVG, drawn by matplotlib where it is installed."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

import numpy as np

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito; dark pages: page.py
DASHES = ("-", "--", "-.", ":")
INK = "#7a7b7c"  # stands for the colour of the page's text, which a chart takes over
GREY = "#8a8b8c"
TRUTH = INK  # of what all others are compared with: the colour of the text, and a heavier line
SIZE = (7.4, 2.7)  # inches: at the width of a narrow window or of paper, numbers are still 11 pixels high
FONT = 10.5  # points
Numbers = Union[Sequence[float], np.ndarray]


@dataclass(frozen=True)
class Chart:
    """Lines over one axis.

    Attributes:
        title: what it shows.
        x_label, y_label: the quantities, each with its unit.
        series: name -> (x, y); where y is not finite the line is broken.
        greyed: ranges (from, to) of x that are shaded, such as bad bands.
        note: a sentence below, such as what is shaded.
        colours: name of a series -> number of its colour, so that it has the same in all charts, or -1 for that of the
            truth. Others take those that follow, in order.
        intervals: name of a series -> (lowest y, highest y) at its x, shaded in its colour.
    """

    title: str
    x_label: str
    y_label: str
    series: Mapping[str, tuple[Numbers, Numbers]]
    greyed: Sequence[tuple[float, float]] = field(default=())
    note: str = ""
    colours: Mapping[str, int] = field(default_factory=dict)
    intervals: Mapping[str, tuple[Numbers, Numbers]] = field(default_factory=dict)

    def styles(self) -> dict[str, tuple[str, str, float]]:
        """Of each series the colour, the dashes and the width in points."""
        found, number = {}, 0
        for name in self.series:
            place = self.colours.get(name)
            if place is None:
                place, number = number, number + 1
            if place < 0:
                found[name] = (TRUTH, "-", 2.2)
            else:
                found[name] = (COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)], 1.6)
        return found


def legend(chart: Chart) -> str:
    """What each line is, above the drawing, so that it hides none.

    Args:
        chart: the lines.

    Returns:
        a list as HTML; "" for a single line.
    """
    if len(chart.series) < 2:
        return ""
    entries = []
    for name, (colour, dashes, width) in chart.styles().items():
        pattern = {"-": "", "--": ' stroke-dasharray="7 3"', "-.": ' stroke-dasharray="7 2 2 2"'}
        dashed = pattern.get(dashes, ' stroke-dasharray="2 2"')
        stroke = f'stroke="{_of_page(colour)}" stroke-width="{width * 1.3:.1f}"'
        line = f'<line x1="0" y1="5" x2="30" y2="5" {stroke}{dashed}/>'
        if len(chart.series[name][1]) == 1:
            line = f'<path d="M15 0l5 5-5 5-5-5z" fill="{_of_page(colour)}"/>'
        entries.append(f'<li><svg viewBox="0 0 30 10" aria-hidden="true">{line}</svg>{html.escape(name)}</li>')
    return f'<ul class="legend">{"".join(entries)}</ul>'


def _marker(points: int) -> dict[str, object]:
    """How a line's points are marked: many not at all, a single one clearly."""
    return {"marker": "D" if points == 1 else "o" if points < 20 else None, "markersize": 8 if points == 1 else 4}


def _of_page(colour: str) -> str:
    """A colour as the page has it, light or dark."""
    if colour == INK:
        return "currentColor"
    return f"var(--series-{COLOURS.index(colour) + 1}, {colour})"


def svg(chart: Chart) -> str | None:
    """A chart as an SVG element that takes its text colour from the page.

    Drawn without pyplot; the settings of matplotlib are as before afterwards.

    Args:
        chart: the lines and labels.

    Returns:
        the element; None where matplotlib is missing.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError:
        return None
    settings = {"svg.fonttype": "none", "svg.hashsalt": chart.title, "font.size": FONT, "axes.unicode_minus": True}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        for start, stop in chart.greyed:
            axes.axvspan(start, stop, color=GREY, alpha=0.18, linewidth=0)
        styles = chart.styles()
        for name, (x, y) in chart.series.items():
            heights = np.asarray(y, float)
            finite = np.isfinite(heights)
            colour, dashes, width = styles[name]
            style = {"color": colour, "linestyle": dashes, "linewidth": width, **_marker(int(finite.sum()))}
            if name in chart.intervals:
                axes.fill_between(x, *chart.intervals[name], color=colour, alpha=0.18, linewidth=0)
            axes.plot(x, np.where(finite, heights, np.nan), zorder=2 if colour == TRUTH else 3, **style)
        axes.set_xlabel(_plain(chart.x_label), color=INK)
        axes.set_ylabel(_plain(chart.y_label), color=INK)
        axes.tick_params(colors=INK)
        axes.grid(color=GREY, alpha=0.25, linewidth=0.6)
        axes.margins(x=0.01)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(GREY)
        axes.patch.set_alpha(0)
        figure.patch.set_alpha(0)
        drawing = io.StringIO()
        figure.savefig(drawing, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _embed(drawing.getvalue())


def _plain(text: str) -> str:
    """Text in which matplotlib finds no formula."""
    return text.replace("$", r"\$")


def _embed(drawing: str) -> str:
    """An SVG file as an element of a page: no prolog, no repeated names, the page's colours and fonts."""
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r' id="[A-Za-z0-9]+(\.axis)?_\d+"', "", drawing)
    drawing = re.sub(r'font: ([\d.]+px)[^;"]*', r"font-size: \1", drawing)
    drawing = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", drawing, count=1)
    drawing = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawing, count=1)
    for colour in COLOURS:
        drawing = drawing.replace(colour, _of_page(colour))
    return drawing.replace(INK, "currentColor").strip()
