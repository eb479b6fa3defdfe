"""Whether an elevation model that a user names is used: it gives heights to images that RPCs place, and to no other."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from ..io.gdal_geolocation import RationalPolynomials
from ..io.geolocation_files import is_elevation
from ..io.reader import RasterReader
from ..io.unplaced import UnplacedError
from ..runtime.progress import Progress
from ..scene.placement import positions_on

_LATTICE = 17  # points along each axis of an image
_WHOLE = 0.99  # of them: an image is covered


def warn_of_elevation(path: str, images: Sequence[RasterReader], progress: Progress) -> None:
    """Warn of an elevation model that no image uses, or that covers a part of one that does.

    Args:
        path: of the file that says where pixels lie; nothing is said of other files than an elevation model.
        images: open ones, for which it was named.
        progress: receives the warnings.

    Raises:
        InputError: it cannot be read.
    """
    if not path or not is_elevation(path):
        return
    name = os.path.basename(path)
    users = [image for image in images if isinstance(image.grid.frame, RationalPolynomials)]
    if not users:
        names = " and ".join(dict.fromkeys(image.name for image in images))
        progress.warning(
            f"{name} is an elevation model (--geolocation, GEOLOCATION), which gives heights to images that RPCs "
            f"place; none of {names} is, so that it is not used."
        )
    for image in users:
        share = _covered(image, path)
        if share < _WHOLE:
            progress.warning(
                f"{name} covers {100 * share:.0f} % of {image.name}; elsewhere the constant height of its RPCs is "
                "taken, so that it is placed wrongly where the ground is higher or lower; choose an elevation model of "
                "the whole image."
            )


def _covered(image: RasterReader, path: str) -> float:
    """The share of an image for which an elevation model has heights."""
    axes = [np.linspace(0.0, count, _LATTICE) for count in (image.grid.rows, image.grid.cols)]
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
