"""The result of a fusion in a report: large pictures to compare, the most doubtful places, spectra there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..io.grid import Window
from ..io.reader import RasterReader
from ..scene.scene import Scene
from .band_axis import BandAxis
from .ground import Ground
from .html import ColourScale, Item, Picture, Pictures, Section, Text
from .pictures import colour_map, describe_bands, png, stretch_limits, true_colour_bands
from .slider import Layer, Mark, Slider
from .spots import Card, Doubt, Spot, Spots, most_doubtful

PICTURE_SIZE = 720  # pixels along the longer side
_THUMB = 6  # HSI pixels on each side of a place
_SPECTRA = 3  # places whose spectra are shown, besides a usual one
COLOURS = {"HSI": -1, "result": 0, "result, mean of the HSI pixel": 1, "difference of that from the HSI": 3}


@dataclass(frozen=True)
class ResultShown:
    """What is shown of a result.

    Attributes:
        scene: what was fused.
        window: the part of the output that was.
        output: path of the raster.
        excess: (HSI rows, HSI columns) float32, see :class:`..assessment.local_range.RangeCheck`.
        contradictory: (HSI rows, HSI columns) bool, where the PAN contradicts the HSI; None where that is unknown.
        disagreement: path of the raster of the networks' disagreement, "" for none.
    """

    scene: Scene
    window: Window
    output: str
    excess: np.ndarray
    contradictory: np.ndarray | None = None
    disagreement: str = ""


def result_sections(shown: ResultShown) -> list[Section]:
    """Pictures, doubtful places and spectra.

    Args:
        shown: the result.

    Returns:
        Three sections, fewer where there is nothing to doubt.
    """
    scene, bands = shown.scene, true_colour_bands(shown.scene.hsi.metadata)
    ground = Ground(scene, shown.window, PICTURE_SIZE)
    hsi = ground.hsi(bands)
    limits = stretch_limits(*hsi)
    with RasterReader(shown.output) as reader:
        fused = ground.result(reader, bands, shown.window)
        planes = _disagreement(shown, ground)
        spots = most_doubtful(_doubts(shown, ground, (hsi, fused), planes))
        cards = [_card(number, spot, shown, reader, limits) for number, spot in enumerate(spots, 1)]
        charts = _spectra(shown, reader, spots, hsi)
    pan = ground.pan()
    layers = [
        Layer("HSI", png(*hsi, limits)),
        Layer("Result", png(*fused, limits)),
        Layer("PAN", png(*pan, stretch_limits(*pan))),
    ]
    pictures: list[Picture] = []
    if planes is not None:
        high = float(np.nanpercentile(planes, 98)) if np.isfinite(planes).any() else 1.0
        coloured = colour_map(planes, np.isfinite(planes), 0.0, high or 1.0)
        layers.append(Layer("Disagreement of the networks", coloured))
        label = "disagreement (standard deviations of the bands)"
        caption = "How far the networks differ: where it is high, trust the result less"
        pictures.append(Picture(caption, coloured, ColourScale(0.0, high or 1.0, label)))
    if (shown.excess > 0).any():
        beyond = ground.of_low(shown.excess)
        high = float(shown.excess.max())
        coloured = colour_map(beyond, np.ones(beyond.shape, bool), 0.0, high)
        caption = "How far samples lie beyond what the HSI holds around them"
        pictures.append(Picture(caption, coloured, ColourScale(0.0, high, "standard deviations of the band")))
    marks = [_mark(number, spot, shown) for number, spot in enumerate(spots, 1)]
    shape = shown.window.rows, shown.window.cols
    sentence = f"{describe_bands(scene.hsi.metadata, bands)}; HSI and result in one stretch, the HSI's 2nd to 98th "
    items: list[Item] = [
        Slider(layers, shape, marks=marks),
        Text(f"Shown in {sentence}percentile. Numbers mark the most doubtful places."),
    ]
    sections = [Section("Before and after", items)]
    if cards:
        sections.append(
            Section("The most doubtful places", [Spots(cards), *([Pictures(pictures)] if pictures else [])])
        )
    return [*sections, *([Section("Spectra", charts)] if charts else [])]


def pair_pictures(scene: Scene, contradictory: np.ndarray | None) -> list[Section]:
    """HSI and PAN to compare, and the places where they contradict each other.

    Args:
        scene: the open HSI and PAN.
        contradictory: (HSI rows, HSI columns) bool; None where that is unknown.

    Returns:
        One section, or two.
    """
    window, bands = Window(0, 0, *scene.high_shape), true_colour_bands(scene.hsi.metadata)
    ground = Ground(scene, window, PICTURE_SIZE)
    hsi, pan = ground.hsi(bands), ground.pan()
    limits = stretch_limits(*hsi)
    layers = [Layer("HSI", png(*hsi, limits)), Layer("PAN", png(*pan, stretch_limits(*pan)))]
    shown = ResultShown(scene, window, "", np.zeros(scene.low_shape, np.float32), contradictory)
    plane = np.zeros(scene.low_shape) if contradictory is None else contradictory.astype(float)
    spots = most_doubtful([Doubt(plane, "The PAN shows something else than the HSI.")])
    marks = [_mark(number, spot, shown) for number, spot in enumerate(spots, 1)]
    colours = describe_bands(scene.hsi.metadata, bands)
    text = f"What the two share, the HSI in {colours}; each stretched from its 2nd to its 98th percentile."
    sections = [Section("HSI and PAN", [Slider(layers, scene.high_shape, marks=marks), Text(text)])]
    cards = [_card(number, spot, shown, None, limits) for number, spot in enumerate(spots, 1)]
    return [*sections, *([Section("The most doubtful places", [Spots(cards)])] if cards else [])]


def _disagreement(shown: ResultShown, ground: Ground) -> np.ndarray | None:
    if not shown.disagreement:
        return None
    with RasterReader(shown.disagreement) as reader:
        values, valid = ground.result(reader, [0], shown.window)
    return np.where(valid[0], values[0], np.nan)


def _doubts(
    shown: ResultShown, ground: Ground, images: Sequence[tuple[np.ndarray, np.ndarray]], disagreement: np.ndarray | None
) -> list[Doubt]:
    """Reasons for doubt by HSI pixel, the gravest first."""
    inside = np.zeros(shown.scene.low_shape, bool)
    owners = [shown.scene.low_owner(axis)[place] for axis, place in enumerate(ground.places)]
    inside[np.ix_(*owners)] = True
    found = [
        Doubt(
            np.where(inside, shown.excess, 0.0),
            "A sample lies {value} standard deviations of its band beyond what the HSI holds around it.",
        )
    ]
    if disagreement is not None:
        reason = "The networks differ by {value} standard deviations of the bands."
        found.append(Doubt(_onto_low(disagreement, owners, shown.scene.low_shape), reason))
    if shown.contradictory is not None:
        contradictory = np.where(inside & shown.contradictory, 1.0, 0.0)
        found.append(Doubt(contradictory, "The PAN shows something else than the HSI; its detail was faded."))
    (hsi, known), (fused, valid) = images
    spread = np.array([plane[here].std() if here.any() else 1.0 for plane, here in zip(hsi, known)])[:, None, None]
    detail = np.where(known & valid, np.abs(fused - hsi) / np.maximum(spread, 1e-30), 0.0).max(axis=0)
    reason = "Much detail was added: {value} standard deviations of a band."
    found.append(Doubt(_onto_low(detail, owners, shown.scene.low_shape), reason))
    return found


def _onto_low(plane: np.ndarray, owners: Sequence[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """The largest value of a shown plane in each HSI pixel."""
    made = np.zeros(shape, np.float32)
    rows, cols = np.meshgrid(*owners, indexing="ij")
    np.maximum.at(made, (rows, cols), np.where(np.isfinite(plane), plane, 0.0).astype(np.float32))
    return made


def _span(shown: ResultShown, axis: int, number: int) -> tuple[int, int]:
    """(first, count) of the rows or columns of the shown part that an HSI row or column holds."""
    window = shown.window
    start, size = ((window.row, window.rows), (window.col, window.cols))[axis]
    own = np.flatnonzero(shown.scene.low_owner(axis)[start : start + size] == number)
    return (int(own[0]), len(own)) if own.size else (0, 1)


def _middle(shown: ResultShown, spot: Spot) -> tuple[int, int]:
    """The output pixel in the middle of an HSI pixel, inside the part that is shown."""
    (top, rows), (left, cols) = (_span(shown, axis, number) for axis, number in enumerate((spot.row, spot.col)))
    return shown.window.row + top + rows // 2, shown.window.col + left + cols // 2


def _mark(number: int, spot: Spot, shown: ResultShown) -> Mark:
    row, col = _middle(shown, spot)
    window = shown.window
    share = (row + 0.5 - window.row) / window.rows, (col + 0.5 - window.col) / window.cols
    return Mark(str(number), *share, target=f"spot-{number}")


def _card(number: int, spot: Spot, shown: ResultShown, reader: RasterReader | None, limits: np.ndarray) -> Card:
    row, col = _middle(shown, spot)
    window, side = shown.window, int(np.ceil((2 * _THUMB + 1) * max(shown.scene.ratios)))
    rows, cols = min(side, window.rows), min(side, window.cols)
    top = min(max(row - side // 2, window.row), window.row + window.rows - rows)
    left = min(max(col - side // 2, window.col), window.col + window.cols - cols)
    near = Ground(shown.scene, Window(top, left, rows, cols), 160)
    bands = true_colour_bands(shown.scene.hsi.metadata)
    pan = near.pan()
    thumbs = [
        ("HSI", png(*near.hsi(bands), limits)),
        ("PAN", png(*pan, stretch_limits(*pan))),
    ]
    if reader is not None:
        thumbs.append(("Result", png(*near.result(reader, bands, window), limits)))
    return Card(str(number), Ground(shown.scene, window, 1).coordinates(row, col).capitalize(), spot.reason, thumbs)


def _spectra(
    shown: ResultShown, reader: RasterReader, spots: Sequence[Spot], hsi: tuple[np.ndarray, np.ndarray]
) -> list[Item]:
    """Spectra of HSI and result at a usual place and at the first doubtful ones."""
    scene, window = shown.scene, shown.window
    good = [int(band) for band in np.flatnonzero(scene.good)]
    bands = BandAxis(scene.hsi.metadata, good)
    places = [("a usual place", _usual(shown, hsi))]
    places += [(f"place {number}", spot) for number, spot in enumerate(spots[:_SPECTRA], 1)]
    items: list[Item] = []
    for title, spot in places:
        if spot is None:
            continue
        row, col = _middle(shown, spot)
        (top, rows), (left, cols) = (_span(shown, axis, number) for axis, number in enumerate((spot.row, spot.col)))
        under = Window(top, left, rows, cols)
        low = _spectrum(scene.hsi, scene.alignment.hsi.part((spot.row, spot.row + 1), (spot.col, spot.col + 1)), good)
        one = _spectrum(reader, Window(row - window.row, col - window.col, 1, 1), good)
        mean = _spectrum(reader, under, good)
        if not (np.isfinite(low).any() and np.isfinite(one).any()):
            continue
        series = dict(zip(COLOURS, (low, one, mean, mean - low)))
        where = Ground(scene, window, 1).coordinates(row, col)
        items.append(bands.chart(f"Spectra at {title}: {where}", "Image units", series, colours=COLOURS))
    note = (
        "The mean of the result's pixels in an HSI pixel is about what the sensor would have seen: it should follow "
        "the HSI, and their difference lie near 0."
    )
    return [*items, Text(note)] if items else []


def _usual(shown: ResultShown, hsi: tuple[np.ndarray, np.ndarray]) -> Spot | None:
    """The HSI pixel whose colours are nearest to the median."""
    values, valid = hsi
    known = valid.all(axis=0)
    if not known.any():
        return None
    median = np.median(values[:, known], axis=1)[:, None, None]
    far = np.where(known, np.abs(values - median).max(axis=0), np.inf)
    row, col = np.unravel_index(int(np.argmin(far)), far.shape)
    places = Ground(shown.scene, shown.window, PICTURE_SIZE).places
    owners = [shown.scene.low_owner(axis)[place] for axis, place in enumerate(places)]
    return Spot(int(owners[0][row]), int(owners[1][col]), "")


def _spectrum(reader: RasterReader, window: Window, bands: Sequence[int]) -> np.ndarray:
    """(bands,) float64: the mean of a window in physical units, NaN where a band has no value."""
    block = reader.read(window, bands)
    values = np.where(block.valid, block.values, np.nan).astype(np.float64)
    known = block.valid.any(axis=(1, 2))
    mean = np.full(len(bands), np.nan)
    mean[known] = np.nanmean(values[known], axis=(1, 2))
    scales = np.array([reader.metadata.scales[band] for band in bands])
    offsets = np.array([reader.metadata.offsets[band] for band in bands])
    result: np.ndarray = mean * scales + offsets
    return result
