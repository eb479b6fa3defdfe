"""What was done to bring PAN, HSI and result onto one grid, for people; and a finished image put on a map grid."""

from __future__ import annotations

from ..io.encoding import output_nodata
from ..io.geotiff_layout import block_cols
from ..io.grid import Grid, Window
from ..io.raster_files import driver_of, move_raster
from ..io.reader import RasterReader
from ..io.writer import RasterWriter
from ..runtime.progress import Progress
from ..scene.map_grid import MapGrid, map_grid, output_window
from ..scene.scene import Scene

_ROWS = 64  # that are put on the map at once, a multiple of a GeoTIFF's blocks


def placement_of(scene: Scene, target: MapGrid | None = None) -> str:
    """What was done, in sentences.

    Args:
        scene: the open scene.
        target: where the finished image is put; None where it stays on the grid that it is fused on.

    Returns:
        The sentences; "" where nothing was moved onto another grid.
    """
    return " ".join(filter(None, (scene.pan.sentence, target.about if target is not None else "")))


def put_on_map(path: str, grid: Grid, target: MapGrid, raster: RasterWriter, progress: Progress) -> None:
    """Put a finished image on another grid, in windows.

    Args:
        path: of the finished image.
        grid: that it was fused on.
        target: the new grid, and how.
        raster: open for writing on that grid, with the same bands.
        progress: receives progress; asked whether to stop.

    Raises:
        InputError: the file cannot be written, as when the disk is full.
        Cancelled: the user stopped the job.
    """
    wide = block_cols(target.grid.cols)
    with RasterReader(path) as finished:
        finished.grid = grid  # in sensor geometry, a file has control points in its place
        reader = target.reader(finished)
        for row in range(0, target.grid.rows, _ROWS):
            rows = min(_ROWS, target.grid.rows - row)
            for col in range(0, target.grid.cols, wide):
                progress.check()
                block = reader.read(Window(row, col, rows, min(wide, target.grid.cols - col)))
                raster.write(block.values, block.valid, row, col)
            progress.set((row + rows) / target.grid.rows)


def place_finished(scene: Scene, path: str, output: str, choice: str, progress: Progress) -> str:
    """Move a finished image of all of a scene to its place, on the grid that is asked for.

    Args:
        scene: that was fused.
        path: of the image, on the scene's own grid.
        output: raster to write.
        choice: "auto", "pan" or "hsi".
        progress: receives progress; asked whether to stop.

    Returns:
        What was done, as :func:`placement_of` says it.

    Raises:
        InputError: the file cannot be written, as when the disk is full.
        Cancelled: the user stopped the job.
    """
    target = map_grid(scene, output_window(scene, None), choice)
    said = placement_of(scene, target)
    if target is None and driver_of(path) == driver_of(output):
        move_raster(path, output)
        return said
    with RasterReader(path) as finished:
        metadata = finished.metadata
        if target is None:
            with RasterWriter(output, finished.grid, metadata, progress=progress, placement=said) as raster:
                raster.copy(finished, progress)
            return said
    progress.info(target.about)
    metadata = metadata.replace(nodata=output_nodata(metadata.dtype, metadata.nodata))
    with RasterWriter(output, target.grid, metadata, progress=progress, placement=said) as raster:
        put_on_map(path, scene.alignment.grid, target, raster, progress)
    return said
