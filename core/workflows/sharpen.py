"""The job ``sharpen``: learn on the scene itself, then fuse it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..assessment.local_range import RangeCheck
from ..calibration.relation import pan_relation
from ..fusion.engine import LEAST_MEMORY, memory_budget
from ..fusion.prior import RegressionPrior
from ..operators.resample import Gains
from ..report.html import Facts, Item, Section, render, write_page
from ..report.links import Link, link_to
from ..report.meanings import PART
from ..report.pair import pair_sections
from ..report.result import ResultShown, result_sections
from ..report.training import training_report, unlearned_report, worth
from ..report.verdict import Verdict
from ..report.warned import warning_items
from ..runtime.atomic_files import working_folder
from ..runtime.devices import choose_device, load_torch
from ..runtime.memory import is_scarce, trim_heap
from ..runtime.progress import Progress
from ..scene.map_grid import output_window
from ..scene.scene import Scene
from .findings import findings
from .forecast import learning_share
from .gains import ChosenGain, choose_gain
from .looks import UP_SAMPLING, Attempt, guide_look, up_sampling, write_looked_at
from .opening import Opened, check_space, open_measured
from .options.advice import advice
from .options.call import on_files
from .options.fusion import SharpenOptions
from .output import Outputs
from .placement import placement_of
from .verdicts import gain_checks, gain_unstated, pair_checks, result_checks

if TYPE_CHECKING:
    import torch

    from ..models.trained import TrainedModel

_LEARNED = 0.08  # GB that learning leaves behind: modules, and gaps in the heap


@on_files(SharpenOptions)
def sharpen(
    hsi: str,
    pan: str,
    output: str,
    *,
    model: str = "",
    report: str = "",
    disagreement: str = "",
    options: SharpenOptions,
    progress: Progress,
) -> dict[str, object]:
    """Sharpen a scene with nothing but its two rasters.

    Pairs of networks learn from the scene degraded once more, where the HSI is the truth, and agree with each other at
    full resolution; the mean of those that are kept is added to the regression prior. Or a single network learns, as
    :data:`core.models.pair.PAIRS` says. Where a held-out part of the scene says that they are no better than the
    prior, the prior is the result, with a warning.

    Args:
        hsi, pan: rasters to read.
        output: raster to write, on the PAN's grid.
        model, report, disagreement: files to write besides; "" for none.
        options: or its fields by name, as ``effort="fast"``.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``verdict`` (a sentence), ``mark`` ("pass", "look" or "fail") and ``checks`` (see
        :meth:`..report.verdict.Verdict.facts`), ``output``, ``model``, ``report`` and ``disagreement`` ("" for what is
        not written), ``mtf_gain`` (see :meth:`.gains.ChosenGain.facts`), ``scores`` on held-out pixels (prior,
        spectral, spatial, mean: ergas, sam), ``expected_gain`` (over the prior at full resolution: [low, gain, high] in
        per cent for ergas and sam; empty where nothing is known), ``history`` (the checks while learning),
        ``gain_unstated`` (why no gain is stated, "" where one is), ``used_prior``, ``pair`` (see
        :func:`.findings.findings`), ``guide`` (of several sharp bands, see :func:`.looks.guide_look`), ``ratio``,
        ``bands``, ``rows``, ``cols``; ``look``, ``range``, ``result``, ``pan_correlation`` and ``moved``, see
        :func:`.looks.write_looked_at`.
        Where the PAN is unrelated to the HSI, nothing is learned, and no model is written: ``scores`` and ``history``
        are empty then.

    Raises:
        InputError: a file or an option cannot be used.
        Cancelled: the user stopped the job; the checkpoint is kept if a model file was asked for.
    """
    load_torch(progress)
    from .fuse import with_disagreement

    choose_device(options.device)  # refused before any work
    outputs = with_disagreement(options.learner(), Outputs(output, disagreement, model, report), progress)
    outputs.check((hsi, pan, *options.besides), options.compress, resume=options.resume)
    opened = open_measured(hsi, pan, options, progress)
    with opened.scene:
        return sharpen_scene(opened, options, outputs, progress)


def sharpen_scene(opened: Opened, options: SharpenOptions, outputs: Outputs, progress: Progress) -> dict[str, object]:
    """Learn on an open scene and fuse it.

    Args:
        opened: the open HSI and PAN.
        options: of :func:`sharpen`.
        outputs: what to write.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        as :func:`sharpen`.

    Raises:
        InputError: an option cannot be used, or there is too little disk space.
        Cancelled: the user stopped the job.
    """
    from ..training.checkpoint import Checkpoint

    scene = opened.scene
    with working_folder() as folder:
        check_space(scene, outputs, options)
        chosen = choose_gain(scene, options.mtf, progress)
        gain, found = chosen.gain, findings(opened, chosen, progress)
        if pan_relation(scene, progress).unrelated:
            return {**_without_learning(opened, options, chosen, outputs, found, progress), "pair": found}
        device, sentence = choose_device(options.device)
        progress.info(sentence)
        checkpoint = f"{outputs.model or os.path.join(folder, 'model')}.checkpoint"
        learned_at = learning_share(scene, options.effort)
        trained = learn_scene(scene, options, gain, device, checkpoint, progress.part(0.01, learned_at))
        trim_heap()
        if not _is_prior(trained):
            progress.info(worth(trained.header))
        progress.set(learned_at, "Fusing")
        pages: list[str] = []
        device_used = trained.header["device"]
        parameters = {**_parameters(scene, trained.iterations, device_used, options, outputs), **chosen.shown()}

        def draw(facts: dict, check: RangeCheck, fused: str, disagreement: str = "") -> None:
            facts["guide"] = guide_look(scene, fused, found["guide"], gain, options)
            checks = [*result_checks(facts), *gain_checks(trained.header, facts["result"]), *pair_checks(found)]
            verdict = Verdict(worth(trained.header), checks)
            facts.update(verdict=verdict.sentence, **verdict.facts())
            parameters.update(_seen(facts))
            if not outputs.report:
                return
            shown = _shown(opened, options, fused, check, disagreement)
            pair = [_files(outputs), *pair_sections(found, scene, opened.contradictory)]
            page = training_report(trained, parameters, _said(options, progress), verdict, shown, pair)
            pages.append(render(page, progress))

        if options.memory:
            left = max(options.memory - _LEARNED, min(options.memory, LEAST_MEMORY))
            options = replace(options, memory=left)
        fitted = regression_prior(trained, device, None, options.memory).fit(scene, progress)
        plain = RegressionPrior(trained.statistics, gain, trained.iterations).fit(scene, progress)
        attempt, part = Attempt("networks'", fitted), progress.part(learned_at, 0.99)
        fused = write_looked_at(scene, [attempt], outputs, options, part, plain, draw)
        if outputs.model:
            trained.save(outputs.model)
        if outputs.report:
            write_page(outputs.report, pages[0])
        Checkpoint(checkpoint).remove()
        progress.set(1.0, "Done")
        used_prior = _is_prior(trained) or fused["result"] != attempt.name
        learned = {key: trained.header[key] for key in ("scores", "history", "expected_gain")}
        learned["gain_unstated"] = gain_unstated(trained.header, str(fused["result"]))
        facts = {"used_prior": used_prior, "mtf_gain": chosen.facts(), "pair": found}
        written = {name: getattr(outputs, name) for name in ("model", "report", "disagreement")}
        return {**fused, **learned, **written, **facts}


def _files(outputs: Outputs) -> Section:
    written = {"Result": outputs.output, "Disagreement": outputs.disagreement, "Model": outputs.model}
    folder = os.path.dirname(os.path.abspath(outputs.report))
    links = {name: link_to(path, folder) for name, path in written.items() if path}
    return Section("Files written", [Facts({**links, "What the numbers mean": Link("further down", f"#{PART}")})])


def _shown(
    opened: Opened, options: SharpenOptions, fused: str, check: RangeCheck, disagreement: str
) -> Sequence[Section]:
    window = output_window(opened.scene, options.extent)
    shown = ResultShown(opened.scene, window, fused, check.excess, opened.contradictory, disagreement)
    return result_sections(shown)


def _said(options: SharpenOptions, progress: Progress) -> list[Item]:
    return warning_items(advice(progress.warned(), type(options)))


def _without_learning(
    opened: Opened,
    options: SharpenOptions,
    chosen: ChosenGain,
    outputs: Outputs,
    found: Mapping[str, Any],
    progress: Progress,
) -> dict[str, object]:
    """Plain up-sampling; the warning was given when the scene was opened."""
    scene, pages = opened.scene, []
    if outputs.model:
        progress.warning(f"{outputs.model} is not written, as nothing was learned from {scene.pan.name}.")
    parameters = {**_parameters(scene, options.consistency, "none", options, outputs), **chosen.shown()}

    def draw(facts: dict, check: RangeCheck, fused: str, disagreement: str = "") -> None:
        checks = [*result_checks(facts), *gain_checks({}, UP_SAMPLING), *pair_checks(found)]
        verdict = Verdict(
            "The PAN does not show what the HSI does: nothing was learned, the HSI was only up-sampled.", checks
        )
        facts.update(verdict=verdict.sentence, **verdict.facts(), guide=[])
        parameters.update(_seen(facts))
        if outputs.report:
            shown = _shown(opened, options, fused, check, disagreement)
            pair = [_files(outputs), *pair_sections(found, scene, opened.contradictory)]
            pages.append(render(unlearned_report(parameters, _said(options, progress), verdict, shown, pair), progress))

    outputs = replace(outputs, model="")
    attempt = up_sampling(scene, chosen.gain, options.consistency, progress)
    written = write_looked_at(scene, [attempt], outputs, options, progress.part(0.1, 1.0), before=draw)
    if outputs.report:
        write_page(outputs.report, pages[0])
    return {
        **written,
        "scores": {},
        "history": [],
        "expected_gain": {},
        "gain_unstated": gain_unstated({}, UP_SAMPLING),
        **{name: getattr(outputs, name) for name in ("model", "report", "disagreement")},
        "mtf_gain": chosen.facts(),
        "used_prior": True,
    }


def _seen(facts: dict) -> dict[str, object]:
    """What the report says of the look at the result."""
    look = facts["look"]
    correlation: dict[str, object] = {
        f"correlation of PAN and HSI, {name}": value for name, value in facts["pan_correlation"].items()
    }
    given_back = [
        f"{one['band']}: {one['fused']:.2%} ({one['up_sampled']:.2%})" for one in facts["guide"] if one["fused"]
    ]
    if given_back:
        correlation["sharp bands that the result, integrated, misses (up-sampling)"] = ", ".join(given_back)
    if look is None:
        return {**correlation, "result": facts["result"]}
    against = "degraded result against the HSI" + (" without its noise" if look["denoised"] else "")
    return {
        **correlation,
        "result": facts["result"],
        against: f"{look['residual']:.2%} (band {look['band']}: {look['band_residual']:.2%})",
        "samples at some places beyond 1.5 local ranges of the HSI": f"{look['outside']:.2%} of {look['samples']:,}",
    }


def _parameters(
    scene: Scene, iterations: int, device: str, options: SharpenOptions, outputs: Outputs
) -> dict[str, object]:
    """What the report says of the job."""
    return {
        "HSI": scene.hsi.path,
        "PAN": scene.pan.path,
        **({"more files of the PAN": ", ".join(options.pan_more)} if options.pan_more else {}),
        **({"second sharper image": options.pan2} if options.pan2 else {}),
        "output": outputs.output,
        "model": outputs.model or "not kept",
        "effort": options.effort,
        "seed": options.seed,
        "consistency iterations": iterations,
        "device": device,
        "bands": options.bands or "all",
        "shift of the PAN": _position(scene),
        "placement of the PAN": placement_of(scene) or "as it is",
    }


def _position(scene: Scene) -> str:
    rows, cols = scene.moved
    whole = f"corrected by {cols:+.2f} columns and {rows:+.2f} rows (PAN pixels)" if rows or cols else "as it is"
    if scene.field is None:
        return whole
    whole = whole if rows or cols else "corrected"
    return f"{whole}, and locally by {scene.field.typical:.2f} (root mean square), resampled once"


def learn_scene(
    scene: Scene, options: SharpenOptions, mtf_gain: Gains, device: torch.device, checkpoint: str, progress: Progress
) -> TrainedModel:
    """Learn on an open scene; warns where the networks are no better than the prior.

    Args:
        scene: the open HSI and PAN.
        options: what learns, and how.
        mtf_gain: of the HSI, at its Nyquist frequency.
        device: where networks compute.
        checkpoint: file to keep while training runs, and to resume from where the options say so.
        progress: receives progress; asked whether to stop.

    Returns:
        The model.

    Raises:
        InputError: the scene or an option cannot be used.
        Cancelled: the user stopped the job.
    """
    from ..training.checkpoint import Checkpoint, checkpoint_beside
    from ..training.learn import learn, settings_for
    from ..training.settings import LearningTask

    network = options.learner()
    task = LearningTask.of([scene], options.effort)
    more = {"iterations": options.consistency, **(options.settings or {})}
    settings = settings_for(network, task, seed=options.seed, more=more)
    resumed = checkpoint_beside(checkpoint, options.resume, progress)
    kept = Checkpoint(checkpoint, resumed, is_scarce(options.memory))
    trained = learn([scene], network, mtf_gain, settings, device, kept, progress)
    if _is_prior(trained):
        progress.warning(
            "On the held-out part of the scene the networks were no better than the regression prior (MTF-GLP"
            f"{' with consistency projection' if trained.iterations else ''}); the prior is the result."
        )
    return trained


def regression_prior(
    trained: TrainedModel, device: torch.device, mtf_gain: Gains | None = None, memory: float | None = None
) -> RegressionPrior:
    """The prior and the networks of a model, whose mean is added to it.

    Args:
        trained: the model.
        device: where networks compute.
        mtf_gain: of the pair; None for that of the model.
        memory: budget of the fusion in GB; None for the usual one.

    Returns:
        The method.
    """
    residual = trained.residual(device, "mean", memory_budget(memory))
    gain = trained.mtf_gain if mtf_gain is None else mtf_gain
    return RegressionPrior(trained.statistics, gain, trained.iterations, residual)


def _is_prior(trained: TrainedModel) -> bool:
    return bool(trained.header["best_step"] == 0)
