"""The job ``compare``: which method is best for this HSI and this PAN?"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..assessment.full_resolution import FusedPair
from ..assessment.good_bands import good_bands
from ..assessment.reduced import reduced_pair
from ..assessment.reference import View
from ..assessment.scores import Scores
from ..io.grid import Window, align, decimation
from ..io.raster_files import driver_of
from ..io.ratio import ratio_text
from ..io.reader import RasterReader
from ..operators.pair import DEFAULT_MTF_GAIN
from ..operators.resample import Gains
from ..products.pair import open_pair
from ..report.comparison import Compared, Comparison, comparison_report, lead, pick_pixels
from ..report.html import render, write_page
from ..report.pictures import overview
from ..report.views import Views, views_of
from ..report.warned import warning_items
from ..runtime.atomic_files import working_folder
from ..runtime.memory import PeakMemory
from ..runtime.progress import Progress
from ..scene.map_grid import map_grid, output_window
from ..scene.scene import Scene
from .candidates import Candidate, candidates
from .findings import findings
from .gains import MEASURED, choose_gain
from .left_out import reduced_without
from .opening import check_space, open_measured
from .options.advice import advice
from .options.call import on_files
from .options.gain import GIVEN
from .options.quality import CompareOptions
from .options.shared import FusionOptions
from .output import Outputs, check_outputs, fuse_to_scratch, write_fused, write_json
from .placement import place_finished, placement_of
from .ranking import Run, ranked, result_of, write_csv
from .run_messages import FULL, REDUCED, RunProgress, RunWarnings
from .verdicts_of_scores import compared_verdict

_PARAMETERS = ("crop", "bands", "shift", "grid", "hsi_nodata", "pan_nodata", "consistency", "effort", "seed", "device")
_MAP_SIZE = 240  # pixels of the maps at most
_FITTED = 0.5  # of a run, when its method is fitted


@on_files(CompareOptions)
def compare(
    hsi: str,
    pan: str,
    output: str = "",
    *,
    report: str = "",
    json_path: str = "",
    csv_path: str = "",
    options: CompareOptions,
    progress: Progress,
) -> dict[str, Any]:
    """Run methods on one HSI and PAN, at reduced and at full resolution, and find the best.

    At reduced resolution HSI and PAN are degraded by the ratio, fused, and compared with the HSI itself (Wald's
    protocol); this ranks. At full resolution there is no truth: indices without reference are given beside it.

    Args:
        hsi, pan: rasters to read.
        output: raster to write, what the best method makes at full resolution; "" for none.
        report, json_path, csv_path: files to write; "" for none.
        options: or its fields by name, as ``methods=["gsa", "ssml"]``.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``best`` (a name), ``best_title``, ``gain`` (by how many per cent its score lies below that of the best
        classical method, None where it is one), ``methods``, ``rule``, ``ratio``, ``files``, ``parameters``,
        ``mtf_gain`` (see :meth:`.gains.ChosenGain.facts`), ``pair`` (see :func:`.findings.findings`), ``output``,
        ``verdict``, ``mark`` and ``checks`` (see :func:`.sharpen.sharpen`),
        ``placement`` (what was done to bring the PAN onto the HSI's grid; "" for nothing) and ``warnings`` (what was
        warned of).
        ``methods`` has one record a method, best first: ``name``, ``title``, ``score``, ``reduced``, ``full`` and
        ``per_band`` (dicts of numbers), ``seconds``, ``peak_memory`` (bytes in use by this process while it ran at full
        resolution, None where unknown), ``ranked``, ``equal`` (to the best, but for chance) and ``note``.

    Raises:
        InputError: a file or a parameter cannot be used, or the scene is too small to be reduced.
        Cancelled: the user stopped the job.
    """
    check_outputs((hsi, pan, *options.besides), (output,), (report, json_path, csv_path), (options.model,))
    candidates(options, DEFAULT_MTF_GAIN, hsi)  # refuses what cannot be, before the scene is opened
    places = [path for path in (output, report, json_path, csv_path) if path]
    opened = open_measured(hsi, pan, options, progress)
    with (
        opened.scene as scene,
        working_folder(places[0] if places else "") as folder,
        contextlib.ExitStack() as stack,
    ):
        found = choose_gain(scene, options.mtf, progress)
        chosen = candidates(options, found.gain, hsi, found.source in (GIVEN, MEASURED))
        rows, cols = scene.low_shape
        progress.info(f"Ratio {ratio_text(scene.ratios)}: {rows} x {cols} HSI pixels, {len(chosen)} methods.")
        check_space(scene, Outputs(output), FusionOptions(grid=options.grid), folder)
        warnings = RunWarnings([candidate.title for candidate in chosen])
        stack.callback(warnings.pass_on, progress)
        fusion = FusionOptions(memory=options.memory, grid="hsi")  # only what is kept is put on another grid
        settings = _Settings(folder, found.gain, options.crop, fusion, warnings)
        progress.set(0.01, "Reducing the resolution")
        truth, pixels, runs = _at_reduced(scene, chosen, settings, progress.part(0.01, 0.45))
        ranking = ranked(runs)
        progress.info(lead(result_of(ranking)))
        views = views_of(scene, len(chosen)) if report else None
        moved = map_grid(scene, output_window(scene, None), options.grid) is not None
        made_at_once = bool(output) and not moved and driver_of(output) in ("GTiff", "ENVI")
        kept = os.path.join(folder, f"best{os.path.splitext(output)[1] if made_at_once else '.tif'}") if output else ""
        steps = progress.part(0.45, 0.95)
        for number, run in enumerate(ranking):
            part = steps.part(number / len(ranking), (number + 1) / len(ranking))
            part.set(0.0, f"{run.candidate.title} at full resolution")
            _at_full(run, scene, kept if number == 0 else "", views, settings, part)
        result = result_of(ranking)
        result.update(ratio=scene.ratio, output=output, placement=placement_of(scene))
        result["mtf_gain"], result["pair"] = found.facts(), findings(opened, found, progress)
        besides = {"pan_more": ", ".join(options.pan_more), "model": options.model}
        result["files"] = {"hsi": hsi, "pan": pan, **{key: path for key, path in besides.items() if path}}
        result["parameters"] = {
            "model_consistency": chosen[-1].iterations,
            "mtf": found.plain,
            **{name: getattr(options, name) for name in _PARAMETERS},
        }
        progress.check()
        warnings.pass_on(progress)
        result["warnings"] = progress.warned()
        result["advice"] = advice(progress.warned(), type(options))
        verdict = compared_verdict(result, lead(result))
        result.update(verdict=verdict.sentence, **verdict.facts())
        page = ""
        if views is not None:
            progress.set(0.96, "Writing the report")
            compared = [run.compared for run in ranking]
            comparison = Comparison(result, scene, views, compared, truth, pixels, opened.contradictory)
            said = warning_items(advice(progress.warned(), type(options)))
            page = render(comparison_report(comparison, said, verdict), progress)
        if json_path:
            write_json(json_path, result)
        if csv_path:
            write_csv(csv_path, result["methods"])
        if report:
            write_page(report, page)
        if output:
            place_finished(scene, kept, output, options.grid, progress.part(0.97, 1.0))
    progress.set(1.0, "Done")
    return result


@dataclass(frozen=True)
class _Settings:
    """See :func:`compare`; ``folder`` is for rasters that are needed for a while, ``warnings`` are of all runs."""

    folder: str
    mtf_gain: Gains
    crop: int
    fusion: FusionOptions
    warnings: RunWarnings


def _at_reduced(
    scene: Scene, chosen: Sequence[Candidate], settings: _Settings, progress: Progress
) -> tuple[np.ndarray, list[tuple[int, int]], list[Run]]:
    """Run all methods on the reduced pair, which is opened once.

    Returns:
        (B, r, c) of the truth, decimated; (row, column) in it of the pixels whose spectra are shown; the runs.
    """
    pair = reduced_pair(scene, settings.mtf_gain, settings.folder, progress.part(0.0, 0.1))
    runs = []
    steps = progress.part(0.1, 1.0)
    # What there is to warn of was said of the scene; warnings of the runs call its files by their own names.
    quiet = RunProgress(progress, "Reduced resolution", REDUCED)
    with open_pair(pair.hsi, pair.pan, quiet) as whole, RasterReader(pair.truth) as reader:
        reduced = reduced_without(whole, scene)
        reduced.hsi.name, reduced.pan.name = scene.hsi.name, scene.pan.name
        values, valid = overview(reader, range(reader.bands), _MAP_SIZE, reduced.alignment.pan)
        pixels = pick_pixels(values, np.broadcast_to(valid, values.shape), scene.good)
        window = reduced.alignment.pan  # the pixels of the truth that lie wholly inside the reduced HSI
        step = decimation((window.rows, window.cols), _MAP_SIZE)
        places = [(row * step + step // 2, col * step + step // 2) for row, col in pixels]
        path = os.path.join(settings.folder, "reduced")
        for number, candidate in enumerate(chosen):
            part = steps.part(number / len(chosen), (number + 1) / len(chosen))
            part.set(0.0, f"{candidate.title} at reduced resolution")
            named = RunProgress(part.part(0.0, 0.8), candidate.title, REDUCED, settings.warnings)
            watched = RunProgress(part.part(0.8, 1.0), candidate.title, REDUCED)
            with _fused(candidate, reduced, Outputs(path), settings.fusion, named) as fused:
                images = View(fused, Window(0, 0, window.rows, window.cols)), View(reader, window)
                images = images[0].crop(settings.crop), images[1].crop(settings.crop)
                scores = Scores(good_bands(images, watched))
                maps = scores.add_reference(*images, scene.ratio, watched, _MAP_SIZE)
                spectra = np.array([_spectrum(fused, reader, scene.good, place) for place in places])
                reduced_scores = {**scores.indices, "per_band": scores.table(fused.metadata)}
                title, history = candidate.title, candidate.history
                shown = Compared(candidate.name, title, reduced_scores, maps, spectra, (), history=history)
                runs.append(Run(candidate, scores.indices, shown))
    return values, pixels, runs


def _fused(
    candidate: Candidate, scene: Scene, outputs: Outputs, options: FusionOptions, progress: Progress, kept: bool = False
) -> RasterReader:
    """Fit and fuse; the open result. One that is not kept is removed when it is closed."""
    fitted, part = candidate.method.fit(scene, progress.part(0.0, _FITTED)), progress.part(_FITTED, 1.0)
    if not (kept or outputs.disagreement):
        return fuse_to_scratch(scene, fitted, outputs.output, options.memory, part)
    write_fused(scene, fitted, outputs, options, part)
    reader = RasterReader(outputs.output)
    reader.grid = scene.alignment.grid  # in sensor geometry, a file has control points in its place
    return reader


def _spectrum(fused: RasterReader, truth: RasterReader, good: np.ndarray, place: tuple[int, int]) -> np.ndarray:
    """(bands,) of a pixel of the result, physical units; NaN where it or the truth is not valid."""
    pixel = Window(*place, 1, 1)
    values, valid = overview(fused, range(fused.bands), 1, pixel)
    known = overview(truth, range(truth.bands), 1, pixel)[1]
    return np.where(valid[good].all() and known[good].all(), values[:, 0, 0], np.nan)


def _at_full(run: Run, scene: Scene, kept: str, views: Views | None, settings: _Settings, progress: Progress) -> None:
    """Run a method on the scene itself.

    Args:
        kept: raster to write where the result is to be kept.
    """
    candidate = run.candidate
    disagreement = os.path.join(settings.folder, "disagreement.tif") if candidate.networks else ""
    path = kept or os.path.join(settings.folder, "full.tif" if disagreement else "full")
    named = RunProgress(progress.part(0.0, 0.8), candidate.title, FULL, settings.warnings)
    started = time.monotonic()
    with PeakMemory() as memory:
        opened = _fused(candidate, scene, Outputs(path, disagreement), settings.fusion, named, bool(kept))
    run.seconds, run.memory = round(time.monotonic() - started, 2), memory.peak
    with opened as reader:
        run.full = _full_scores(reader, scene, settings, RunProgress(progress.part(0.8, 1.0), candidate.title, FULL))
        if views is not None:
            run.compared = replace(run.compared, pictures=views.of_result(reader))
    if disagreement:
        with RasterReader(disagreement) as reader:
            values, valid = overview(reader, [0])
        run.compared = replace(run.compared, disagreement=np.where(valid[0], values[0], np.nan))
    if not kept and os.path.exists(path):
        os.remove(path)


def _full_scores(fused: RasterReader, scene: Scene, settings: _Settings, progress: Progress) -> dict[str, Any]:
    alignment = align(scene.hsi.grid, fused.grid, scene.hsi.name, fused.name)
    result, pan = View(fused, alignment.pan), scene.alignment.pan
    result.crop(settings.crop)
    scores = Scores([band for band in good_bands([result], progress) if scene.good[band]])
    pair = FusedPair(
        View(scene.hsi, alignment.hsi),
        alignment,
        View(scene.pan, Window(pan.row + alignment.pan.row, pan.col + alignment.pan.col, *result.shape)),
        Window(0, 0, *result.shape),
        scores.bands,
        settings.mtf_gain,
        settings.crop,
    )
    scores.add_full_resolution(result, pair, progress)
    return scores.indices
