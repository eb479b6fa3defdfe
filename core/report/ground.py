"""The ground that a result shows, in its pixels: every image of it is sampled at the same places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..io.grid import Window, decimation
from ..io.reader import RasterReader
from ..scene.scene import Scene
from .pictures import guide_bands


def picked(
    reader: RasterReader, bands: Sequence[int], rows: np.ndarray, cols: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Samples at some rows and columns of a raster, read row by row, so that memory is bounded by the picture.

    Args:
        reader: an open raster.
        bands: bands counted from 0.
        rows: (r,) int, in ascending order; may repeat.
        cols: (c,) int, in ascending order; may repeat.

    Returns:
        values (B, r, c) float32 in physical units (scale and offset applied) and valid (B, r, c) bool.
    """
    left, right = int(cols[0]), int(cols[-1]) + 1
    values = np.empty((len(bands), len(rows), len(cols)), np.float32)
    valid = np.empty(values.shape, bool)
    for number, row in enumerate(rows):
        if number and row == rows[number - 1]:
            values[:, number], valid[:, number] = values[:, number - 1], valid[:, number - 1]
            continue
        block = reader.read(Window(int(row), left, 1, right - left), bands)
        values[:, number] = block.values[:, 0, cols - left]
        valid[:, number] = block.valid[:, 0, cols - left]
    scales = np.array([reader.metadata.scales[band] for band in bands], np.float32)[:, None, None]
    offsets = np.array([reader.metadata.offsets[band] for band in bands], np.float32)[:, None, None]
    return values * scales + offsets, valid


@dataclass(frozen=True)
class Ground:
    """A part of a scene's output, every n-th pixel of it.

    Attributes:
        scene: the open HSI and PAN.
        window: the part of the output.
        size: rows and columns that are shown, at most.
    """

    scene: Scene
    window: Window
    size: int

    @cached_property
    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """(r,) and (c,) int: the rows and columns of the output that are shown."""
        window = self.window
        step = decimation((window.rows, window.cols), self.size)
        rows = np.arange(window.row + step // 2, window.row + window.rows, step)
        return rows, np.arange(window.col + step // 2, window.col + window.cols, step)

    def hsi(self, bands: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The HSI pixel under each place.

        Args:
            bands: counted from 0.

        Returns:
            values (B, r, c) float32 in physical units and valid (B, r, c) bool.
        """
        corner = self.scene.alignment.hsi
        rows, cols = (self.scene.low_owner(axis)[place] for axis, place in enumerate(self.places))
        return picked(self.scene.hsi, bands, corner.row + rows, corner.col + cols)

    def pan(self) -> tuple[np.ndarray, np.ndarray]:
        """The PAN, or three bands of a sharper image that has as many: values (1 or 3, r, c) float32 in physical units
        and valid (1 or 3, r, c) bool."""
        corner, (rows, cols) = self.scene.alignment.pan, self.places
        bands = guide_bands(self.scene.pan.metadata)
        return picked(self.scene.pan, bands, corner.row + rows, corner.col + cols)

    def result(self, reader: RasterReader, bands: Sequence[int], origin: Window) -> tuple[np.ndarray, np.ndarray]:
        """A raster on the output's grid.

        Args:
            reader: the open raster.
            bands: counted from 0.
            origin: the part of the output that it covers.

        Returns:
            values (B, r, c) float32 in physical units and valid (B, r, c) bool.
        """
        rows, cols = self.places
        return picked(reader, bands, rows - origin.row, cols - origin.col)

    def of_low(self, plane: np.ndarray) -> np.ndarray:
        """What a plane of the HSI's pixels has at each place.

        Args:
            plane: (HSI rows, HSI columns) of any dtype.

        Returns:
            (r, c) of the same dtype.
        """
        rows, cols = (self.scene.low_owner(axis)[place] for axis, place in enumerate(self.places))
        result: np.ndarray = plane[np.ix_(rows, cols)]
        return result

    def coordinates(self, row: int, col: int) -> str:
        """Where a pixel lies, for reading.

        Args:
            row: of the whole output.
            col: of the whole output.

        Returns:
            its row and column from 1 in this part of the output and, where known, its map coordinates.
        """
        text = f"row {row - self.window.row + 1}, column {col - self.window.col + 1}"
        grid = self.scene.alignment.grid
        if not grid.crs or grid.in_sensor_geometry:
            return text
        x, right, shear, y, skew, down = grid.geotransform
        across, along = col + 0.5, row + 0.5
        digits = 1 if abs(right) > 0.01 else 6
        east, north = x + across * right + along * shear, y + across * skew + along * down
        return f"{text}; x {east:.{digits}f}, y {north:.{digits}f}"
