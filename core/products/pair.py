"""A scene out of two files, or out of one product that holds both images."""

from __future__ import annotations

from typing import Callable

from ..io.band_selection import select_bands
from ..io.reader import RasterReader
from ..io.unplaced import UnplacedError
from ..runtime.paths import StrPath
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .claims import Claims, open_claimed
from .opening import open_raster


def open_pair(
    hsi: StrPath,
    pan: StrPath,
    progress: Progress | None = None,
    claims: tuple[Claims, Claims] | None = None,
    grid: str = "auto",
    pan_bands: str = "",
    join: Callable[[RasterReader, RasterReader], RasterReader] | None = None,
) -> Scene:
    """Open an HSI and a PAN together; one PRISMA product (.he5) may be both. A PAN whose axes are not parallel to the
    HSI's is warped, as it is read, onto the HSI's grid refined by the rounded ratio.

    Args:
        hsi: the HSI's file.
        pan: the PAN's file.
        progress: receives warnings; asked for cancellation while the scene is scanned.
        claims: what the user says of the HSI and of the PAN; None takes both files as they are, and looks for no fill
            values.
        grid: "hsi" for the HSI's own grid, refined, in any case; "auto" and "pan" for the PAN's where its axes are
            parallel to the HSI's.
        pan_bands: of the PAN, as :func:`..io.band_selection.select_bands` reads them; "" for all.
        join: makes of HSI and PAN the sharper image that is used; None takes the PAN itself.

    Returns:
        The scene, which closes both files.

    Raises:
        InputError: a file cannot be used, or the two do not fit together.
    """
    progress = progress or Progress()
    hsi_claims, pan_claims = claims or (None, None)
    hsi_reader = _open(hsi, "hsi", pan, hsi_claims, progress)
    try:
        pan_reader = _open(pan, "pan", hsi, pan_claims, progress, hsi_reader)
    except BaseException:
        hsi_reader.close()
        raise
    try:
        pan_reader = select_bands(pan_reader if join is None else join(hsi_reader, pan_reader), pan_bands)
    except BaseException:
        hsi_reader.close()
        pan_reader.close()
        raise
    return Scene.of(hsi_reader, pan_reader, progress, grid)


def _open(
    path: StrPath,
    role: str,
    partner: StrPath,
    claims: Claims | None,
    progress: Progress,
    hsi: RasterReader | None = None,
) -> RasterReader:
    """One raster of a pair; where it lies on no grid, the refusal's remedy makes it fit the other."""
    try:
        if claims is None:
            return open_raster(path, role, progress)
        return open_claimed(path, role, claims, progress, hsi)
    except UnplacedError as error:
        try:
            with open_raster(partner, "pan" if role == "hsi" else "hsi") as other:
                facts = other.grid.facts(other.source) if other.grid.frame is None else None
                raise error.beside(facts, role) from None
        except UnplacedError as other_error:
            raise error.beside(other_error, role) from None
