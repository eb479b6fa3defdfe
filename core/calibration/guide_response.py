"""What the bands of a sharper image are of the HSI's bands: their response, and whether the two agree radiometrically
(own).

Where wavelengths of both are known, a sharp band is compared with the mean of the HSI's bands that lie in its published
width; else with the sum of bands, with weights that are not negative, that explains it. Fusion takes details alone and
has gains of its own for each band, so neither gain nor offset does harm there; they tell that numbers are not what
their metadata says, as where the offset of -1000 of Sentinel-2 was not applied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..io.metadata import RasterMetadata
from ..operators.guide_bands import GUIDE_SENSORS
from ..runtime.progress import Progress
from ..scene.guide import WeightedBand
from ..scene.scene import Scene
from .explain import explain
from .guide import comparable
from .response import non_negative
from .tiles import pan_limits, read_tiles

_NEAR = 12.0  # nm between a band's wavelength and a published one
_HALF = 15.0  # nm: half the width of a band that is not published
_SAMPLE = 20_000  # pixels of a regression
_ROUNDS, _OUTLIER = 3, 3.0  # of the robust regression; standard deviations
_RIDGE = 1e-4  # of the bands' mean variance
OFFSET = 0.15  # of the band's mean level: from here on an offset is worth a sentence


@dataclass(frozen=True)
class GuideResponse:
    """One band of the sharper image, as the HSI's bands explain it.

    Attributes:
        band: its number in the file, from 1.
        wavelength: in nm; None where unknown.
        bands: (n,) int, the HSI's bands, counted from 0.
        weights: (n,) float64, their shares, of physical units; the sum is 1.
        published: whether the bands are those of the published width.
        r2: share of the band's variance that they explain, 0 to 1.
        gain, offset: of the band, in physical units, over what the HSI's bands give.
        level: mean of the band, physical units.
    """

    band: int
    wavelength: float | None
    bands: np.ndarray
    weights: np.ndarray
    published: bool
    r2: float
    gain: float
    offset: float
    level: float

    @property
    def agrees(self) -> bool:
        """Whether the offset is small against the band's level."""
        return abs(self.offset) <= OFFSET * abs(self.level)


def guide_responses(
    scene: Scene, shift: tuple[float, float] = (0.0, 0.0), progress: Progress | None = None
) -> list[GuideResponse]:
    """Compare each band of the sharper image with the HSI, on pixels that show the same in both.

    Args:
        scene: the HSI and the sharper image.
        shift: (rows, columns) in PAN pixels, by which the PAN's position is moved.
        progress: asked whether to stop.

    Returns:
        One for each band that varies.

    Raises:
        Cancelled: the user stopped the job.
    """
    progress = progress or Progress()
    tiles = read_tiles(comparable(scene, progress), progress)
    same = explain(tiles, shift, progress).same
    step = max(1, -(-sum(int(mask.sum()) for mask in same) // _SAMPLE))
    places = [tuple(axis[::step] for axis in np.nonzero(mask)) for mask in same]
    metadata, good = scene.hsi.metadata, np.flatnonzero(scene.good)
    scales, offsets = (np.array(numbers, np.float64)[good] for numbers in (metadata.scales, metadata.offsets))
    values = []
    for tile, place in zip(tiles.tiles, places):
        progress.check()
        block = scene.hsi_rows(*tile.rows, tile.cols).values[good]
        values.append(block[:, place[0], place[1]].astype(np.float64) * scales[:, None] + offsets[:, None])
    bands, found = np.concatenate(values, axis=1), []
    for number in range(scene.guides):
        view = scene.with_pan(WeightedBand(scene.pan, [float(one == number) for one in range(scene.guides)]))
        planes = pan_limits(view, tiles.tiles).pan(shift, progress)
        stored = np.concatenate([plane[place] for (plane, _), place in zip(planes, places)])
        physical = stored * scene.pan.metadata.scales[number] + scene.pan.metadata.offsets[number]
        if physical.size > 2 and physical.var() > 0:
            found.append(_response(scene, number, bands, physical, good))
    return found


def _response(scene: Scene, number: int, bands: np.ndarray, pan: np.ndarray, good: np.ndarray) -> GuideResponse:
    wave = scene.pan.metadata.wavelengths[number]
    inside = _inside(scene.hsi.metadata, good, wave)
    weights = np.zeros(len(good))
    if inside.any():
        weights[inside] = 1.0 / inside.sum()
    else:
        centred = bands - bands.mean(axis=1, keepdims=True)
        products = centred @ centred.T / pan.size
        ridge = _RIDGE * max(np.trace(products) / len(good), 1e-30)
        weights = non_negative(products + ridge * np.eye(len(good)), centred @ (pan - pan.mean()) / pan.size)
        weights = weights / weights.sum() if weights.sum() > 0 else weights
    total = weights @ bands
    gain, offset, r2 = _line(total, pan)
    used = weights > 0
    return GuideResponse(
        scene.pan.band_numbers[number],
        wave,
        good[used],
        weights[used],
        bool(inside.any()),
        r2,
        gain,
        offset,
        float(pan.mean()),
    )


def _inside(metadata: RasterMetadata, good: np.ndarray, wave: float | None) -> np.ndarray:
    """(n,) bool: the good bands in the published width of a band, or near its wavelength."""
    waves = np.array([np.nan if one is None else one for one in metadata.wavelengths], float)[good]
    if wave is None or np.isnan(waves).any():
        return np.zeros(len(good), bool)
    published = [band for sensor in GUIDE_SENSORS.values() for band in sensor.bands.values()]
    centre, width = min(published, key=lambda band: abs(band[0] - wave))
    half = width / 2 if abs(centre - wave) <= _NEAR else _HALF
    near: np.ndarray = np.abs(waves - wave) <= half
    return near


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Gain and offset of a robust line, and the share of the variance that it explains."""
    kept = np.ones(x.size, bool)
    gain, offset = 1.0, 0.0
    for _ in range(_ROUNDS):
        spread = float(x[kept].var())
        if not spread > 0:
            return 0.0, float(y.mean()), 0.0
        gain = float(np.mean((x[kept] - x[kept].mean()) * (y[kept] - y[kept].mean()))) / spread
        offset = float(y[kept].mean() - gain * x[kept].mean())
        residual = np.abs(y - gain * x - offset)
        limit = _OUTLIER * 1.4826 * float(np.median(residual[kept]))
        fits = residual <= max(limit, 1e-12 * float(np.abs(y).max()))
        if fits.sum() < 0.5 * x.size:
            break
        kept = fits
    rest = y[kept] - gain * x[kept] - offset
    total = float(y[kept].var())
    return gain, offset, min(max(1.0 - float(rest.var()) / total, 0.0), 1.0) if total > 0 else 0.0
