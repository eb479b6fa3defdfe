"""The job ``train``: learn from one or several scenes of a sensor and keep a model file."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..calibration.relation import pan_relation
from ..calibration.shift import measure_shift
from ..io.ratio import ratio_text, same_ratio
from ..io.reader import RasterReader
from ..io.wavelengths import first_apart
from ..models.trained import RATIO_TOLERANCE, WAVELENGTH_TOLERANCE
from ..report.html import render, write_page
from ..report.verdict import Verdict
from ..report.warned import warning_items
from ..runtime.devices import load_torch
from ..runtime.errors import InputError
from ..runtime.progress import Progress, Silent
from ..scene.guide import GUIDE_TOLERANCE
from ..scene.scene import Scene
from .gains import choose_common_gain
from .global_shift import cause_of_shift
from .opening import open_scene
from .options.advice import advice
from .options.call import on_files
from .options.fusion import TrainOptions
from .output import Outputs
from .verdicts import blur_check, gain_checks

if TYPE_CHECKING:
    from ..training.distributed import Processes


@on_files(TrainOptions)
def train(
    hsi: Sequence[str],
    pan: Sequence[str],
    model: str,
    *,
    report: str = "",
    resume: str = "",
    options: TrainOptions,
    progress: Progress,
) -> dict[str, object]:
    """Train a model on scenes of one sensor; reduced-resolution pairs are made from them. Under ``torchrun`` several
    processes, each on a GPU of its own, train it together.

    Args:
        hsi, pan: rasters to read, in the same order.
        model: file to write.
        report: HTML file to write, "" for none.
        resume: checkpoint (``<model>.checkpoint``) of a training that was stopped; "" to start anew.
        options: or its fields by name, as ``steps=100``.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``verdict``, ``mark`` and ``checks`` (see :func:`.sharpen.sharpen`), ``model``, ``scores`` on held-out pixels
        (prior, spectral, spatial, mean: ergas, sam), ``parameters``. Nothing in a process that is not the first: that
        one writes and speaks.

    Raises:
        InputError: a file or an option cannot be used.
        Cancelled: the user stopped the job; the checkpoint is kept.
    """
    load_torch(progress)
    from ..training.distributed import processes

    with contextlib.ExitStack() as stack:
        group = stack.enter_context(processes())
        progress = progress if group.first else Silent(progress)
        if not hsi or len(hsi) != len(pan):
            raise InputError(
                f"{len(hsi)} HSI and {len(pan)} PAN images were given; give one PAN for each HSI, in order."
            )
        outputs = Outputs(model=model, report=report)
        if group.first:
            outputs.check((*hsi, *pan, *options.besides), others=(resume,))
        scenes = [stack.enter_context(open_scene(*pair, options, progress)) for pair in zip(hsi, pan)]
        _check_related(scenes, progress)
        return train_scenes(scenes, options, outputs, progress, resume, group)


def train_scenes(
    scenes: Sequence[Scene],
    options: TrainOptions,
    outputs: Outputs,
    progress: Progress,
    resume: str = "",
    group: Processes | None = None,
) -> dict[str, object]:
    """Train a model on open scenes.

    Args:
        scenes: the open scenes of one sensor.
        options: of :func:`train`.
        outputs: the model file and the report to write.
        progress: receives progress and messages; asked whether to stop.
        resume: checkpoint of a training that was stopped; "" to start anew.
        group: the processes that train together; this one alone by default.

    Returns:
        as :func:`train`.

    Raises:
        InputError: an option cannot be used, or the scenes are not of one sensor.
        Cancelled: the user stopped the job; the checkpoint is kept.
    """
    from ..report.training import training_report, worth
    from ..training.checkpoint import Checkpoint, checkpoint_beside
    from ..training.distributed import Processes, choose_own_device
    from ..training.learn import learn, settings_for
    from ..training.settings import LearningTask

    group = group or Processes()
    batch = group.size if options.batch is None else options.batch
    if batch < group.size:
        raise InputError(f"A batch of {batch} cannot be shared out among {group.size} processes; give more.")
    _check_same_sensor(scenes)
    chosen = choose_common_gain(scenes, options.mtf, progress)
    device, sentence = choose_own_device(options.device, group)
    progress.info(sentence)
    network = options.learner()
    task = LearningTask.of(scenes, options.effort)
    more = {"batch": batch, "iterations": options.consistency, **(options.settings or {})}
    settings = settings_for(network, task, options.mode, options.seed, options.steps, more)
    learning, place = progress.part(0.02, 0.98), f"{outputs.model}.checkpoint"
    checkpoint = Checkpoint(place, resume or checkpoint_beside(place, False, progress))
    trained = learn(scenes, network, chosen.gain, settings, device, checkpoint, learning, group)
    if not group.first:
        return {}
    checks = [*gain_checks(trained.header, "networks'"), blur_check(chosen.facts())]
    verdict = Verdict(worth(trained.header), checks)
    page = ""
    if outputs.report:
        iterations = {"consistency iterations": trained.iterations}
        parameters = {"model": outputs.model, "bands": options.bands or "all", **chosen.shown(), **iterations}
        said = warning_items(advice(progress.warned(), type(options)))
        page = render(training_report(trained, parameters, said, verdict), progress)
    trained.save(outputs.model)
    if outputs.report:
        write_page(outputs.report, page)
    checkpoint.remove()
    return {
        "verdict": verdict.sentence,
        **verdict.facts(),
        "model": outputs.model,
        "scores": trained.header["scores"],
        "parameters": trained.header["parameters"],
        "mtf_gain": chosen.facts(),
    }


def _check_related(scenes: Sequence[Scene], progress: Progress) -> None:
    for scene in scenes:
        relation = pan_relation(scene, progress)
        if relation.unrelated:
            shift = measure_shift(scene, progress)
            if shift is not None and shift.explains:
                raise InputError(f"Nothing can be learned: {cause_of_shift(scene, shift, relation.detail)}.")
            raise InputError(
                f"Nothing can be learned from {scene.pan.name}, whose detail has a correlation of "
                f"{relation.detail:.2f} with that of {scene.hsi.name}; leave the scene out, or choose "
                "a PAN that shows its ground."
            )


def _check_same_sensor(scenes: Sequence[Scene]) -> None:
    first = scenes[0]
    usual = first.hsi.metadata
    for scene in scenes[1:]:
        if scene.hsi.bands != first.hsi.bands:
            raise InputError(
                f"{scene.hsi.name} has {scene.hsi.bands} bands but {first.hsi.name} has {first.hsi.bands}; train on "
                "images of one sensor."
            )
        if scene.guides != first.guides:
            raise InputError(
                f"{scene.pan.name} has {scene.guides} bands but {first.pan.name} has {first.guides}; train with "
                "sharper images of the same bands."
            )
        _check_wavelengths(scene.hsi, first.hsi, WAVELENGTH_TOLERANCE, "images of one sensor")
        _check_wavelengths(scene.pan, first.pan, GUIDE_TOLERANCE, "sharper images of the same bands in one order")
        if not same_ratio(scene.ratios, first.ratios, RATIO_TOLERANCE):
            raise InputError(
                f"{scene.hsi.name} and its PAN have ratio {ratio_text(scene.ratios)} but {first.hsi.name} and its PAN "
                f"have {ratio_text(first.ratios)}; train on scenes of one ratio."
            )
        metadata = scene.hsi.metadata
        if (metadata.scales, metadata.offsets) != (usual.scales, usual.offsets):
            raise InputError(
                f"{scene.hsi.name} has another scale or offset than {first.hsi.name}; convert the images to the same "
                "units first."
            )


def _check_wavelengths(image: RasterReader, first: RasterReader, tolerance: float, wanted: str) -> None:
    apart = first_apart(image.metadata.wavelengths, first.metadata.wavelengths, tolerance)
    if apart is not None:
        band, own, other = apart
        raise InputError(
            f"Band {band + 1} of {image.name} is at {own:g} nm but that of {first.name} at {other:g} nm; train on "
            f"{wanted}."
        )
