"""What the bands of a sharper image are of the HSI's bands: their response, and whether the two agree radiometrically
(own).

Where wavelengths of both are known, a sharp band is compared with the HSI's bands weighted by its published response;
else with the sum of bands, with weights that are not negative, that explains it. Fusion takes details alone and
has gains of its own for each band, so neither gain nor offset does harm there; they tell that numbers are not what
their metadata says, as where the offset of -1000 of Sentinel-2 was not applied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..operators.response import band_weights
from ..operators.response_tables import PublishedBand, published_bands
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.guide import WeightedBand
from ..scene.scene import Scene
from .explain import explain
from .guide import comparable
from .response import non_negative
from .tiles import pan_limits, read_tiles

_HALF = 15.0  # nm: half the width of a band that is not published
_SAMPLE = 20_000  # pixels of a regression
_ROUNDS, _OUTLIER = 3, 3.0  # of the robust regression; standard deviations
_RIDGE = 1e-4  # of the bands' mean variance
_STILL = 1e-6  # of the largest number: what float32's rounding leaves of a band that does not vary
OFFSET = 0.15  # of the band's mean level: from here on an offset is worth a sentence


@dataclass(frozen=True)
class GuideResponse:
    """One band of the sharper image, as the HSI's bands explain it.

    Attributes:
        band: its number in the file, from 1.
        wavelength: in nm; None where unknown.
        bands: (n,) int, the HSI's bands, counted from 0.
        weights: (n,) float64, their shares, of physical units; the sum is 1.
        published: whether the bands are those of its published response, or lie near its wavelength.
        sensor: whose response was taken; "" for none.
        r2: share of the band's variance that they explain, 0 to 1.
        gain, offset: of the band, in physical units, over what the HSI's bands give.
        level: mean of the band, physical units.
    """

    band: int
    wavelength: float | None
    bands: np.ndarray
    weights: np.ndarray
    published: bool
    sensor: str
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
    published = published_bands(scene.pan.metadata.wavelengths)
    for number in range(scene.guides):
        view = scene.showing(pan=WeightedBand(scene.pan, [float(one == number) for one in range(scene.guides)]))
        planes = pan_limits(view, tiles.tiles).pan(shift, progress)
        stored = np.concatenate([plane[place] for (plane, _), place in zip(planes, places)])
        physical = stored * scene.pan.metadata.scales[number] + scene.pan.metadata.offsets[number]
        if physical.size > 2 and physical.std() > _STILL * np.abs(physical).max():
            known, sensor = _known_weights(scene, good, number, published[number])
            found.append(_response(scene, number, bands, physical, (good, known, sensor)))
    return found


def _response(
    scene: Scene, number: int, bands: np.ndarray, pan: np.ndarray, known: tuple[np.ndarray, np.ndarray, str]
) -> GuideResponse:
    good, weights, sensor = known
    published = bool(weights.any())
    if not published:
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
        scene.pan.metadata.wavelengths[number],
        good[used],
        weights[used],
        published,
        sensor,
        r2,
        gain,
        offset,
        float(pan.mean()),
    )


def _known_weights(
    scene: Scene, good: np.ndarray, number: int, published: PublishedBand | None
) -> tuple[np.ndarray, str]:
    """(n,) float64, the good bands' shares in a sharp band by its published response, or by its wavelength, and whose
    response it is; 0 where neither is known."""
    waves = np.array([np.nan if one is None else one for one in scene.hsi.metadata.wavelengths], float)[good]
    weights, wave = np.zeros(len(good)), scene.pan.metadata.wavelengths[number]
    if wave is None or np.isnan(waves).any():
        return weights, ""
    if published is not None:
        try:
            for band, share in band_weights(published.response, waves.tolist(), scene.hsi.name).items():
                weights[band] = share
            return weights, f"{published.sensor}, {published.name}"
        except InputError:  # the HSI covers a part of the band
            return weights, ""
    near = np.abs(waves - wave) <= _HALF
    weights[near] = 1.0 / max(near.sum(), 1)
    return weights, ""


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
