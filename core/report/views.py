"""How the images of a scene are shown side by side: bands, stretch, and a detail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..io.grid import Window
from ..io.reader import RasterReader
from ..scene.scene import Scene
from .ground import Ground
from .pictures import describe_bands, false_colour_bands, overview, png, stretch_limits, true_colour_bands

_SIZES = (480, 320)  # pixels, in true colour and in false colour,
_SMALL_SIZES, _MANY = (320, 200), 6  # and where there are more methods than that, so that a page stays below some 10 MB
_ZOOMED = 360  # pixels of the magnified detail
DETAIL = 72  # PAN pixels of the detail along each side, at most


@dataclass(frozen=True)
class View:
    """One rendering of the scene.

    Attributes:
        title: what it is called.
        bands: shown as red, green and blue, counted from 0.
        limits: (3, 2) float64, their stretch, common to all images.
    """

    title: str
    bands: tuple[int, ...]
    limits: np.ndarray


@dataclass(frozen=True)
class Views:
    """How every image of a scene is shown, so that pictures can be compared.

    Attributes:
        whole: true colour and false colour.
        window: where the detail lies, on the output's grid.
        zoom: by how much it is magnified.
        sizes: rows and columns of a picture of each rendering, at most.
    """

    whole: tuple[View, ...]
    window: Window
    zoom: int
    sizes: tuple[int, ...]

    def of_result(self, reader: RasterReader) -> list[bytes]:
        """PNGs of a fused raster.

        Args:
            reader: the open raster.

        Returns:
            the content of one file for each view, then of the detail in the first view.
        """
        made = [png(*overview(reader, view.bands, size), view.limits) for view, size in zip(self.whole, self.sizes)]
        values, valid = overview(reader, self.whole[0].bands, DETAIL, self.window)
        return [*made, png(*magnified(values, valid, self.zoom), self.whole[0].limits)]


def views_of(scene: Scene, results: int = 1) -> Views:
    """Choose the bands, the stretch (of the HSI) and the detail (where the PAN varies most) of a scene.

    Args:
        scene: the open HSI and PAN.
        results: how many will be shown.

    Returns:
        true colour first, and false colour where its bands are others.
    """
    metadata = scene.hsi.metadata
    whole: list[View] = []
    for title, bands in (("True colour", true_colour_bands(metadata)), ("False colour", false_colour_bands(metadata))):
        limits = stretch_limits(*overview(scene.hsi, bands, _SIZES[0], scene.alignment.hsi))
        if not whole or bands != whole[0].bands:
            whole.append(View(f"{title}: {describe_bands(metadata, bands)}", bands, limits))
    side = min(DETAIL, *scene.high_shape)
    sizes = _SMALL_SIZES if results > _MANY else _SIZES
    return Views(tuple(whole), _busiest(scene, side), max(1, _ZOOMED // side), sizes)


def _busiest(scene: Scene, side: int) -> Window:
    """The window of the output in which the PAN varies most, invalid pixels not counted."""
    rows, cols = scene.high_shape
    best, place = -1.0, (0, 0)
    for top in range(0, rows - side + 1, max(1, side // 2)):
        band = scene.pan_rows(top, top + side)
        for left in range(0, cols - side + 1, max(1, side // 2)):
            valid = band.valid[:, left : left + side]
            part = band.values[0, :, left : left + side][valid]
            spread = float(part.std()) * valid.mean() if part.size else 0.0
            if spread > best:
                best, place = spread, (top, left)
    return Window(*place, side, side)


def hsi_detail(scene: Scene, views: Views) -> tuple[np.ndarray, np.ndarray]:
    """The HSI pixel under each output pixel of the detail.

    Args:
        scene: the open HSI and PAN.
        views: of the scene; the bands are those of its first view.

    Returns:
        values (B, r, c) float32 in physical units and valid (B, r, c) bool.
    """
    return Ground(scene, views.window, DETAIL).hsi(views.whole[0].bands)


def magnified(values: np.ndarray, valid: np.ndarray, zoom: int) -> tuple[np.ndarray, np.ndarray]:
    """An image with each pixel repeated along both axes.

    Args:
        values: (..., r, c) of any dtype.
        valid: (..., r, c) bool.
        zoom: how many times.

    Returns:
        values (..., zoom r, zoom c) of the same dtype, and valid, bool.
    """
    return values.repeat(zoom, -2).repeat(zoom, -1), valid.repeat(zoom, -2).repeat(zoom, -1)
