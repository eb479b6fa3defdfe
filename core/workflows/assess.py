"""Assess a result: against a reference, against the HSI that it was made from, or both."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..assessment.full_resolution import FusedPair
from ..assessment.good_bands import good_bands, lacking_bands
from ..assessment.on_hsi import on_hsi
from ..assessment.reference import View
from ..assessment.scores import Scores
from ..calibration.local_shift import measure_local_shift
from ..io.band_selection import select_bands
from ..io.grid import Grid, Window, align, same_crs
from ..io.overlap import overlap
from ..io.ratio import MIN_RATIO, STATED, ratio_text, same_ratio
from ..io.reader import RasterReader
from ..io.unplaced import UnplacedError
from ..operators.pair import DEFAULT_MTF_GAIN
from ..operators.resample import Gains
from ..products.claims import nodata_values, open_claimed
from ..products.pair import Chosen, open_pan, unplaced_beside
from ..quality.reference import PixelMaps
from ..report.assessment import assessment_report, lead
from ..report.compared import Shown
from ..report.html import render, write_page
from ..report.warned import warning_items
from ..runtime.closing import closed_on_error
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.placing import placed_pan
from ..scene.reader_view import averaged, facing
from ..scene.scene import Scene
from ..scene.stray_fills import look_for_strays
from .gains import ASSUMED, ChosenGain, as_given, choose_gain
from .global_shift import correction
from .local_shift import local_correction, looks_for_local_shift
from .missing import warn_of_strays
from .opening import claims_of, joiners
from .options.advice import advice
from .options.call import on_files
from .options.gain import GIVEN, given_gain
from .options.quality import AssessOptions
from .output import check_outputs, write_json
from .stored_numbers import unit_factor, warn_of_numbers, warn_of_other_bands, warn_of_units
from .verdicts_of_scores import assessed_verdict

_OF_A_REFERENCE = (
    "a reference shows the truth at the result's pixel size; choose a sharper one, or judge the result by the HSI and "
    "the PAN that it was made of (--hsi and --pan, HSI and PAN)"
)
_LISTED = 8  # bands that are named
_OF_A_RESULT = "a result has the PAN's; choose the image that was made of the two"


@on_files(AssessOptions)
def assess(
    fused: str,
    *,
    reference: str = "",
    hsi: str = "",
    pan: str = "",
    json_path: str = "",
    report: str = "",
    options: AssessOptions,
    progress: Progress,
) -> dict[str, Any]:
    """Score a fused image; memory is bounded whatever its size.

    Args:
        fused: the result.
        reference: the truth on the same pixel grid; the two are scored on their overlap.
        hsi: the HSI that was fused, for the indices without reference; goes with ``pan``.
        pan: the PAN that was fused.
        json_path: where to write the numbers as JSON; empty for nowhere.
        report: where to write the HTML report; empty for nowhere.
        options: or its fields by name, as ``ratio=4``.
        progress: receives progress; asked whether to stop.

    Returns:
        Floats, None where an index cannot be computed: with a reference ``ergas``, ``sam`` (degrees), ``psnr`` (dB),
        ``cc``, ``ssim``, ``rmse`` (physical units), ``uiqi``, ``q2n``, ``rsnr`` (dB) and ``pixels``, the number of
        valid pixels; with HSI and PAN ``d_lambda``, ``d_lambda_k``, ``d_s``, ``d_s_reg``, ``d_rho``, ``qnr``, ``hqnr``,
        ``rqnr``, ``consistency`` (a ratio), ``mtf`` (one number or two), ``mtf_gain`` (see
        :meth:`.gains.ChosenGain.facts`) and ``hsi_pixels``. Always ``bands`` (number of good ones), ``ratio``,
        ``unit_factor`` (by what the result's numbers would have to be multiplied to have the unit of the reference, or
        else of the HSI, as 10000; None where they have it), ``verdict``, ``mark`` and ``checks`` (see
        :func:`.sharpen.sharpen`), ``crop``, ``per_band`` (lists by name, one entry a good band; ``band`` counts from
        1), ``files``, ``notes`` and ``warnings`` (what was warned of, notes among it).

    Raises:
        InputError: a file cannot be used, the grids or bands do not fit, or an output cannot be written.
        Cancelled: the user stopped the job.
    """
    _check(reference, hsi, pan)
    files = {"fused": fused, "reference": reference, "hsi": hsi, "pan": pan}
    files = {key: path for key, path in files.items() if path}
    check_outputs((*files.values(), *options.besides), (), (json_path, report))
    with contextlib.ExitStack() as stack:
        readers: dict[str, RasterReader] = {}
        moved = ""
        for key, path in files.items():
            if key != "pan":
                partner = fused if key != "fused" else reference or pan
                readers[key] = stack.enter_context(_open(key, path, partner, options, progress))
        if hsi:
            pans = pan, *options.pan_more
            claims = [claims_of(path, "pan", options) for path in pans]
            joins = joiners(pans, options, progress)
            taken = Chosen(options.grid, options.pan_bands_used, joins, options.resolution)
            opened = open_pan(pans, readers["hsi"], hsi, claims, taken, progress)
            readers["pan"] = stack.enter_context(opened)
            readers["pan"] = placed_pan(readers["hsi"], readers["pan"], options.grid, progress)
            moved = _along_the_hsi(readers, bool(reference))
        readers = dict(zip(readers, facing(*readers.values())))
        if hsi:
            readers["pan"] = averaged(readers["pan"], readers["hsi"].grid, progress)
        warn_of_numbers(readers.values(), progress)
        chosen = _calibrated(readers, options, progress)
        for key in sorted(readers.keys() & {"reference", "hsi"}):
            readers[key] = select_bands(readers[key], options.bands)
            warn_of_other_bands(readers["fused"], readers[key], progress)
        scores, views, maps = _score(readers, options, chosen.gain, progress)
        if hsi:
            scores.update(mtf=chosen.plain, mtf_gain=chosen.facts())
        scores["files"] = files | ({"pan_more": ", ".join(options.pan_more)} if options.pan_more else {})
        scores["notes"] += [moved] if moved else []
        for note in scores["notes"]:
            progress.warning(note)
        scores["warnings"] = progress.warned()
        scores["advice"] = advice(progress.warned(), type(options))
        progress.check()
        shown = [Shown(key, readers[key], views[key].window) for key in views]
        verdict = assessed_verdict(scores, lead(scores, shown))
        scores.update(verdict=verdict.sentence, **verdict.facts())
        page = ""
        if report:
            progress.set(0.97, "Writing the report")
            if "pan" in readers:
                shown.append(Shown("pan", readers["pan"], _shared_with_pan(readers, views["fused"])[1]))
            said = warning_items(advice(progress.warned(), type(options)))
            page = render(assessment_report(scores, shown, maps, said, verdict), progress)
        if json_path:
            write_json(json_path, scores)
        if report:
            write_page(report, page)
    progress.set(1.0)
    return scores


def _calibrated(readers: dict[str, RasterReader], options: AssessOptions, progress: Progress) -> ChosenGain:
    """The gain to degrade the result with; moves the PAN as it was moved for the result. Where HSI and PAN make no
    scene, nothing is measured."""
    given = given_gain(options.mtf)
    if "hsi" not in readers or (given is not None and not given.groups and options.shift == "none"):
        return ChosenGain(DEFAULT_MTF_GAIN, GIVEN) if given is None else as_given(given, None, progress)
    hsi, pan = readers["hsi"], readers["pan"]
    if options.shift not in ("global", "local"):
        try:
            align(hsi.grid, pan.grid, hsi.source, pan.source)
        except InputError as error:
            if given is not None:
                return as_given(given, None, progress)
            progress.warning(f"The MTF gain cannot be measured, and {DEFAULT_MTF_GAIN:g} is assumed: {error}")
            return ChosenGain(DEFAULT_MTF_GAIN, ASSUMED)
    scene = Scene.of(hsi, pan, progress)
    moved, shift = ((0.0, 0.0), None) if options.shift == "none" else correction(scene, options.shift, progress)
    local = None
    if looks_for_local_shift(options.shift, None if any(moved) else shift) and _lies_on(readers["fused"], pan.grid):
        local = local_correction(scene, measure_local_shift(scene, moved, progress), options.shift, progress)
    if (
        local is None
        and options.shift == "auto"
        and any(moved)
        and not _lies_on(readers["fused"], pan.grid.move(*moved))
    ):
        progress.info(f"{readers['fused'].name} lies on the grid of {pan.name} as its file has it.")
        moved = (0.0, 0.0)
    view = scene.with_bands(options.bands, progress)
    view = view.shifted(moved, progress, None if local is None else local.field)
    chosen = choose_gain(view, options.mtf, progress)
    if local is None:
        pan.grid = pan.grid.move(*moved)
    else:
        readers["pan"] = view.pan
    return chosen


def _along_the_hsi(readers: dict[str, RasterReader], reference: bool) -> str:
    """Bring the result along the HSI's axes; returns what was done to its pixels."""
    readers["fused"], moved = on_hsi(readers["fused"], readers["hsi"], readers["pan"])
    if moved and reference:
        raise InputError(
            f"{readers['fused'].name} lies on another grid than {readers['hsi'].name}; assess it once against the "
            "reference and once against HSI and PAN."
        )
    return moved


def _open(key: str, path: str, partner: str, options: AssessOptions, progress: Progress) -> RasterReader:
    """One of the files but the PAN. What the options say of the HSI goes for the reference, too; of the result counts
    what its layer says. Fill values that nobody declared are looked for in all of them, in the result unless the HSI
    is said to have none. Where it lies on no grid, the refusal's remedy makes it fit the partner."""
    claims, result = claims_of(path, "hsi", options), key == "fused"
    if result:
        _, own = nodata_values(str(options.hsi_nodata), "--hsi-nodata (HSI_NODATA)")
        of_layer = claims_of(path, "hsi", AssessOptions(layers=options.layers))
        claims = replace(of_layer, look=own, result=True)
    try:
        reader = open_claimed(path, "hsi", claims, progress)
    except UnplacedError as error:
        raise unplaced_beside(error, "hsi" if key == "hsi" else "pan", partner) from None
    with closed_on_error(reader):
        if claims.look:
            warn_of_strays(reader, look_for_strays(reader, progress), progress, result)
    return reader


def _lies_on(fused: RasterReader, grid: Grid) -> bool:
    """Whether the result's pixels are those of a grid."""
    try:
        overlap(fused.grid, grid, fused.source, fused.source)
    except InputError:
        return False
    return True


def _score(
    readers: dict[str, RasterReader], options: AssessOptions, mtf_gain: Gains, progress: Progress
) -> tuple[dict[str, Any], dict[str, View], PixelMaps | None]:
    """What :func:`assess` returns but for ``files``; what was seen of each image with bands; maps of the differences
    from a reference.

    Args:
        readers: ``fused``, and ``reference``, or ``hsi`` and ``pan``, or all, open.
    """
    alignment, views = _place(readers, options.crop)
    ratio = options.ratio
    if alignment is not None:
        if ratio is not None and not same_ratio(ratio, alignment.ratio, STATED):
            raise InputError(
                f"The ratio of {readers['hsi'].name} to {readers['fused'].name} is {alignment.ratio:g}, not {ratio:g}; "
                "leave the ratio out."
            )
        ratio = alignment.ratio
    found = Scores(good_bands(list(views.values()), progress))
    found.notes += _doubts(views, found.bands, progress)
    maps, factor = None, None
    half = 0.55 if alignment is not None else 0.97
    if "reference" in views:
        progress.set(0.0, "Comparing with the reference")
        factor = unit_factor(views["fused"], views["reference"], found.bands)
        warn_of_units(factor, readers["fused"], readers["reference"], progress)
        maps = found.add_reference(views["fused"], views["reference"], ratio, progress.part(0.02, half))
        if ratio is None:
            found.notes.append("ERGAS is left out, because it needs the ratio of the pixel sizes; give the ratio.")
    if alignment is not None:
        begin = half if "reference" in views else 0.0
        progress.set(begin, "Comparing with the HSI and the PAN")
        window = View(readers["fused"], alignment.pan)
        if factor is None:
            factor = unit_factor(window, views["hsi"], found.bands)
            warn_of_units(factor, readers["fused"], readers["hsi"], progress)
        under, pan = _shared_with_pan(readers, window)
        pair = FusedPair(views["hsi"], alignment, View(readers["pan"], pan), under, found.bands, mtf_gain, options.crop)
        found.add_full_resolution(window, pair, progress.part(max(begin, 0.02), 0.97))
    scores: dict[str, Any] = {**found.indices, **found.pixels}
    scores.update(bands=len(found.bands), ratio=ratio, crop=options.crop, unit_factor=factor)
    scores.update(per_band=found.table(readers["fused"].metadata), notes=found.notes)
    return scores, views, maps


def _doubts(views: dict[str, View], good: Sequence[int], progress: Progress) -> list[str]:
    """What makes scores look better than a result is."""
    fused, others = views["fused"], [view for key, view in views.items() if key != "fused"]
    name, notes = fused.reader.name, []
    lacking = lacking_bands(fused, others, good, progress)
    if lacking:
        bands = ", ".join(str(band + 1) for band in lacking[:_LISTED]) + " ..." * (len(lacking) > _LISTED)
        notes.append(
            f"{name} holds no values in {len(lacking)} of its bands ({bands}), which {others[0].reader.name} has: they "
            "take no part in the scores."
        )
    if any(os.path.realpath(other.reader.path) == os.path.realpath(fused.reader.path) for other in others):
        notes.append(f"{name} was given as the result and as what it is compared with, so that the scores say nothing.")
    return notes


def _check(reference: str, hsi: str, pan: str) -> None:
    if bool(hsi) != bool(pan):
        missing, given = ("PAN", "HSI") if hsi else ("HSI", "PAN")
        raise InputError(f"The {given} was given without the {missing}; give both, or a reference alone.")
    if not reference and not hsi:
        raise InputError("There is nothing to compare the result with; give a reference, or the HSI and the PAN.")


def _place(readers: dict[str, RasterReader], crop: int) -> tuple[Any, dict[str, View]]:
    """How the result lies on the HSI (None without one), and what is seen of each image with bands."""
    fused, views, alignment = readers["fused"], {}, None
    if "reference" in readers:
        truth = readers["reference"]
        _check_sizes(truth, fused, _OF_A_REFERENCE)
        shared = overlap(fused.grid, truth.grid, fused.source, truth.source)
        views = {key: View(readers[key], window).crop(crop) for key, window in zip(("fused", "reference"), shared)}
    if "hsi" in readers:
        hsi, pan = readers["hsi"], readers["pan"]
        _check_sizes(fused, pan, _OF_A_RESULT)
        overlap(fused.grid, pan.grid, fused.source, pan.source)
        alignment = align(hsi.grid, fused.grid, hsi.source, fused.source)
        View(fused, alignment.pan).crop(crop)
        views.setdefault("fused", View(fused, alignment.pan))
        views["hsi"] = View(hsi, alignment.hsi)
    return alignment, views


def _check_sizes(coarse: RasterReader, fine: RasterReader, rule: str) -> None:
    """Refuse an image of larger pixels than it can have in its place: to resample it would be no remedy."""
    x, y = abs(coarse.grid.dx / fine.grid.dx), abs(coarse.grid.dy / fine.grid.dy)
    if same_crs(coarse.grid.crs, fine.grid.crs) and min(x, y) >= MIN_RATIO:
        raise InputError(f"A pixel of {coarse.name} is {ratio_text((y, x))} pixels of {fine.name}, but {rule}.")


def _shared_with_pan(readers: dict[str, RasterReader], fused: View) -> tuple[Window, Window]:
    """What a part of the result and the PAN share, as a window of either."""
    pan = readers["pan"]
    return overlap(fused.reader.grid.crop(fused.window), pan.grid, fused.reader.name, pan.name)
