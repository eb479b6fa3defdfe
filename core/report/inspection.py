"""The page of an inspection: whether a pair fits together, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..calibration.local_shift import LocalShift
from ..io.grid import Window
from ..runtime.versions import versions
from ..scene.scene import Scene
from .field_pictures import local_shift_section
from .html import Facts, Item, Picture, Pictures, Report, Section, Text
from .pair import PICTURE_SIZE, pair_sections
from .pictures import describe_bands, guide_bands, overview, png, stretch_limits, true_colour_bands


def inspection_report(
    found: Mapping[str, Any],
    scene: Scene,
    contradictory: np.ndarray | None = None,
    local: LocalShift | None = None,
) -> Report:
    """The page of an inspection.

    Args:
        found: what the workflow ``inspect`` returned.
        scene: the open HSI and PAN.
        contradictory: (rows, columns) bool, the HSI pixels that the PAN contradicts; None where none were looked for.
        local: the local shift of the PAN; None where it was not measured.

    Returns:
        the report, to be written with :func:`.html.write_page`.
    """
    warnings = [Text(text, True) for text in found["warnings"]] or [Text("Nothing was warned of.")]
    sections = [
        Section("Warnings", warnings),
        Section("What sharpening it would do", [Text(found["sharpen"]["sentence"])]),
        *local_shift_section(local),
        Section("Pictures", _pictures(scene)),
        *pair_sections(found, scene, contradictory),
        Section("Software", [Facts(versions())]),
    ]
    title = f"Inspection of {scene.hsi.name} and {scene.pan.name}"
    return Report(title, found["verdict"], sections)


def _pictures(scene: Scene) -> list[Item]:
    metadata = scene.hsi.metadata
    bands = true_colour_bands(metadata)
    images = (
        (scene.hsi, bands, scene.alignment.hsi, "HSI"),
        (
            scene.pan,
            guide_bands(scene.pan.metadata),
            scene.alignment.pan,
            "PAN",
        ),
    )
    pictures = [_picture(*image) for image in images]
    colours = describe_bands(metadata, bands)
    return [
        Pictures(pictures),
        Text(f"What the two share, the HSI in {colours}; each stretched from its 2nd to its 98th percentile."),
    ]


def _picture(reader: Any, bands: Sequence[int], window: Window, title: str) -> Picture:
    values, valid = overview(reader, bands, PICTURE_SIZE, window)
    caption = f"{title}: {reader.name}, {window.rows} × {window.cols} pixels"
    return Picture(caption, png(values, valid, stretch_limits(values, valid)))
