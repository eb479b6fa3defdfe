"""The job ``train``: learn from one or several scenes of a sensor and keep a model file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from ..devices import choose_device, require_torch
from ..errors import InputError
from ..physics.operators import DEFAULT_GAIN
from ..progress import Progress
from ..raster.scene import Scene
from .opening import open_scene
from .output import check_outputs, one_gain


def train(
    hsi: Sequence[str],
    pan: Sequence[str],
    model: str,
    *,
    report: str = "",
    network: str = "ssml",
    mode: str = "mutual",
    effort: str = "normal",
    steps: int | None = None,
    seed: int = 0,
    mtf: float | str = DEFAULT_GAIN,
    device: str = "auto",
    bands: str = "",
    correct_shift: bool = False,
    resume: str = "",
    settings: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> dict[str, object]:
    """Train a model on scenes of one sensor; reduced-resolution pairs are made from them.

    Args:
        hsi, pan: rasters to read, in the same order. model: file to write.
        report: HTML file to write, "" for none.
        mode: "mutual", or "alone": the same networks without exchange.
        effort: "fast", "normal" or "thorough". steps: number of steps instead.
        mtf: the HSI's MTF gain at its Nyquist frequency, or the name of a sensor.
        device: "auto", "cpu", "cuda" or "mps".
        bands: the bands of each HSI to use, as "1-100,120" or "430-900 nm"; "" for all. The model remembers them.
        correct_shift: move each PAN's position by its shift against its HSI, as phase correlation measures it; else it
            is only warned of.
        resume: checkpoint (``<model>.checkpoint``) of a training that was stopped; "" to start anew.
        settings: fields of :class:`core.learning.settings.Settings` to set otherwise, for studies.

    Returns:
        ``model``, ``scores`` on held-out pixels (prior, spectral, spatial, mean: ergas, sam), ``parameters``.

    Raises:
        InputError: a file or a parameter cannot be used.
        Cancelled: the user stopped the job; the checkpoint is kept.
    """
    require_torch()
    from ..learning.settings import steps_for
    from .learn import forget, learn, settings_for

    progress = progress or Progress()
    if not hsi or len(hsi) != len(pan):
        raise InputError(f"{len(hsi)} HSI and {len(pan)} PAN images were given; give one PAN for each HSI, in order.")
    mtf = one_gain(mtf, progress)
    check_outputs((*hsi, *pan, *([resume] if resume else [])), (), (model, report))
    with contextlib.ExitStack() as stack:
        choices = {"bands": bands, "correct_shift": correct_shift}
        scenes = [stack.enter_context(open_scene(*pair, progress, **choices)) for pair in zip(hsi, pan)]
        _check_same_sensor(scenes)
        chosen, sentence = choose_device(device)
        progress.info(sentence)
        pixels = sum(scene.low_shape[0] * scene.low_shape[1] for scene in scenes)
        fields = settings_for(network, mode, steps or steps_for(effort, pixels), seed, settings)
        trained = learn(scenes, network, mtf, fields, chosen, f"{model}.checkpoint", resume, progress.part(0.02, 0.98))
        page = ""
        if report:
            from ..report.html import render, write_page
            from .training_report import training_report

            page = render(training_report(trained, {"model": model, "bands": bands or "all"}), progress)
        trained.save(model)
        if report:
            write_page(report, page)
        forget(f"{model}.checkpoint", resume)
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
