"""The report of a training: the learning curves, the scores on held-out pixels, and the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..models.trained import TrainedModel
from .charts import Chart
from .html import Facts, Item, Report, Section, Table
from .learning_curves import COLOURS, learning_curves
from .meanings import meanings_section
from .verdict import Verdict

_ROWS = (
    ("prior", "Regression prior (MTF-GLP)"),
    ("spectral", "Spectral networks"),
    ("spatial", "Spatial networks"),
    ("mean", "Mean of all (the result)"),
)


def training_report(
    trained: TrainedModel,
    parameters: Mapping[str, object],
    warnings: Sequence[Item],
    box: Verdict,
    result: Sequence[Section] = (),
    pair: Sequence[Section] = (),
) -> Report:
    """The report of a training.

    Args:
        trained: the model, with the scores and the history in its header.
        parameters: of the job, shown as they are.
        warnings: what the job warned of.
        box: the first thing on the page.
        result: of the fused scene, see :func:`.result.result_sections`; none where no scene was fused.
        pair: what was found of the scene, see :func:`.pair.pair_sections`.

    Returns:
        the report, to be written with :func:`.html.write_page`.
    """
    header = trained.header
    scores = header["scores"]
    two = len(header["parameters"]) > 1
    labels = dict(_ROWS if two else (*_ROWS[:-1], ("mean", "Network (the result)")))
    if trained.iterations:
        labels["prior"] += ", projected"
    table = Table(
        ["", "ERGAS", "SAM (degrees)"],
        [[labels[key], scores[key]["ergas"], scores[key]["sam"]] for key in labels if key in scores],
        {"ERGAS": "min", "SAM (degrees)": "min"},
        "At reduced resolution (Wald's protocol), on pixels of the scene that were not learned from; they chose the "
        "moment to stop, which makes the figures slightly optimistic. Lower is better.",
    )
    facts = {
        "network": header["network"],
        **{f"parameters, {name}" if two else "parameters": f"{n:,}" for name, n in header["parameters"].items()},
        "subspace": f"{trained.statistics.components} components of {sum(header['good'])} bands",
        "ratio": header["ratio"],
        "steps": f"{header['settings']['steps']}, best at {header['best_step']}",
        "share of the networks' residual": _shares(header),
        "time of training": f"{header['training_seconds']} s",
        "training data": ", ".join(f"{d['hsi']} + {d['pan']}" for d in header["training_data"]),
        **header["versions"],
        "threads": header["threads"],
        "licence": header["licence"],
    }
    sections = [
        *result[:1],
        Section("Warnings", warnings),
        *result[1:],
        Section("Scores on held-out pixels", [table, *_charts(header)]),
        Section("What was run", [Facts(dict(parameters))]),
        *pair,
        Section("Model", [Facts(facts)]),
        meanings_section(("ergas", "sam", "consistency")),
    ]
    return Report("Sharpened scene" if result else "Trained model", box.sentence, sections, box)


def unlearned_report(
    parameters: Mapping[str, object],
    warnings: Sequence[Item],
    box: Verdict,
    result: Sequence[Section],
    pair: Sequence[Section],
) -> Report:
    """The report of a scene of which nothing was learned.

    Args:
        parameters, warnings, box, result, pair: as of :func:`training_report`.

    Returns:
        the report, to be written with :func:`.html.write_page`.
    """
    warned, run = Section("Warnings", warnings), Section("What was run", [Facts(dict(parameters))])
    sections = [*result[:1], warned, *result[1:], run, *pair, meanings_section(("consistency",))]
    return Report("Sharpened scene", box.sentence, sections, box)


def worth(header: Mapping[str, Any]) -> str:
    """What the result is worth, in one or two sentences.

    Args:
        header: of a model.

    Returns:
        As :func:`verdict`; that the prior is the result where it is.
    """
    if header["best_step"] == 0:
        return "The networks were no better than the regression prior on held-out pixels, so the prior is the result."
    return verdict(header)


def verdict(header: Mapping[str, Any]) -> str:
    """What the result is worth: at full resolution as far as is known, then what was measured, named as what it is.

    Args:
        header: of a model whose networks are better than the prior on held-out pixels.

    Returns:
        One or two sentences.
    """
    scores, expected = header["scores"], header.get("expected_gain")
    improvement = 100 * (1 - scores["mean"]["ergas"] / scores["prior"]["ergas"])
    measured = (
        f"at reduced resolution, on pixels that were held out, ERGAS is {scores['mean']['ergas']:.3f}, "
        f"{improvement:.1f} % below the regression prior's, and SAM {scores['mean']['sam']:.3f} degrees"
    )
    if not expected:
        return f"{measured[0].upper()}{measured[1:]}; at full resolution the gain is mostly smaller."
    (low, _, high), (least, _, most) = expected["ergas"], expected["sam"]
    above = " (a negative number: above it)" if min(round(low), round(least)) < 0 else ""
    return (
        f"At full resolution the result's error is expected to be {round(low)} to {round(high)} % (ERGAS) and "
        f"{round(least)} to {round(most)} % (SAM) below that of the regression prior{above}, as the networks' "
        "agreement and the PAN tell: the range held in nine of ten cases where the truth was known. What was "
        f"measured is not the same: {measured}."
    )


def _shares(header: Mapping[str, Any]) -> str:
    """What is added to the prior, of each component."""
    return ", ".join(f"{share:.2f}" for share in header.get("shares") or [header["best_share"]])


def _charts(header: Mapping[str, Any]) -> list[Chart]:
    history = header["history"]
    scores = header["scores"]
    charts = learning_curves(history, prior=scores["prior"], result=(header["best_step"], scores["mean"]))
    learned = [record for record in history if record["losses"]]
    steps = [record["step"] for record in learned]
    kinds = [kind for kind in ("spectral", "spatial") if kind in header["parameters"]] or list(header["parameters"])
    losses = {name: (steps, [record["losses"][number] for record in learned]) for number, name in enumerate(kinds)}
    note = "Full-resolution terms join after a part of the steps, which lifts the loss."
    title = "Training loss of the step before each check"
    return [*charts, Chart(title, "Step", "Loss (standard deviations)", losses, note=note, colours=COLOURS)]
