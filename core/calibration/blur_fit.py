"""The fit behind :mod:`.blur`: how the HSI's pixels would have to be blurred and moved to explain what it shows of the
PAN (own).

With ``y = D P``, the PAN degraded with trial gains, and ``T = X w``, the sum of bands that explains it, a small change
of the variances ``v`` of the blur and of the position ``s`` gives ``y + J (dv, ds) = c T + e``. Both sides are noisy
and ``e`` holds what the bands cannot explain, so least squares would find too much or too little blur. Instead each
half of the bands makes a ``T`` of its own, and the other half's ``T`` with its differences between neighbours are the
instruments (Reiersol, 1945): the noise of the two halves has nothing in common. All images are high-passed first, so
that bright and dark regions do not decide. The spread over blocks gives the uncertainty (sandwich estimator).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..operators.linear import Line, Separable, Span
from ..operators.resample import GAUSSIAN_CUT, gaussian_line
from ..runtime.progress import Progress

NYQUIST = math.pi**2 / 2  # gain at Nyquist = exp(-NYQUIST * variance in HSI pixels squared)
_RIDGE = 1e-4  # of the bands' variance
_START = -math.log(0.3) / NYQUIST
_RANGE = -math.log(0.9) / NYQUIST, -math.log(0.004) / NYQUIST  # of variances
_STEPS, _CONVERGED = 12, 5e-4
_LARGEST = np.array([0.12, 0.12, 0.4, 0.4])  # steps of variances and of positions, HSI pixels
_FARTHEST = 1.5  # HSI pixels by which the PAN may lie off
_OUTLIER = 6.0  # standard deviations of the residual
_BLOCKS, _BLOCK = 40, (4.0, 12.0)  # blocks whose residuals count as one: about how many, and their edge in HSI pixels
_ALIKE = 1.7  # times the variance that blocks would have if none were like its neighbours (measured)
_UNKNOWNS = 5  # two variances, two positions, and the size of T


@dataclass(frozen=True)
class Part:
    """A part of a scene.

    Attributes:
        rows, cols: (start, stop) on the HSI's grid under the output.
        halves: two arrays (bands, rows, columns) float32, the HSI's bands, high-passed.
        mask: (rows, columns) bool, the pixels that count.
        pan: (1, rows, columns) float32 around the part, from ``origin`` on, missing values filled.
        origin: row and column of the PAN at which ``pan`` begins.
    """

    rows: Span
    cols: Span
    halves: tuple[np.ndarray, np.ndarray]
    mask: np.ndarray
    pan: np.ndarray
    origin: tuple[int, int]

    @cached_property
    def products(self) -> list[np.ndarray]:
        """Of each half, (bands, bands) float64: the sums of products of its bands."""
        flat = [half.reshape(len(half), -1) for half in self.halves]
        return [(half @ half.T).astype(np.float64) for half in flat]


@dataclass(frozen=True)
class Geometry:
    """How PAN and HSI lie on each other.

    Attributes:
        high, low: (rows, columns) of the PAN and of the HSI.
        ratios: PAN pixels per HSI pixel along rows' and columns' axis.
        phase: (y, x) distance from the HSI's corner to the PAN's, PAN pixels.
    """

    high: tuple[int, int]
    low: tuple[int, int]
    ratios: tuple[float, float]
    phase: tuple[float, float]


@dataclass(frozen=True)
class Fit:
    """What was found.

    Attributes:
        variances: (2,) float64, of the blur along rows' and columns' axis, HSI pixels squared.
        shift: (2,) float64, y and x by which the PAN has to be moved, HSI pixels.
        covariance: (4, 4) float64, of variances and shift.
        explained: share of the high-passed PAN's variance that the bands explain, but for their noise, 0 to 1.
        blocks: how many blocks took part.
        converged: whether the steps came to rest inside the bounds.
    """

    variances: np.ndarray
    shift: np.ndarray
    covariance: np.ndarray
    explained: float
    blocks: int
    converged: bool


def high_passed(planes: np.ndarray, mask: np.ndarray, reach: int) -> np.ndarray:
    """Less the mean of the valid pixels around.

    Args:
        planes: (n, rows, columns) float32 or float64.
        mask: (rows, columns) bool.
        reach: pixels to either side that count.

    Returns:
        Same shape, same dtype: 0 outside of the mask.
    """
    weight = mask.astype(planes.dtype)
    count = np.maximum(_box_sum(weight, reach), 1)
    return (planes - _box_sum(planes * weight, reach) / count) * weight


def _box_sum(planes: np.ndarray, reach: int) -> np.ndarray:
    for axis in (-2, -1):
        pad = [(0, 0)] * planes.ndim
        pad[axis] = (reach + 1, reach)
        total = np.cumsum(np.pad(planes, pad), axis=axis, dtype=np.float64)
        size, count = 2 * reach + 1, planes.shape[axis]
        planes = (total.take(range(size, size + count), axis) - total.take(range(count), axis)).astype(planes.dtype)
    return planes


def degraders(geometry: Geometry, variances: np.ndarray, shift: np.ndarray) -> list[Separable]:
    """The degradation with trial gains, and its derivatives.

    Args:
        geometry: of the scene.
        variances: (2,) float64, HSI pixels squared.
        shift: (2,) float64, HSI pixels, by which the PAN is moved.

    Returns:
        D, and its derivatives by the variances and by the shift along y and x.
    """
    lines = [
        _lines(high, low, ratio, phase + moved * ratio, variance)
        for high, low, ratio, phase, variance, moved in zip(
            geometry.high, geometry.low, geometry.ratios, geometry.phase, variances.tolist(), shift.tolist()
        )
    ]
    (y, y_variance, y_shift), (x, x_variance, x_shift) = lines
    pairs = (y, x), (y_variance, x), (y, x_variance), (y_shift, x), (y, x_shift)
    return [Separable(*pair) for pair in pairs]


def _lines(high: int, low: int, ratio: float, phase: float, variance: float) -> tuple[Line, Line, Line]:
    """Degradation along one axis, its derivative by the variance, and by the position, HSI pixels."""
    plain = gaussian_line(high, low, ratio, phase, math.exp(-NYQUIST * variance))
    step = 0.02 * variance
    wider, narrower = (
        gaussian_line(high, low, ratio, phase, math.exp(-NYQUIST * (variance + sign * step))) for sign in (1, -1)
    )
    by_variance = Line(high, plain.first, (wider.weights - narrower.weights) / (2 * step))
    spread = variance * ratio * ratio
    position = (np.arange(low) + 0.5) * ratio - phase - 0.5
    reach = GAUSSIAN_CUT * ratio
    index = np.floor(position).astype(int)[:, None] + np.arange(-math.ceil(reach), math.ceil(reach) + 2)
    distance = index - position[:, None]
    weights = np.where(np.abs(distance) <= reach, np.exp(-0.5 * distance**2 / spread), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    # Moving the PAN by +1 moves the place that a sample looks at by -1.
    slope = -weights * distance / spread * ratio
    return plain, by_variance, Line.gather(high, index, slope)


def fit_blur(
    parts: Sequence[Part], geometry: Geometry, reach: int, progress: Progress, start: Fit | None = None
) -> Fit | None:
    """Find the blur and the position.

    Args:
        parts: of the scene.
        geometry: of the scene.
        reach: of the high-pass, see :func:`high_passed`; the parts' bands are high-passed with it already.
        progress: asked whether to stop.
        start: where to begin; None for a gain of 0.3 and no shift.

    Returns:
        The fit; None where there is too little to see.
    """
    variances, shift = (np.full(2, _START), np.zeros(2)) if start is None else (start.variances, start.shift)
    converged = False
    solution = _solved(parts, _seen(parts, geometry, variances, shift, reach))
    for _ in range(_STEPS):
        progress.check()
        if solution is None:
            return None
        step = np.clip(solution.step, -_LARGEST, _LARGEST)
        before = variances
        variances = np.clip(variances + step[:2], *_RANGE)
        shift = np.clip(shift + step[2:], -_FARTHEST, _FARTHEST)
        if np.abs(variances - before).max() < _CONVERGED and np.abs(step[2:]).max() < _CONVERGED:
            converged = bool((variances > _RANGE[0]).all() and (variances < _RANGE[1]).all())
            break
        if (variances == before).any() and np.isin(variances, _RANGE).any():  # held at a bound
            break
        solution = _solved(parts, _seen(parts, geometry, variances, shift, reach))
    if solution is None:
        return None
    return Fit(variances, shift, solution.covariance, solution.explained, solution.blocks, converged)


def reject_outliers(parts: Sequence[Part], geometry: Geometry, fit: Fit, reach: int) -> list[np.ndarray]:
    """The pixels that count, without those that contradict the fit: hot pixels of either image, and what has changed.

    Args:
        parts: of the scene, as they were fitted.
        geometry: of the scene.
        fit: of these parts.
        reach: of the high-pass.

    Returns:
        Masks, (rows, columns) bool each; those of the parts where more than a tenth would be left out.
    """
    masks = [part.mask for part in parts]
    planes = _seen(parts, geometry, fit.variances, fit.shift, reach)
    first, second = _weights(parts, planes, 0), _weights(parts, planes, 1)
    if first is None or second is None:
        return masks
    residuals, sizes = [], []
    for part, (y, *_) in zip(parts, planes):
        total = np.tensordot(first, part.halves[0], 1) + np.tensordot(second, part.halves[1], 1)
        residuals.append(y - 0.5 * total)
        sizes.append(y[part.mask])
    pooled = np.abs(np.concatenate([residual[mask] for residual, mask in zip(residuals, masks)]))
    limit = max(_OUTLIER * float(np.median(pooled)) / 0.6745, 0.1 * float(np.concatenate(sizes).std()))
    kept = []
    for residual, mask in zip(residuals, masks):
        far = np.pad(np.abs(residual) > limit, reach)
        spread = np.zeros_like(mask)
        for y in range(2 * reach + 1):
            for x in range(2 * reach + 1):
                spread |= far[y : y + mask.shape[0], x : x + mask.shape[1]]
        kept.append(mask & ~spread)
    return kept if sum(int(k.sum()) for k in kept) >= 0.9 * pooled.size else masks


def _seen(
    parts: Sequence[Part], geometry: Geometry, variances: np.ndarray, shift: np.ndarray, reach: int
) -> list[np.ndarray]:
    """Of each part (5, rows, columns) float64: the degraded PAN and its derivatives, high-passed."""
    operators = degraders(geometry, variances, shift)
    result = []
    for part in parts:
        found = [down.part(part.pan, part.rows, part.cols, part.origin)[0] for down in operators]
        result.append(high_passed(np.stack(found).astype(np.float64), part.mask, reach))
    return result


@dataclass(frozen=True)
class _Solution:
    step: np.ndarray
    covariance: np.ndarray
    explained: float
    blocks: int


def _solved(parts: Sequence[Part], planes: list[np.ndarray]) -> _Solution | None:
    """One step: the change of the four unknowns that makes the moments zero."""
    first, second = _weights(parts, planes, 0), _weights(parts, planes, 1)
    if first is None or second is None:
        return None
    edge = math.sqrt(sum(int(part.mask.sum()) for part in parts) / _BLOCKS)
    edge = min(max(edge, _BLOCK[0]), _BLOCK[1])
    moments, sides, power, rest = [], [], 0.0, 0.0
    for part, (y, *jacobian) in zip(parts, planes):
        totals = np.tensordot(first, part.halves[0], 1), np.tensordot(second, part.halves[1], 1)
        both = [
            (_instruments(totals[other]), np.stack([*(-plane for plane in jacobian), totals[one]]))
            for one, other in ((0, 1), (1, 0))
        ]
        for rows, cols in _blocks(part.mask.shape, edge):
            inside = part.mask[rows, cols]
            if inside.sum() < 8:
                continue
            pairs = [(z[:, rows, cols][:, inside], known[:, rows, cols][:, inside]) for z, known in both]
            moments.append(sum(z @ known.T for z, known in pairs))
            sides.append(sum(z for z, _ in pairs) @ y[rows, cols][inside])
        power += float((y[part.mask] ** 2).sum())
        # What the halves differ by is noise, half of which is in their mean.
        rest += float(((y - 0.5 * (totals[0] + totals[1]))[part.mask] ** 2).sum())
        rest -= float(((0.5 * (totals[0] - totals[1]))[part.mask] ** 2).sum())
    if len(moments) < _UNKNOWNS + 1 or not power > 0:
        return None
    left, right, count = np.array(moments), np.array(sides), len(moments)
    total = left.sum(axis=0)
    if not np.isfinite(total).all() or np.linalg.cond(total / _sizes(total)) > 1e8:
        return None
    inverse = np.linalg.inv(total)
    solution = inverse @ right.sum(axis=0)
    influence = (right - left @ solution) @ inverse.T
    covariance = _ALIKE * influence.T @ influence * count / max(1, count - _UNKNOWNS)
    return _Solution(solution[:4], covariance[:4, :4], min(max(0.0, 1 - rest / power), 1.0), count)


def _sizes(matrix: np.ndarray) -> np.ndarray:
    """What brings the rows and columns of a matrix to like sizes."""
    rows = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-300)
    return rows * np.maximum(np.abs(matrix / rows).max(axis=0, keepdims=True), 1e-300)


def _weights(parts: Sequence[Part], planes: list[np.ndarray], half: int) -> np.ndarray | None:
    """(bands,) float64: of the sum of one half's bands that explains the PAN, were the unknowns right."""
    count = len(parts[0].halves[half])
    pixels = sum(int(part.mask.sum()) for part in parts)
    if pixels < 4 * (count + _UNKNOWNS):
        return None
    products = np.zeros((count + _UNKNOWNS, count + _UNKNOWNS))
    for part, found in zip(parts, planes):  # 0 outside of the masks
        bands = part.halves[half].reshape(count, -1)
        seen = found[[1, 2, 3, 4, 0]].reshape(_UNKNOWNS, -1)
        products[:count, :count] += part.products[half]
        products[:count, count:] += bands @ seen.T.astype(bands.dtype)
        products[count:, count:] += seen @ seen.T
    products[count:, :count] = products[:count, count:].T
    scale = np.sqrt(np.diag(products) / pixels)
    if not scale[-1] > 0:
        return None
    scale[scale == 0] = 1.0
    products /= pixels * scale[:, None] * scale
    ridge = np.diag(np.r_[np.full(count, _RIDGE), np.full(4, 1e-9)])
    solution = np.linalg.solve(products[:-1, :-1] + ridge, products[:-1, -1])
    weights: np.ndarray = solution[:count] / scale[:count] * scale[-1]
    return weights


def _instruments(total: np.ndarray) -> np.ndarray:
    """(5, rows, columns): second differences along y and x, first differences, and the plane itself."""
    padded = np.pad(total, 1)
    centre = padded[1:-1, 1:-1]
    up, down, left, right = padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]
    return np.stack([up + down - 2 * centre, left + right - 2 * centre, down - up, right - left, centre])


def _blocks(shape: tuple[int, ...], edge: float) -> list[tuple[slice, slice]]:
    spans = []
    for size in shape:
        edges = np.linspace(0, size, max(1, round(size / edge)) + 1).astype(int)
        spans.append([slice(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:])])
    return [(rows, cols) for rows in spans[0] for cols in spans[1]]
