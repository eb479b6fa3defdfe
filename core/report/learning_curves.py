"""How the scores on held-out pixels change while networks learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .charts import Chart

COLOURS = {"mean": 0, "spectral": 1, "spatial": 2, "prior": 3, "the result": 5}
_NOTE = (
    "Curves: each check, with all that the networks add. The result: the best check, with the share of it that "
    "held-out pixels and the networks' agreement ask for, as in the table."
)


def learning_curves(
    history: Sequence[Mapping[str, Any]],
    title: str = "",
    prior: Mapping[str, float] | None = None,
    result: tuple[int, Mapping[str, float]] | None = None,
) -> list[Chart]:
    """One chart of ERGAS and one of SAM.

    Args:
        history: the checks of a training, at least one.
        title: what the charts' titles begin with.
        prior: the scores of the regression prior, shown as a level line; None for no line.
        result: the step and the scores of what is used in the end; None where that is not known.

    Returns:
        the charts.
    """
    steps, charts = [check["step"] for check in history], []
    curves = [name for name in ("spectral", "spatial", "mean") if name in history[0]]
    for key, label in (("ergas", "ERGAS"), ("sam", "SAM (degrees)")):
        series = {name: (steps, [check[name][key] for check in history]) for name in curves}
        if prior is not None:
            series["prior"] = ([steps[0], steps[-1]], [prior[key]] * 2)
        note = ""
        if result is not None:
            series["the result"], note = ([result[0]], [result[1][key]]), _NOTE
        name = f"{title}{label} on held-out pixels while learning"
        charts.append(Chart(name, "Step", label, series, note=note, colours=COLOURS))
    return charts
