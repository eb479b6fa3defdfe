"""A real HSI and PAN brought one step down (Wald's protocol), so that the HSI itself becomes the truth."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from ..io.encoding import output_nodata
from ..io.geotiff_layout import BLOCK_ROWS
from ..io.grid import MIN_OVERLAP, Window
from ..io.metadata import RasterMetadata
from ..io.positions import as_map
from ..io.ratio import Ratio, pixels_under, ratio_per_axis, ratio_text, whole_pixels
from ..io.reader import RasterReader
from ..io.writer import RasterWriter
from ..operators.footprints import footprints
from ..operators.resample import Gains
from ..operators.wald import Reference, degraded_rows
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.scan import scan_bands
from ..scene.scene import Scene
from ..scene.streams import degraded_pan, scene_operators


@dataclass(frozen=True)
class ReducedPair:
    """Three rasters.

    Attributes:
        truth: the HSI under the PAN, cropped to :func:`used_shape`.
        hsi: the truth, degraded and decimated by the ratio.
        pan: the PAN, degraded to the truth's grid.
    """

    truth: str
    hsi: str
    pan: str


def reduced_pair(scene: Scene, gain: Gains, folder: str, progress: Progress | None = None) -> ReducedPair:
    """Write the pair and its truth into a folder.

    Args:
        scene: the open HSI and PAN.
        gain: the HSI's MTF gain, used for both (as MTF-GLP asks).
        folder: where the rasters are written.
        progress: receives progress; asked whether to stop.

    Returns:
        The rasters.

    Raises:
        InputError: the scene is too small to be reduced.
    """
    progress = progress or Progress()
    ratios = scene.ratios
    rows, cols = used_shape(scene.low_shape, ratios)
    if any(whole_pixels(count, ratio) < MIN_OVERLAP for count, ratio in zip(scene.low_shape, ratios)):
        least = " x ".join(str(pixels_under(MIN_OVERLAP, ratio)) for ratio in ratios)
        raise InputError(
            f"{scene.hsi.name} and {scene.pan.name} share {scene.low_shape[0]} x {scene.low_shape[1]} HSI pixels, but "
            f"comparing at reduced resolution needs {least} at ratio {ratio_text(ratios)}; use a larger part of the "
            "scene."
        )
    made = ReducedPair(*(os.path.join(folder, f"{name}.tif") for name in ("truth", "hsi", "pan")))
    _write_truth(scene, rows, cols, made.truth, progress.part(0.0, 0.3))
    with RasterReader(made.truth) as truth:
        _write_pan(scene, gain, truth, made.pan, progress.part(0.3, 0.6))
        reference, metadata = degradable(truth, ratios, progress)
        with RasterWriter(made.hsi, truth.grid.coarsen(ratios), metadata, compress="NONE") as writer:
            for row, part in degraded_rows(reference, [gain] * truth.bands, progress.part(0.6, 1.0)):
                progress.check()
                writer.write(part.values, part.valid, row)
    return made


def used_shape(shape: tuple[int, int], ratio: Ratio) -> tuple[int, int]:
    """The pixels of a raster that whole pixels of what it is degraded to touch, from its upper-left corner.

    Args:
        shape: (rows, columns) of the raster.
        ratio: by which it is degraded, of both axes or of each.

    Returns:
        (rows, columns).
    """
    (rows, cols), (y, x) = shape, ratio_per_axis(ratio)
    return pixels_under(whole_pixels(rows, y), y), pixels_under(whole_pixels(cols, x), x)


def degradable(reader: RasterReader, ratio: Ratio, progress: Progress) -> tuple[Reference, RasterMetadata]:
    """Scan a raster that is to be degraded, cropped to :func:`used_shape`.

    Args:
        reader: the open raster.
        ratio: by which it is degraded, of both axes or of each.
        progress: asked whether to stop.

    Returns:
        The raster as the source of a simulation, and the metadata of what is made of it, float32.

    Raises:
        InputError: no good band holds a value, or there is no pixel at which all do.
    """
    rows, cols = used_shape((reader.grid.rows, reader.grid.cols), ratio)
    scan = scan_bands(reader, Window(0, 0, rows, cols), progress)
    metadata = reader.metadata.replace(dtype="float32")
    if not scan.complete:
        metadata = metadata.replace(nodata=output_nodata("float32", metadata.nodata))
    return Reference(reader, ratio, scan.good, scan.empty, scan.valid, scan.present, scan.regressions), metadata


def _write_truth(scene: Scene, rows: int, cols: int, path: str, progress: Progress) -> None:
    window = scene.alignment.hsi
    metadata = scene.hsi.metadata
    if not scene.complete and metadata.nodata is None:
        metadata = metadata.replace(nodata=output_nodata(metadata.dtype, None))
    grid = as_map(scene.hsi.grid).crop(Window(window.row, window.col, rows, cols))
    with RasterWriter(path, grid, metadata, compress="NONE") as writer:
        writer.copy(scene.hsi, progress, (window.row, window.col))


def _write_pan(scene: Scene, gain: Gains, truth: RasterReader, path: str, progress: Progress) -> None:
    rows, cols = truth.grid.rows, truth.grid.cols
    valid = np.empty(scene.high_shape, bool)
    total, count = np.zeros(scene.guides), 0
    for start in range(0, scene.high_shape[0], BLOCK_ROWS):
        progress.check()
        stop = min(start + BLOCK_ROWS, scene.high_shape[0])
        part = scene.pan_rows(start, stop)
        valid[start:stop] = part.valid
        total += [band[part.valid].sum(dtype=np.float64) for band in part.values]
        count += int(part.valid.sum())
    values = degraded_pan(scene, scene_operators(scene, gain), total / max(count, 1), progress)
    known = footprints(valid, scene.low_shape, scene.ratios, scene.alignment.phase, 0)[0][:rows, :cols]
    source = scene.pan.metadata
    metadata = RasterMetadata.plain(scene.guides, "float32", None if known.all() else float("nan")).replace(
        names=("PAN",) if scene.guides == 1 else source.names,
        scales=source.scales,
        offsets=source.offsets,
        wavelengths=source.wavelengths,
    )
    with RasterWriter(path, truth.grid, metadata, compress="NONE") as writer:
        writer.write(values[:, :rows, :cols], known, 0, 0)
