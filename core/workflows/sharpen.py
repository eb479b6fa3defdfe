"""The job ``sharpen``: learn on the scene itself, then fuse it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..fusion.prior import RegressionPrior
from ..operators.consistency import DEFAULT_ITERATIONS, check_iterations
from ..operators.pair import DEFAULT_MTF_GAIN
from ..runtime.atomic_files import working_folder
from ..runtime.devices import choose_device, load_torch
from ..runtime.paths import StrPath, paths
from ..runtime.progress import Progress
from .opening import check_space, open_scene
from .output import check_compression, check_outputs, one_gain, write_fused

if TYPE_CHECKING:
    from ..models.trained import TrainedModel


def sharpen(
    hsi: StrPath,
    pan: StrPath,
    output: StrPath,
    *,
    model: StrPath = "",
    report: StrPath = "",
    disagreement: StrPath = "",
    network: str = "ssml",
    effort: str = "normal",
    seed: int = 0,
    mtf: float | str = DEFAULT_MTF_GAIN,
    consistency: int = DEFAULT_ITERATIONS,
    device: str = "auto",
    memory: float | None = None,
    compress: str = "deflate",
    extent: tuple[float, float, float, float] | None = None,
    bands: str = "",
    correct_shift: bool = False,
    overviews: bool = False,
    resume: bool = False,
    settings: Mapping[str, object] | None = None,
    progress: Progress | None = None,
) -> dict[str, object]:
    """Sharpen a scene with nothing but its two rasters.

    Two networks learn from the scene degraded once more, where the HSI is the truth, and agree with each other at full
    resolution; or a single one learns, as :data:`core.models.pair.PAIRS` says. Where a held-out part of the scene
    says that they are no better than the regression prior, the prior is the result, and the user is told.

    Args:
        hsi, pan: rasters to read. output: raster to write, on the PAN's grid.
        model, report, disagreement: files to write besides; "" for none.
        effort: "fast", "normal" or "thorough".
        seed: fixes the result on one machine and device.
        mtf: the HSI's MTF gain at its Nyquist frequency, or the name of a sensor.
        consistency: iterations of the consistency projection in learning, judging and fusing, 0 for none.
        device: "auto", "cpu", "cuda" or "mps".
        memory: budget in GB, None for the usual one.
        compress: how a GeoTIFF is compressed: "deflate", "zstd" or "none".
        extent: (xmin, ymin, xmax, ymax) in map units: the part to fuse; learning sees all of the scene.
        bands: the bands of the HSI to use, as "1-100,120" or "430-900 nm"; "" for all.
        correct_shift: move the PAN's position by its shift against the HSI, as phase correlation measures it; else it
            is only warned of.
        overviews: add reduced copies to the output, so that it is shown fast.
        resume: go on from ``<model>.checkpoint``, which a stopped run left.
        settings: fields of :class:`core.training.settings.Settings` to set otherwise, for studies.

    Returns:
        ``output``, ``model``, ``scores`` on held-out pixels (prior, spectral, spatial, mean: ergas, sam),
        ``history`` (the checks while learning), ``used_prior``, ``ratio``, ``bands``, ``rows``, ``cols``.

    Raises:
        InputError: a file or a parameter cannot be used.
        Cancelled: the user stopped the job; the checkpoint is kept if a model file was asked for.
    """
    progress = progress or Progress()
    hsi, pan, output = paths(hsi=hsi, pan=pan, output=output)
    model, report, disagreement = paths(model=model, report=report, disagreement=disagreement)
    load_torch(progress)
    from ..training.learn import forget, learn, settings_for
    from ..training.settings import steps_for
    from .fuse import check_disagreement

    mtf = one_gain(mtf, progress)
    check_iterations(consistency)
    check_compression(compress)
    check_disagreement(network, disagreement)
    check_outputs((hsi, pan), (output, disagreement), (model, report))
    progress.set(0.0, "Looking through the scene")
    with (
        open_scene(hsi, pan, progress, bands=bands, correct_shift=correct_shift) as scene,
        working_folder() as folder,
    ):
        window = scene.output_window(extent)
        written = [(output, scene.hsi.bands, scene.hsi.metadata.dtype), (disagreement, 1, "float32")]
        check_space(scene, window, written, overviews)
        chosen, sentence = choose_device(device)
        progress.info(sentence)
        pixels = scene.low_shape[0] * scene.low_shape[1]
        more = {"iterations": consistency, **(settings or {})}
        chosen_settings = settings_for(network, "mutual", steps_for(effort, pixels), seed, more)
        checkpoint = f"{model or os.path.join(folder, 'model')}.checkpoint"
        resumed = checkpoint if resume and os.path.exists(checkpoint) else ""
        if resume and not resumed:
            progress.warning(f"There is no {checkpoint} to resume from; starting anew.")
        trained = learn([scene], network, mtf, chosen_settings, chosen, checkpoint, resumed, progress.part(0.02, 0.9))
        used_prior = warn_of_prior(trained, progress)
        progress.set(0.9, "Fusing")
        pages: list[str] = []

        def draw(fused: str, spread: str) -> None:
            from ..report.html import render
            from ..report.training import training_report

            parameters = {
                "HSI": hsi,
                "PAN": pan,
                "output": output,
                "model": model or "not kept",
                "effort": effort,
                "seed": seed,
                "MTF gain": mtf,
                "consistency iterations": trained.iterations,
                "device": str(chosen),
                "bands": bands or "all",
                "shift of the PAN": "corrected" if correct_shift else "as it is",
            }
            pages.append(render(training_report(trained, parameters, fused, scene, spread), progress))

        grid = write_fused(
            scene,
            RegressionPrior(
                trained.statistics, trained.header["mtf"], trained.iterations, trained.residual(chosen, "mean")
            ).fit(scene, progress),
            output,
            extent=extent,
            memory=memory,
            compress=compress,
            disagreement=disagreement,
            overviews=overviews,
            before=draw if report else None,
            progress=progress.part(0.9, 0.99),
        )
        if model:
            trained.save(model)
        if report:
            from ..report.html import write_page

            write_page(report, pages[0])
        forget(checkpoint)
        progress.set(1.0, "Done")
        return {
            "output": output,
            "model": model,
            "scores": trained.header["scores"],
            "history": trained.header["history"],
            "used_prior": used_prior,
            "ratio": scene.ratio,
            "bands": scene.hsi.bands,
            "rows": grid.rows,
            "cols": grid.cols,
        }


def warn_of_prior(trained: TrainedModel, progress: Progress) -> bool:
    """Whether the result is the prior, because networks that learned were no better; tells the user."""
    used_prior = bool(trained.header["best_step"] == 0)
    if used_prior:
        progress.warning(
            "On the held-out part of the scene the networks were no better than the regression prior (MTF-GLP"
            f"{' with consistency projection' if trained.iterations else ''}); the prior is the result."
        )
    return used_prior
