"""Figures of matplotlib for notebooks: images side by side, and spectra."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..io.grid import Window
from ..io.reader import RasterReader
from ..products.opening import open_raster
from ..runtime.errors import InputError, MissingDependencyError
from ..runtime.paths import StrPath, as_path
from .compared import pixels_under
from .pictures import guide_bands, overview, stretch_limits, true_colour_bands

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_images(hsi: StrPath, fused: StrPath, pan: StrPath = "", size: int = 512) -> Figure:
    """HSI, PAN and result side by side, in true colour where wavelengths are known.

    Args:
        hsi: raster or product that was sharpened; its 2nd to 98th percentile stretch the result, too.
        fused: raster of the result.
        pan: raster or product of the PAN; "" leaves it out.
        size: rows and columns that are read of each, at most.

    Returns:
        The figure, which a notebook shows.

    Raises:
        InputError: a file cannot be read.
        MissingDependencyError: matplotlib is not installed.
    """
    images, limits = [], None
    for title, path in (("HSI", hsi), ("PAN", pan), ("Result", fused)):
        if not path:
            continue
        with RasterReader(as_path(path)) if title == "Result" else open_raster(path, title.lower()) as reader:
            bands = guide_bands(reader.metadata) if title == "PAN" else true_colour_bands(reader.metadata)
            values, valid = overview(reader, bands, size)
        own = stretch_limits(values, valid)
        limits = own if limits is None else limits
        low, high = np.moveaxis(own if title == "PAN" else limits, 1, 0)[:, :, None, None]
        scaled = np.where(valid, np.clip((values - low) / (high - low), 0.0, 1.0), 1.0)
        images.append((title, np.moveaxis(scaled if len(scaled) == 3 else scaled.repeat(3, 0), 0, -1)))
    figure, axes = _figure(1, len(images), (4.5 * len(images), 4.8))
    for axis, (title, image) in zip(axes, images):
        axis.imshow(image, interpolation="nearest")
        axis.set_title(title)
        axis.set_axis_off()
    return figure


def plot_spectra(hsi: StrPath, fused: StrPath, places: Sequence[tuple[int, int]] | tuple[int, int]) -> Figure:
    """Spectra of result and HSI at some pixels, and their difference.

    Args:
        hsi: raster or product that was sharpened.
        fused: raster of the result, along the HSI's rows and columns.
        places: (row, column) of the result, counted from 0, or several of them.

    Returns:
        The figure, which a notebook shows.

    Raises:
        InputError: a file cannot be read, the two have other bands, or a place lies outside of one or is none.
        MissingDependencyError: matplotlib is not installed.
    """
    pixels = np.atleast_2d(np.asarray(places))
    if pixels.ndim != 2 or pixels.shape[1] != 2 or pixels.dtype.kind not in "iu":
        raise InputError(f"places is {places!r}; give (row, column) of pixels, as [(40, 60), (100, 90)].")
    with open_raster(hsi, "hsi") as low, RasterReader(as_path(fused)) as high:
        if low.bands != high.bands:
            raise InputError(f"{low.name} has {low.bands} bands but {high.name} has {high.bands}; give a result of it.")
        metadata = high.metadata
        spectra = []
        for place in pixels.tolist():
            result = _pixel(high, place)
            under = [
                int(pixels_under(np.array([number]), axis, high.grid, low.grid)[0]) for axis, number in enumerate(place)
            ]
            spectra.append((_pixel(low, under), result))
    known = all(metadata.wavelengths)
    order = np.argsort([wave or 0.0 for wave in metadata.wavelengths], kind="stable")
    x = np.array([metadata.wavelengths[band] if known else band + 1 for band in order], float)
    good = np.array([bool(metadata.bbl[band]) for band in order])
    figure, axes = _figure(len(pixels), 1, (8.5, 3.0 * len(pixels)))
    for axis, place, (one, other) in zip(axes, pixels, spectra):
        for name, values, style in (("HSI", one, "k-"), ("result", other, "C0-"), ("result - HSI", other - one, "C3:")):
            axis.plot(x, np.where(good, values[order], np.nan), style, label=name, linewidth=1.4)
        axis.set_title(f"row {place[0]}, column {place[1]}")
        axis.set_xlabel("Wavelength (nm)" if known else "Band number")
        axis.set_ylabel("Image units")
        axis.grid(alpha=0.3)
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return figure


def _pixel(reader: RasterReader, place: Sequence[int]) -> np.ndarray:
    """(bands,) float64 in physical units, NaN where a band has no value."""
    row, col = place
    if not (0 <= row < reader.grid.rows and 0 <= col < reader.grid.cols):
        raise InputError(
            f"Row {row}, column {col} lies outside of {reader.name}; choose a place that both images show."
        )
    block = reader.read(Window(row, col, 1, 1))
    values = np.where(block.valid, block.values, np.nan)[:, 0, 0].astype(np.float64)
    result: np.ndarray = values * np.array(reader.metadata.scales) + np.array(reader.metadata.offsets)
    return result


def _figure(rows: int, cols: int, size: tuple[float, float]) -> tuple[Figure, list]:
    """A figure that no global state of matplotlib holds, and its axes."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError(
            "matplotlib is not installed; install it to draw: pip install matplotlib."
        ) from None

    class ShownFigure(Figure):
        """Shows itself in a notebook that has not loaded pyplot, too; IPython knows plain figures only from there."""

        def _repr_png_(self) -> bytes:
            buffer = io.BytesIO()
            self.savefig(buffer, format="png")
            return buffer.getvalue()

    figure = ShownFigure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, cols, squeeze=False).flat)
