"""The bands of which images are compared: those that are good and hold values in all of them."""

from __future__ import annotations

from collections.abc import Sequence

from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .reference import View


def good_bands(views: Sequence[View], progress: Progress) -> list[int]:
    """The bands that are in no bad-band list and hold a value in every raster.

    Args:
        views: of the rasters.
        progress: asked whether to stop.

    Returns:
        The bands, counted from 0.

    Raises:
        InputError: the numbers of bands differ, or no band is left.
    """
    first = views[0].reader
    for view in views[1:]:
        if view.reader.bands != first.bands:
            raise InputError(
                f"{first.name} has {first.bands} bands and {view.reader.name} has {view.reader.bands}; choose images "
                "with the same bands."
            )
    good = _listed(views)
    for view in views:
        empty = empty_bands(view, good, progress)
        good = [band for band in good if band not in empty]
    if not good:
        names = " and ".join(view.reader.name for view in views)
        raise InputError(f"{names} have no good band with values in common where they overlap; choose other images.")
    return good


def _listed(views: Sequence[View]) -> list[int]:
    """The bands that are in no bad-band list."""
    bands = range(views[0].reader.bands)
    return [band for band in bands if all(view.reader.metadata.bbl[band] for view in views)]


def empty_bands(view: View, bands: Sequence[int], progress: Progress) -> list[int]:
    """Bands that hold no value.

    Args:
        view: of a raster.
        bands: that are looked at, counted from 0.
        progress: asked whether to stop.

    Returns:
        Those of them that hold none.
    """
    unseen = [] if view.reader.always_valid else list(bands)
    for start, stop in view.portions(0, view.window.rows, max(len(bands), 1)):
        if not unseen:
            break
        filled = view.read(start, stop, unseen, progress)[1].any(axis=(1, 2))
        unseen = [band for band, seen in zip(unseen, filled) if not seen]
    return unseen


def lacking_bands(fused: View, others: Sequence[View], good: Sequence[int], progress: Progress) -> list[int]:
    """Bands in which a result holds no value though what it is compared with does.

    Args:
        fused: the result.
        others: what it is compared with.
        good: of :func:`good_bands` of all.
        progress: asked whether to stop.

    Returns:
        The bands, counted from 0.
    """
    left = [band for band in _listed([fused, *others]) if band not in good]
    lacking = empty_bands(fused, left, progress)
    for other in others:
        empty = empty_bands(other, lacking, progress)
        lacking = [band for band in lacking if band not in empty]
    return lacking
