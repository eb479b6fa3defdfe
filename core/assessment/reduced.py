"""A real HSI and PAN brought one step down (Wald's protocol), so that the HSI itself becomes the truth."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from ..io.encoding import output_nodata
from ..io.grid import MIN_OVERLAP, Window
from ..io.metadata import RasterMetadata
from ..io.reader import RasterReader
from ..io.writer import BLOCK_ROWS, RasterWriter
from ..operators.resample import Gains
from ..operators.wald import Reference, degraded_rows
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.scan import scan_bands
from ..scene.scene import Scene
from ..scene.streams import degraded_pan, scene_operators
from .full_resolution import footprints


@dataclass(frozen=True)
class ReducedPair:
    """Three rasters.

    Attributes:
        truth: the HSI under the PAN, cropped to a multiple of the ratio from its upper-left corner.
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
    ratio = scene.ratio
    rows, cols = (count // ratio * ratio for count in scene.low_shape)
    least = MIN_OVERLAP * ratio
    if min(rows, cols) < least:
        raise InputError(
            f"{scene.hsi.name} and {scene.pan.name} share {scene.low_shape[0]} x {scene.low_shape[1]} HSI pixels, but "
            f"comparing at reduced resolution needs {least} x {least} at ratio {ratio}; use a larger part of the scene."
        )
    made = ReducedPair(*(os.path.join(folder, f"{name}.tif") for name in ("truth", "hsi", "pan")))
    _write_truth(scene, rows, cols, made.truth, progress.part(0.0, 0.3))
    with RasterReader(made.truth) as truth:
        _write_pan(scene, gain, truth, made.pan, progress.part(0.3, 0.6))
        reference, metadata = degradable(truth, ratio, progress)
        with RasterWriter(made.hsi, truth.grid.coarsen(ratio), metadata, compress="NONE") as writer:
            for row, part in degraded_rows(reference, [gain] * truth.bands, progress.part(0.6, 1.0)):
                progress.check()
                writer.write(part.values, part.valid, row)
    return made


def degradable(reader: RasterReader, ratio: int, progress: Progress) -> tuple[Reference, RasterMetadata]:
    """Scan a raster that is to be degraded, cropped to a multiple of the ratio from its upper-left corner.

    Args:
        reader: the open raster.
        ratio: by which it is degraded.
        progress: asked whether to stop.

    Returns:
        The raster as the source of a simulation, and the metadata of what is made of it, float32.

    Raises:
        InputError: no good band holds a value, or there is no pixel at which all do.
    """
    rows, cols = (count // ratio * ratio for count in (reader.grid.rows, reader.grid.cols))
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
    grid = scene.hsi.grid.crop(Window(window.row, window.col, rows, cols))
    with RasterWriter(path, grid, metadata, compress="NONE") as writer:
        writer.copy(scene.hsi, progress, (window.row, window.col))


def _write_pan(scene: Scene, gain: Gains, truth: RasterReader, path: str, progress: Progress) -> None:
    rows, cols = truth.grid.rows, truth.grid.cols
    valid = np.empty(scene.high_shape, bool)
    total, count = 0.0, 0
    for start in range(0, scene.high_shape[0], BLOCK_ROWS):
        progress.check()
        stop = min(start + BLOCK_ROWS, scene.high_shape[0])
        part = scene.pan_rows(start, stop)
        valid[start:stop] = part.valid
        total += float(part.values[0][part.valid].sum(dtype=np.float64))
        count += int(part.valid.sum())
    values = degraded_pan(scene, scene_operators(scene, gain), total / max(count, 1), progress)
    known = footprints(valid, scene.low_shape, scene.ratio, scene.alignment.phase, 0)[0][:rows, :cols]
    source = scene.pan.metadata
    metadata = RasterMetadata.plain(1, "float32", None if known.all() else float("nan")).replace(
        names=("PAN",), scales=source.scales, offsets=source.offsets
    )
    with RasterWriter(path, truth.grid, metadata, compress="NONE") as writer:
        writer.write(values[:, :rows, :cols], known, 0, 0)
