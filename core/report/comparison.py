"""The report of a comparison: which method is best, by which numbers, and how the results look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..io.grid import Window, decimation
from ..quality.reference import PixelMaps
from ..runtime.versions import versions
from ..scene.scene import Scene
from .band_axis import BandAxis
from .comparison_tables import FULL, REDUCED, method_tables
from .ground import Ground
from .html import Facts, Item, Picture, Pictures, Report, Section, Text
from .learning_curves import learning_curves
from .maps import map_pictures
from .meanings import meanings_section
from .pair import pair_sections
from .pictures import colour_map, guide_bands, overview, png, stretch_limits
from .slider import Layer, Slider
from .spots import Card, Doubt, Spots, most_doubtful
from .verdict import Verdict
from .views import DETAIL, Views, hsi_detail, magnified

_LINES = 6  # methods in one chart
_PIXELS = 3  # spectra that are shown
_NEAR = 8  # HSI pixels on each side of a doubtful place


@dataclass(frozen=True)
class Compared:
    """What is shown of one method.

    Attributes:
        name, title: of the method.
        reduced: its numbers at reduced resolution, with ``per_band``.
        maps: where the differences lie there.
        spectra: (pixels, bands) float32 of some pixels there, NaN where not valid.
        pictures: what :meth:`.views.Views.of_result` made at full resolution.
        disagreement: (rows, columns) float32 of its two networks, NaN where unknown; None for other methods.
        history: checks of its training, empty for none.
    """

    name: str
    title: str
    reduced: Mapping[str, Any]
    maps: PixelMaps
    spectra: np.ndarray
    pictures: Sequence[bytes]
    disagreement: np.ndarray | None = None
    history: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Comparison:
    """Everything the report is made of.

    Attributes:
        result: what the workflow returns.
        scene: the open HSI and PAN.
        views: how images are shown.
        compared: the methods, the best first.
        truth: (B, r, c) float32 of the HSI, as the maps are decimated.
        pixels: (row, column) in it whose spectra are shown.
        contradictory: (rows, columns) bool, the HSI pixels that the PAN contradicts; None where none were looked for.
    """

    result: Mapping[str, Any]
    scene: Scene
    views: Views
    compared: Sequence[Compared]
    truth: np.ndarray
    pixels: Sequence[tuple[int, int]]
    contradictory: np.ndarray | None = None


def pick_pixels(values: np.ndarray, valid: np.ndarray, good: np.ndarray) -> list[tuple[int, int]]:
    """Pixels with the most different spectra: the one furthest in angle from the mean, then those furthest from all
    chosen before.

    Args:
        values: (B, r, c) of any dtype.
        valid: (B, r, c) bool.
        good: (B,) bool, the bands that count.

    Returns:
        (row, column) of at most three pixels; none where no pixel is valid.
    """
    inside = valid[good].all(axis=0)
    if not inside.any():  # every pixel misses some band
        inside = valid[good].mean(axis=0) >= 0.5
    places = np.argwhere(inside)
    spectra = values[good][:, inside].T.astype(np.float64)
    norms = np.linalg.norm(spectra, axis=1)
    bright = norms > 0.3 * np.median(norms) if norms.size else np.zeros(0, bool)  # shadows have no spectrum to show
    places, spectra = places[bright], spectra[bright] / norms[bright, None]
    chosen: list[tuple[int, int]] = []
    if not len(places):
        return chosen
    mean = spectra.mean(axis=0)
    nearest = spectra @ (mean / np.linalg.norm(mean))
    for _ in range(min(_PIXELS, len(places))):
        index = int(np.argmin(nearest))
        chosen.append((int(places[index][0]), int(places[index][1])))
        nearest = np.maximum(nearest, spectra @ spectra[index])
    return chosen


def lead(result: Mapping[str, Any]) -> str:
    """Which method is best, in a sentence.

    Args:
        result: what the workflow returns.

    Returns:
        The sentence.
    """
    best = result["methods"][0]
    others = [record for record in result["methods"][1:] if record["ranked"]]
    equal = [f"{record['title']} ({record['score']:.3f})" for record in others if record["equal"]]
    text = f"Best at reduced resolution: {best['title']}, score {best['score']:.3f}"
    if equal:
        return f"{text}; practically equal, as far as this scene can tell: {', '.join(equal)}."
    return text + (f"; next {others[0]['title']}, {others[0]['score']:.3f}." if others else ".")


def comparison_report(comparison: Comparison, warnings: Sequence[Item], verdict: Verdict) -> Report:
    """The report of a comparison.

    Args:
        comparison: what it is made of.
        warnings: what the job warned of.
        verdict: the first box.

    Returns:
        the report, to be written with :func:`.html.write_page`.
    """
    result, scene = comparison.result, comparison.scene
    sections = [
        Section("Before and after, at full resolution", _slider(comparison)),
        Section("Warnings", warnings),
        Section("The methods", method_tables(result)),
        *_doubtful(comparison),
        Section("At full resolution", _pictures(comparison)),
        Section("Where the differences lie, at reduced resolution", _maps(comparison)),
        Section("Band by band, at reduced resolution", _charts(comparison)),
    ]
    learning = _learning(comparison)
    if learning:
        sections.append(Section("Networks", learning))
    sections += pair_sections(result["pair"], scene, comparison.contradictory)
    sections.append(Section("What was run", [_facts(result, scene)]))
    sections.append(meanings_section([key for key, *_ in (*REDUCED, *FULL)]))
    return Report(f"Comparison of methods on {scene.hsi.name}", verdict.sentence, sections, verdict)


def _slider(comparison: Comparison) -> list[Item]:
    """The HSI and the PAN beside the result of each method, in true colour."""
    scene, view = comparison.scene, comparison.views.whole[0]
    ground = Ground(scene, Window(0, 0, *scene.high_shape), comparison.views.sizes[0])
    pan = ground.pan()
    layers = [
        Layer("HSI", png(*ground.hsi(view.bands), view.limits)),
        Layer("PAN", png(*pan, stretch_limits(*pan))),
        *(Layer(method.title, method.pictures[0]) for method in comparison.compared),
    ]
    text = f"{view.title}. One stretch for all but the PAN, from the 2nd to the 98th percentile of the HSI."
    return [Slider(layers, scene.high_shape, 0, 2), Text(text)]


def _doubtful(comparison: Comparison) -> list[Section]:
    """Where the best method errs most at reduced resolution."""
    best, scene, truth = comparison.compared[0], comparison.scene, comparison.truth
    errors, bands = best.maps.rmse, comparison.views.whole[0].bands
    colours = truth[list(bands)]
    known = np.isfinite(colours)
    limits = stretch_limits(colours, known)
    high = float(np.nanpercentile(errors, 98)) if np.isfinite(errors).any() else 1.0
    spots = most_doubtful([Doubt(errors, "The best method's error is {value} image units (RMSE over the bands).")])
    corner, cards = scene.alignment.hsi, []
    for number, spot in enumerate(spots, 1):
        row, col = (min(place, size - 1) for place, size in zip((spot.row, spot.col), colours.shape[1:]))
        rows, cols = (_around(place, size) for place, size in zip((row, col), errors.shape))
        error = errors[rows, cols]
        thumbs = [
            ("HSI (truth)", png(colours[:, rows, cols], known[:, rows, cols], limits)),
            ("Error", colour_map(error, np.isfinite(error), 0.0, high or 1.0)),
        ]
        step = decimation((corner.rows, corner.cols), max(truth.shape[1:]))
        where = f"HSI row {corner.row + row * step + 1}, column {corner.col + col * step + 1}"
        cards.append(Card(str(number), where, spot.reason, thumbs))
    return [Section("The most doubtful places", [Spots(cards)])] if cards else []


def _around(place: int, size: int) -> slice:
    """A row or column with those on each side, as many at an edge as elsewhere."""
    first = max(0, min(place - _NEAR, size - 2 * _NEAR - 1))
    return slice(first, first + 2 * _NEAR + 1)


def _pictures(comparison: Comparison) -> list[Item]:
    scene, views = comparison.scene, comparison.views
    pan, pan_valid = overview(scene.pan, guide_bands(scene.pan.metadata), views.sizes[0], scene.alignment.pan)
    pan_limits = stretch_limits(pan, pan_valid)
    items: list[Item] = []
    for number, view in enumerate(views.whole[1:], 1):
        hsi = png(*Ground(scene, Window(0, 0, *scene.high_shape), views.sizes[number]).hsi(view.bands), view.limits)
        pictures = [Picture("HSI", hsi)]
        pictures += [Picture(method.title, method.pictures[number]) for method in comparison.compared]
        items += [
            Text(f"{view.title}. One stretch for all, from the 2nd to the 98th percentile of the HSI."),
            Pictures(pictures),
        ]
    window = views.window
    values, valid = hsi_detail(scene, views)
    corner = scene.alignment.pan
    under = Window(corner.row + window.row, corner.col + window.col, window.rows, window.cols)
    pan, pan_valid = overview(scene.pan, guide_bands(scene.pan.metadata), DETAIL, under)
    pictures = [
        Picture("HSI", png(*magnified(values, valid, views.zoom), views.whole[0].limits)),
        Picture("PAN", png(*magnified(pan, pan_valid, views.zoom), pan_limits)),
        *(Picture(method.title, method.pictures[-1]) for method in comparison.compared),
    ]
    items += [
        Text(
            f"A detail of {window.rows} × {window.cols} PAN pixels where the PAN varies most, from row "
            f"{window.row + 1} and column {window.col + 1} of the result; pixels as they are. {views.whole[0].title}."
        ),
        Pictures(pictures),
    ]
    return items


def _maps(comparison: Comparison) -> list[Item]:
    items: list[Item] = []
    for name, title, label in (
        ("angle", "Spectral angle of each pixel to the HSI", "degrees"),
        ("rmse", "Root mean square error over the bands of each pixel", "image units"),
    ):
        pictures = map_pictures({method.title: getattr(method.maps, name) for method in comparison.compared}, label)
        items += [Text(f"{title}; one scale for all, which ends at the 98th percentile."), Pictures(pictures)]
    return items


def _charts(comparison: Comparison) -> list[Item]:
    bands = [number - 1 for number in comparison.compared[0].reduced["per_band"]["band"]]
    axis = BandAxis(comparison.scene.hsi.metadata, bands)
    shown = _few(comparison.compared)
    colours = {"HSI (truth)": -1, **{method.title: number for number, method in enumerate(shown)}}
    items: list[Item] = []
    for key, title, label in (
        ("rmse", "Error of each band", "RMSE (image units)"),
        ("cc", "Correlation of each band", "CC (no unit)"),
    ):
        lines = {method.title: method.reduced["per_band"][key] for method in shown}
        items.append(axis.chart(title, label, lines, colours=colours))
    for number, (row, col) in enumerate(comparison.pixels):
        spectra = {"HSI (truth)": comparison.truth[bands, row, col]}
        spectra |= {method.title: method.spectra[number][bands] for method in shown[:3]}
        if all(np.isfinite(values).any() for values in spectra.values()):
            title = f"Spectrum {number + 1} of {len(comparison.pixels)}"
            items.append(axis.chart(title, "Image units", spectra, colours=colours))
            difference = {f"{name} - HSI": values - spectra["HSI (truth)"] for name, values in spectra.items()}
            del difference["HSI (truth) - HSI"]
            own = {f"{name} - HSI": place for name, place in colours.items()}
            items.append(axis.chart(f"{title}, differences", "Image units", difference, colours=own))
    if comparison.pixels:
        items.append(Text("The spectra are those of the pixels that differ most from each other in spectral angle."))
    return items


def _few(compared: Sequence[Compared]) -> list[Compared]:
    """The best methods and the base, as many as a chart can hold."""
    base = [method for method in compared if method.name == "exp"]
    others = [method for method in compared if method.name != "exp"]
    return [*others[: _LINES - len(base)], *base]


def _learning(comparison: Comparison) -> list[Item]:
    items: list[Item] = []
    for method in comparison.compared:
        checks = [check for check in method.history if isinstance(check.get("mean"), Mapping)]
        if checks:
            items += learning_curves(checks, f"{method.title}: ")
        if method.disagreement is not None and np.isfinite(method.disagreement).any():
            caption = f"{method.title}: how far its two networks differ; where it is high, trust the result less"
            items.append(Pictures(map_pictures({caption: method.disagreement}, "standard deviations of the bands")))
    return items


def _facts(result: Mapping[str, Any], scene: Scene) -> Facts:
    rows, cols = scene.low_shape
    parameters = result["parameters"]
    own = parameters["model_consistency"]
    model = "" if own is None else f"; {own} for the model, as it learned with"
    facts = {
        **{key.upper(): path for key, path in result["files"].items()},
        "Result of the best method": result["output"] or "not kept",
        "Ratio": result["ratio"],
        "HSI pixels": f"{rows} × {cols}",
        "Good bands": f"{int(scene.good.sum())} of {scene.hsi.bands}",
        "MTF gain at the Nyquist frequency": result["mtf_gain"]["said"],
        "Iterations of the consistency projection": f"{parameters['consistency']} (none for up-sampling{model})",
        "Placement of the PAN": result["placement"] or "as it is",
        "Crop": f"{parameters['crop']} pixels at each side",
        "Effort of learning": parameters["effort"],
        "Seed": parameters["seed"],
        "Device": parameters["device"],
    }
    return Facts({**facts, **versions()})
