"""The job ``train``: learn from one or several scenes of a sensor and keep a model file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from ..operators.consistency import DEFAULT_ITERATIONS, check_iterations
from ..operators.pair import DEFAULT_MTF_GAIN
from ..runtime.devices import load_torch
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, path_list, paths
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .opening import open_scene
from .output import check_outputs, one_gain


def train(
    hsi: Sequence[StrPath],
    pan: Sequence[StrPath],
    model: StrPath,
    *,
    report: StrPath = "",
    network: str = "ssml",
    mode: str = "mutual",
    effort: str = "normal",
    steps: int | None = None,
    seed: int = 0,
    mtf: float | str = DEFAULT_MTF_GAIN,
    consistency: int = DEFAULT_ITERATIONS,
    device: str = "auto",
    bands: str = "",
    correct_shift: bool = False,
    resume: StrPath = "",
    batch: int | None = None,
    settings: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> dict[str, object]:
    """Train a model on scenes of one sensor; reduced-resolution pairs are made from them. Under ``torchrun`` several
    processes, each on a GPU of its own, train it together.

    Args:
        hsi, pan: rasters to read, in the same order. model: file to write.
        report: HTML file to write, "" for none.
        mode: "mutual", or "alone": the same networks without exchange.
        effort: "fast", "normal" or "thorough". steps: number of steps instead.
        mtf: the HSI's MTF gain at its Nyquist frequency, or the name of a sensor.
        consistency: iterations of the consistency projection that the networks learn and are judged with, 0 for none.
            The model remembers them, and :func:`.fuse.fuse` takes the same.
        device: "auto", "cpu", "cuda" or "mps".
        bands: the bands of each HSI to use, as "1-100,120" or "430-900 nm"; "" for all. The model remembers them.
        correct_shift: move each PAN's position by its shift against its HSI, as phase correlation measures it; else it
            is only warned of.
        resume: checkpoint (``<model>.checkpoint``) of a training that was stopped; "" to start anew.
        batch: number of areas a step, shared out among the processes; by default their number, 1 without ``torchrun``.
        settings: fields of :class:`core.training.settings.Settings` to set otherwise, for studies.

    Returns:
        ``model``, ``scores`` on held-out pixels (prior, spectral, spatial, mean: ergas, sam), ``parameters``. Nothing
        in a process that is not the first: that one writes and speaks.

    Raises:
        InputError: a file or a parameter cannot be used.
        Cancelled: the user stopped the job; the checkpoint is kept.
    """
    progress = progress or Progress()
    hsi, pan = path_list(hsi, "hsi"), path_list(pan, "pan")
    model, report, resume = paths(model=model, report=report, resume=resume)
    load_torch(progress)
    from ..training.distributed import Quiet, choose_own_device, processes
    from ..training.learn import forget, learn, settings_for
    from ..training.settings import steps_for

    with contextlib.ExitStack() as stack:
        group = stack.enter_context(processes())
        progress = progress if group.first else Quiet(progress)
        if not hsi or len(hsi) != len(pan):
            raise InputError(
                f"{len(hsi)} HSI and {len(pan)} PAN images were given; give one PAN for each HSI, in order."
            )
        mtf = one_gain(mtf, progress)
        check_iterations(consistency)
        batch = group.size if batch is None else batch
        if batch < group.size:
            raise InputError(f"A batch of {batch} cannot be shared out among {group.size} processes; give more.")
        if group.first:
            check_outputs((*hsi, *pan, *([resume] if resume else [])), (), (model, report))
        scenes = [
            stack.enter_context(open_scene(*pair, progress, bands=bands, correct_shift=correct_shift))
            for pair in zip(hsi, pan)
        ]
        _check_same_sensor(scenes)
        chosen, sentence = choose_own_device(device, group)
        progress.info(sentence)
        pixels = sum(scene.low_shape[0] * scene.low_shape[1] for scene in scenes)
        more = {"batch": batch, "iterations": consistency, **(settings or {})}
        fields = settings_for(network, mode, steps or steps_for(effort, pixels), seed, more)
        learning, checkpoint = progress.part(0.02, 0.98), f"{model}.checkpoint"
        trained = learn(scenes, network, mtf, fields, chosen, checkpoint, resume, learning, group)
        if not group.first:
            return {}
        page = ""
        if report:
            from ..report.html import render, write_page
            from ..report.training import training_report

            told = {"model": model, "bands": bands or "all", "consistency iterations": trained.iterations}
            page = render(training_report(trained, told), progress)
        trained.save(model)
        if report:
            write_page(report, page)
        forget(checkpoint, resume)
    return {"model": model, "scores": trained.header["scores"], "parameters": trained.header["parameters"]}


def _check_same_sensor(scenes: Sequence[Scene]) -> None:
    first = scenes[0]
    for scene in scenes[1:]:
        if scene.hsi.bands != first.hsi.bands:
            raise InputError(
                f"{scene.hsi.name} has {scene.hsi.bands} bands but {first.hsi.name} has {first.hsi.bands}; train on "
                "images of one sensor."
            )
        if scene.ratio != first.ratio:
            raise InputError(
                f"{scene.hsi.name} and its PAN have ratio {scene.ratio} but {first.hsi.name} and its PAN have "
                f"{first.ratio}; train on scenes of one ratio."
            )
        if (scene.hsi.metadata.scales, scene.hsi.metadata.offsets) != (
            first.hsi.metadata.scales,
            first.hsi.metadata.offsets,
        ):
            raise InputError(
                f"{scene.hsi.name} has another scale or offset than {first.hsi.name}; convert the images to the same "
                "units first."
            )
