"""The job ``classical``: fuse with a classical method, without PyTorch."""

from __future__ import annotations

from ..fusion.classical import ClassicalMethod
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .opening import check_space, open_scene
from .options.declare import on_files
from .options.fusion import ClassicalOptions
from .output import Outputs, one_gain, write_fused


@on_files(ClassicalOptions)
def classical(hsi: str, pan: str, output: str, *, options: ClassicalOptions, progress: Progress) -> dict[str, object]:
    """Fuse an HSI and a PAN with a classical method.

    Args:
        hsi, pan: rasters to read.
        output: raster to write, on the PAN's grid.
        options: or its fields by name, as ``method="gsa"``.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``output``, ``method``, ``ratio``, ``bands``, ``rows``, ``cols``.

    Raises:
        InputError: a file or an option cannot be used.
        Cancelled: the user stopped the job.
    """
    outputs = Outputs(output)
    one_gain(options.mtf, Progress())
    outputs.check((hsi, pan), options.compress)
    with open_scene(hsi, pan, options, progress) as scene:
        return classical_scene(scene, options, outputs, progress)


def classical_scene(scene: Scene, options: ClassicalOptions, outputs: Outputs, progress: Progress) -> dict[str, object]:
    """Fuse an open scene.

    Args:
        scene: the open HSI and PAN.
        options: of :func:`classical`.
        outputs: the raster to write.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        as :func:`classical`.

    Raises:
        InputError: an option cannot be used, or there is too little disk space.
        Cancelled: the user stopped the job.
    """
    check_space(scene, outputs, options)
    gain = one_gain(options.mtf, progress)
    progress.set(0.1, "Computing statistics")
    fitted = ClassicalMethod(options.method, gain, options.consistency).fit(scene, progress)
    progress.set(0.25, "Fusing")
    return {**write_fused(scene, fitted, outputs, options, progress.part(0.25, 1.0)), "method": options.method}
