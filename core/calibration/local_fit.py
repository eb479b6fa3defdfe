"""The fit behind :mod:`.local_shift`: in each place, how far the degraded PAN must be moved to look like the sum of
bands that explains it (own).

The PAN is degraded once, to a finer grid than the HSI's and with less blur than any sensor has; from there it is
blurred and moved as often as needed. With ``P`` the degraded PAN, ``T`` the sum of bands that explains it and ``d`` a
displacement, ``T - P = -grad P' d + e``. Each pixel so tells one direction of ``d``, and a smooth field is fitted to
all of them (Gauss-Newton steps; what fits badly, as a cloud, weighs little). Blur and bands are fitted along with it: a
wrong blur or a wrong sum would be mistaken for displacements.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..operators.linear import Line, Separable
from ..operators.resample import gaussian_line
from ..operators.sampling import sample_cubic
from ..runtime.progress import Progress
from .blur_fit import NYQUIST, high_passed
from .smooth_field import SmoothFields

FINER = 3  # samples of the degraded PAN in an HSI pixel, along each axis
SHARP_GAIN = 0.6  # at Nyquist, with which it is degraded first
BEFORE = 2  # HSI pixels by which it begins before an area, where the scene goes on
_SHARP = -math.log(SHARP_GAIN) / NYQUIST  # HSI pixels squared
_VARIANCES = _SHARP + 0.015, -math.log(0.02) / NYQUIST
_START = -math.log(0.3) / NYQUIST
HIGH_PASS = 4  # HSI pixels to either side whose mean is taken off
_RIDGE = 1e-2  # of the bands' mean variance: larger than elsewhere, as bands off each other would be played off
_LARGE = 2.5  # standard deviations from which on a residual weighs less
ALIKE = 8  # pixels that count as one observation, as neighbours are alike
_FARTHEST = 1.5  # HSI pixels: displacements beyond are none
_NODES = 62_500  # samples of a field at most
_STRIP = 128  # HSI rows that are sampled at once


@dataclass(frozen=True)
class Area:
    """A part of a scene.

    Attributes:
        bands: (bands, rows, columns) float32; none where ``total`` is known.
        pan: (rows, columns) float32, the PAN degraded with little blur, FINER samples in an HSI pixel, around the area.
        before: HSI rows and columns by which ``pan`` begins before the area.
        mask: (rows, columns) bool, the pixels that count.
        total: (rows, columns) float32, the sum of bands that explains the PAN, but for a constant; None to fit it.
        nodes: the fields of displacements, whose samples may be coarser than the pixels.
    """

    bands: np.ndarray
    pan: np.ndarray
    before: tuple[int, int]
    mask: np.ndarray
    total: np.ndarray | None = None
    nodes: SmoothFields = field(init=False)

    def __post_init__(self) -> None:
        step = max(1, math.ceil(math.sqrt(self.mask.size / _NODES)))
        rows, cols = (-(-count // step) for count in self.mask.shape)
        object.__setattr__(self, "nodes", SmoothFields((rows, cols), float(step)))

    @property
    def step(self) -> int:
        """HSI pixels along the edge of a node."""
        return int(self.nodes.spacing)

    def blurred(self, variances: np.ndarray) -> np.ndarray:
        """The PAN with the blur of the HSI.

        Args:
            variances: (2,) float64, along rows' and columns' axis, HSI pixels squared.

        Returns:
            (rows, columns) float32, as ``pan``.
        """
        image = self.pan
        for axis, variance in enumerate(variances.tolist()):
            sigma = FINER * math.sqrt(max(variance - _SHARP, 0.0))
            reach = max(1, math.ceil(4 * sigma))
            weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-6)) ** 2)
            weights /= weights.sum()
            padded = np.pad(image, [(reach, reach) if axis == along else (0, 0) for along in (0, 1)], mode="edge")
            count, total = image.shape[axis], np.zeros_like(image)
            for offset, weight in enumerate(weights.tolist()):
                part = padded[offset : offset + count] if axis == 0 else padded[:, offset : offset + count]
                total += np.float32(weight) * part
            image = total
        return image

    def seen(self, image: np.ndarray, moved: np.ndarray, blur: bool) -> np.ndarray:
        """The degraded PAN where it is moved, and its derivatives.

        Args:
            image: (rows, columns) float32, as :meth:`blurred` gives it.
            moved: (2, rows, columns) float64, HSI pixels, displacements of each pixel.
            blur: whether the derivatives by the blur are asked for.

        Returns:
            (3 or 5, rows, columns) float64: the PAN, its slopes along y and x, and half its curvatures, by HSI pixels.
        """
        rows, cols = self.mask.shape
        planes = np.empty((5 if blur else 3, rows, cols))
        for start in range(0, rows, _STRIP):
            stop = min(rows, start + _STRIP)
            rows_at = (np.arange(start, stop)[:, None] + 0.5 - moved[0, start:stop] + self.before[0]) * FINER
            cols_at = (np.arange(cols) + 0.5 - moved[1, start:stop] + self.before[1]) * FINER
            low = max(0, int(rows_at.min()) - 6)
            high = min(len(image), int(rows_at.max()) + 7)
            part = image[low:high].astype(np.float64)
            slopes = [slope * FINER for slope in np.gradient(part)]
            layers = [part, *slopes]
            if blur:
                layers += [0.5 * FINER * np.gradient(slope, axis=axis) for axis, slope in enumerate(slopes)]
            found = sample_cubic(np.stack(layers), rows_at.ravel() - low, cols_at.ravel())
            planes[:, start:stop] = found.reshape(len(layers), stop - start, cols)
        return planes

    def spread(self, fields: np.ndarray) -> np.ndarray:
        """Fields of the nodes at the pixels.

        Args:
            fields: (n, rows, columns) float64 of nodes.

        Returns:
            (n, rows, columns) float64 of pixels.
        """
        if self.step == 1:
            return fields
        at = [np.minimum((np.arange(n) + 0.5), n - 1e-3) / self.step for n in self.mask.shape]
        rows, cols = (axis.ravel() for axis in np.meshgrid(*at, indexing="ij"))
        return sample_cubic(fields, rows, cols).reshape(len(fields), *self.mask.shape)

    def gathered(self, planes: np.ndarray) -> np.ndarray:
        """Sums of planes over the nodes' areas.

        Args:
            planes: (n, rows, columns) float64 of pixels.

        Returns:
            (n, rows, columns) float64 of nodes.
        """
        for axis in (1, 2) if self.step > 1 else ():
            planes = np.add.reduceat(planes, np.arange(0, planes.shape[axis], self.step), axis=axis)
        return planes


@dataclass(frozen=True)
class Fit:
    """What was fitted.

    Attributes:
        fields: of each area (2, rows, columns) float64 of its nodes, y and x in HSI pixels.
        variances: (2,) float64, of the blur, HSI pixels squared.
        weights: (bands,) float64, of the sum that explains the PAN.
        seen: of each area (3, rows, columns) float64: what is left of the PAN, and its slopes along y and x by HSI
            pixels, all high-passed; 0 outside of its mask.
        told: of each area (3, rows, columns) float64, how surely each node's pixels tell its displacement: of y with y,
            x with x, y with x, one over HSI pixels squared.
        trust: of each area (rows, columns) float64, the weight of each pixel.
    """

    fields: list[np.ndarray]
    variances: np.ndarray
    weights: np.ndarray
    seen: list[np.ndarray]
    told: list[np.ndarray]
    trust: list[np.ndarray]

    @property
    def residuals(self) -> list[np.ndarray]:
        """Of each area (rows, columns) float64: what is left of the PAN."""
        return [planes[0] for planes in self.seen]


def fine_degrader(
    high: tuple[int, int], low: tuple[int, int], ratios: tuple[float, float], phase: tuple[float, float]
) -> Separable:
    """The PAN's degradation with little blur, to FINER samples in an HSI pixel along each axis.

    Args:
        high: (rows, columns) of the PAN.
        low: (rows, columns) of the HSI.
        ratios: PAN pixels per HSI pixel along rows' and columns' axis.
        phase: (y, x) distance from the HSI's corner to the PAN's, PAN pixels.

    Returns:
        The operator.
    """
    rows, cols = (_fine_line(*axis) for axis in zip(high, low, ratios, phase))
    return Separable(rows, cols)


def _fine_line(high: int, low: int, ratio: float, phase: float) -> Line:
    """The lines of the places within an HSI pixel, each moved by a part of it, in turn."""
    offsets = [((place + 0.5) / FINER - 0.5) * ratio for place in range(FINER)]
    lines = [gaussian_line(high, low, ratio, phase - offset, SHARP_GAIN) for offset in offsets]
    taps = max(line.taps for line in lines)
    index = np.stack([line.first[:, None] + np.arange(taps) for line in lines], axis=1)
    weights = np.stack([np.pad(line.weights, [(0, 0), (0, taps - line.taps)]) for line in lines], axis=1)
    return Line.gather(high, index.reshape(low * FINER, -1), weights.reshape(low * FINER, -1))


def fit_fields(
    areas: Sequence[Area],
    masks: Sequence[np.ndarray],
    bend: float | None,
    steps: int,
    progress: Progress,
    start: Fit | None = None,
) -> Fit:
    """Fit displacements, blur, and the sum of bands that explains the PAN.

    Args:
        areas: of a scene.
        masks: of each area (rows, columns) bool, the pixels that are fitted.
        bend: as of :meth:`.smooth_field.SmoothFields.solve`; None for no displacements.
        steps: Gauss-Newton steps.
        progress: asked whether to stop.
        start: where to begin, of the same areas; None for no displacement and a gain of 0.3.

    Returns:
        The fit, with residuals of all pixels of the areas.
    """
    fields = [np.zeros((2, *area.nodes.shape)) for area in areas] if start is None else list(start.fields)
    variances = np.full(2, _START) if start is None else start.variances
    trust = [mask.astype(np.float64) for mask in masks]
    if start is not None:
        trust = [before * mask for before, mask in zip(start.trust, masks)]
    fits_blur = areas[0].total is None
    images: list[np.ndarray] = []
    for step in range(steps + 1):
        progress.check()
        if fits_blur or not step:
            images = [area.blurred(variances) for area in areas]
        known = zip(areas, images, fields)
        seen = [area.seen(image, area.spread(moved), fits_blur) for area, image, moved in known]
        weights = _weights(areas, seen, trust) if fits_blur else np.zeros(0)
        passed = [
            high_passed(np.concatenate([_left(area, weights, planes)[None], planes[1:]]), area.mask, HIGH_PASS)
            for area, planes in zip(areas, seen)
        ]
        size = _typical([planes[0][mask] for planes, mask in zip(passed, masks)])
        trust = [mask / (1.0 + (planes[0] / (_LARGE * size)) ** 2) for planes, mask in zip(passed, masks)]
        if step == steps:
            break
        if fits_blur:
            change = _blur_step(passed, trust)
            variances = np.clip(variances + change, *_VARIANCES)
        if bend is not None:
            fields = [
                _moved(area, planes, here / (ALIKE * size**2), moved, bend)
                for area, planes, here, moved in zip(areas, passed, trust, fields)
            ]
    found = zip(areas, passed, trust)
    told = [area.gathered(_products(planes, here / (ALIKE * size**2))) for area, planes, here in found]
    return Fit(fields, variances, weights, [planes[:3] for planes in passed], told, trust)


def _left(area: Area, weights: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """What the bands do not explain of the PAN."""
    if area.total is not None:
        return area.total - planes[0]
    left: np.ndarray = np.tensordot(weights, area.bands, 1) - planes[0]
    return left


def _typical(values: list[np.ndarray]) -> float:
    pooled = np.abs(np.concatenate(values))
    return max(1.4826 * float(np.median(pooled)), 1e-30) if pooled.size else 1.0


def _weights(areas: Sequence[Area], seen: list[np.ndarray], trust: list[np.ndarray]) -> np.ndarray:
    """(bands,) float64: of the sum of bands that explains the PAN, but for a constant."""
    bands = np.concatenate([area.bands.reshape(len(area.bands), -1) for area in areas], axis=1).astype(np.float64)
    pan, here = (np.concatenate([plane.ravel() for plane in planes]) for planes in ([s[0] for s in seen], trust))
    total = max(float(here.sum()), 1e-30)
    bands -= (bands @ here / total)[:, None]
    pan = pan - float(pan @ here) / total
    products = (bands * here) @ bands.T / total
    ridge = _RIDGE * max(float(np.trace(products)) / len(bands), 1e-30)
    found: np.ndarray = np.linalg.solve(products + ridge * np.eye(len(bands)), (bands * here) @ pan / total)
    return found


def _blur_step(passed: list[np.ndarray], trust: list[np.ndarray]) -> np.ndarray:
    """(2,) float64: by how much the variances of the blur change."""
    left, right = np.zeros((2, 2)), np.zeros(2)
    for planes, here in zip(passed, trust):
        known = planes[3:].reshape(2, -1)
        left += (known * here.ravel()) @ known.T
        right += (known * here.ravel()) @ planes[0].ravel()
    if not np.linalg.det(left) > 1e-12 * max(left[0, 0] * left[1, 1], 1e-300):
        return np.zeros(2)
    return np.clip(np.linalg.solve(left, right), -0.06, 0.06)


def _products(planes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    y, x = planes[1], planes[2]
    return np.stack([weights * y * y, weights * x * x, weights * y * x])


def _moved(area: Area, planes: np.ndarray, weights: np.ndarray, moved: np.ndarray, bend: float) -> np.ndarray:
    """One step of the field of an area: moving the PAN by d changes it by -grad P' d."""
    sides = area.gathered(np.stack([-weights * planes[1] * planes[0], -weights * planes[2] * planes[0]]))
    told = area.gathered(_products(planes, weights))
    sides[0] += told[0] * moved[0] + told[2] * moved[1]
    sides[1] += told[2] * moved[0] + told[1] * moved[1]
    return np.clip(area.nodes.solve(told, sides, bend), -_FARTHEST, _FARTHEST)
