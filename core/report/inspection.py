"""The page of an inspection: whether a pair fits together, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..calibration.local_shift import LocalShift
from ..runtime.versions import versions
from ..scene.scene import Scene
from .field_pictures import local_shift_section
from .html import Facts, Item, Report, Section
from .pair import pair_sections
from .result import pair_pictures
from .verdict import Verdict


def inspection_report(
    found: Mapping[str, Any],
    scene: Scene,
    contradictory: np.ndarray | None = None,
    local: LocalShift | None = None,
    warnings: Sequence[Item] = (),
    verdict: Verdict | None = None,
) -> Report:
    """The page of an inspection.

    Args:
        found: what the workflow ``inspect`` returned.
        scene: the open HSI and PAN.
        contradictory: (rows, columns) bool, the HSI pixels that the PAN contradicts; None where none were looked for.
        local: the local shift of the PAN; None where it was not measured.
        warnings: what the job warned of.
        verdict: the first box; None for none.

    Returns:
        the report, to be written with :func:`.html.write_page`.
    """
    pictures = pair_pictures(scene, contradictory)
    sections = [
        *pictures[:1],
        Section("Warnings", warnings),
        *pictures[1:],
        *local_shift_section(local),
        *pair_sections(found, scene, contradictory),
        Section("Software", [Facts(versions())]),
    ]
    title = f"Inspection of {scene.hsi.name} and {scene.pan.name}"
    return Report(title, found["verdict"], sections, verdict)
