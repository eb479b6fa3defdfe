"""What jobs write: checks of places and numbers before any work, fused images, JSON files."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Callable

import numpy as np

from ..assessment.local_range import RangeCheck
from ..fusion.engine import Fused, fuse
from ..fusion.method import FittedMethod
from ..io.encoding import output_nodata
from ..io.geotiff_layout import can_compress
from ..io.grid import Window
from ..io.input_files import files_read
from ..io.metadata import RasterMetadata
from ..io.raster_files import check_raster_output
from ..io.scratch import ScratchRaster
from ..io.writer import RasterWriter
from ..products.opening import file_of
from ..products.table import product_files
from ..runtime.atomic_files import check_output, placed, working_folder
from ..runtime.closing import closed_on_error
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..runtime.threads import BackgroundWriter
from ..scene.map_grid import map_grid, output_window
from ..scene.scene import Scene
from .options.shared import FusionOptions
from .placement import placement_of, put_on_map

_FUSED = 0.85  # of the progress, when the image is fused that is then put on another grid


@dataclass(frozen=True)
class Outputs:
    """What a job writes of a scene; "" for what is not asked for.

    Attributes:
        output: raster, the fused image.
        disagreement: raster of one float32 band, how far the two networks differ: the root mean square over bands, in
            standard deviations of the bands.
        model, report: files.
    """

    output: str = ""
    disagreement: str = ""
    model: str = ""
    report: str = ""

    @property
    def rasters(self) -> tuple[str, ...]:
        """The rasters that are asked for."""
        return tuple(path for path in (self.output, self.disagreement) if path)

    def check(
        self, inputs: Sequence[str], compress: str = "", others: Sequence[str] = (), resume: bool = False
    ) -> None:
        """Make sure, before any work, that all of it can be written.

        Args:
            inputs: rasters that are read; nothing that they are made of may be overwritten.
            compress: compression of GeoTIFFs that is asked for; "" for any.
            others: further files that are read, such as a model.
            resume: whether a training is resumed, whose checkpoint lies beside the model.

        Raises:
            InputError: a place cannot be written to, is an input or another output, this GDAL cannot compress so, or
                nothing says where the checkpoint lies.
        """
        if resume and not self.model:
            raise InputError("A run that is taken up needs the place of its model file: give it (--model, MODEL).")
        if compress and not can_compress(compress):
            raise InputError(f"This GDAL cannot compress GeoTIFFs with {compress}; choose deflate or none.")
        checkpoint = f"{self.model}.checkpoint" if self.model else ""  # written, and read where training is resumed
        rasters = _read(inputs)
        read = {**rasters, **files_read((), [path for path in (*others, checkpoint) if path])}
        _check_places(read, (self.output, self.disagreement), (self.model, self.report))
        if checkpoint:
            check_output(checkpoint, rasters)


def check_outputs(
    inputs: Sequence[str], rasters: Sequence[str], files: Sequence[str] = (), others: Sequence[str] = ()
) -> None:
    """Make sure, before any work, that everything a job shall write can be written.

    Args:
        inputs: rasters that are read; nothing that they are made of may be overwritten.
        rasters: rasters to write.
        files: other files to write. Empty names are passed over.
        others: further files that are read, such as a model; none of them may be overwritten.

    Raises:
        InputError: a place cannot be written to, is an input, or two outputs would be the same file.
    """
    _check_places(_read(inputs, [path for path in others if path]), rasters, files)


def _read(inputs: Sequence[str], others: Sequence[str] = ()) -> dict[str, str]:
    """As :func:`.files_read`, with the files of the products that inputs are, or are parts of, and the image that a
    folder stands for."""
    found = files_read(dict.fromkeys([*inputs, *map(file_of, inputs)]), others)
    for path in inputs:
        for part in product_files(path):
            found.setdefault(os.path.abspath(part), os.path.basename(path.rstrip("/\\")))
    return found


def _check_places(read: Mapping[str, str], rasters: Sequence[str], files: Sequence[str]) -> None:
    """As :func:`check_outputs`, with what :func:`.files_read` returns."""
    places: dict[str, str] = {}
    for path, is_raster in [(path, True) for path in rasters] + [(path, False) for path in files]:
        if not path:
            continue
        for taken in check_raster_output(path, read) if is_raster else [path]:
            key = os.path.normcase(os.path.realpath(taken))
            if key in places:
                raise InputError(
                    f"The outputs {os.path.basename(places[key])} and {os.path.basename(path)} would be written to "
                    f"the same file; choose another name for one of them."
                )
            places[key] = path
        if not is_raster:
            check_output(path, read)


def write_json(path: str, values: Mapping[str, object]) -> None:
    """Write numbers and words as a JSON file, in place only when it is complete.

    Args:
        path: file to write.
        values: numbers, words, and lists and mappings of such.

    Raises:
        InputError: the file cannot be written.
        ValueError: a number is not finite; JSON has none such.
    """
    with placed(path) as file:
        json.dump(values, file, indent=2, ensure_ascii=False, allow_nan=False)
        file.write("\n")


def valid_pixels(piece: Fused, scene: Scene) -> np.ndarray:
    """Where some good band of a piece is valid.

    Args:
        piece: of the result.
        scene: what it was fused of.

    Returns:
        (rows, columns) bool.
    """
    return piece.valid if piece.valid.ndim == 2 else piece.valid[scene.good].any(axis=0)


def fuse_to_scratch(
    scene: Scene, method: FittedMethod, path: str, memory: float | None, progress: Progress
) -> ScratchRaster:
    """Fuse a scene into a raster that is read a few times and removed; its pixels are those of :func:`write_fused`.

    Args:
        scene: the open HSI and PAN.
        method: fitted to the scene.
        path: where the pixels are kept.
        memory: budget in GB, see :func:`.engine.fuse`.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        The raster; closing it removes the file.

    Raises:
        InputError: the file cannot be written.
    """
    raster = ScratchRaster(path, scene.alignment.grid, _stored(scene, False))
    with closed_on_error(raster), BackgroundWriter(progress) as background:
        for piece in fuse(scene, method, None, memory, progress, raster.metadata):
            background(raster.write_stored, piece.values.transpose(1, 0, 2), piece.window.row, piece.window.col)
    return raster


def _stored(scene: Scene, with_corners: bool) -> RasterMetadata:
    """The HSI's metadata, with a nodata value where the result has pixels without a value."""
    metadata = scene.hsi.metadata
    if with_corners or not scene.complete:
        return metadata.replace(nodata=output_nodata(metadata.dtype, metadata.nodata))
    return metadata


def write_fused(
    scene: Scene,
    method: FittedMethod,
    outputs: Outputs,
    options: FusionOptions,
    progress: Progress,
    *,
    before: Callable[..., None] | None = None,
    strips: Callable[[Window, RasterMetadata], Iterable[Fused]] | None = None,
    check: RangeCheck | None = None,
) -> dict[str, object]:
    """Fuse a scene and write the result, piece by piece.

    The output has the HSI's metadata and data type; where pixels of either input are not valid it has a nodata value,
    the HSI's or, if that has none, one that suits the type.

    Args:
        scene: the open HSI and PAN.
        method: fitted to the scene.
        outputs: where to: ``output`` and ``disagreement``.
        options: of fusion.
        progress: receives progress and messages; asked whether to stop.
        before: called with the complete rasters (output, and disagreement where it is written), under hidden names,
            before they take their places.
        strips: makes the pieces of a window of the output, as the file stores them; by default they are fused here.
        check: looks at each piece, and may limit its values, before it is written.

    Returns:
        ``output``, ``ratio``, ``bands``, ``rows``, ``cols``, ``placement`` (what was done to bring PAN, HSI and
        output onto one grid; "" for nothing).

    Raises:
        InputError: nothing of the extent is in the scene, or a file cannot be written.
    """
    window = output_window(scene, options.extent)
    target = map_grid(scene, window, options.grid)
    grid = scene.alignment.grid.crop(window)
    metadata = _stored(scene, target is not None or grid.frame is not None)  # QGIS shows a rotated one with corners
    placement = placement_of(scene, target)
    part = progress if target is None else progress.part(0.0, _FUSED)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(working_folder(outputs.output)) if target is not None else ""

        def writing(path: str, metadata: RasterMetadata, finished: bool = True) -> RasterWriter:
            compress, overviews = options.compress, options.overviews and finished
            place = grid if target is None or not finished else target.grid
            return stack.enter_context(RasterWriter(path, place, metadata, compress, overviews, progress, placement))

        def fusing(path: str, metadata: RasterMetadata) -> RasterWriter:
            if target is None:
                return writing(path, metadata)
            return writing(os.path.join(folder, f"{os.path.basename(path)}.tif"), metadata, False)

        rasters = [fusing(outputs.output, metadata)]
        if outputs.disagreement:
            one_band = RasterMetadata.plain(1, "float32", float("nan")).replace(names=("disagreement",))
            rasters.append(fusing(outputs.disagreement, one_band))
        with BackgroundWriter(progress) as background:
            stored = rasters[0].metadata
            pieces = strips(window, stored) if strips else fuse(scene, method, window, options.memory, part, stored)
            for piece in pieces:
                if check is not None:
                    check(piece, stored)
                row, col = piece.window.row - window.row, piece.window.col - window.col
                background(rasters[0].write_stored, piece.values.transpose(1, 0, 2), row, col)
                if outputs.disagreement:
                    background(rasters[1].write, piece.disagreement[None], valid_pixels(piece, scene), row, col)
        for raster in rasters:
            raster.complete()
        if before is not None:
            before(*(raster.draft for raster in rasters))
        if target is not None:
            progress.info(target.about)
            grid = target.grid
            finished = [writing(path, raster.metadata) for path, raster in zip(outputs.rasters, rasters)]
            for number, (raster, made) in enumerate(zip(finished, rasters)):
                done = progress.part(_FUSED + (1 - _FUSED) * number / len(rasters), 1.0)
                put_on_map(made.draft, made.grid, target, raster, done)
            for raster in finished:
                raster.complete()
    return {
        "output": outputs.output,
        "ratio": scene.ratio,
        "bands": scene.hsi.bands,
        "rows": grid.rows,
        "cols": grid.cols,
        "placement": placement,
    }
