"""Several files as one sharper image: the tiles of a product, in one UTM zone or several.

Tiles of one grid are put beside each other. Files on different grids are warped, each from its own, onto the HSI's grid
refined by the rounded ratio of the first. Where several have a value, that of the first counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..io.band_remedies import stack_command
from ..io.frames import Affine
from ..io.grid import Grid, Window, same_crs
from ..io.positions import turned
from ..io.reader import Block, RasterReader
from ..io.wavelengths import first_apart
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .band_order import in_one_order
from .guide import GUIDE_TOLERANCE
from .placement import AffineMapping, Composed
from .placing import ApartError, overlap_window, placed_pan
from .reader_view import ReaderView, facing
from .tile_units import in_one_unit
from .warp import Mapping, WarpedReader

_SAME = 0.01  # pixels: by how much grids may miss each other over an image
_SAMPLED = 8  # rows that are looked at where a file may add nothing
_APART = "the files of the sharper image lie on several grids"
_OF_ONE = "files of one sharper image are its tiles, of which the first that has a value counts"


class MosaicReader(ReaderView):
    """Open rasters of one grid as one, closed with it. It is called as the first one.

    Args:
        parts: the open rasters; grids differ by whole pixels.
    """

    def __init__(self, parts: Sequence[RasterReader]) -> None:
        super().__init__(parts[0])
        self.parts = tuple(parts)
        places = [_offset(self.grid, part.grid) for part in parts]
        top, left = min(row for row, _ in places), min(col for _, col in places)
        bottom = max(row + part.grid.rows for (row, _), part in zip(places, parts))
        right = max(col + part.grid.cols for (_, col), part in zip(places, parts))
        self._places = [(row - top, col - left) for row, col in places]
        x, y = self.grid.x + left * self.grid.dx, self.grid.y + top * self.grid.dy
        self.grid = replace(self.grid, x=x, y=y, rows=bottom - top, cols=right - left)
        self.name = f"{parts[0].name} and {len(parts) - 1} more"
        self.others = tuple(part.file for part in parts[1:])
        self.always_valid = False
        self.sentence = " ".join(dict.fromkeys(one.sentence for one in parts if one.sentence))

    def __reduce__(self) -> tuple:
        """Opened anew where it is unpickled."""
        return type(self), (self.parts,)

    def read(self, window: Window | None = None, bands: Sequence[int] | None = None, read_ahead: bool = False) -> Block:
        """As :meth:`RasterReader.read`."""
        window = window or Window(0, 0, self.grid.rows, self.grid.cols)
        chosen = list(range(self.bands)) if bands is None else list(bands)
        values = np.zeros((len(chosen), window.rows, window.cols), np.float32)
        valid = np.zeros(values.shape, bool)
        for part, (row, col) in zip(self.parts, self._places):
            top, bottom = max(window.row, row), min(window.row + window.rows, row + part.grid.rows)
            left, right = max(window.col, col), min(window.col + window.cols, col + part.grid.cols)
            if bottom <= top or right <= left:
                continue
            rows, cols = slice(top - window.row, bottom - window.row), slice(left - window.col, right - window.col)
            here = slice(None), rows, cols
            if valid[here].all():
                continue
            block = part.read(Window(top - row, left - col, bottom - top, right - left), chosen)
            new = block.valid & ~valid[here]
            np.copyto(values[here], block.values, where=new)
            valid[here] |= new
        return Block(values, valid)

    def through(self, mapping: Mapping, grid: Grid) -> MosaicReader | None:
        """The image as it lies on a third grid, each file resampled once.

        Args:
            mapping: where each pixel of that grid lies on this one.
            grid: the third grid.

        Returns:
            The image on it; None where its files are not warped: then it is resampled as a whole, without seams.
        """
        parts = []
        for part, (row, col) in zip(self.parts, self._places):
            if not isinstance(part, WarpedReader):
                return None
            own = Composed(mapping, AffineMapping(Affine(-col, 1.0, 0.0, -row, 0.0, 1.0)))
            parts.append(part.through(own, grid))
        made = MosaicReader(parts)
        made.sentence = self.sentence
        return made

    def read_stored(self, row: int, rows: int) -> np.ndarray:
        """As :meth:`RasterReader.read_stored`, but float32, 0 where not valid: types may differ between the files."""
        return self.read(Window(row, 0, rows, self.grid.cols)).values

    def release(self) -> None:
        """As :meth:`RasterReader.release`."""
        for part in self.parts:
            part.release()

    def close(self) -> None:
        """Close the files."""
        for part in self.parts:
            part.close()


def mosaic(hsi: RasterReader, pans: Sequence[RasterReader], grid: str, progress: Progress) -> RasterReader:
    """Several files as one sharper image.

    Args:
        hsi: the open HSI.
        pans: the open files, the first first; those that share no ground with the HSI are closed and left out.
        grid: of the result: "auto", "hsi" or "pan".
        progress: told what is done.

    Returns:
        The image, which closes the files; the only file itself where there is one.

    Raises:
        InputError: they have different numbers of bands, or bands of different wavelengths, none shares ground with
            the HSI, or they lie on several grids and the result shall lie on theirs.
    """
    if len(pans) == 1:
        return pans[0]
    for pan in pans[1:]:
        pan.grid = turned(pan.grid, pans[0].grid)
        if pan.bands != pans[0].bands:
            raise InputError(
                f"{pan.name} has {pan.bands} bands and {pans[0].name} {pans[0].bands}; as files of one sharper image "
                "they need the same ones: choose them (--pan-bands-used, PAN_BANDS_USED), or leave one out."
            )
    _check_wavelengths(pans)
    _warn_of_files_that_add_nothing(hsi, pans, progress)
    pans = in_one_unit(hsi, in_one_order(hsi, pans, progress), progress)
    parts = list(pans)
    if not all(_fits(pans[0].grid, pan.grid) for pan in pans[1:]):
        if grid == "pan":
            raise InputError(
                f"{pans[0].name} and the other files of the sharper image lie on several grids, so the result cannot "
                "be put on theirs; choose --grid auto or hsi (GRID)."
            )
        parts = list(facing(*_placed(hsi, pans, progress)))
    names = ", ".join(part.name for part in parts)
    said = f"{len(parts)} files are taken as one sharper image, of which the first that has a value counts: {names}."
    if len(parts) == 1:
        return parts[0]
    progress.info(said)
    made = MosaicReader(parts)
    made.sentence = f"{said} {made.sentence}".strip()
    return made


def _check_wavelengths(pans: Sequence[RasterReader]) -> None:
    """Refuse files that show different bands, as one file a band of Sentinel-2 or Landsat."""
    first = pans[0]
    for pan in pans[1:]:
        apart = first_apart(first.metadata.wavelengths, pan.metadata.wavelengths, GUIDE_TOLERANCE)
        if apart is not None:
            _, one, other = apart
            raise InputError(
                f"{pan.name} has a band at {other:g} nm where {first.name} has one at {one:g} nm, but {_OF_ONE}; "
                f"{_together(pans)}."
            )


def _warn_of_files_that_add_nothing(hsi: RasterReader, pans: Sequence[RasterReader], progress: Progress) -> None:
    """Warn of a file that lies wholly on one before it, which has values wherever it has: it is a band, no tile."""
    for number, pan in enumerate(pans):
        for before in pans[:number]:
            if _lies_on(pan.grid, before.grid) and not _adds(pan, before, overlap_window(pan, hsi), progress):
                progress.warning(f"{pan.name} adds nothing to {before.name}, as {_OF_ONE}: {_together(pans)}.")
                return


def _lies_on(grid: Grid, other: Grid) -> bool:
    """Whether two grids are the same."""
    same = (grid.rows, grid.cols) == (other.rows, other.cols)
    return same and _fits(grid, other) and _offset(grid, other) == (0, 0)


def _adds(pan: RasterReader, before: RasterReader, window: Window, progress: Progress) -> bool:
    """Whether a file has values, in some rows, where one before it on the same grid has none."""
    if before.always_valid:
        return False
    for row in range(0, window.rows, max(1, window.rows // _SAMPLED)):
        progress.check()
        line = window.part((row, row + 1), (0, window.cols))
        if (pan.read(line).valid & ~before.read(line).valid).any():
            return True
    return False


def _together(pans: Sequence[RasterReader]) -> str:
    """What to do where files are bands of one image."""
    paths = [pan.path for pan in pans]
    if any(pan.origin.product for pan in pans):
        return "where they are bands of one product, give the product itself (its folder or archive)"
    return f"where they are bands of one image, make one file of them: {stack_command(paths)}"


def _placed(hsi: RasterReader, pans: Sequence[RasterReader], progress: Progress) -> list[RasterReader]:
    """The files on the HSI's grid refined by one ratio."""
    placed: list[RasterReader] = []
    for pan in pans:
        try:
            ratio = round(abs(hsi.grid.dx / placed[0].grid.dx)) if placed else None
            placed.append(placed_pan(hsi, pan, "hsi", progress, ratio, _APART))
        except ApartError as error:
            if pan is pans[-1] and not placed:
                raise
            progress.warning(f"{pan.name} is left out: {error}")
            pan.close()
    return placed


def _offset(grid: Grid, other: Grid) -> tuple[int, int]:
    """By how many rows and columns another grid begins after one."""
    return round((other.y - grid.y) / grid.dy), round((other.x - grid.x) / grid.dx)


def _fits(grid: Grid, other: Grid) -> bool:
    """Whether the pixels of two grids are those of one larger grid."""
    if not same_crs(grid.crs, other.crs) or grid.frame != other.frame:
        return False
    for one, two in zip(grid.axes, other.axes):
        offset = (two.start - one.start) / one.step
        if abs(two.step / one.step - 1.0) * two.count >= _SAME or abs(offset - round(offset)) >= _SAME:
            return False
    return True
