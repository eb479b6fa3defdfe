"""The job ``classical``: fuse with a classical method, without PyTorch."""

from __future__ import annotations

from ..fusion.classical import DEFAULT_METHOD, METHODS, ClassicalMethod
from ..operators.consistency import DEFAULT_ITERATIONS, check_iterations
from ..operators.pair import DEFAULT_MTF_GAIN
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, paths
from ..runtime.progress import Progress
from .opening import check_space, open_scene
from .output import check_compression, check_outputs, one_gain, write_fused


def classical(
    hsi: StrPath,
    pan: StrPath,
    output: StrPath,
    *,
    method: str = DEFAULT_METHOD,
    consistency: int = DEFAULT_ITERATIONS,
    mtf: float | str = DEFAULT_MTF_GAIN,
    extent: tuple[float, float, float, float] | None = None,
    memory: float | None = None,
    bands: str = "",
    correct_shift: bool = False,
    overviews: bool = False,
    compress: str = "deflate",
    progress: Progress | None = None,
) -> dict[str, object]:
    """Fuse an HSI and a PAN with a classical method.

    Args:
        hsi, pan: rasters to read. output: raster to write, on the PAN's grid.
        method: a name in :data:`METHODS`.
        consistency: iterations of the consistency projection, 0 for none.
        mtf: the HSI's MTF gain at its Nyquist frequency, or the name of a sensor.
        extent: (xmin, ymin, xmax, ymax) in map units: the part that is wanted; None for all.
        memory: budget in GB, None for the usual one.
        bands: the bands of the HSI to use, as "1-100,120" or "430-900 nm"; "" for all.
        correct_shift: move the PAN's position by its shift against the HSI, as phase correlation measures it; else it
            is only warned of.
        overviews: add reduced copies to the output, so that it is shown fast.
        compress: how a GeoTIFF is compressed: "deflate", "zstd" or "none".

    Returns:
        ``output``, ``method``, ``ratio``, ``bands``, ``rows``, ``cols``.

    Raises:
        InputError: a file or a parameter cannot be used.
        Cancelled: the user stopped the job.
    """
    progress = progress or Progress()
    hsi, pan, output = paths(hsi=hsi, pan=pan, output=output)
    if method not in METHODS:
        raise InputError(f"There is no classical method {method!r}; choose one of {', '.join(METHODS)}.")
    check_iterations(consistency)
    check_compression(compress)
    mtf = one_gain(mtf, progress)
    check_outputs((hsi, pan), (output,))
    progress.set(0.0, "Looking through the scene")
    with open_scene(hsi, pan, progress, bands=bands, correct_shift=correct_shift) as scene:
        window = scene.output_window(extent)
        check_space(scene, window, [(output, scene.hsi.bands, scene.hsi.metadata.dtype)], overviews)
        progress.set(0.1, "Computing statistics")
        fitted = ClassicalMethod(method, mtf, consistency).fit(scene, progress)
        progress.set(0.25, "Fusing")
        grid = write_fused(
            scene,
            fitted,
            output,
            extent=extent,
            memory=memory,
            compress=compress,
            overviews=overviews,
            progress=progress.part(0.25, 1.0),
        )
        return {
            "output": output,
            "method": method,
            "ratio": scene.ratio,
            "bands": scene.hsi.bands,
            "rows": grid.rows,
            "cols": grid.cols,
        }
