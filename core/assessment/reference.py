"""Scoring of rasters of any size against a reference, in runs of rows, with bounded memory."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..io.grid import Window, decimation
from ..io.reader import Block, RasterReader
from ..quality.angle_bands import angle_bands
from ..quality.blocks import BLOCK
from ..quality.reference import BandRange, PixelMaps, ReferenceIndices
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..runtime.threads import Workers
from ..scene.scan import BandScan, scan_bands

MAP_SIZE = 480  # pixels: the maps of the report at most
SAMPLES = 32_000_000  # of one raster held at once
_PORTION = 16_000_000  # samples read in one go: of more, the parts are put together


@dataclass(frozen=True)
class View:
    """A window of an open raster.

    Attributes:
        reader: the raster.
        window: the pixels.
    """

    reader: RasterReader
    window: Window

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.window.rows, self.window.cols

    def crop(self, pixels: int) -> View:
        """The view without its outermost pixels.

        Args:
            pixels: to leave out along each edge.

        Returns:
            The smaller view.

        Raises:
            InputError: nothing is left.
        """
        window = self.window
        if min(window.rows, window.cols) <= 2 * pixels:
            raise InputError(
                f"Cropping {pixels} pixels at each side leaves nothing of the {window.rows} x {window.cols} pixels of "
                f"{self.reader.name} that can be compared; choose a smaller crop."
            )
        rows, cols = window.rows - 2 * pixels, window.cols - 2 * pixels
        return View(self.reader, Window(window.row + pixels, window.col + pixels, rows, cols))

    def read(
        self, start: int, stop: int, bands: Sequence[int], progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the view, in physical units.

        Args:
            start: first row.
            stop: the row after the last.
            bands: counted from 0.
            progress: asked whether to stop, between portions.

        Returns:
            values (B, r, c) float32; valid (B, r, c) bool.
        """
        progress = progress or Progress()
        row, col, cols = self.window.row, self.window.col, self.window.cols
        portions = list(self.portions(start, stop, len(bands)))
        if len(portions) == 1:
            values, valid = self._samples(Window(row + start, col, stop - start, cols), bands)
        else:
            values = np.empty((len(bands), stop - start, cols), np.float32)
            valid = np.empty(values.shape, bool)
            for first, last in portions:
                progress.check()
                here = np.s_[:, first - start : last - start]
                values[here], valid[here] = self._samples(Window(row + first, col, last - first, cols), bands)
        metadata = self.reader.metadata
        for plane, band in zip(values, bands):
            if metadata.scales[band] != 1.0:
                plane *= np.float32(metadata.scales[band])
            if metadata.offsets[band] != 0.0:
                plane += np.float32(metadata.offsets[band])
        return values, valid

    def _samples(self, window: Window, bands: Sequence[int]) -> Block:
        """Samples of some bands, in DN."""
        return self.reader.read(window, bands)

    def rows(
        self, start: int, stop: int, bands: Sequence[int], progress: Progress
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """As :meth:`read`, but in the type on disk and without a mask where all samples are valid and stored in
        physical units.

        Args:
            start, stop: rows of the view.
            bands: counted from 0.
            progress: asked whether to stop.

        Returns:
            Values, (bands, rows, columns), and where they are valid, bool of the same shape; None: everywhere.
        """
        window, metadata = self.window, self.reader.metadata
        stored = None
        if all(metadata.scales[band] == 1.0 and metadata.offsets[band] == 0.0 for band in bands):
            stored = self.reader.read_complete(Window(window.row + start, window.col, stop - start, window.cols), bands)
        return self.read(start, stop, bands, progress) if stored is None else (stored, None)

    def portions(self, start: int, stop: int, bands: int) -> Iterator[tuple[int, int]]:
        """The runs of rows that are read in one go.

        Args:
            start: first row.
            stop: the row after the last.
            bands: how many are read.

        Returns:
            (start, stop) of each.
        """
        step = max(1, _PORTION // (bands * self.window.cols))
        return ((first, min(first + step, stop)) for first in range(start, stop, step))

    def step(self, bands: int, together: int = 1) -> int:
        """Rows that fit the memory budget.

        Args:
            bands: how many are held at once.
            together: rows that are not parted, where so many fit.

        Returns:
            how many, at least 1.
        """
        step = max(1, SAMPLES // (max(bands, 1) * self.window.cols))
        return max(step // together * together, min(step, together))

    def blocks(self, bands: int, progress: Progress, together: int = 1) -> Iterator[tuple[int, int]]:
        """Runs of rows that fit the memory budget.

        Args:
            bands: how many are held at once.
            progress: receives progress; asked whether to stop.
            together: rows that are not parted, where so many fit.

        Yields:
            (start, stop) of each.
        """
        step = self.step(bands, together)
        for start in range(0, self.window.rows, step):
            progress.check()
            progress.set(start / self.window.rows)
            yield start, min(start + step, self.window.rows)
        progress.set(1.0)


@dataclass(frozen=True)
class EstimatedView(View):
    """A view whose pixels that miss few good bands count as valid, the missing samples estimated from the others.

    Attributes:
        scan: of the window.
    """

    scan: BandScan

    @classmethod
    def of(cls, view: View, progress: Progress) -> View:
        """A view with estimates.

        Args:
            view: what to look at.
            progress: asked whether to stop.

        Returns:
            The new view; ``view`` itself where no single bands miss samples.

        Raises:
            InputError: hardly a pixel holds nearly all good bands.
        """
        scan = scan_bands(view.reader, view.window, progress)
        return view if scan.regressions is None else cls(view.reader, view.window, scan)

    def _samples(self, window: Window, bands: Sequence[int]) -> Block:
        values, valid = self.reader.read(window)
        if self.scan.regressions is not None:
            top, left = window.row - self.window.row, window.col - self.window.col
            here = np.s_[top : top + window.rows, left : left + window.cols]
            values = self.scan.regressions.filled(values, valid, self.scan.present[here])
            valid[self.scan.good] |= self.scan.valid[here]
        return Block(values[list(bands)], valid[list(bands)])


def score_reference(
    fused: View,
    reference: View,
    bands: Sequence[int],
    ratio: float | None,
    progress: Progress,
    map_size: int = MAP_SIZE,
) -> tuple[dict, PixelMaps]:
    """The indices with reference, and maps of the differences.

    Args:
        fused: the result.
        reference: the truth, a view of the same size.
        bands: good bands, counted from 0.
        ratio: for ERGAS; None leaves it out.
        progress: receives progress; asked whether to stop.
        map_size: rows and columns of the maps, at most.

    Returns:
        what :meth:`.ReferenceIndices.result` returns, and the maps, decimated.
    """

    def rows(span: tuple[int, int]) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
        values, valid = fused.rows(*span, bands, progress)
        truth, other = reference.rows(*span, bands, progress)
        return span[0], values, truth, _in_both(valid, other, truth.shape)

    def truths(span: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        if fused.reader.always_valid:
            truth, valid = reference.rows(*span, bands, progress)
            return truth, _in_both(valid, None, truth.shape)
        return rows(span)[2:]

    def spans(first: float, last: float) -> Iterator[tuple[int, int]]:
        return fused.blocks(2 * len(bands), progress.part(first, last), BLOCK)

    with Workers() as workers:
        limits = BandRange(len(bands))
        for truth, valid in workers.ahead(truths, spans(0.0, 0.3), progress):
            limits.update(truth, valid)
        waves = [_wavelength(fused, reference, band) for band in bands]
        chosen = angle_bands(waves, limits.levels())
        indices = ReferenceIndices(len(bands), ratio, limits.result(), progress.check, chosen)
        step = decimation(fused.shape, map_size)
        maps: list[list[np.ndarray]] = [[], []]
        run = functools.partial(workers.run, progress=progress)
        for start, values, truth, valid in workers.ahead(rows, spans(0.3, 1.0), progress):
            block = indices.update(values, truth, valid, run)
            first = (step // 2 - start) % step
            for kept, plane in zip(maps, block):
                kept.append(plane[first::step, step // 2 :: step])
    return indices.result(), PixelMaps(*(np.concatenate(kept) for kept in maps))


def _wavelength(fused: View, reference: View, band: int) -> float | None:
    """Of a band, in either raster."""
    known = reference.reader.metadata.wavelengths[band]
    return fused.reader.metadata.wavelengths[band] if known is None else known


def _in_both(valid: np.ndarray | None, other: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """Samples valid in both of two images of a shape (B, r, c): (r, c) where all bands agree, else (B, r, c); None for
    an image whose samples are all valid."""
    masks = [mask for mask in (valid, other) if mask is not None]
    if not masks:
        return np.ones(shape[1:], bool)
    both = functools.reduce(np.logical_and, masks)
    shared = both.all(axis=0)
    return shared if np.array_equal(shared, both.any(axis=0)) else both


def finite(value: float) -> float | None:
    """A number as JSON has it.

    Args:
        value: any number.

    Returns:
        The number, or None where it is not finite.
    """
    return float(value) if math.isfinite(value) else None
