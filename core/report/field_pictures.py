"""The local shift of a PAN in a report: pictures of its field."""

from __future__ import annotations

import numpy as np

from ..calibration.local_shift import LocalShift
from .html import ColourScale, Facts, Item, Picture, Pictures, Section, Text
from .pictures import colour_map

_SIZE = 300  # pixels of a picture, about


def local_shift_section(local: LocalShift | None) -> list[Section]:
    """What is said of a local shift.

    Args:
        local: the shift; None where it was not measured.

    Returns:
        A section, or none.
    """
    if local is None:
        return []
    if not local.found:
        return [
            Section(
                "Local shift",
                [
                    Text(
                        "None was found: with a smooth field of displacements, pixels that it was not fitted to fit no "
                        "better than without one."
                    )
                ],
            )
        ]
    facts: dict[str, object] = {
        "Root mean square": f"{local.field.typical:.2f} PAN pixels",
        "Largest": f"{local.field.largest:.2f} PAN pixels",
        "Large enough to be corrected": local.sure,
        "What does not fit, in pixels that the field was not fitted to": f"falls to {100 * local.errors:.0f} %",
        "HSI pixels that stay apart": int(local.untrusted.sum()),
    }
    items: list[Item] = [
        Facts(facts),
        Pictures(field_pictures(local)),
        Text(
            "By how much the PAN must be moved in each place, besides its shift as a whole; positive is to the right "
            "and downwards. Where nothing tells it, it falls to 0."
        ),
    ]
    return [Section("Local shift", items)]


def field_pictures(local: LocalShift) -> list[Picture]:
    """Maps of the displacements and of their confidence.

    Args:
        local: the shift.

    Returns:
        Three pictures.
    """
    field = local.field
    high = max(float(np.abs(field.x).max()), float(np.abs(field.y).max()), 1e-3)
    planes = (
        ("to the right (dx)", field.x, -high, high, "PAN pixels"),
        ("downwards (dy)", field.y, -high, high, "PAN pixels"),
        ("confidence", field.confidence, 0.0, 1.0, "0 to 1"),
    )
    pictures = []
    for caption, plane, low, top, unit in planes:
        shown = _sized(plane)
        scale = ColourScale(low, top, unit)
        pictures.append(Picture(caption, colour_map(shown, np.isfinite(shown), low, top), scale))
    return pictures


def _sized(plane: np.ndarray) -> np.ndarray:
    """Every n-th sample, or each sample n times, so that a picture has about the same size."""
    longest = max(plane.shape)
    if longest > _SIZE:
        step = -(-longest // _SIZE)
        return plane[step // 2 :: step, step // 2 :: step]
    times = max(1, _SIZE // longest)
    return plane.repeat(times, axis=0).repeat(times, axis=1)
