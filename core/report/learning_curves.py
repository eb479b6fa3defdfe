"""How the scores on held-out pixels change while networks learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .charts import Chart


def learning_curves(
    history: Sequence[Mapping[str, Any]], title: str = "", prior: Mapping[str, float] | None = None
) -> list[Chart]:
    """One chart of ERGAS and one of SAM.

    Args:
        history: the checks of a training, at least one.
        title: what the charts' titles begin with.
        prior: the scores of the regression prior, shown as a level line; None for no line.

    Returns:
        the charts.
    """
    steps, charts = [check["step"] for check in history], []
    curves = [name for name in ("spectral", "spatial", "mean") if name in history[0]]
    for key, label in (("ergas", "ERGAS"), ("sam", "SAM (degrees)")):
        series = {name: (steps, [check[name][key] for check in history]) for name in curves}
        if prior is not None:
            series["prior"] = ([steps[0], steps[-1]], [prior[key]] * 2)
        charts.append(Chart(f"{title}{label} on held-out pixels while learning", "Step", label, series))
    return charts
