"""Line charts as inline SVG, drawn by matplotlib where it is installed."""

from __future__ import annotations

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
SIZE = (10.8, 2.9)  # inches
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
    """

    title: str
    x_label: str
    y_label: str
    series: Mapping[str, tuple[Numbers, Numbers]]
    greyed: Sequence[tuple[float, float]] = field(default=())
    note: str = ""


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
    settings = {"svg.fonttype": "none", "svg.hashsalt": chart.title, "font.size": 9, "axes.unicode_minus": True}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=SIZE, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        for start, stop in chart.greyed:
            axes.axvspan(start, stop, color=GREY, alpha=0.18, linewidth=0)
        for number, (name, (x, y)) in enumerate(chart.series.items()):
            heights = np.asarray(y, float)
            finite = np.isfinite(heights)
            style = {
                "color": COLOURS[number % len(COLOURS)],
                "linestyle": DASHES[number % len(DASHES)],
                "marker": "o" if np.count_nonzero(finite) < 20 else None,
            }
            axes.plot(x, np.where(finite, heights, np.nan), label=_plain(name), linewidth=1.6, markersize=4, **style)
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
        if len(chart.series) > 1:
            axes.legend(frameon=False, labelcolor=INK, ncol=min(len(chart.series), 4), fontsize=9)
        drawing = io.StringIO()
        figure.savefig(drawing, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _embed(drawing.getvalue())


def _plain(text: str) -> str:
    """Text in which matplotlib finds no formula, and a name that its legend does not hide."""
    return text.replace("$", r"\$").lstrip("_")


def _embed(drawing: str) -> str:
    """An SVG file as an element of a page: no prolog, no repeated names, the page's colours and fonts."""
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r' id="[A-Za-z0-9]+(\.axis)?_\d+"', "", drawing)
    drawing = re.sub(r'font: ([\d.]+px)[^;"]*', r"font-size: \1", drawing)
    drawing = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", drawing, count=1)
    drawing = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawing, count=1)
    for number, colour in enumerate(COLOURS, 1):
        drawing = drawing.replace(colour, f"var(--series-{number}, {colour})")
    return drawing.replace(INK, "currentColor").strip()
