"""Images in sensor geometry, placed by the longitudes and latitudes of their pixels: labels are checked."""

from __future__ import annotations

import numpy as np

from ..io.geolocation import coordinate_arrays
from ..io.grid import Grid
from ..io.lookup_table import LookupTable
from ..io.positions import rows_and_columns, to_map
from ..io.remedies import wkt_of
from ..runtime.errors import InputError

_SAMPLES = 20_000  # entries of a table that are compared with the arrays
_NEAR = 2.0  # pixels of the table's grid by which entries may be off on the median
_MARGIN = 0.1  # degrees by which arrays may leave the box that a product says


def swath_grid(
    lon: np.ndarray | None,
    lat: np.ndarray | None,
    name: str,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> tuple[Grid, tuple[str, ...]]:
    """The grid of an image with a longitude and a latitude for each pixel's centre.

    Args:
        lon, lat: (rows, columns) float64, degrees; numbers that are none count as unknown. None for missing ones.
        name: of the product, for sentences.
        size: (rows, columns) of the image.
        box: (west, south, east, north) that the product says of itself, in degrees; None where it says none.

    Returns:
        The grid, and sentences for the user.

    Raises:
        InputError: there are no such arrays, or they are no coordinates of this image.
    """
    lon, lat, notes = _checked(lon, lat, name, size, box)
    found = coordinate_arrays(lon, lat, wkt_of("EPSG:4326"), name)
    return rows_and_columns(found, *size), notes


def tabled_grid(
    lon: np.ndarray | None,
    lat: np.ndarray | None,
    table: tuple[np.ndarray, np.ndarray, Grid],
    name: str,
    size: tuple[int, int],
) -> tuple[Grid, tuple[str, ...]]:
    """As :func:`swath_grid`, of a product that also has a geographic lookup table (GLT). The table says on which map
    grid a finished image is put; where its entries are mirrored, they are turned back.

    Args:
        lon, lat: (rows, columns) float64, degrees, as there.
        table: columns and lines, (rows, columns) int64 from 1, and the table's map grid in degrees.
        name, size: as there.

    Returns:
        The grid, and sentences for the user.

    Raises:
        InputError: as there.
    """
    columns, lines, grid = table
    west, south, east, north = grid.extent
    lon, lat, notes = _checked(lon, lat, name, size, (west, south, east, north))
    if not 0 < int(columns.max(initial=0)) <= size[1] or not 0 < int(lines.max(initial=0)) <= size[0]:
        return swath_grid(lon, lat, name, size)[0], (*notes, _unused(name))
    turned = _turned(columns, lines, grid, lon, lat)
    if turned is None:
        return swath_grid(lon, lat, name, size)[0], (*notes, _unused(name))
    columns, lines, ways = turned
    if ways:
        notes += (f"The lookup table of {name} has mirrored {ways}; they are turned back, as longitudes say.",)
    plain = coordinate_arrays(lon, lat, grid.crs, name)
    placed = LookupTable(columns, lines, grid, size, name, (plain.x, plain.y))
    return rows_and_columns(placed, *size), notes


def _checked(
    lon: np.ndarray | None,
    lat: np.ndarray | None,
    name: str,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None,
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Longitudes and latitudes of the image's size; the two exchanged where only that fits the product's box."""
    if lon is None or lat is None or lon.shape != size or lat.shape != size:
        shapes = " and ".join("none" if one is None else " x ".join(map(str, one.shape)) for one in (lon, lat))
        raise InputError(
            f"{name} has {size[0]} x {size[1]} pixels, but longitudes and latitudes of {shapes}; get a fresh copy of "
            "the product."
        )
    known = (np.abs(lon) <= 360.0) & (np.abs(lat) <= 360.0)
    if known.mean() < 0.5:
        raise InputError(f"The longitudes and latitudes of {name} are missing; get a fresh copy of the product.")
    middle = float(np.median(lon[known])), float(np.median(lat[known]))
    if box is not None and not _inside(middle, box):
        if not _inside(middle[::-1], box):
            raise InputError(
                f"The longitudes and latitudes of {name} lie around {middle[0]:.4g}, {middle[1]:.4g}, but the product "
                f"says that it lies from {box[0]:.4g}, {box[1]:.4g} to {box[2]:.4g}, {box[3]:.4g}; get a fresh copy."
            )
        return lat, lon, (f"Longitudes and latitudes of {name} are exchanged; they are taken as the product lies.",)
    return lon, lat, ()


def _inside(point: tuple[float, float], box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    across = (point[0] - west + _MARGIN) % 360.0 <= (east - west) % 360.0 + 2 * _MARGIN
    return across and south - _MARGIN <= point[1] <= north + _MARGIN


def _turned(
    columns: np.ndarray, lines: np.ndarray, grid: Grid, lon: np.ndarray, lat: np.ndarray
) -> tuple[np.ndarray, np.ndarray, str] | None:
    """The table as it agrees with the arrays, and what had to be mirrored; None where it does in no way."""
    at = np.nonzero((columns > 0) & (lines > 0))
    some = slice(None, None, max(1, len(at[0]) // _SAMPLES))
    rows, cols = at[0][some], at[1][some]
    x, y = to_map(grid, rows + 0.5, cols + 0.5)
    ways = (("", False, False), ("columns", False, True), ("lines", True, False), ("columns and lines", True, True))
    for words, upside, across in ways:
        line, column = lines[rows, cols], columns[rows, cols]
        line = lon.shape[0] - line if upside else line - 1
        column = lon.shape[1] - column if across else column - 1
        off = np.hypot((lon[line, column] - x) / grid.dx, (lat[line, column] - y) / grid.dy)
        off = off[np.isfinite(off)]
        if off.size and float(np.median(off)) <= _NEAR:
            return (
                _mirrored(columns, lon.shape[1]) if across else columns,
                _mirrored(lines, lon.shape[0]) if upside else lines,
                words,
            )
    return None


def _mirrored(entries: np.ndarray, count: int) -> np.ndarray:
    """Entries counted from the other end; those of filled gaps are negative, 0 is none."""
    return np.where(entries > 0, count + 1 - entries, np.where(entries < 0, -(count + 1 + entries), 0))


def _unused(name: str) -> str:
    return (
        f"The lookup table of {name} does not agree with its longitudes and latitudes and is not used; these place it."
    )
