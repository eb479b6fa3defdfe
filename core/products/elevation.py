"""Whether an elevation model that a user names is used: it gives heights to images that RPCs place, and to no other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from ..io.gdal_geolocation import RationalPolynomials
from ..io.geolocation_files import is_elevation
from ..io.grid import Window
from ..io.reader import RasterReader
from ..io.unplaced import UnplacedError
from ..runtime.progress import Progress
from ..scene.placement import positions_on
from ..scene.placing import ApartError, overlap_window

_LATTICE = 17  # points along each axis of what is used of an image
_WHOLE = 0.99  # of them: it is covered


def warn_of_elevation(path: str, hsi: RasterReader, pans: Sequence[RasterReader], progress: Progress) -> None:
    """Warn of an elevation model that no image uses, or that covers a part of what is used of one.

    Args:
        path: of the file that says where pixels lie; nothing is said of other files than an elevation model.
        hsi, pans: open images, for which it was named; what HSI and PANs share is used.
        progress: receives the warnings.

    Raises:
        InputError: it cannot be read.
    """
    if not path or not is_elevation(path):
        return
    name, images = os.path.basename(path), [hsi, *pans]
    users = [image for image in images if isinstance(image.grid.frame, RationalPolynomials)]
    if not users:
        names = " and ".join(dict.fromkeys(image.name for image in images))
        progress.warning(
            f"{name} is an elevation model (--geolocation, GEOLOCATION), which gives heights to images that RPCs "
            f"place; none of {names} is, so that it is not used."
        )
    for image in users:
        share = _covered(image, _shared(image, pans if image is hsi else [hsi]), path)
        if share < _WHOLE:
            progress.warning(
                f"{name} covers {100 * share:.0f} % of {image.name} where HSI and PAN overlap; elsewhere the constant "
                "height of its RPCs is taken, so that it is placed wrongly where the ground is higher or lower; choose "
                "an elevation model of all of it."
            )


def _shared(image: RasterReader, partners: Sequence[RasterReader]) -> Window:
    """The pixels of an image that its partners touch; all where that is unknown, or refused later."""
    spans = []
    for partner in partners:
        with suppress(ApartError):
            if partner.grid.crs:
                window = overlap_window(image, partner)
                spans.append((window.row, window.col, window.row + window.rows, window.col + window.cols))
    if not spans:
        return Window(0, 0, image.grid.rows, image.grid.cols)
    top, left = np.min(spans, axis=0)[:2].tolist()
    bottom, right = np.max(spans, axis=0)[2:].tolist()
    return Window(top, left, bottom - top, right - left)


def _covered(image: RasterReader, window: Window, path: str) -> float:
    """The share of a part of an image for which an elevation model has heights."""
    starts, counts = (window.row, window.col), (window.rows, window.cols)
    axes = [np.linspace(start, start + count, _LATTICE) for start, count in zip(starts, counts)]
    rows, cols = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    try:
        with RasterReader(path) as model:
            forth = positions_on(image.grid, model.grid)
            if forth is None:
                return 0.0
            row, col = forth(rows, cols)
            with np.errstate(invalid="ignore"):
                inside = (row >= 0) & (row <= model.grid.rows) & (col >= 0) & (col <= model.grid.cols)
            return float(inside.mean())
    except UnplacedError:
        return 0.0
