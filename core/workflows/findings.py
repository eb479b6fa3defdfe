"""What a pair says of itself, as JSON and reports have it: the page of ``inspect``, and a section of other reports."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..calibration.local_shift import LocalShift
from ..calibration.relation import DOUBTFUL, UNRELATED, Relation, pan_relation
from ..calibration.response import Response, beyond, pan_response
from ..calibration.shift import MAX_SHIFT, Shift
from ..io.reader import RasterReader
from ..io.remedies import crs_name
from ..operators.resample import per_axis
from ..runtime.progress import Progress
from ..scene.defects import Defects
from ..scene.scene import Scene
from .detector_noise import noise_facts
from .gains import ChosenGain
from .global_shift import SURE_FIT, sure_shift
from .guide_findings import guide_findings
from .local_shift import NOTICED_SHIFT, local_facts
from .opening import Opened
from .placement import placement_of

_SEEN = 0.01  # of the largest response of a sharp band: from here on it sees a band of the HSI


def findings(opened: Opened, gain: ChosenGain, progress: Progress) -> dict[str, Any]:
    """What was found of a pair. What else is measured of one has its place here.

    Args:
        opened: the pair.
        gain: that is computed with.
        progress: asked whether to stop.

    Returns:
        ``verdict`` (a sentence) and ``fit`` ("yes", "shifted", "doubtful" or "no"); ``ratio``; ``placement``, what is
        done to bring the PAN onto the HSI's grid ("" for nothing); ``overlap``, the share of the HSI's pixels under the
        PAN; ``uncovered``, the share of the PAN's pixels under the HSI that have no values; ``shift_local`` (PAN
        pixels, root mean square) and ``local_shift``, see :func:`.local_shift.local_facts`; ``shift_x``, ``shift_y``
        (PAN pixels, by which the PAN must be moved from where its file says; None where that cannot be measured) and
        ``shift``, how sure they are, and by how much it is
        moved; ``correlation`` of PAN and HSI (``level``, ``detail``) where the PAN is moved to; ``mtf_x``, ``mtf_y``
        and ``mtf``, the gain along columns and rows and where it comes from (see :meth:`.gains.ChosenGain.facts`);
        ``response_r2`` and ``response``, by band; ``guide``, see :func:`.guide_findings.guide_findings`; ``hsi`` and
        ``pan``, what the files are (``others``: names of those that are one image with it); ``bands`` (numbers from 1,
        good and bad), ``samples``, ``defects``; ``noise``, see :func:`.detector_noise.noise_facts`; ``contradictions``
        and ``masked`` (HSI pixels; None where they were not looked for).

    Raises:
        Cancelled: the user stopped the job.
    """
    scene, shift = opened.scene, opened.shift
    relation = pan_relation(scene, progress)
    response = pan_response(scene, _remaining(scene, shift), progress)
    guide = guide_findings(scene, _remaining(scene, shift), progress)
    fit, verdict = _verdict(scene, shift, relation, opened.local)
    (rows, cols), (along, across) = scene.low_shape, per_axis(gain.gain)
    return {
        "verdict": verdict,
        "fit": fit,
        "hsi": _file(scene.hsi),
        "pan": _file(scene.pan),
        "ratio": scene.ratio,
        "placement": placement_of(scene),
        "overlap": rows * cols / (scene.hsi.grid.rows * scene.hsi.grid.cols),
        "uncovered": scene.uncovered / (scene.high_shape[0] * scene.high_shape[1]),
        "shift_x": None if shift is None else shift.x,
        "shift_y": None if shift is None else shift.y,
        "shift": _shift(scene, shift),
        "shift_local": None if opened.local is None else opened.local.field.typical,
        "local_shift": local_facts(opened.local),
        "correlation": {key: _finite(value) for key, value in dataclasses.asdict(relation).items()},
        "mtf_x": across,
        "mtf_y": along,
        "mtf": gain.facts(),
        "response_r2": response.r2,
        "response": _response(scene, response, guide),
        "guide": guide,
        "bands": _bands(scene),
        "samples": _samples(scene),
        "defects": _defects(scene, opened.defects),
        "noise": noise_facts(opened.noise),
        "contradictions": None if opened.contradictory is None else int(opened.contradictory.sum()),
        "masked": None if opened.masked is None else int(opened.masked.sum()),
    }


def _remaining(scene: Scene, shift: Shift | None) -> tuple[float, float]:
    """Where the PAN shows what the HSI shows, from where it is."""
    stays = shift is not None and not shift.beyond and not any(scene.moved) and scene.field is None
    return (shift.y, shift.x) if shift is not None and stays else (0.0, 0.0)


def _verdict(scene: Scene, shift: Shift | None, relation: Relation, local: LocalShift | None) -> tuple[str, str]:
    """In a word and in a sentence."""
    hsi, pan = scene.hsi.name, scene.pan.name
    far = shift is not None and shift.size > NOTICED_SHIFT
    if shift is not None and shift.beyond:
        return "no", (
            f"Not these two as they lie, because {pan} is off by more than {MAX_SHIFT:g} HSI pixels: move it by about "
            f"{shift.x:+.0f} columns and {shift.y:+.0f} rows (PAN pixels) first."
        )
    if relation.unrelated and not (far and shift is not None and shift.explains):
        return "no", (
            f"Not these two, because {pan} does not show what {hsi} shows: the correlation of their details is "
            f"{relation.detail:.2f}, and {UNRELATED:g} is the least that is used."
        )
    if shift is not None and far:
        option = "auto, the default" if sure_shift(shift) else "global"
        doubt = "" if shift.correlation >= SURE_FIT else ", which is not sure: compare both images in a map"
        besides = f", and a local one of {local.field.typical:.2f}" if local is not None and local.sure else ""
        return "shifted", (
            f"Fit after a shift of {pan} by {shift.x:+.2f} columns and {shift.y:+.2f} rows{besides} (PAN pixels; "
            f"--shift {option}; SHIFT){doubt}."
        )
    if local is not None and local.sure:
        return "shifted", (
            f"Fit after a local shift of {pan} by {local.field.typical:.2f} PAN pixels (root mean square; --shift "
            "auto, the default; SHIFT)."
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
        "product": reader.origin.product,
        "acquired": reader.origin.acquired,
        "others": list(reader.others),
        "rows": grid.rows,
        "cols": grid.cols,
        "bands": reader.bands,
        "dtype": reader.dtype,
        "pixel": [abs(grid.dx), abs(grid.dy)],
        "corner": [grid.geotransform[0], grid.geotransform[3]],
        "crs": crs_name(grid.crs) if grid.crs else "",
        "wavelengths": [min(waves), max(waves)] if waves else None,
        "undeclared_fills": [
            {"value": _finite(fill.value), "pixels": fill.pixels + fill.in_some} for fill in reader.fills
        ],
    }


def _shift(scene: Scene, shift: Shift | None) -> dict[str, Any]:
    """How far a shift can be trusted, and (columns, rows) by which the PAN is moved."""
    corrected = [scene.moved[1], scene.moved[0]]
    if shift is None:
        return {"measured": False, "sure": False, "corrected": corrected}
    return {
        "measured": True,
        "sure": not shift.beyond and shift.correlation >= SURE_FIT,
        "beyond": shift.beyond,
        "corrected": corrected,
        "correlation": shift.correlation,
        "correlation_as_they_lie": shift.unmoved,
        "correlation_of_details": _finite(shift.detail),
    }


def _response(scene: Scene, response: Response, guide: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """By band; ``inferred`` are the bands whose detail the PAN, or no band of it, shows itself."""
    numbers = [scene.hsi.band_numbers[band] for band in response.bands]
    inferred = _unseen(numbers, guide) if guide else response.inferred
    inside = [scene.hsi.metadata.wavelengths[band] for band in response.bands[~inferred]]
    known = [wave for wave in inside if wave is not None]
    return {
        "r2": response.r2,
        "range": [min(known), max(known)] if known and len(known) == len(inside) else None,
        "band": numbers,
        "wavelength": [scene.hsi.metadata.wavelengths[band] for band in response.bands],
        "weight": [float(weight) for weight in response.weights],
        "inferred": [number for number, unseen in zip(numbers, inferred) if unseen],
    }


def _unseen(numbers: Sequence[int], guide: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """(n,) bool: bands that no band of a sharper image of several sees, by its published response or, where that is
    unknown, as they lie in no range of what was found; ``numbers`` are in the order of wavelengths."""
    unseen = np.ones(len(numbers), bool)
    for one in guide:
        weights = dict(zip(one["bands"], one["weights"]))
        shares = np.array([weights.get(number, 0.0) for number in numbers])
        unseen &= shares < _SEEN * shares.max() if one["published"] else beyond(shares)
    return unseen


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
