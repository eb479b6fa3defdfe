"""The report of an assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..io.metadata import RasterMetadata
from ..quality.reference import PixelMaps
from ..runtime.versions import versions
from .band_axis import BandAxis
from .compared import TITLES, Shown, compared_sections
from .html import Facts, Item, Pictures, Report, Section, Table, Text
from .maps import map_pictures
from .meanings import MEANINGS
from .verdict import Verdict


def assessment_report(
    scores: Mapping[str, Any],
    shown: Sequence[Shown],
    maps: PixelMaps | None,
    warnings: Sequence[Item],
    verdict: Verdict,
) -> Report:
    """The report of an assessment.

    Args:
        scores: what the workflow ``assess`` returned.
        shown: the images, the fused one first.
        maps: maps of the differences to the reference, None without one.
        warnings: what the job warned of.
        verdict: the first box.

    Returns:
        the report, to be written with :func:`.html.write_page`.
    """
    fused = shown[0].reader
    pictures = compared_sections(shown, None if maps is None else maps.rmse)
    sections = [
        *pictures[:1],
        Section("Warnings", warnings),
        *pictures[1:],
        Section("Quality indices", [_indices(scores)]),
    ]
    if maps is not None and np.isfinite(maps.rmse).any():
        sections.append(Section("Where the differences lie", _maps(maps)))
    charts = _charts(scores["per_band"], fused.metadata)
    if charts:
        sections.append(Section("Band by band", charts))
    sections.append(Section("How this was computed", [_facts(scores, shown)]))
    return Report(f"Assessment of {fused.name}", verdict.sentence, sections, verdict)


def lead(scores: Mapping[str, Any], shown: Sequence[Shown]) -> str:
    """The main numbers in a sentence or two.

    Args:
        scores: what the workflow ``assess`` returned.
        shown: the images.

    Returns:
        The sentences.
    """
    names = {image.key: image.reader.name for image in shown}
    parts = []
    if "rmse" in scores:
        values = [
            f"{name} {scores[key]:.4g}{' ' + unit if unit else ''}"
            for key, name, unit, *_ in MEANINGS
            if key in ("ergas", "sam", "psnr") and scores.get(key) is not None
        ]
        parts.append(f"Against {names['reference']}: {', '.join(values) or 'no index could be computed'}.")
    if scores.get("consistency") is not None:
        parts.append(f"Degraded again, it differs from {names['hsi']} by {100 * scores['consistency']:.3g}\u00a0%.")
    return " ".join(parts)


def _indices(scores: Mapping[str, Any]) -> Table:
    rows = []
    for key, name, unit, best, meaning in MEANINGS:
        if key in scores:
            value = scores[key]
            rows.append((name, 100 * value if value is not None and unit == "%" else value, unit, best, meaning))
    return Table(("Index", "Value", "Unit", "Ideal", "Meaning"), rows)


def _maps(maps: PixelMaps) -> list[Item]:
    pictures = [
        *map_pictures({"Root mean square error over the bands of each pixel": maps.rmse}, "image units"),
        *map_pictures({"Spectral angle of each pixel to the reference": maps.angle}, "degrees"),
    ]
    return [Pictures(pictures), Text("The colours end at the 98th percentile; what lies above has the last colour.")]


def _charts(per_band: Mapping[str, Sequence[Any]], metadata: RasterMetadata) -> list[Item]:
    axis = BandAxis(metadata, [number - 1 for number in per_band["band"]])
    return [
        axis.chart(title, y_label, {key: per_band[key]}, factor)
        for key, title, y_label, factor in (
            ("rmse", "Error of each band", "RMSE (image units)", 1.0),
            ("cc", "Correlation of each band", "CC (no unit)", 1.0),
            ("uiqi", "UIQI of each band", "UIQI (no unit)", 1.0),
            ("d_s", "Spatial distortion of each band", "D_s (no unit)", 1.0),
            ("d_rho", "1 - local correlation with the PAN", "D_rho (no unit)", 1.0),
            ("consistency", "Consistency of each band", "Relative RMSE (%)", 100.0),
        )
        if any(value is not None for value in per_band.get(key, ()))
    ]


def _facts(scores: Mapping[str, Any], shown: Sequence[Shown]) -> Facts:
    facts: dict[str, object] = {TITLES[image.key]: image.reader.path for image in shown}
    facts["Bands scored"] = f"{scores['bands']} of {shown[0].reader.bands} (bad bands and empty bands left out)"
    if "pixels" in scores:
        facts["Pixels scored"] = scores["pixels"]
    if "hsi_pixels" in scores:
        facts["HSI pixels compared"] = scores["hsi_pixels"]
        facts["MTF gain at the Nyquist frequency"] = scores["mtf_gain"]["said"]
    facts["Ratio"] = scores["ratio"] if scores["ratio"] is not None else "not given"
    facts["Crop"] = f"{scores['crop']} pixels at each side"
    return Facts({**facts, **versions()})
