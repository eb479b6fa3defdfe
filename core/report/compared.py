"""A result beside what it is assessed against: large pictures to compare, and the most doubtful places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..io.grid import Grid, Window, decimation
from ..io.reader import RasterReader
from .ground import picked
from .html import Section, Text
from .pictures import describe_bands, guide_bands, png, stretch_limits, true_colour_bands
from .slider import Layer, Mark, Slider
from .spots import Card, Doubt, Spot, Spots, most_doubtful

PICTURE_SIZE = 720  # pixels along the longer side
_THUMB = 28  # pixels of the result on each side of a place
TITLES = {"fused": "Result", "reference": "Reference", "hsi": "HSI", "pan": "PAN"}


class Shown(NamedTuple):
    """An image of the report.

    Attributes:
        key: what it is: "fused", "reference", "hsi" or "pan".
        reader: the open raster.
        window: the part of it that is shown.
    """

    key: str
    reader: RasterReader
    window: Window


def compared_sections(shown: Sequence[Shown], errors: np.ndarray | None) -> list[Section]:
    """Pictures and doubtful places.

    Args:
        shown: the images, the fused one first.
        errors: (r, c) float32, root mean square error of each pixel, or of every n-th, NaN where unknown; None without
            a reference.

    Returns:
        Two sections, or one.
    """
    fused, order = shown[0], ("reference", "hsi", "pan")
    others = sorted(shown[1:], key=lambda image: order.index(image.key))
    rows, cols = fused.window.rows, fused.window.cols
    step = decimation((rows, cols), PICTURE_SIZE)
    places = np.arange(step // 2, rows, step), np.arange(step // 2, cols, step)
    views = {image.key: _view(image, fused, *places) for image in shown}
    model = others[0] if others and others[0].key != "pan" else fused
    limits = stretch_limits(*views[model.key])
    layers = [_layer(image, *views[image.key], limits) for image in (*others, fused)]
    spots = _spots(views, model.key, errors)
    shape = errors.shape if errors is not None else views["fused"][0].shape[1:]
    scale = rows / shape[0], cols / shape[1]
    marks, cards = [], []
    for number, spot in enumerate(spots, 1):
        row, col = (int((place + 0.5) * factor) for place, factor in zip((spot.row, spot.col), scale))
        marks.append(Mark(str(number), (row + 0.5) / rows, (col + 0.5) / cols, f"spot-{number}"))
        cards.append(_card(str(number), row, col, spot.reason, (fused, *others), limits))
    metadata = fused.reader.metadata
    text = f"Shown in {describe_bands(metadata, true_colour_bands(metadata))}; one stretch, from the 2nd to the 98th "
    text += f"percentile of the {_words(model.key)}{'; the PAN has its own' if 'pan' in views else ''}."
    slider = Slider(layers, (rows, cols), 0, len(layers) - 1, marks)
    sections = [Section("Before and after", [slider, Text(text)])] if len(layers) > 1 else []
    return [*sections, *([Section("The most doubtful places", [Spots(cards)])] if cards else [])]


def _words(key: str) -> str:
    return TITLES[key] if key == "hsi" else TITLES[key].lower()


def _layer(image: Shown, values: np.ndarray, valid: np.ndarray, limits: np.ndarray) -> Layer:
    stretch = stretch_limits(values, valid) if image.key == "pan" else limits
    return Layer(f"{TITLES[image.key]}: {image.reader.name}", png(values, valid, stretch))


def _view(image: Shown, fused: Shown, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An image at some pixels of the result's window: the pixel under the centre of each."""
    bands = true_colour_bands(fused.reader.metadata)
    if image.key == "pan":
        bands_shown: Sequence[int] = guide_bands(image.reader.metadata)
    else:
        bands_shown = bands
    grid, own = fused.reader.grid.crop(fused.window), image.reader.grid
    window = image.window
    under = (
        np.clip(pixels_under(places, axis, grid, own), start, start + size - 1)
        for axis, places, start, size in ((0, rows, window.row, window.rows), (1, cols, window.col, window.cols))
    )
    return picked(image.reader, bands_shown, *under)


def pixels_under(places: np.ndarray, axis: int, grid: Grid, own: Grid) -> np.ndarray:
    """The rows or columns of one grid under the centres of those of another with parallel axes.

    Args:
        places: (n,) int, rows (axis 0) or columns (axis 1) of ``grid``.
        axis: 0 or 1.
        grid: whose pixels are given.
        own: whose pixels are looked for.

    Returns:
        (n,) int; may lie outside of it.
    """
    one, other = grid.axes[axis], own.axes[axis]
    centres = one.start + (places + 0.5) * one.step
    result: np.ndarray = np.floor((centres - other.start) / other.step + 1e-6).astype(int)
    return result


def _spots(views: dict[str, tuple[np.ndarray, np.ndarray]], model: str, errors: np.ndarray | None) -> list[Spot]:
    if errors is not None and np.isfinite(errors).any():
        return most_doubtful([Doubt(errors, "The error is {value} image units, root mean square over the bands.")])
    if model == "fused":
        return []
    (fused, valid), (other, known) = views["fused"], views[model]
    spread = np.array([plane[here].std() if here.any() else 1.0 for plane, here in zip(other, known)])[:, None, None]
    detail = np.where(known & valid, np.abs(fused - other) / np.maximum(spread, 1e-30), 0.0).max(axis=0)
    return most_doubtful([Doubt(detail, "Much detail was added: {value} standard deviations of a band.")])


def _card(name: str, row: int, col: int, reason: str, images: Sequence[Shown], limits: np.ndarray) -> Card:
    fused = images[0]
    spans = []
    for place, size in ((row, fused.window.rows), (col, fused.window.cols)):
        length = min(2 * _THUMB + 1, size)
        first = min(max(place - length // 2, 0), size - length)
        spans.append(np.arange(first, first + length))
    thumbs = []
    for image in (*images[1:], fused):
        layer = _layer(image, *_view(image, fused, *spans), limits)
        thumbs.append((TITLES[image.key], layer.png))
    grid = fused.reader.grid.crop(fused.window)
    where = f"Row {row + 1}, column {col + 1}"
    if grid.crs and not grid.in_sensor_geometry:
        x, right, shear, y, skew, down = grid.geotransform
        digits = 1 if abs(right) > 0.01 else 6
        east = x + (col + 0.5) * right + (row + 0.5) * shear
        where += f"; x {east:.{digits}f}, y {y + (col + 0.5) * skew + (row + 0.5) * down:.{digits}f}"
    return Card(name, where, reason, thumbs)
