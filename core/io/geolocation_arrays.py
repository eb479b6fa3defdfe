"""Geolocation arrays: the map coordinates of nodes in an image's rows and columns, as of each pixel's centre."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from .frames import Geolocation
from .grid import Grid
from .nodes import between_nodes
from .remedies import is_geographic

_FIT = 64  # nodes along each axis, at most, that the first guess of the way back is fitted to
_STEPS = 12  # of Newton's method at most
_CLOSE = 1e-3  # nodes: closer is found
_FAR = 0.5  # of the nodes beyond the outer ones: farther away nothing is known


class GeolocationArrays(Geolocation):
    """Between nodes linear in both directions, beyond the outer ones as before them.

    Args:
        x, y: (rows, columns) float64 of the nodes, at least 2 x 2; NaN where unknown.
        crs: of both, as WKT; "" for none.
        origin: (column, row) of the first node, pixel edges at whole numbers: (0.5, 0.5) for pixels' centres.
        step: (columns, rows) from node to node.
        about: for sentences.

    Attributes:
        framing: the map grid on which the product's maker puts the image; None where it says none.
    """

    framing: Grid | None = None

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        crs: str,
        origin: tuple[float, float] = (0.5, 0.5),
        step: tuple[float, float] = (1.0, 1.0),
        about: str = "geolocation arrays",
    ) -> None:
        self.crs, self.origin, self.step = crs, origin, step
        self.turn = 360.0 if is_geographic(crs) else 0.0
        self.middle = float(np.nanmedian(x))
        self.x, self.y = self._near(np.asarray(x, float)), np.asarray(y, float)
        digest = hashlib.sha256(np.ascontiguousarray(self.x).tobytes())
        digest.update(np.ascontiguousarray(self.y).tobytes())
        digest.update(repr((crs, origin, step)).encode())
        self.key = digest.hexdigest()
        self.about = f"{about} of {self.x.shape[0]} x {self.x.shape[1]} nodes"

    def _near(self, x: np.ndarray) -> np.ndarray:
        """Longitudes within half a turn of the middle, so that an image may cross the 180th meridian."""
        if not self.turn:
            return x
        return self.middle + (x - self.middle + self.turn / 2) % self.turn - self.turn / 2

    def to_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`.frames.Geolocation.to_map`."""
        return self._at((x - self.origin[0]) / self.step[0], (y - self.origin[1]) / self.step[1])

    def _at(self, col: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map coordinates of positions counted in nodes."""
        rows, cols = self.x.shape
        with np.errstate(invalid="ignore"):
            left = np.clip(np.nan_to_num(np.floor(col)), 0, cols - 2).astype(np.intp)
            top = np.clip(np.nan_to_num(np.floor(row)), 0, rows - 2).astype(np.intp)
        x, y = (between_nodes(nodes, top, left, row - top, col - left) for nodes in (self.x, self.y))
        return x, y

    def from_map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`.frames.Geolocation.from_map`; by Newton's method from a polynomial that is fitted to the nodes."""
        x, y = np.broadcast_arrays(self._near(np.asarray(x, float)), np.asarray(y, float))
        guess = self._guess()
        col, row = guess.positions(x, y)
        rows, cols = self.x.shape
        above, before = _FAR * rows + 2, _FAR * cols + 2
        for _ in range(_STEPS):
            col, row = np.clip(col, -before - 1, cols + before), np.clip(row, -above - 1, rows + above)
            found = self._at(col, row)
            move = guess.moves(x - found[0], y - found[1], col, row)
            col, row = col + move[0], row + move[1]
            with np.errstate(invalid="ignore"):
                left = np.maximum(np.abs(move[0]), np.abs(move[1]))
            if not np.nanmax(left, initial=0.0) > _CLOSE:
                break
        inside = (col > -before) & (col < cols - 1 + before) & (row > -above) & (row < rows - 1 + above)
        known = inside & (left < 0.5)
        col, row = np.where(known, col, np.nan), np.where(known, row, np.nan)
        return col * self.step[0] + self.origin[0], row * self.step[1] + self.origin[1]

    def _guess(self) -> _Guess:
        guess: _Guess | None = vars(self).get("_kept")
        if guess is None:
            guess = vars(self)["_kept"] = _Guess(self.x, self.y)
        return guess

    def __getstate__(self) -> dict[str, Any]:
        """All but what is fitted, which is fitted anew."""
        return {key: value for key, value in vars(self).items() if key != "_kept"}


class _Guess:
    """Cubic polynomials of map coordinates for columns and rows of nodes, and smooth derivatives."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        rows, cols = x.shape
        chosen = np.ix_(_some(rows), _some(cols))
        row, col = np.broadcast_arrays(_some(rows)[:, None] + 0.0, _some(cols)[None, :] + 0.0)
        good = np.isfinite(x[chosen]) & np.isfinite(y[chosen])
        self._nodes = _Scaled(x[chosen][good], y[chosen][good])
        self._forth = _Scaled(col[good], row[good])
        self._back = self._nodes.fit(col[good]), self._nodes.fit(row[good])
        self._map = self._forth.fit(x[chosen][good]), self._forth.fit(y[chosen][good])

    def positions(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        terms = self._nodes.terms(x, y)
        return terms @ self._back[0], terms @ self._back[1]

    def moves(self, x: np.ndarray, y: np.ndarray, col: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What differences on the map are in nodes, by the derivatives of the polynomial."""
        (x_col, x_row), (y_col, y_row) = (self._forth.derivatives(one, col, row) for one in self._map)
        area = x_col * y_row - x_row * y_col
        return (x * y_row - y * x_row) / area, (y * x_col - x * y_col) / area


class _Scaled:
    """Cubic polynomials of two numbers that are scaled to -1 ... 1."""

    _POWERS = tuple((i, j) for i in range(4) for j in range(4 - i))

    def __init__(self, first: np.ndarray, second: np.ndarray) -> None:
        self._middle = [(float(v.max()) + float(v.min())) / 2 for v in (first, second)]
        self._half = [max((float(v.max()) - float(v.min())) / 2, 1e-12) for v in (first, second)]
        self._given = first, second

    def _scaled(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pair = [
            np.clip((value - middle) / half, -1.5, 1.5)  # beyond that a cubic polynomial runs away
            for value, middle, half in zip((first, second), self._middle, self._half)
        ]
        return pair[0], pair[1]

    def terms(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        a, b = self._scaled(first, second)
        return np.stack([a**i * b**j for i, j in self._POWERS], -1)

    def fit(self, values: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.linalg.lstsq(self.terms(*self._given), values, rcond=1e-10)[0]
        return found

    def derivatives(self, fitted: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b = self._scaled(first, second)
        along = sum(w * i * a ** (i - 1) * b**j for w, (i, j) in zip(fitted, self._POWERS) if i)
        across = sum(w * j * a**i * b ** (j - 1) for w, (i, j) in zip(fitted, self._POWERS) if j)
        return along / self._half[0], across / self._half[1]


def _some(count: int) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, min(count, _FIT)).round().astype(int))
