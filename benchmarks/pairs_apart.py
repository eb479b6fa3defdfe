"""Pairs whose grids are not parallel, as files, of a ground that is known everywhere.

The ground is a sum of sinusoids of random direction, so any grid can be sampled exactly and the sensor's Gaussian blur
is a factor of each of them: the truth at the centres of a result's own pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
from osgeo import gdal, osr

BANDS, WAVES, GAIN, RATIO, PIXEL = 12, 160, 0.3, 4, 30.0
CENTRE = (415000.0, 5532000.0)  # EPSG:32633, west of the zone's middle, so that the next zone lies turned
SIZE = 64  # HSI pixels along an edge
Places = Callable[[np.ndarray, np.ndarray], "tuple[np.ndarray, np.ndarray]"]


class Ground:
    """What is on the ground, in EPSG:32633.

    Args:
        seed: of directions, wavelengths, phases and spectra.
        bands: of the HSI.
    """

    def __init__(self, seed: int = 0, bands: int = BANDS) -> None:
        made = np.random.default_rng(seed)
        length = PIXEL * np.exp(made.uniform(math.log(0.7), math.log(20.0), WAVES))  # metres
        angle = made.uniform(0.0, 2 * math.pi, WAVES)
        self._wave = 2 * math.pi / length * np.array([np.cos(angle), np.sin(angle)])
        self._phase = made.uniform(0.0, 2 * math.pi, WAVES)
        spectra = np.cumsum(made.normal(0.0, 0.15, (bands, 3)), axis=0) + np.array([1.0, 0.6, 0.3])
        shares = np.abs(made.normal(0.0, 1.0, (3, WAVES))) * (length / length.max()) ** 0.7
        self._amplitudes = 60.0 * spectra @ shares
        self._mean = 1000.0 + 50.0 * np.arange(bands)

    def at(self, x: np.ndarray, y: np.ndarray, blur: tuple[np.ndarray, np.ndarray] | None = None) -> np.ndarray:
        """What is seen at places.

        Args:
            x, y: (rows, columns) float64 of the places.
            blur: the two axes of the HSI pixel at each place, each (2, rows, columns), metres; None for none.

        Returns:
            (bands, rows, columns) float32.
        """
        turned = self._wave[0] * (x.ravel()[:, None] - CENTRE[0]) + self._wave[1] * (y.ravel()[:, None] - CENTRE[1])
        waves = np.cos(turned + self._phase)
        for axis in blur or ():
            sigma = math.sqrt(-2.0 * math.log(GAIN)) / math.pi
            waves *= np.exp(-0.5 * (sigma * (axis.reshape(2, -1).T @ self._wave)) ** 2)
        values = waves @ self._amplitudes.T + self._mean
        return values.T.reshape(-1, *x.shape).astype(np.float32)


def system(epsg: int) -> osr.SpatialReference:
    """A reference system, x before y."""
    made = osr.SpatialReference()
    made.ImportFromEPSG(epsg)
    made.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return made


def transformed(x: np.ndarray, y: np.ndarray, source: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Map coordinates in another reference system."""
    if source == target:
        return x, y
    points = np.stack([x.ravel(), y.ravel()], 1).tolist()
    found = np.array(osr.CoordinateTransformation(system(source), system(target)).TransformPoints(points))
    return found[:, 0].reshape(x.shape), found[:, 1].reshape(x.shape)


@dataclass(frozen=True)
class Image:
    """Where an image lies: rows and columns of its pixels, and the way to the ground.

    Attributes:
        rows, cols: number of pixels.
        places: columns and rows, pixel edges whole, to map coordinates in ``epsg``.
        epsg: of the map.
        transform: GDAL's geotransform, where there is one.
    """

    rows: int
    cols: int
    places: Places
    epsg: int = 32633
    transform: tuple[float, ...] | None = None

    @classmethod
    def affine(cls, pixel: float, degrees: float = 0.0, epsg: int = 32633, size: float = SIZE * PIXEL) -> Image:
        """Square pixels, turned clockwise, around the middle of the place."""
        (x,), (y,) = transformed(*(np.array([v]) for v in CENTRE), 32633, epsg)
        turn, count = math.radians(degrees), round(size / pixel)
        scale = 1.0
        if epsg == 4326:
            scale = 1 / (111200.0 * math.cos(math.radians(50.0)))  # metres to degrees, so that pixels are not square
        dx, dy = pixel * scale, pixel * (1 / 111200.0 if epsg == 4326 else 1.0)
        a, b, d, e = dx * math.cos(turn), -dx * math.sin(turn), -dy * math.sin(turn), -dy * math.cos(turn)
        x0, y0 = x - count / 2 * (a + b), y - count / 2 * (d + e)

        def places(col: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return x0 + a * col + b * row, y0 + d * col + e * row

        return cls(count, count, places, epsg, (x0, a, b, y0, d, e))

    def ground(self, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places on the ground of positions."""
        return transformed(*self.places(cols, rows), self.epsg, 32633)

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """Places on the ground of all pixels' centres."""
        rows, cols = np.mgrid[: self.rows, : self.cols] + 0.5
        return self.ground(rows, cols)

    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """From each pixel's middle to the next one down and right, each (2, rows, columns), metres."""
        rows, cols = np.mgrid[: self.rows, : self.cols] + 0.5
        down, up = (np.stack(self.ground(rows + half, cols)) for half in (0.5, -0.5))
        right, left = (np.stack(self.ground(rows, cols + half)) for half in (0.5, -0.5))
        return down - up, right - left


def write(path: Path, values: np.ndarray, image: Image | None = None) -> str:
    """A GeoTIFF; without a georeference where the image has no geotransform."""
    values = values if values.ndim == 3 else values[None]
    kind = (
        gdal.GDT_Int32 if values.dtype.kind == "i" else gdal.GDT_Float64 if values.dtype == float else gdal.GDT_Float32
    )
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), values.shape[2], values.shape[1], len(values), kind)
    if image is not None and image.transform is not None:
        dataset.SetGeoTransform(image.transform)
        dataset.SetProjection(system(image.epsg).ExportToWkt())
    dataset.WriteArray(values)
    dataset = None
    return str(path)


@dataclass(frozen=True)
class Case:
    """A pair.

    Attributes:
        name: of the case.
        hsi, pan: where the two lie.
        placed: writes what places an image without a geotransform; returns more options of the job.
        grid: of the result.
    """

    name: str
    hsi: Image
    pan: Image
    placed: Callable[[Path, str, str, Case], dict] | None = None
    grid: str = "auto"

    def files(self, folder: Path, ground: Ground) -> tuple[str, str, dict]:
        """HSI and PAN as files, and options."""
        low = write(folder / "hsi.tif", ground.at(*self.hsi.centres(), self.hsi.axes()), self.hsi)
        high = write(folder / "pan.tif", ground.at(*self.pan.centres())[2:7].mean(axis=0), self.pan)
        return low, high, self.placed(folder, low, high, self) if self.placed else {}

    def centres(self, path: str) -> tuple[np.ndarray, np.ndarray]:
        """Places on the ground of the centres of a result's pixels."""
        dataset = gdal.Open(str(path))
        rows, cols = np.mgrid[: dataset.RasterYSize, : dataset.RasterXSize] + 0.5
        if dataset.GetGCPCount():  # in the swath's rows and columns, refined
            return self.hsi.ground(rows / RATIO, cols / RATIO)
        x0, a, b, y0, d, e = dataset.GetGeoTransform()
        epsg = int(dataset.GetSpatialRef().GetAuthorityCode(None))
        return transformed(x0 + a * cols + b * rows, y0 + d * cols + e * rows, epsg, 32633)


def swath(curve: float = 6.0) -> Image:
    """An HSI whose rows and columns are bent: degrees of each position."""
    turn = math.radians(14.0)

    def places(col: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u, v = col - SIZE / 2, row - SIZE / 2
        bent = u + curve * (v / SIZE) ** 2, v + curve * (u / SIZE) ** 2
        x = CENTRE[0] + PIXEL * (bent[0] * math.cos(turn) - bent[1] * math.sin(turn))
        y = CENTRE[1] - PIXEL * (bent[0] * math.sin(turn) + bent[1] * math.cos(turn))
        return transformed(x, y, 32633, 4326)

    return Image(SIZE, SIZE, places, 4326)


def with_arrays(folder: Path, low: str, _: str, case: Case) -> dict:
    """Longitude and latitude of each HSI pixel, as a raster of two bands."""
    rows, cols = np.mgrid[: case.hsi.rows, : case.hsi.cols] + 0.5
    return {"geolocation": write(folder / "igm.tif", np.stack(case.hsi.places(cols, rows))), "grid": case.grid}


def with_glt(folder: Path, low: str, _: str, case: Case) -> dict:
    """For each pixel of a map grid the HSI pixel that lies there, by nearest neighbour, as products have it."""
    grid = Image.affine(PIXEL, 0.0, 32633, 1.5 * SIZE * PIXEL)
    x, y = grid.centres()
    low_x, low_y = case.hsi.centres()
    table = np.zeros((2, grid.rows, grid.cols), np.int32)
    for row in range(grid.rows):
        distance = np.hypot(x[row][:, None] - low_x.ravel(), y[row][:, None] - low_y.ravel())
        nearest, close = distance.argmin(axis=1), distance.min(axis=1) < 0.75 * PIXEL
        table[0, row] = np.where(close, nearest % case.hsi.cols + 1, 0)
        table[1, row] = np.where(close, nearest // case.hsi.cols + 1, 0)
    return {"geolocation": write(folder / "glt.tif", table, grid), "grid": case.grid}


def orthorectified(folder: Path, low: str, _: str, case: Case) -> dict:
    """The HSI by nearest neighbour on the grid of its lookup table, as products come."""
    table = gdal.Open(with_glt(folder, low, "", case)["geolocation"])
    columns, lines = table.ReadAsArray()
    values = gdal.Open(low).ReadAsArray()[:, lines - 1, columns - 1]
    values[:, columns == 0] = np.nan
    write(Path(low), values, Image.affine(PIXEL, 0.0, 32633, 1.5 * SIZE * PIXEL))
    return {}


def with_control_points(folder: Path, _: str, high: str, case: Case) -> dict:
    """Ground control points of the PAN."""
    rows, cols = (axis.ravel() for axis in np.mgrid[0 : case.pan.rows : 7j, 0 : case.pan.cols : 7j])
    x, y = case.pan.places(cols, rows)
    points = [gdal.GCP(*map(float, one)) for one in zip(x, y, 0 * x, cols, rows)]
    dataset = gdal.Open(high, gdal.GA_Update)
    dataset.SetGCPs(points, system(case.pan.epsg).ExportToWkt())
    return {}


def with_rpc(folder: Path, _: str, high: str, case: Case) -> dict:
    """Polynomials of the PAN that are linear in longitude and latitude, as fitted to its pixels."""
    rows, cols = (axis.ravel() for axis in np.mgrid[0 : case.pan.rows : 9j, 0 : case.pan.cols : 9j])
    lon, lat = transformed(*case.pan.places(cols, rows), case.pan.epsg, 4326)
    middle, half = [(v.max() + v.min()) / 2 for v in (lon, lat)], [(v.max() - v.min()) / 2 for v in (lon, lat)]
    p, q = (lon - middle[0]) / half[0], (lat - middle[1]) / half[1]
    terms = np.stack([np.ones_like(p), p, q, p * q, p * p, q * q], 1)
    items = {"LINE_OFF": case.pan.rows / 2 - 0.5, "SAMP_OFF": case.pan.cols / 2 - 0.5}
    items |= {"LINE_SCALE": case.pan.rows / 2, "SAMP_SCALE": case.pan.cols / 2}
    items |= {"LONG_OFF": middle[0], "LAT_OFF": middle[1], "LONG_SCALE": half[0], "LAT_SCALE": half[1]}
    items |= {"HEIGHT_OFF": 0.0, "HEIGHT_SCALE": 500.0}
    for name, values, count in (("LINE", rows, case.pan.rows), ("SAMP", cols, case.pan.cols)):
        fit = np.linalg.lstsq(terms, (values - count / 2) / (count / 2), rcond=None)[0]
        numbers = np.zeros(20)
        numbers[[0, 1, 2, 4, 7, 8]] = fit  # 1, longitude, latitude, their product, their squares
        items[f"{name}_NUM_COEFF"] = " ".join(f"{number:.15g}" for number in numbers)
        items[f"{name}_DEN_COEFF"] = "1" + " 0" * 19
    dataset = gdal.Open(high, gdal.GA_Update)
    dataset.SetMetadata(
        {key: value if isinstance(value, str) else f"{value:.15g}" for key, value in items.items()}, "RPC"
    )
    return {}


def cases() -> tuple[Case, ...]:
    """The nested pair, then the others."""
    fine, wide = PIXEL / RATIO, 1.6 * SIZE * PIXEL
    low, high = Image.affine(PIXEL), Image.affine(fine)
    around = Image.affine(fine, 0.0, 32633, wide)
    bare = Image(around.rows, around.cols, around.places)
    return (
        Case("nested", low, high),
        Case("PAN in another UTM zone", low, Image.affine(fine, 0.0, 32632, wide)),
        Case("PAN in degrees", low, Image.affine(fine, 0.0, 4326, wide)),
        Case("HSI in degrees", Image.affine(PIXEL, 0.0, 4326), around),
        Case("HSI rotated by 20 degrees", Image.affine(PIXEL, 20.0), around),
        Case("PAN rotated by 45 degrees", low, Image.affine(fine, 45.0, 32633, wide)),
        Case("both rotated by 20 degrees", Image.affine(PIXEL, 20.0), Image.affine(fine, 20.0)),
        Case("PAN by control points", low, bare, with_control_points),
        Case("PAN by RPCs", low, bare, with_rpc),
        Case("swath with longitudes and latitudes", swath(), around, with_arrays, "hsi"),
        Case("swath with a GLT", swath(), around, with_glt, "hsi"),
        Case("swath with longitudes and latitudes, on the map", swath(), around, with_arrays),
        Case("swath with a GLT, on the map", swath(), around, with_glt),
        Case("orthoimage of the swath", swath(), around, orthorectified),
    )


def ergas(path: str, case: Case, ground: Ground) -> tuple[float, int]:
    """ERGAS of a result at the centres of its own pixels, away from its edges, and how many pixels were compared."""
    dataset = gdal.Open(str(path))
    values, (x, y) = dataset.ReadAsArray().astype(float), case.centres(path)
    nodata = dataset.GetRasterBand(1).GetNoDataValue()
    valid = np.isfinite(values).all(axis=0) & (True if nodata is None else (values != nodata).all(axis=0))
    inside = np.maximum(abs(x - CENTRE[0]), abs(y - CENTRE[1])) < (SIZE / 2 - 12) * PIXEL  # in all cases alike
    chosen = valid & inside
    truth = ground.at(x[chosen][None], y[chosen][None])[:, 0]
    difference = values[:, chosen] - truth
    relative = (difference**2).mean(axis=1) / truth.mean(axis=1) ** 2
    return float(100 / RATIO * np.sqrt(relative.mean())), int(chosen.sum())
