"""The job ``inspect``: what a pair says of itself, in seconds and without PyTorch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..calibration.local_shift import LocalShift, measure_local_shift, no_displacement
from ..calibration.relation import DOUBTFUL, UNRELATED, Relation, pan_relation
from ..calibration.response import Response, pan_response
from ..calibration.shift import MAX_SHIFT, Shift
from ..io.metadata import RasterMetadata
from ..io.reader import RasterReader
from ..io.writer import RasterWriter
from ..report.html import render, write_page
from ..report.inspection import inspection_report
from ..runtime.progress import Progress
from ..scene.defects import Defects
from ..scene.scene import Scene
from .local_shift import local_facts
from .opening import NOTICED_SHIFT, SURE_FIT, Opened, open_measured
from .options.declare import on_files
from .options.inspection import InspectOptions
from .output import check_outputs, write_json
from .placement import placement_of


@on_files(InspectOptions)
def inspect(
    hsi: str,
    pan: str,
    *,
    report: str = "",
    json_path: str = "",
    shift_map: str = "",
    options: InspectOptions,
    progress: Progress,
) -> dict[str, Any]:
    """Say whether an HSI and a PAN fit together, and what is wrong with them.

    Args:
        hsi, pan: rasters to read.
        report: HTML file to write, "" for none.
        json_path: JSON file to write, "" for none.
        shift_map: raster to write, the local shift: dx, dy and confidence; "" for none.
        options: or its fields by name, as ``bands="430-900 nm"``.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``verdict`` (a sentence) and ``fit`` ("yes", "shifted", "doubtful" or "no"); ``ratio``; ``placement``, what is
        done to bring the PAN onto the HSI's grid ("" for nothing); ``overlap``, the share of the HSI's pixels under the
        PAN; ``shift_x``, ``shift_y`` (PAN pixels, by which the PAN must be moved; None where that cannot be measured)
        and ``shift``, how sure they are; ``shift_local`` (PAN pixels, root mean square) and ``local_shift``, see
        :func:`.local_shift.local_facts`; ``correlation`` of PAN and HSI (``level``,
        ``detail``); ``response_r2`` and ``response``, by band; ``hsi`` and ``pan``, what the files are; ``bands``
        (numbers from 1, good and bad), ``samples``, ``defects``, ``contradictions`` and ``masked`` (HSI pixels; None
        where they were not looked for), and ``warnings``.

    Raises:
        InputError: a file or an option cannot be used, or the two cannot be put on one grid.
        Cancelled: the user stopped the job.
    """
    check_outputs((hsi, pan, *options.masks), (shift_map,), (report, json_path))
    opened = open_measured(hsi, pan, options, progress)
    with opened.scene as scene:
        progress.set(0.5, "Looking for a local shift")
        local = _local_shift(scene, opened.shift, progress)
        progress.set(0.6, "Looking for the bands that the PAN is made of")
        response = pan_response(scene, _correction(opened.shift), progress)
        found = _found(opened, pan_relation(scene, progress), response, local)
        found["warnings"] = progress.warned()
        progress.check()
        page = ""
        if report:
            progress.set(0.8, "Writing the report")
            page = render(inspection_report(found, scene, opened.contradictory, local), progress)
        if json_path:
            write_json(json_path, found)
        if shift_map:
            _write_shift_map(shift_map, scene, local, progress)
        if report:
            write_page(report, page)
    progress.set(1.0)
    return found


def _local_shift(scene: Scene, shift: Shift | None, progress: Progress) -> LocalShift | None:
    """Where the PAN lies when it is moved as a whole."""
    return None if shift is None or shift.beyond else measure_local_shift(scene, (shift.y, shift.x), progress)


def _write_shift_map(path: str, scene: Scene, local: LocalShift | None, progress: Progress) -> None:
    field = no_displacement(scene) if local is None else local.field
    metadata = RasterMetadata.plain(3, "float32", float("nan")).replace(names=("dx", "dy", "confidence"))
    planes = np.stack([field.x, field.y, field.confidence])
    with RasterWriter(path, field.grid, metadata, progress=progress) as writer:
        writer.write(planes, np.ones(planes.shape[1:], bool))


def _correction(shift: Shift | None) -> tuple[float, float]:
    """Where the PAN shows what the HSI shows."""
    return (shift.y, shift.x) if shift is not None and not shift.beyond else (0.0, 0.0)


def _found(opened: Opened, relation: Relation, response: Response, local: LocalShift | None) -> dict[str, Any]:
    """What :func:`inspect` returns but for the warnings. What else is measured of a pair has its place here."""
    scene, shift = opened.scene, opened.shift
    fit, verdict = _verdict(scene, shift, relation, local)
    rows, cols = scene.low_shape
    return {
        "verdict": verdict,
        "fit": fit,
        "hsi": _file(scene.hsi),
        "pan": _file(scene.pan),
        "ratio": scene.ratio,
        "placement": placement_of(scene),
        "overlap": rows * cols / (scene.hsi.grid.rows * scene.hsi.grid.cols),
        "shift_x": None if shift is None else shift.x,
        "shift_y": None if shift is None else shift.y,
        "shift": _shift(shift),
        "shift_local": None if local is None else local.field.typical,
        "local_shift": local_facts(local),
        "correlation": {key: _finite(value) for key, value in dataclasses.asdict(relation).items()},
        "response_r2": response.r2,
        "response": _response(scene, response),
        "bands": _bands(scene),
        "samples": _samples(scene),
        "defects": _defects(scene, opened.defects),
        "contradictions": None if opened.contradictory is None else int(opened.contradictory.sum()),
        "masked": None if opened.masked is None else int(opened.masked.sum()),
    }


def _verdict(scene: Scene, shift: Shift | None, relation: Relation, local: LocalShift | None = None) -> tuple[str, str]:
    """In a word and in a sentence."""
    hsi, pan = scene.hsi.name, scene.pan.name
    moved = shift is not None and shift.size > NOTICED_SHIFT
    if shift is not None and shift.beyond:
        return "no", (
            f"Not these two as they lie, because {pan} is off by more than {MAX_SHIFT:g} HSI pixels: move it by about "
            f"{shift.x:+.0f} columns and {shift.y:+.0f} rows (PAN pixels) first."
        )
    if relation.unrelated and not (moved and shift is not None and shift.explains):
        return "no", (
            f"Not these two, because {pan} does not show what {hsi} shows: the correlation of their details is "
            f"{relation.detail:.2f}, and {UNRELATED:g} is the least that is used."
        )
    if shift is not None and moved:
        doubt = "" if shift.correlation >= SURE_FIT else ", which is not sure: compare both images in a map"
        besides = f", and a local one of {local.field.typical:.2f}" if local is not None and local.sure else ""
        return "shifted", (
            f"Fit after a shift of {pan} by {shift.x:+.2f} columns and {shift.y:+.2f} rows{besides} (PAN pixels; "
            f"--shift auto, SHIFT){doubt}."
        )
    if local is not None and local.sure:
        return "shifted", (
            f"Fit after a local shift of {pan} by {local.field.typical:.2f} PAN pixels (root mean square; --shift "
            "auto, SHIFT)."
        )
    if math.isnan(relation.detail):
        few = f"{pan} and {hsi} share too few pixels to tell how alike they are"
        return "doubtful", f"Fit as far as can be told: {few}."
    if relation.doubtful:
        return "doubtful", (
            f"Fit with doubts, because the correlation of the details of {pan} and {hsi} is {relation.detail:.2f}, "
            f"where {DOUBTFUL:g} or more is usual."
        )
    if shift is None:
        return "doubtful", f"Fit as far as can be told: a shift of {pan} against {hsi} cannot be measured."
    return "yes", "Fit for sharpening."


def _file(reader: RasterReader) -> dict[str, Any]:
    grid, waves = reader.grid, [wave for wave in reader.metadata.wavelengths if wave is not None]
    return {
        "file": reader.path,
        "rows": grid.rows,
        "cols": grid.cols,
        "bands": reader.bands,
        "dtype": reader.dtype,
        "pixel": [abs(grid.dx), abs(grid.dy)],
        "corner": [grid.x, grid.y],
        "crs": bool(grid.crs),
        "wavelengths": [min(waves), max(waves)] if waves else None,
        "undeclared_fills": [{"value": _finite(fill.value), "pixels": fill.pixels} for fill in reader.fills],
    }


def _shift(shift: Shift | None) -> dict[str, Any]:
    """How far a shift can be trusted."""
    if shift is None:
        return {"measured": False, "sure": False}
    return {
        "measured": True,
        "sure": not shift.beyond and shift.correlation >= SURE_FIT,
        "beyond": shift.beyond,
        "correlation": shift.correlation,
        "correlation_as_they_lie": shift.unmoved,
        "correlation_of_details": _finite(shift.detail),
    }


def _response(scene: Scene, response: Response) -> dict[str, Any]:
    """By band; ``inferred`` are the bands whose detail the PAN does not show itself."""
    inside = [scene.hsi.metadata.wavelengths[band] for band in response.bands[~response.inferred]]
    known = [wave for wave in inside if wave is not None]
    return {
        "r2": response.r2,
        "range": [min(known), max(known)] if known and len(known) == len(inside) else None,
        "band": [scene.hsi.band_numbers[band] for band in response.bands],
        "wavelength": [scene.hsi.metadata.wavelengths[band] for band in response.bands],
        "weight": [float(weight) for weight in response.weights],
        "inferred": [scene.hsi.band_numbers[band] for band in response.bands[response.inferred]],
    }


def _bands(scene: Scene) -> dict[str, list[int]]:
    numbers = np.array(scene.hsi.band_numbers)
    groups = {"good": scene.good, "bad": ~scene.good & ~scene.empty, "empty": scene.empty}
    return {name: [int(number) for number in numbers[chosen]] for name, chosen in groups.items()}


def _samples(scene: Scene) -> dict[str, Any]:
    """HSI pixels under the PAN: ``missing`` counts single samples by band number."""
    gaps = np.flatnonzero(scene.missing)
    return {
        "pixels": scene.low_valid.size,
        "taking_part": int(np.count_nonzero(scene.low_valid)),
        "without_values": int(np.count_nonzero(~scene.low_present)),
        "missing": {str(scene.hsi.band_numbers[band]): int(scene.missing[band]) for band in gaps},
    }


def _defects(scene: Scene, defects: Defects | None) -> dict[str, dict[str, int]]:
    """Of each kind, by band number in the file, how many."""
    kinds = ("lines", "zeros", "stripes", "hot", "saturated")
    found: dict[str, Mapping[int, int]] = {kind: getattr(defects, kind) for kind in kinds} if defects else {}
    return {kind: {str(band + 1): count for band, count in sorted(by.items())} for kind, by in found.items() if by}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
