"""Colour maps of one quantity, with their legends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .html import ColourScale, Picture
from .pictures import colour_map


def map_pictures(planes: Mapping[str, np.ndarray], label: str) -> list[Picture]:
    """Colour maps on one scale, from 0 to the 98th percentile of all; what lies above has the last colour.

    Args:
        planes: caption -> (r, c) of any dtype, NaN where there is no value.
        label: the quantity, with its unit.

    Returns:
        a picture of each plane.
    """
    finite = np.concatenate([plane[np.isfinite(plane)] for plane in planes.values()])
    high = float(np.percentile(finite, 98)) if finite.size else 0.0
    high = high if high > 0 else 1.0
    scale = ColourScale(0.0, high, label)
    return [
        Picture(caption, colour_map(plane, np.isfinite(plane), 0.0, high), scale) for caption, plane in planes.items()
    ]
