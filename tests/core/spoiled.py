"""Scenes with a truth, made or cut out of real ones, and what spoils them; jobs are run on them as on any files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from osgeo import gdal, osr

from core.operators.pair import Operators
from core.runtime.errors import InputError
from core.workflows.classical import classical
from tests.core.said import Said

STEP = 5.0  # metres, a PAN pixel
SCALES = {"uint8": 250.0, "int16": 1e4, "uint16": 2e4, "float32": 1.0}  # of reflectance
REAL = (
    *(f"aviris_los_angeles/{name}" for name in ("airport-1", "airport-2", "airport-3", "urban-4", "urban-5")),
    *("enmap_potsdam", "indian_pines", "eo1_paris", "worldview2", "ikonos"),
)
MOST_BANDS = 40  # of real scenes, evenly spaced, to save time


@dataclass(frozen=True)
class Pair:
    """A scene whose truth is known.

    Attributes:
        truth: (bands, rows, columns), what a perfect result would be.
        hsi: (bands, rows / ratio, columns / ratio) as stored, pan: (rows, columns) as stored.
        ratio: PAN pixels per HSI pixel.
        waves: (bands,) nm; None where unknown.
        nodata: that the HSI's file declares; None for none.
        moved: (rows, columns) in PAN pixels, by which the PAN's geotransform is wrong.
    """

    truth: np.ndarray
    hsi: np.ndarray
    pan: np.ndarray
    ratio: int
    waves: np.ndarray | None = None
    nodata: float | None = None
    moved: tuple[float, float] = (0.0, 0.0)

    def changed(self, **fields: object) -> Pair:
        return replace(self, **fields)

    def times(self, own: float, other: float | None = None) -> Pair:
        """The HSI and its truth in other units, and the PAN, by default in the same, as float32."""
        hsi, pan = (
            image.astype(np.float32) * np.float32(by)
            for image, by in zip((self.hsi, self.pan), (own, own if other is None else other))
        )
        return replace(self, hsi=hsi, pan=pan, truth=self.truth * own)


def made_pair(seed: int, ratio: int = 4, bands: int = 20, dtype: str = "uint16", low=(44, 52), bright=1.0) -> Pair:
    """Fields, roads, water and roofs of six materials under uneven light, with noise of both sensors."""
    rng = np.random.default_rng(seed)
    rows, cols = low[0] * ratio, low[1] * ratio
    shares = _shares(rng, rows, cols)
    waves = np.linspace(430.0, 2350.0 if bands > 12 else 950.0, bands)
    spectra = _spectra(waves) * rng.uniform(0.85, 1.15, (6, 1))
    light = 0.85 + 0.15 * _smooth(rng, rows, cols, 12) + 0.03 * rng.standard_normal((rows, cols))
    truth = bright * np.einsum("kb,kyx->byx", spectra, shares) * light
    scale = SCALES[dtype]
    hsi = Operators(low, (rows, cols), ratio).down(truth.astype(np.float32)).astype(np.float64)
    hsi = hsi + 0.0015 * rng.standard_normal(hsi.shape)
    visible = truth[(waves > 450) & (waves < 900)].mean(axis=0)
    pan = visible + 0.002 * rng.standard_normal(visible.shape)
    return Pair(truth * scale, _stored(hsi * scale, dtype), _stored(pan * scale, dtype), ratio, waves)


def real_pair(folder: Path, name: str, seed: int) -> Pair | None:
    """A part of a real scene, degraded: the scene is the truth. None where the scene is not there."""
    rng = np.random.default_rng(seed)
    own_pan = name in ("eo1_paris", "worldview2", "ikonos")
    path = folder / name
    path = path.with_suffix(".tif") if path.parent != folder else path / ("ms.tif" if own_pan else "hsi.tif")
    if name == "eo1_paris":
        path = folder / name / "hsi.tif"
    if not path.exists():
        return None
    dataset = gdal.Open(str(path))
    ratio = 2 if name == "eo1_paris" else int(rng.integers(2, 4))
    size = [min(count, 120) // ratio * ratio for count in (dataset.RasterYSize, dataset.RasterXSize)]
    row, col = (int(rng.integers(0, c - s + 1)) for c, s in zip((dataset.RasterYSize, dataset.RasterXSize), size))
    scene = dataset.ReadAsArray(col, row, size[1], size[0])
    found = [dataset.GetRasterBand(n + 1).GetMetadataItem("wavelength") for n in range(len(scene))]
    nodata = dataset.GetRasterBand(1).GetNoDataValue()
    usable = [n for n, plane in enumerate(scene) if plane.min() < plane.max() and not (plane == nodata).any()]
    chosen = usable[:: -(-len(usable) // MOST_BANDS)]
    scene, waves = scene[chosen], [found[n] for n in chosen]
    known = None if None in waves else np.array(waves, float)
    low = size[0] // ratio, size[1] // ratio
    hsi = Operators(low, tuple(size), ratio).down(scene.astype(np.float32))
    if own_pan:
        pan = _real_pan(folder / name / "pan.tif", dataset, row, col, size)
    else:
        chosen_for_pan = (known > 450) & (known < 900) if known is not None else np.arange(len(scene)) < len(scene) // 3
        pan = scene[chosen_for_pan].mean(axis=0)
    dtype = scene.dtype.name
    return Pair(scene.astype(np.float64), _stored(hsi, dtype), _stored(pan, dtype), ratio, known)


def _real_pan(path: Path, image: gdal.Dataset, row: int, col: int, size: list[int]) -> np.ndarray:
    dataset = gdal.Open(str(path))
    finer = dataset.RasterXSize // image.RasterXSize
    pan = dataset.ReadAsArray(col * finer, row * finer, size[1] * finer, size[0] * finer).astype(np.float32)
    return Operators(tuple(size), pan.shape, finer).down(pan[None])[0]


def _stored(image: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "float32":
        return image.astype(np.float32)
    limits = np.iinfo(dtype)
    return np.rint(image).clip(limits.min, limits.max).astype(dtype)


def _smooth(rng: np.random.Generator, rows: int, cols: int, steps: int) -> np.ndarray:
    """(rows, columns) -1 to 1: a field that varies over a few dozen pixels."""
    y, x = np.mgrid[:rows, :cols] / max(rows, cols) * 2 * np.pi
    waves = [
        np.sin(rng.uniform(-steps, steps) * y + rng.uniform(-steps, steps) * x + rng.uniform(0, 6)) for _ in range(6)
    ]
    return np.mean(waves, axis=0) / 0.5


def _shares(rng: np.random.Generator, rows: int, cols: int) -> np.ndarray:
    """(6, rows, columns), sum 1: vegetation, soil, concrete, roofs, dry grass, water."""
    y, x = np.mgrid[:rows, :cols]
    weights = np.full((6, rows, cols), 0.15)
    for material in range(5):
        for _ in range(rows * cols // 700):
            at, extent, angle = rng.uniform(0, (rows, cols)), rng.uniform(2.5, 16, 2), rng.uniform(0, np.pi)
            top, left = (max(0, int(p - 20)) for p in at)
            here = np.s_[top : int(at[0] + 20), left : int(at[1] + 20)]
            u = (y[here] - at[0]) * np.cos(angle) + (x[here] - at[1]) * np.sin(angle)
            v = (x[here] - at[1]) * np.cos(angle) - (y[here] - at[0]) * np.sin(angle)
            weights[material][here][(abs(u) < extent[0]) & (abs(v) < extent[1])] = rng.uniform(1, 8)
    if rng.random() < 0.6:  # a lake or river
        middle = rng.uniform(0.2, 0.8) * rows + 0.1 * rows * np.sin(x / cols * rng.uniform(2, 7))
        weights[5] += 300.0 * (abs(y - middle) < rng.uniform(0.02, 0.1) * rows)
    return weights / weights.sum(axis=0)


def _spectra(waves: np.ndarray) -> np.ndarray:
    """(6, bands) reflectance, alike to those of libraries."""

    def bump(centre, width):
        return np.exp(-(((waves - centre) / width) ** 2))

    def rise(centre, width):
        return 1 / (1 + np.exp(-(waves - centre) / width))

    wet = 1 - 0.55 * bump(1440, 90) - 0.65 * bump(1930, 120)
    return np.stack(
        [
            (0.03 + 0.05 * bump(550, 45) + 0.42 * rise(715, 15) * (1 - 0.45 * rise(1350, 80))) * wet,
            (0.08 + 0.3 * (1 - np.exp(-(waves - 400) / 900))) * (1 - 0.15 * bump(2200, 60)),
            0.22 + 0.08 * (waves - 400) / 2000,
            0.07 + 0.28 * rise(590, 25) - 0.06 * bump(870, 120),
            (0.06 + 0.3 * rise(680, 90)) * (0.4 + 0.6 * wet),
            0.012 + 0.06 * bump(500, 140) * (1 - rise(760, 20)),
        ]
    )


def border_region(rng: np.random.Generator, rows: int, cols: int) -> np.ndarray:
    """(rows, columns) bool: a part at the border, as footprints of satellites leave it."""
    y, x = np.mgrid[:rows, :cols] / np.array([rows, cols]).reshape(2, 1, 1)
    kind = rng.integers(6)
    wide = rng.uniform(0.06, 0.3)
    if kind == 0:
        region = x < wide
    elif kind == 1:
        region = y + 0.05 * np.sin(20 * x) > 1 - wide
    elif kind == 2:
        region = x + rng.uniform(0.5, 2) * y < wide + 0.15
    elif kind == 3:
        angle = rng.uniform(0.05, 0.7)
        u, v = x - 0.5, y - 0.5
        turned = np.maximum(abs(u * np.cos(angle) + v * np.sin(angle)), abs(v * np.cos(angle) - u * np.sin(angle)))
        region = turned > rng.uniform(0.4, 0.5)
    elif kind == 4:
        region = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) < 0.25 * wide
    else:
        region = np.hypot(x - rng.uniform(0, 1), y) < wide + 0.05
    return region


def write(pair: Pair, folder: Path, name: str) -> tuple[str, str]:
    """The files of a pair."""
    paths = str(folder / f"{name}_hsi.tif"), str(folder / f"{name}_pan.tif")
    down, right = pair.moved
    places = (0.0, 0.0, STEP * pair.ratio), (right * STEP, -down * STEP, STEP)
    system = osr.SpatialReference()
    system.ImportFromEPSG(32633)
    for path, image, (east, north, step) in zip(paths, (pair.hsi, pair.pan[None]), places):
        kind = {"uint8": gdal.GDT_Byte, "int16": gdal.GDT_Int16, "uint16": gdal.GDT_UInt16}.get(image.dtype.name)
        dataset = gdal.GetDriverByName("GTiff").Create(
            path,
            *image.shape[:0:-1],
            len(image),
            gdal.GDT_Float32 if kind is None else kind,
            ["PHOTOMETRIC=MINISBLACK", "ALPHA=NO"],
        )
        dataset.SetGeoTransform((500000.0 + east, step, 0.0, 5800000.0 + north, 0.0, -step))
        dataset.SetProjection(system.ExportToWkt())
        for number, plane in enumerate(image, start=1):
            band = dataset.GetRasterBand(number)
            if len(image) > 1 and pair.waves is not None:
                band.SetMetadata({"wavelength": f"{pair.waves[number - 1]:.2f}", "wavelength_units": "nm"})
            if len(image) > 1 and pair.nodata is not None:
                band.SetNoDataValue(pair.nodata)
            band.WriteArray(plane)
        dataset = None
    return paths


@dataclass(frozen=True)
class Outcome:
    """What a job made of a pair.

    Attributes:
        values: (bands, rows, columns) float64, valid: the same shape; None where the job was refused.
        said: what was said.
        facts: what the job returned.
        refusal: the sentence of a refusal; "" for none.
        corner: (row, column) of the result's corner on the grid of the truth.
    """

    values: np.ndarray | None
    valid: np.ndarray | None
    said: Said
    facts: dict
    refusal: str = ""
    corner: tuple[float, float] = (0.0, 0.0)

    def words(self) -> str:
        """Warnings and refusal."""
        return "\n".join([*self.said.warnings, self.refusal])


def run(pair: Pair, folder: Path, name: str, job=classical, **options: object) -> Outcome:
    """A job on the files of a pair; blur and shift are given unless an option says otherwise."""
    options = {"shift": "none", **({"mtf": 0.3} if job is classical else {}), **options}
    said, out = Said(), str(folder / f"{name}_out.tif")
    try:
        facts = job(*write(pair, folder, name), output=out, compress="none", progress=said, **options)
    except InputError as error:
        return Outcome(None, None, said, {}, str(error))
    dataset = gdal.Open(out)
    valid = np.stack([dataset.GetRasterBand(n + 1).GetMaskBand().ReadAsArray() > 0 for n in range(dataset.RasterCount)])
    east, _, _, north, _, _ = dataset.GetGeoTransform()
    corner = (5800000.0 - north) / STEP, (east - 500000.0) / STEP
    return Outcome(dataset.ReadAsArray().astype(np.float64), valid, said, facts, corner=corner)


def rmse(values: np.ndarray, truth: np.ndarray, kept: np.ndarray) -> float:
    """Over the samples that are kept, (bands, rows, columns) bool."""
    return float(np.sqrt(np.mean((values - truth)[kept] ** 2)))


def high(mask: np.ndarray, ratio: int) -> np.ndarray:
    """A mask of the HSI's pixels on the PAN's grid."""
    return mask.repeat(ratio, axis=-2).repeat(ratio, axis=-1)


def placed(found: Outcome, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """The values and valid samples of a result on the grid of the truth; a rim of two HSI pixels is left out."""
    values, valid = np.zeros(pair.truth.shape), np.zeros(pair.truth.shape, bool)
    rim, (top, left) = 2 * pair.ratio, (round(at) for at in found.corner)
    whole, own = [], []
    for first, count, size in zip((top, left), found.values.shape[1:], pair.truth.shape[1:]):
        start, stop = max(first + rim, 0), min(first + count - rim, size)
        whole.append(slice(start, stop))
        own.append(slice(start - first, stop - first))
    values[:, whole[0], whole[1]] = found.values[:, own[0], own[1]]
    valid[:, whole[0], whole[1]] = found.valid[:, own[0], own[1]]
    return values, valid


def whole(pair: Pair) -> np.ndarray:
    """All samples."""
    return np.ones(pair.truth.shape, bool)
