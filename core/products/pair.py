"""A scene out of two files, or out of one product that holds both images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Callable, NamedTuple

from ..io.band_selection import select_bands
from ..io.grid import same_crs
from ..io.reader import RasterReader
from ..io.unplaced import UnplacedError
from ..runtime.closing import closed_on_error
from ..runtime.errors import InputError
from ..runtime.paths import StrPath
from ..runtime.progress import Progress
from ..scene.mosaic import mosaic
from ..scene.placing import ApartError, overlap_window
from ..scene.reader_view import coarsened
from ..scene.scene import Scene
from .claims import Claims, open_claimed
from .elevation import warn_of_elevation
from .opening import open_raster

Join = Callable[[RasterReader, RasterReader], RasterReader]


class Chosen(NamedTuple):
    """What is taken of a sharper image.

    Attributes:
        grid, bands, joins, resolution: as ``grid``, ``pan_bands``, ``joins`` and ``resolution`` of :func:`open_pair`.
    """

    grid: str = "auto"
    bands: str = ""
    joins: Sequence[Join] = ()
    resolution: float | None = None


def open_pair(
    hsi: StrPath,
    pan: StrPath | Sequence[StrPath],
    progress: Progress | None = None,
    claims: Sequence[Claims] | None = None,
    grid: str = "auto",
    pan_bands: str = "",
    joins: Sequence[Join] = (),
    resolution: float | None = None,
) -> Scene:
    """Open an HSI and a PAN together; one product, as PRISMA's, may be both. A PAN whose axes are not parallel to the
    HSI's is warped, as it is read, onto the HSI's grid refined by the rounded ratio.

    Args:
        hsi: the HSI's file.
        pan: the PAN's file, or several, see :func:`..scene.mosaic.mosaic`.
        progress: receives warnings; asked for cancellation while the scene is scanned.
        claims: what the user says of the HSI and of each file of the PAN; None takes all files as they are, and looks
            for no fill values.
        grid: "hsi" for the HSI's own grid, refined, in any case; "auto" and "pan" for the PAN's where its axes are
            parallel to the HSI's.
        pan_bands: of the PAN, as :func:`..io.band_selection.select_bands` reads them; "" for all.
        joins: of each file of the PAN, what makes of HSI and PAN the sharper image that is used; none take the PAN
            itself.
        resolution: map units, that the PAN's pixels are averaged to; None leaves them.

    Returns:
        The scene, which closes the files.

    Raises:
        InputError: a file cannot be used, or the two do not fit together.
    """
    progress = progress or Progress()
    files = [pan] if isinstance(pan, (str, os.PathLike)) else list(pan)
    reader = _open(hsi, "hsi", files[0], claims[0] if claims else None, progress)
    with closed_on_error(reader):
        of_pan, chosen = claims[1:] if claims else None, Chosen(grid, pan_bands, joins, resolution)
        sharper = open_pan(files, reader, hsi, of_pan, chosen, progress)
    return Scene.of(reader, sharper, progress, grid)


def open_pan(
    files: Sequence[StrPath],
    hsi: RasterReader,
    hsi_file: StrPath,
    claims: Sequence[Claims] | None,
    chosen: Chosen,
    progress: Progress,
) -> RasterReader:
    """Open the sharper image of a pair, of one file or several.

    Args:
        files: of it.
        hsi: the open HSI.
        hsi_file: its file.
        claims: of the user, one a file; None for none.
        chosen: what is taken of it.
        progress: receives warnings; asked for cancellation.

    Returns:
        The open image.

    Raises:
        InputError: as of :func:`open_pair`.
    """
    opened: list[RasterReader] = []
    images: list[RasterReader] = []  # as their files hold them
    try:
        for number, path in enumerate(files):
            said = claims[number] if claims is not None else None
            opened.append(_open(path, "pan", hsi_file, said, progress, hsi))
            last = len(opened) == 1 and number == len(files) - 1
            if len(files) > 1 and not _touches(opened[-1], hsi, progress, last):
                opened.pop().close()
                continue
            images.append(opened[-1])
            if chosen.joins:
                opened[-1] = chosen.joins[number](hsi, opened[-1])
            opened[-1] = coarsened(select_bands(opened[-1], chosen.bands), chosen.resolution, progress)
        warn_of_elevation(claims[0].geolocation if claims else "", hsi, images, progress)
        return mosaic(hsi, opened, chosen.grid, progress)
    except BaseException:
        for reader in opened:
            reader.close()
        raise


def _touches(image: RasterReader, hsi: RasterReader, progress: Progress, last: bool) -> bool:
    """Whether one of several files shares ground with the HSI; that it is left out is said, of the ``last`` hope it is
    an error."""
    try:
        if same_crs(hsi.grid.crs, image.grid.crs) or (hsi.grid.crs and image.grid.crs):
            overlap_window(hsi, image)
    except ApartError as error:
        if last:
            raise
        progress.warning(f"{image.name} is left out: {error}")
        return False
    return True


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
        raise unplaced_beside(error, role, partner) from None


def unplaced_beside(error: UnplacedError, role: str, partner: StrPath) -> InputError:
    """The refusal of a raster that nothing places on the map, with a remedy that makes it fit another one.

    Args:
        error: of the raster.
        role: "hsi" or "pan", what the raster is.
        partner: the file that it is used with.

    Returns:
        The refusal.

    Raises:
        InputError: the partner cannot be read.
    """
    try:
        with open_raster(partner, "pan" if role == "hsi" else "hsi") as other:
            return error.beside(other.grid.facts(other.source) if other.grid.frame is None else None, role)
    except UnplacedError as other_error:
        return error.beside(other_error, role)
