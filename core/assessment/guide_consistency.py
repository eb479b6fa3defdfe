"""Spectral consistency at full resolution: a result, integrated by the sharp bands' responses, gives them again (own).

Beside the consistency with the HSI, which says whether the result degraded is the HSI, it is a second thing that can be
told without a truth. Gain and offset between the two are those that were found on the HSI's grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..io.grid import Window
from ..operators.linear import Span
from ..operators.resample import Gains
from ..scene.scene import Scene
from ..scene.streams import scene_operators
from .looks import Read

_PLACES, _SIZE = 3, 96  # along each axis; output pixels along the edge of one


def guide_consistency(
    scene: Scene, read: Read, records: Sequence[Mapping[str, Any]], gain: Gains, window: Window
) -> list[dict[str, Any]]:
    """Compare the sharp bands with what the result's bands make of them, at places spread over it.

    Args:
        scene: what the result was made of.
        read: gives (bands, rows, columns) DN of some bands of a window of the whole output, and what is valid.
        records: of each sharp band, see :func:`core.workflows.guide_findings.guide_findings`.
        gain: the HSI's MTF gain.
        window: the part of the output that the result covers.

    Returns:
        For each sharp band ``band``, ``fused`` and ``up_sampled``: root mean square of what the result, and what plain
        up-sampling of the HSI, leave of it, relative to that of the band; None where nothing can be compared.
    """
    places = {number: place for place, number in enumerate(scene.hsi.band_numbers)}
    sharp = {number: place for place, number in enumerate(scene.pan.band_numbers)}
    used = [record for record in records if record["bands"] and record["r2"] > 0]
    bands = sorted({places[number] for record in used for number in record["bands"]})
    weights = np.zeros((len(used), len(bands)))
    for row, record in zip(weights, used):
        row[[bands.index(places[number]) for number in record["bands"]]] = record["weights"]
    sums = np.zeros((3, len(used)))
    for rows, cols in _places(window):
        sums += _compared(scene, read, (bands, weights, used, sharp), gain, (rows, cols)) if used else 0.0
    left = np.sqrt(sums[:2] / np.maximum(sums[2], 1e-300))
    found = {record["band"]: pair for record, pair, size in zip(used, left.T.tolist(), sums[2]) if size > 0}
    return [
        {"band": one["band"], **dict(zip(("fused", "up_sampled"), found.get(one["band"], (None, None))))}
        for one in records
    ]


def _places(window: Window) -> list[tuple[Span, Span]]:
    spans = []
    for first, count in ((window.row, window.rows), (window.col, window.cols)):
        size = min(_SIZE, count)
        starts = np.unique(np.linspace(first, first + count - size, _PLACES).round().astype(int))
        spans.append([(int(start), int(start) + size) for start in starts])
    return [(rows, cols) for rows in spans[0] for cols in spans[1]]


def _compared(scene: Scene, read: Read, what: tuple, gain: Gains, place: tuple[Span, Span]) -> np.ndarray:
    """(3, sharp bands): sums of squares of what the result leaves, of what up-sampling leaves, and of the band."""
    bands, weights, records, sharp = what
    rows, cols = place
    up = scene_operators(scene, gain).up
    (low_rows, low_cols) = up.support(rows, cols)
    low = scene.hsi_rows(*low_rows, low_cols)
    plain = up.part(low.values[bands], rows, cols, (low_rows[0], low_cols[0]))
    block = read(Window(rows[0], cols[0], rows[1] - rows[0], cols[1] - cols[0]), bands)
    pan = scene.pan_rows(*rows, cols)
    valid = block.valid.all(axis=0) & pan.valid
    owners = np.ix_(scene.low_owner(0)[slice(*rows)], scene.low_owner(1)[slice(*cols)])
    valid &= (scene.low_valid if scene.faded is None else scene.low_valid & ~scene.faded)[owners]
    metadata, guide = scene.hsi.metadata, scene.pan.metadata
    scales, offsets = (np.array(numbers)[bands][:, None] for numbers in (metadata.scales, metadata.offsets))
    sums = np.zeros((3, len(records)))
    for number, record in enumerate(records):
        band = sharp[record["band"]]
        seen = pan.values[band][valid].astype(np.float64) * guide.scales[band] + guide.offsets[band]
        for kind, values in enumerate((block.values, plain)):
            made = weights[number] @ (values[:, valid].astype(np.float64) * scales + offsets)
            sums[kind, number] = np.sum((seen - record["gain"] * made - record["offset"]) ** 2)
        sums[2, number] = np.sum(seen**2)
    return sums
