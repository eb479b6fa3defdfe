"""How much the HSI is blurred against the PAN: its gain at its Nyquist frequency, along rows and columns, read from the
pair itself (own).

Of each group of bands that share detectors (VNIR, SWIR) some bands are compared with the PAN in a sample of the scene,
where both show the same ground. :mod:`.blur_fit` finds blur and position together. What the bands do not explain of
the PAN may blur or sharpen what is found, so the interval grows with it, and with how much the result depends on the
frequencies that are looked at. What counts is the gain of the product relative to its PAN: a delivered image may be
sharpened, and a published gain is that of the instrument.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..operators.fill import fill_invalid
from ..operators.linear import Span
from ..products.detectors import by_steps
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .blur_fit import NYQUIST, Fit, Geometry, Part, degraders, fit_blur, high_passed, reject_outliers
from .guide import comparable
from .measured_gains import Blur, Gain, GroupBlur
from .relation import Ground, same_ground

_HALF = 12  # bands of each half of a group; twice as many where wavelengths are unknown
_AVERAGED = 4  # neighbours at most whose mean counts as one band of a half
_PIXELS_A_BAND = 25  # that take part, for each band of a half
_LEAST_BANDS = 2  # of a group that is measured
_DETECTORS = 1000.0  # nm: where VNIR detectors end and SWIR ones begin
_ONLY_BEYOND = 0.8 * _DETECTORS  # a detector of the SWIR begins above, though it may see less than that limit
_MOST_DETECTORS = 4  # of an instrument (AVIRIS); bands whose wavelengths step back more often lie in no order
_BEYOND = "SWIR"  # bands where no panchromatic ones lie
_PANCHROMATIC = (400.0, 920.0)  # nm: where a group's bands are taken from if it has enough of them there
_PART, _PAN_PART = 128, 768  # HSI and PAN pixels along the edge of a part at most
_BORDER = 2  # HSI pixels along the scene's edge that see ground outside of the PAN
_NEAR, _FAR = 1, 3  # reach of the high-pass of the result, and of one to compare it with
_NORMAL = 1.645  # standard deviations to either side that hold 90 per cent
_SURE, _SURE_BEYOND = 0.1, 0.025  # of a gain: half the width of an interval that is good enough; in the SWIR
_LEAST_EXPLAINED, _LEAST_BEYOND = 0.5, 0.9  # of the PAN's detail by bands where panchromatic ones lie; by others
# Pixels that take part: of fewer the interval has to be narrower, as a tenth of the pairs is off by more than it says.
# So no gain of 65 to 300 pixels that was called sure was off by more than 0.05 (on parts of all open scenes).
_MANY_PIXELS, _FEWER = 300, 1.5
_SHARPEST = 0.85  # a gain above is none of a sensor: the HSI was sharpened, or the PAN is no sharper
_UNEXPLAINED, _POWER, _DEPENDENT = 0.2, 0.75, 0.5  # how the uncertainty grows, see _uncertainty


def measure_blur(scene: Scene, progress: Progress | None = None) -> Blur | None:
    """Measure the gain of the HSI at its Nyquist frequency relative to the PAN. Computed once for a view of a scene.

    Args:
        scene: the HSI and the PAN.
        progress: asked whether to stop.

    Returns:
        The blur; None where no group of bands can be compared with the PAN.

    Raises:
        Cancelled: the user stopped the job.
    """
    asked = progress or Progress()

    def compute() -> Blur | None:
        compared = comparable(scene, asked)
        return blur_at(compared, (0.0, 0.0), same_ground(compared, asked), asked)

    return scene.cached("blur", compute)


def detector_groups(scene: Scene) -> list[tuple[str, list[int]]]:
    """Good bands that share detectors.

    Args:
        scene: of the bands.

    Returns:
        Name and bands of each, counted from 0, whatever order they lie in: VNIR up to 1000 nm and SWIR, to which the
        bands below that of a detector belong that reaches no further down than 800 nm; one of all bands where
        wavelengths are unknown.
    """
    waves = scene.hsi.metadata.wavelengths
    good = [int(band) for band in np.flatnonzero(scene.good)]
    if any(waves[band] is None for band in good):
        return [("all bands", good)]
    known = [float(waves[band] or 0.0) for band in good]
    told = scene.hsi.origin.detectors
    detectors = [told[band] for band in good] if told else by_steps(known)
    shortest = {name: min(wave for wave, other in zip(known, detectors) if other == name) for name in {*detectors}}
    several = 1 < len(shortest) <= _MOST_DETECTORS
    beyond = [wave > _DETECTORS or (several and shortest[name] > _ONLY_BEYOND) for wave, name in zip(known, detectors)]
    groups = [
        ("VNIR", [band for band, far in zip(good, beyond) if not far]),
        (_BEYOND, [band for band, far in zip(good, beyond) if far]),
    ]
    return [(name, bands) for name, bands in groups if bands]


def blur_at(scene: Scene, shift: tuple[float, float], ground: list[Ground], progress: Progress) -> Blur | None:
    """As :func:`measure_blur`, with the PAN elsewhere.

    Args:
        scene: the HSI and the PAN.
        shift: (rows, columns) in PAN pixels, by which the PAN's position is moved; what remains is found.
        ground: where both show the same then.
        progress: asked whether to stop.

    Returns:
        As :func:`measure_blur`.

    Raises:
        Cancelled: the user stopped the job.
    """
    parts, geometry = _places(scene, ground), _geometry(scene, shift)
    if not parts:
        return None
    pans = [_pan_around(scene, geometry, rows, cols, progress) for rows, cols, _ in parts]
    found: list[GroupBlur | tuple[str, list[int]]] = []
    for name, bands in detector_groups(scene):
        measured = None
        if len(bands) >= _LEAST_BANDS:
            measured = _measured_group(scene, geometry, (name, bands), list(zip(parts, pans)), progress)
        found.append(measured or (name, bands))
    measured_groups = [each for each in found if isinstance(each, GroupBlur)]
    if not measured_groups:
        return None
    best = max(measured_groups, key=lambda each: (each.sure, each.explained))
    rest = [_completed(each, best) for each in found if each is not best]
    return Blur((best, *rest))


def shift_at(
    scene: Scene, shift: tuple[float, float], ground: list[Ground], progress: Progress
) -> tuple[tuple[float, float], float, float] | None:
    """By how much the PAN lies off, as :func:`blur_at` finds it, of the group of bands that the PAN shows best.

    Args:
        scene: the HSI and the PAN.
        shift: (rows, columns) in PAN pixels, by which the PAN's position is moved; what remains is found.
        ground: where both show the same then.
        progress: asked whether to stop.

    Returns:
        (y, x) by which the PAN has to be moved and half the width of the 90 per cent interval of either, PAN pixels;
        the share of the degraded PAN's detail that the bands explain. None where nothing can be compared.

    Raises:
        Cancelled: the user stopped the job.
    """
    places, geometry = _places(scene, ground), _geometry(scene, shift)
    parts = [(place, _pan_around(scene, geometry, place[0], place[1], progress)) for place in places]
    best: Fit | None = None
    for _, bands in detector_groups(scene):
        if not parts or len(bands) < _LEAST_BANDS:
            continue
        fit = _near_fit(_compared(scene, geometry, bands, parts, progress), progress)
        if fit is not None and (best is None or (fit.converged, fit.explained) > (best.converged, best.explained)):
            best = fit
    return None if best is None else (*_moved(best, scene.ratios), best.explained)


def _completed(found: GroupBlur | tuple[str, list[int]], best: GroupBlur) -> GroupBlur:
    """A group that the PAN says too little about has the gains of the one that it shows best."""
    if isinstance(found, GroupBlur):
        if found.sure or not best.sure:
            return found
        name, bands, explained = found.name, found.bands, found.explained
    else:
        name, bands, explained = found[0], tuple(found[1]), 0.0
    return replace(best, name=name, bands=bands, explained=explained, taken_from=best.name)


_Place = tuple[Span, Span, np.ndarray]
_Around = tuple[np.ndarray, tuple[int, int]]  # the PAN that a part depends on, and where it begins


def _places(scene: Scene, ground: list[Ground]) -> list[_Place]:
    """The middle of each compared part of the scene, where both images show the same: rows, columns, mask."""
    size = max(32, min(_PART, _PAN_PART // scene.footprint))
    places = []
    for each in ground:
        same = each.same.copy()
        for axis, (span, count) in enumerate(zip((each.rows, each.cols), scene.low_shape)):
            inside = np.arange(*span)
            keep = (inside >= _BORDER) & (inside < count - _BORDER)
            same &= keep[:, None] if axis == 0 else keep[None, :]
        cuts = []
        for length in same.shape:
            first = max(0, (length - size) // 2)
            cuts.append(slice(first, min(length, first + size)))
        mask = same[cuts[0], cuts[1]]
        if mask.sum() >= 64:
            spans = [
                (span[0] + int(cut.start), span[0] + int(cut.stop)) for span, cut in zip((each.rows, each.cols), cuts)
            ]
            places.append((spans[0], spans[1], mask))
    return places


def _geometry(scene: Scene, shift: tuple[float, float]) -> Geometry:
    phase = scene.alignment.phase[0] + shift[0], scene.alignment.phase[1] + shift[1]
    return Geometry(scene.high_shape, scene.low_shape, scene.ratios, phase)


def _pan_around(scene: Scene, geometry: Geometry, rows: Span, cols: Span, progress: Progress) -> _Around:
    """The PAN that a part may depend on, moved by up to 2 HSI pixels, and where it begins."""
    progress.check()
    wide = degraders(geometry, np.full(2, 0.25), np.zeros(2))[0]
    spans = []
    for (low, high), size in zip(wide.support(rows, cols), scene.high_shape):
        spans.append((max(0, low - 2 * scene.footprint), min(size, high + 2 * scene.footprint)))
    block = scene.pan.read(scene.alignment.pan.part(*spans))
    values, valid = block.values, block.valid[0]
    level = float(values[0][valid].mean()) if valid.any() else 0.0
    return fill_invalid(values, valid, 2 * scene.footprint, level) - np.float32(level), (spans[0][0], spans[1][0])


def _chosen(scene: Scene, bands: list[int], pixels: int) -> tuple[list[list[int]], list[list[int]]]:
    """Two halves of the bands of a group that are compared, where panchromatic bands lie if the group has enough of
    them there: each is some means of neighbours, which have less noise, spread evenly; no more than the pixels can tell
    apart."""
    waves = scene.hsi.metadata.wavelengths
    inside = [b for b in bands if (wave := waves[b]) is not None and _PANCHROMATIC[0] <= wave <= _PANCHROMATIC[1]]
    source = inside if len(inside) >= _LEAST_BANDS else bands
    most = _HALF if None not in (waves[band] for band in bands) else 2 * _HALF
    number = min(most, len(source) // 2, max(2, pixels // _PIXELS_A_BAND))
    if len(source) < 6:  # too few to be halved: their noise is small against what they show
        return [[band] for band in source], [[band] for band in source]
    edges = np.linspace(0, len(source) // 2, number + 1).round().astype(int)
    chunks = [source[2 * start : 2 * stop][: 2 * _AVERAGED] for start, stop in zip(edges[:-1], edges[1:])]
    return [chunk[::2] for chunk in chunks], [chunk[1::2] for chunk in chunks]


def _means(values: np.ndarray, chunks: list[list[int]]) -> np.ndarray:
    return np.stack([values[chunk].mean(axis=0) for chunk in chunks])


@dataclass
class _Compared:
    """A group of bands, in the parts that are compared: the means of each part's halves, and the pixels that count."""

    geometry: Geometry
    parts: list[tuple[_Place, _Around]]
    images: list[tuple[np.ndarray, np.ndarray]]
    masks: list[np.ndarray]

    def made(self, reach: int) -> list[Part]:
        """What is fitted, high-passed."""
        found = zip(self.parts, self.images, self.masks)
        return [_part(place, pan, image, mask, reach) for (place, pan), image, mask in found]


def _compared(
    scene: Scene, geometry: Geometry, bands: list[int], parts: list[tuple[_Place, _Around]], progress: Progress
) -> _Compared:
    halves = _chosen(scene, bands, sum(int(mask.sum()) for (_, _, mask), _ in parts))
    chosen = sorted({band for half in halves for chunk in half for band in chunk})
    first, second = ([[chosen.index(band) for band in chunk] for chunk in half] for half in halves)
    images = []
    for (rows, cols, _), _ in parts:
        progress.check()
        if scene.missing[chosen].any():  # a missing sample is estimated from all the others
            values = scene.hsi_rows(*rows, cols).values[chosen]
        else:
            values = scene.hsi.read(scene.alignment.hsi.part(rows, cols), chosen).values
        images.append((_means(values, first), _means(values, second)))
    return _Compared(geometry, parts, images, [mask for (_, _, mask), _ in parts])


def _near_fit(compared: _Compared, progress: Progress) -> Fit | None:
    """The fit that is the result; pixels that contradict it no longer count."""
    made = compared.made(_NEAR)
    fit = fit_blur(made, compared.geometry, _NEAR, progress)
    if fit is None or not fit.converged:  # nothing to refine
        return fit
    masks, before = reject_outliers(made, compared.geometry, fit, _NEAR), compared.masks
    if any((new != old).any() for new, old in zip(masks, before)):
        compared.masks = masks
        fit = fit_blur(compared.made(_NEAR), compared.geometry, _NEAR, progress, fit) or fit
    return fit


def _measured_group(
    scene: Scene,
    geometry: Geometry,
    group: tuple[str, list[int]],
    parts: list[tuple[_Place, _Around]],
    progress: Progress,
) -> GroupBlur | None:
    (name, bands), pixels = group, sum(int(mask.sum()) for (_, _, mask), _ in parts)
    compared = _compared(scene, geometry, bands, parts, progress)
    fit = _near_fit(compared, progress)
    other = fit_blur(compared.made(_FAR), geometry, _FAR, progress) if fit is not None and fit.converged else fit
    if fit is None or other is None:
        return None
    found = _group(name, bands, fit, other, scene.ratios)
    least, width = (_LEAST_BEYOND, _SURE_BEYOND) if name == _BEYOND else (_LEAST_EXPLAINED, _SURE)
    width *= min(1.0, (pixels / _MANY_PIXELS) ** _FEWER)
    narrow = max(found.rows.half_width, found.columns.half_width) <= width
    return replace(found, sure=found.sure and narrow and found.explained >= least)


def _part(
    place: _Place,
    pan: _Around,
    halves: tuple[np.ndarray, np.ndarray],
    mask: np.ndarray,
    reach: int,
) -> Part:
    first, second = (high_passed(half, mask, reach) for half in halves)
    return Part(place[0], place[1], (first, second), mask, pan[0], pan[1])


def _group(name: str, bands: list[int], fit: Fit, other: Fit, ratios: tuple[float, float]) -> GroupBlur:
    spread = _uncertainty(fit, other)
    gains = [_gain(variance, width) for variance, width in zip(fit.variances.tolist(), spread.tolist())]
    sure = fit.converged and all(gain.value <= _SHARPEST for gain in gains)
    shift, width = _moved(fit, ratios)
    return GroupBlur(name, tuple(bands), gains[0], gains[1], shift, width, fit.explained, bool(sure))


def _moved(fit: Fit, ratios: tuple[float, float]) -> tuple[tuple[float, float], float]:
    """The shift of a fit, and half the width of its 90 per cent interval, PAN pixels."""
    few = math.sqrt(1 + 4 / max(fit.blocks - 5, 2))  # Student's t
    variances = np.maximum(np.diag(fit.covariance)[2:], 0.0)
    width = _NORMAL * few * float((np.sqrt(variances) * ratios).max())
    return (float(fit.shift[0]) * ratios[0], float(fit.shift[1]) * ratios[1]), width


def _uncertainty(fit: Fit, other: Fit) -> np.ndarray:
    """(2,) half the width of the 90 per cent interval of the variances, HSI pixels squared."""
    chance = np.diag(fit.covariance)[:2]
    unexplained = _UNEXPLAINED * (1 - fit.explained) ** _POWER
    dependent = _DEPENDENT * np.abs(fit.variances - other.variances)
    few = 1 + 4 / max(fit.blocks - 5, 2)  # Student's t
    return np.asarray(_NORMAL * np.sqrt(few * chance + unexplained**2 + dependent**2 + 0.0005**2))


def _gain(variance: float, width: float) -> Gain:
    low, high = (math.exp(-NYQUIST * max(variance + sign * width, 0.0)) for sign in (1, -1))
    # Digits that depend on how sums are cut among threads shall not reach the pixels.
    return Gain(*(round(gain, 3) for gain in (math.exp(-NYQUIST * variance), low, high)))
