"""Ground control points and rational polynomial coefficients (RPCs), by GDAL's transformer."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from osgeo import gdal

from .frames import Geolocation
from .gdal_errors import gdal_messages
from .remedies import wkt_of

MOST_TPS = 1000  # control points: a thin plate spline of more takes long, and GDAL's polynomial is used
_POINTS = 20_000  # transformed at once, so that few Python objects live at a time


class ByTransformer(Geolocation):
    """A geolocation that GDAL's transformer computes; it is made where it is used first, and anew after unpickling."""

    _transformer: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """All but GDAL's objects."""
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def to_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`.frames.Geolocation.to_map`."""
        return self._transformed(x, y, False)

    def from_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`.frames.Geolocation.from_map`."""
        return self._transformed(x, y, True)

    def _make(self, image: gdal.Dataset) -> list[str]:
        """Describe the image to GDAL; returns the transformer's options."""
        raise NotImplementedError

    def _transformed(self, x: np.ndarray, y: np.ndarray, back: bool) -> tuple[np.ndarray, np.ndarray]:
        with gdal_messages() as messages:
            if self._transformer is None:
                image = gdal.GetDriverByName("MEM").Create("", 1, 1, 0)  # copied: a grid keeps no dataset open
                self._transformer = (messages.call(gdal.Transformer, image, None, self._make(image)),)
            points = np.stack(np.broadcast_arrays(x, y), -1).reshape(-1, 2)
            found = np.full(points.shape, np.nan)
            known = np.flatnonzero(np.isfinite(points).all(axis=1))
            transformer = self._transformer[0]
            for start in range(0, len(known) if transformer else 0, _POINTS):
                some = known[start : start + _POINTS]
                made = messages.call(transformer.TransformPoints, back, points[some].tolist())
                if made:
                    good = np.array(made[1], bool)
                    found[some[good]] = np.array(made[0], float)[good, :2]
        shape = np.broadcast_shapes(np.shape(x), np.shape(y))
        return found[:, 0].reshape(shape), found[:, 1].reshape(shape)


class ControlPoints(ByTransformer):
    """Ground control points: a thin plate spline through all of them, or GDAL's polynomial where they are many or few.

    Args:
        points: (n, 4) float64: column, row, x, y.
        crs: of x and y, as WKT; "" for none.
    """

    def __init__(self, points: np.ndarray, crs: str) -> None:
        self.points, self.crs = np.asarray(points, float), crs
        self.key = hashlib.sha256(self.points.tobytes() + crs.encode()).hexdigest()
        self.about = f"{len(self.points)} ground control points"

    def _make(self, image: gdal.Dataset) -> list[str]:
        image.SetGCPs([gdal.GCP(x, y, 0.0, col, row) for col, row, x, y in self.points.tolist()], self.crs)
        spline = 4 <= len(self.points) <= MOST_TPS
        return ["METHOD=GCP_TPS" if spline else "METHOD=GCP_POLYNOMIAL"]


class RationalPolynomials(ByTransformer):
    """Rational polynomial coefficients, with a constant height or an elevation model.

    Args:
        items: GDAL's metadata domain RPC.
        dem: file of the elevation model; "" for the constant height that the coefficients name (HEIGHT_OFF).
    """

    def __init__(self, items: Mapping[str, str], dem: str = "") -> None:
        self.items, self.crs = dict(items), wkt_of("EPSG:4326")
        self.dem = os.path.abspath(dem) if os.path.exists(dem) else dem
        self.key = hashlib.sha256(repr((sorted(self.items.items()), self.dem)).encode()).hexdigest()
        where = f"the heights of {os.path.basename(dem)}" if dem else f"a constant height of {self._height} m"
        self.about = f"rational polynomial coefficients (RPCs) at {where}"

    @property
    def _height(self) -> str:
        return str((self.items.get("HEIGHT_OFF") or "0").split()[0])

    def with_dem(self, dem: str) -> RationalPolynomials:
        """The same with an elevation model.

        Args:
            dem: its file.

        Returns:
            The geolocation.
        """
        return RationalPolynomials(self.items, dem)

    def _make(self, image: gdal.Dataset) -> list[str]:
        image.SetMetadata(self.items, "RPC")
        options = ["METHOD=RPC", f"RPC_HEIGHT={self._height}", "RPC_MAX_ITERATIONS=30"]
        if self.dem:
            options += [f"RPC_DEM={self.dem}", f"RPC_DEM_MISSING_VALUE={self._height}"]
        return options
