"""A scene out of two files, or out of one product that holds both images."""

from __future__ import annotations

from ..runtime.paths import StrPath
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .prisma import open_raster


def open_pair(hsi: StrPath, pan: StrPath, progress: Progress | None = None) -> Scene:
    """Open an HSI and a PAN together; one PRISMA product (.he5) may be both.

    Args:
        hsi: the HSI's file.
        pan: the PAN's file.
        progress: receives warnings; asked for cancellation while the scene is scanned.

    Returns:
        The scene, which closes both files.

    Raises:
        InputError: a file cannot be used, or the two do not fit together.
    """
    hsi_reader = open_raster(hsi, "hsi", progress)
    try:
        pan_reader = open_raster(pan, "pan", progress)
    except BaseException:
        hsi_reader.close()
        raise
    return Scene.of(hsi_reader, pan_reader, progress)
