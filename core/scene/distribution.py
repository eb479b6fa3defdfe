"""How the numbers of a scene are distributed, from a sample of its rows: tells units and orders of bands apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..operators.pair import Operators
from ..operators.resample import Gains
from ..runtime.progress import Progress
from .scene import Scene
from .statistics import Statistics
from .streams import pan_stream, scene_operators

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_STRIP, _STRIPS = 8, 8  # HSI rows read at once, and how often
_SAMPLES = 16_000_000  # samples of the HSI that are read at most
_OF_BANDS = 4 + len(QUANTILES)  # numbers kept of a band
_OF_PAN = 2 + len(QUANTILES)
_BANDS = 16  # at once


@dataclass(frozen=True)
class Distribution:
    """Of the valid pixels of one scene, in stored units (DN), and one band of its PAN.

    Attributes:
        mean, std: (bands,) float64 of the HSI.
        quantiles: (bands, 5) float64 of the HSI, at :data:`QUANTILES`.
        gains: (bands,) float64, slopes of the bands on the PAN, HSI units per PAN unit.
        correlation: (bands,) float64, of the bands with the degraded PAN, -1 to 1.
        pan_mean, pan_std: of the degraded PAN.
        pan_quantiles: (5,) float64 of the degraded PAN.
    """

    mean: np.ndarray
    std: np.ndarray
    quantiles: np.ndarray
    gains: np.ndarray
    correlation: np.ndarray
    pan_mean: float
    pan_std: float
    pan_quantiles: np.ndarray

    @property
    def level(self) -> np.ndarray:
        """(bands,), the medians."""
        return self.quantiles[:, 2]

    @property
    def spread(self) -> np.ndarray:
        """(bands,), the standard deviation of a normal distribution with these quantiles."""
        return _spread(self.quantiles, self.std)

    @property
    def pan_level(self) -> float:
        """The median of the PAN."""
        return float(self.pan_quantiles[2])

    @property
    def pan_spread(self) -> float:
        """As :attr:`spread`, of the PAN."""
        return float(_spread(self.pan_quantiles, np.asarray(self.pan_std)))

    def select(self, order: Sequence[int] | np.ndarray) -> Distribution:
        """The bands in another order.

        Args:
            order: (bands,) int, bands counted from 0, in the order of the result.

        Returns:
            The distribution of these bands.
        """
        index = np.asarray(order)
        bands = (self.mean, self.std, self.quantiles, self.gains, self.correlation)
        mean, std, quantiles, gains, correlation = (values[index] for values in bands)
        pan = self.pan_mean, self.pan_std, self.pan_quantiles
        return Distribution(mean, std, quantiles, gains, correlation, *pan)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """All numbers for a model file: (bands, 9) and (7,) float32."""
        bands = np.column_stack([self.mean, self.std, self.gains, self.correlation, self.quantiles])
        pan = np.concatenate([[self.pan_mean, self.pan_std], self.pan_quantiles])
        return bands.astype(np.float32), pan.astype(np.float32)

    @classmethod
    def from_arrays(cls, bands: np.ndarray, pan: np.ndarray) -> Distribution:
        """The inverse of :meth:`arrays`.

        Args:
            bands: (bands, 9) float32.
            pan: (7,) float32.

        Returns:
            The distribution.

        Raises:
            ValueError: the arrays have another shape.
        """
        if bands.ndim != 2 or bands.shape[1] != _OF_BANDS or pan.shape != (_OF_PAN,):
            raise ValueError(f"a distribution of shape {bands.shape} and {pan.shape}")
        bands, pan = bands.astype(np.float64), pan.astype(np.float64)
        mean, std, gains, correlation = bands[:, :4].T
        return cls(mean, std, bands[:, 4:], gains, correlation, float(pan[0]), float(pan[1]), pan[2:])

    @classmethod
    def of_statistics(cls, statistics: Statistics, guide: int = 0) -> Distribution:
        """What statistics of mean and spread alone say, as of a normal distribution.

        Args:
            statistics: the scene-wide numbers.
            guide: the PAN's band, counted from 0.

        Returns:
            The distribution.
        """
        normal = np.array([-1.645, -0.674, 0.0, 0.674, 1.645])
        mean, std = (getattr(statistics, name).astype(np.float64) for name in ("mean", "std"))
        gains = statistics.gains[:, guide].astype(np.float64)
        pan_mean, pan_std = float(statistics.pan_mean[guide]), float(statistics.pan_std[guide])
        correlation = np.clip(gains * pan_std / std, -1.0, 1.0)
        bands = mean[:, None] + std[:, None] * normal
        return cls(mean, std, bands, gains, correlation, pan_mean, pan_std, pan_mean + pan_std * normal)


def sample_distributions(scene: Scene, mtf_gain: Gains, progress: Progress | None = None) -> tuple[Distribution, ...]:
    """The distributions of a scene, from some strips of rows that are spread over it.

    Args:
        scene: the scene.
        mtf_gain: MTF gain of the HSI, by which the PAN is degraded.
        progress: asked for cancellation.

    Returns:
        One for each band of the PAN; none where the sampled rows hold fewer than two valid pixels.
    """
    progress = progress or Progress()
    operators = scene_operators(scene, mtf_gain)
    strips, pans = [], []
    for start, stop in sample_strips(scene):
        progress.check()
        values, _ = scene.hsi_rows(start, stop)
        chosen = scene.low_covered[start:stop]
        strips.append(values[:, chosen])
        pans.append(_degraded_rows(scene, operators, start, stop)[:, chosen].astype(np.float64))
    scene.hsi.release()
    scene.pan.release()
    if sum(pan.shape[1] for pan in pans) < 2:
        return ()
    pan = np.concatenate(pans, axis=1)
    pan_mean, pan_std = pan.mean(axis=1), pan.std(axis=1)
    count = len(strips[0])
    mean, std, quantiles = np.empty(count), np.empty(count), np.empty((count, len(QUANTILES)))
    covariance = np.empty((count, len(pan)))
    for first in range(0, count, _BANDS):
        progress.check()
        part = slice(first, first + _BANDS)
        hsi = np.concatenate([strip[part] for strip in strips], axis=1).astype(np.float64)
        mean[part], std[part] = hsi.mean(axis=1), hsi.std(axis=1)
        quantiles[part] = np.quantile(hsi, QUANTILES, axis=1).T
        covariance[part] = (hsi - mean[part, None]) @ (pan - pan_mean[:, None]).T / pan.shape[1]
    gains = covariance / np.maximum(pan_std**2, 1e-300)
    correlation = covariance / np.maximum(std[:, None] * pan_std, 1e-300)
    return tuple(
        Distribution(mean, std, quantiles, gains[:, band], correlation[:, band], level, spread, of_pan)
        for band, (level, spread, of_pan) in enumerate(
            zip(pan_mean.tolist(), pan_std.tolist(), np.quantile(pan, QUANTILES, axis=1).T)
        )
    )


def sample_strips(scene: Scene) -> list[tuple[int, int]]:
    """The HSI rows that are sampled, spread over those with valid pixels. Blocks that are high cost as much as all of
    their rows, so there are fewer strips then.

    Args:
        scene: whose rows.

    Returns:
        (start, stop) of each strip of rows; nothing where no pixel is valid.
    """
    rows = np.flatnonzero(scene.low_covered.any(axis=1))
    if not rows.size:
        return []
    count = int(np.clip(_SAMPLES // (_STRIP * scene.hsi.bands * scene.low_shape[1]), 1, _STRIPS))
    if rows.size > scene.hsi.block_rows:
        count = min(count, max(2, rows.size // scene.hsi.block_rows))
    if rows.size <= count * _STRIP:
        return [(int(rows[0]), int(rows[-1]) + 1)] if rows[-1] - rows[0] < count * _STRIP else _cut(rows)
    firsts = np.linspace(0, rows.size - _STRIP, count).astype(int) if count > 1 else [(rows.size - _STRIP) // 2]
    return [(int(rows[first]), min(int(rows[first]) + _STRIP, int(rows[-1]) + 1)) for first in firsts]


def _cut(rows: np.ndarray) -> list[tuple[int, int]]:
    """Runs of consecutive rows."""
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    return [(int(run[0]), int(run[-1]) + 1) for run in runs]


def _degraded_rows(scene: Scene, operators: Operators, start: int, stop: int) -> np.ndarray:
    """Rows of D P, (M, rows, columns)."""
    low, high = operators.down.y.support(start, stop)
    fallback = np.zeros(scene.guides)
    if not scene.complete:
        values, valid = scene.pan_rows(low, high)
        fallback = np.array([float(band[valid].mean()) if valid.any() else 0.0 for band in values])
    rows = pan_stream(scene, high - low, fallback, low).get(low, high)
    return operators.down.part(rows, (start, stop), (0, scene.low_shape[1]), (low, 0))


def _spread(quantiles: np.ndarray, std: np.ndarray) -> np.ndarray:
    width = (quantiles[..., 4] - quantiles[..., 0]) / 3.29
    return np.where(width > 0, width, std)
