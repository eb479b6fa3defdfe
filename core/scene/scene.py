"""A scene: an HSI and a sharper image, a PAN or one of several bands, on one grid, read in rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Callable, TypeVar

import numpy as np

from ..io.band_remedies import several_bands_sentence, swapped_sentence
from ..io.band_selection import select_bands
from ..io.grid import Alignment, align
from ..io.reader import Block, RasterReader
from ..operators.gaps import BandRegressions
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .defects import Defects
from .guide import in_all_bands, scan_pan, usable_bands
from .masked_reader import without_defects
from .placing import placed_pan
from .reader_view import averaged, facing
from .scan import scan_bands
from .shift_field import ShiftField, moved_by_field

_T = TypeVar("_T")


@dataclass
class Scene:
    """An HSI and a PAN opened together; a context manager. The PAN has one band or several (M).

    A band is good unless its ``bbl`` is 0 or it holds no value at all. Validity is per band: where single good bands
    miss a sample, it is estimated from the others, and comes out as nodata in that band only. Pixels that miss more
    than a tenth of the good bands take no part in statistics and learning.

    Attributes:
        hsi, pan: the open rasters.
        alignment: how they lie on each other.
        good: (bands,) bool, the bands that take part in statistics, learning, masks and indices.
        empty: (bands,) bool, the bands that hold no value.
        low_valid: (rows, columns) bool, the HSI pixels that take part in statistics and learning.
        low_present: (rows, columns) bool, the HSI pixels at which some good band is valid.
        missing: (bands,) int, how many of those pixels each good band misses.
        regressions: estimate missing samples; None where every good band is valid wherever one is.
        complete: whether every sample of HSI and PAN is valid, those of bad bands included.
        uncovered: pixels of the output at which the PAN is not valid.
        defects: what was found among the HSI's samples, and counts as missing; None for a view of a scene.
        moved: (rows, columns) in PAN pixels, by which the PAN was moved from where its file says.
        field: of displacements by which it was moved besides, and so resampled; None for none.
        left_out: (rows, columns) bool, the HSI pixels that :meth:`without` keeps out of learning; None for none.
        faded: (rows, columns) bool, the HSI pixels at which the PAN's detail is not trusted; None for none.
    """

    hsi: RasterReader
    pan: RasterReader
    alignment: Alignment
    good: np.ndarray
    empty: np.ndarray
    low_valid: np.ndarray
    low_present: np.ndarray
    missing: np.ndarray
    regressions: BandRegressions | None
    complete: bool
    uncovered: int = 0
    defects: Defects | None = None
    moved: tuple[float, float] = (0.0, 0.0)
    field: ShiftField | None = None
    left_out: np.ndarray | None = None
    faded: np.ndarray | None = None
    _cached: dict[Hashable, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """What was computed of the scene is computed anew where it is unpickled."""
        return {**vars(self), "_cached": {}}

    def cached(self, key: Hashable, compute: Callable[[], _T]) -> _T:
        """What is computed of the scene once and kept as long as this view of it is.

        Args:
            key: names what is computed.
            compute: called where the key is new.

        Returns:
            what ``compute`` returned; nobody may change it.
        """
        if key not in self._cached:
            self._cached[key] = compute()
        value: _T = self._cached[key]
        return value

    @classmethod
    def of(cls, hsi: RasterReader, pan: RasterReader, progress: Progress | None = None, grid: str = "auto") -> Scene:
        """Align the grids of two open rasters and scan both once for empty bands and invalid pixels. A PAN whose axes
        are not parallel to the HSI's is warped as it is read. Where parallel ones run in different directions, the one
        that runs south-up is read from its last row; a PAN that is too fine is averaged. The scene closes both; where
        it cannot be made they are closed at once.

        Args:
            hsi: the open HSI.
            pan: the open PAN.
            progress: asked for cancellation.
            grid: as of :func:`.placing.placed_pan`.

        Returns:
            The scene.

        Raises:
            InputError: the two do not fit together, or hold no valid values.
        """
        try:
            if hsi.bands < 2 <= pan.bands:
                raise InputError(swapped_sentence(hsi.source, pan.source, pan.bands))
            if hsi.bands < 2:
                raise InputError(several_bands_sentence(hsi.source))
            pan = placed_pan(hsi, pan, grid, progress or Progress())
            hsi, pan = facing(hsi, pan)
            pan = averaged(pan, hsi.grid, progress)
            alignment = align(hsi.grid, pan.grid, hsi.source, pan.source)
            hsi.keep_decoded()
            hsi, defects = without_defects(hsi, alignment.hsi, progress)
            scene = cls._scanned(hsi, pan, alignment, progress, defects)
            defects.counted = None
            return scene
        except BaseException:
            hsi.close()
            pan.close()
            raise

    @classmethod
    def _scanned(
        cls, hsi: RasterReader, pan: RasterReader, alignment: Alignment, progress: Progress | None, seen: Defects | None
    ) -> Scene:
        scan = scan_bands(
            hsi, alignment.hsi, progress, " where the PAN lies", seen.counted if seen is not None else None
        )
        pan = usable_bands(pan, alignment.pan, progress or Progress())
        uncovered = scan_pan(pan, alignment.pan, progress)
        for reader in (hsi, pan):
            reader.release()
        bands = scan.good, scan.empty, scan.valid, scan.present, scan.missing, scan.regressions
        return cls(hsi, pan, alignment, *bands, scan.complete and not uncovered, uncovered, seen)

    def with_bands(self, bands: str, progress: Progress | None = None) -> Scene:
        """A view of some bands of the HSI; the files are shared, and closed with either. Only where samples are missing
        is the scene scanned again.

        Args:
            bands: as :func:`..io.band_selection.select_bands` reads them; "" for all.
            progress: asked for cancellation.

        Returns:
            The view; the scene itself where all bands are chosen.

        Raises:
            InputError: the text names no bands of this image, or one only, or no pixel has values in all of them.
        """
        hsi = select_bands(self.hsi, bands)
        if hsi is self.hsi:
            return self
        if hsi.bands < 2:
            raise InputError(f"{bands} is one band of {hsi.name}; choose two or more (--bands, BANDS).")
        return replace(self._scanned(hsi, self.pan, self.alignment, progress, None), moved=self.moved, field=self.field)

    def shifted(
        self, shift: tuple[float, float], progress: Progress | None = None, field: ShiftField | None = None
    ) -> Scene:
        """A view whose PAN is moved; the files are shared, and closed with either.

        Args:
            shift: (rows, columns) in PAN pixels.
            progress: asked for cancellation.
            field: of displacements besides: the PAN is resampled, once, onto its own grid, less the edge whose ground
                it does not show. None for none.

        Returns:
            The view; the scene itself where nothing moves.

        Raises:
            InputError: the grids do not fit together when moved.
        """
        if not any(shift) and field is None:
            return self
        moved = self.moved[0] + shift[0], self.moved[1] + shift[1]
        pan = self.pan if field is None else moved_by_field(self.pan, self.alignment.pan, moved, field)
        grid = pan.grid.move(*moved) if field is None else pan.grid
        alignment = align(self.hsi.grid, grid, self.hsi.source, self.pan.source)
        if field is not None and alignment.hsi == self.alignment.hsi and pan.always_valid:
            return replace(self, pan=pan, alignment=alignment, moved=moved, field=field, _cached={})
        return replace(self._scanned(self.hsi, pan, alignment, progress, None), moved=moved, field=field)

    def showing(self, hsi: RasterReader | None = None, pan: RasterReader | None = None) -> Scene:
        """A view with other values on the same pixels, as :class:`.guide.WeightedBand` has; the view closes them.

        Args:
            hsi: what is read instead of the HSI; None for itself.
            pan: what is read instead of the PAN; None for itself.

        Returns:
            The view.
        """
        return replace(self, hsi=hsi or self.hsi, pan=pan or self.pan, _cached={})

    def without(self, left_out: np.ndarray, faded: np.ndarray | None = None) -> Scene:
        """A view from some of whose pixels nothing is learned; they take no part in statistics either, and are
        sharpened as the others are. The files are shared, and closed with either.

        Args:
            left_out: (rows, columns) bool, HSI pixels under the output.
            faded: (rows, columns) bool, the pixels at which the PAN's detail is not trusted; None for none.

        Returns:
            The view; the scene itself where nothing is left out or faded.

        Raises:
            InputError: no pixel would take part.
        """
        faded = faded if faded is not None and faded.any() else None
        if not left_out.any() and faded is None:
            return self
        valid = self.low_valid & ~left_out
        if not valid.any():
            raise InputError(
                f"No pixel of {self.hsi.name} is left to learn from; choose a mask (--mask, MASK) that is 0 somewhere."
            )
        return replace(self, low_valid=valid, left_out=left_out, faded=faded, _cached={})

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close both files."""
        self.hsi.close()
        self.pan.close()

    @property
    def guides(self) -> int:
        """M, the number of the PAN's bands."""
        return self.pan.bands

    @property
    def ratio(self) -> float:
        """PAN pixels per HSI pixel: one number for both axes, see :func:`..io.ratio.nominal`."""
        return self.alignment.ratio

    @property
    def ratios(self) -> tuple[float, float]:
        """PAN pixels per HSI pixel along rows' and columns' axis."""
        return self.alignment.ratios

    @property
    def footprint(self) -> int:
        """Whole PAN pixels along the longer edge of an HSI pixel, rounded up."""
        return self.alignment.footprint

    @property
    def low_shape(self) -> tuple[int, int]:
        """(rows, columns) of the HSI under the output."""
        return self.alignment.hsi.rows, self.alignment.hsi.cols

    @property
    def high_shape(self) -> tuple[int, int]:
        """(rows, columns) of the output."""
        return self.alignment.pan.rows, self.alignment.pan.cols

    @cached_property
    def low_covered(self) -> np.ndarray:
        """The HSI pixels that take part in learning and whose centre lies inside the output, (rows, columns)."""
        return self.low_valid & self._low_inside

    @cached_property
    def low_projected(self) -> np.ndarray:
        """The HSI pixels that the degraded output has to equal, (rows, columns): some good band is valid, and the
        centre lies inside the output."""
        return self.low_present & self._low_inside

    @property
    def _low_inside(self) -> np.ndarray:
        inside = []
        for count, size, ratio, phase in zip(self.low_shape, self.high_shape, self.ratios, self.alignment.phase):
            centre = (np.arange(count) + 0.5) * ratio - phase
            inside.append((centre >= 0) & (centre <= size))
        return inside[0][:, None] & inside[1][None, :]

    def low_owner(self, axis: int) -> np.ndarray:
        """The HSI row (axis 0) or column (axis 1) in which the centre of each output row or column lies.

        Args:
            axis: 0 or 1.

        Returns:
            (output rows or columns,) int.
        """
        centres = np.arange(self.high_shape[axis]) + 0.5 + self.alignment.phase[axis]
        return np.clip((centres // self.ratios[axis]).astype(int), 0, self.low_shape[axis] - 1)

    def hsi_rows(self, start: int, stop: int, cols: tuple[int, int] | None = None, read_ahead: bool = False) -> Block:
        """Rows of the HSI under the output.

        Args:
            start: first row.
            stop: the row after the last.
            cols: (start, stop) of some columns; all by default.
            read_ahead: the next rows follow, see :meth:`..io.reader.RasterReader.read`.

        Returns:
            ``values`` (bands, rows, columns) float32 in DN, missing samples of good bands estimated; ``valid``
            (rows, columns) bool, the pixels at which some good band is valid: elsewhere the values are 0.
        """
        left, right = cols or (0, self.low_shape[1])
        values, valid = self.hsi.read(self.alignment.hsi.part((start, stop), (left, right)), read_ahead=read_ahead)
        present = self.low_present[start:stop, left:right]
        if self.regressions is not None:
            values = self.regressions.filled(values, valid, present)
        return Block(values, present)

    def hsi_band_valid(
        self, start: int, stop: int, bands: list[int], cols: tuple[int, int] | None = None
    ) -> np.ndarray:
        """Where single bands hold values.

        Args:
            start: first row.
            stop: the row after the last.
            bands: counted from 0.
            cols: (start, stop) of some columns; all by default.

        Returns:
            (bands, rows, columns) bool.
        """
        return self.hsi.read(self.alignment.hsi.part((start, stop), cols or (0, self.low_shape[1])), bands).valid

    def pan_rows(self, start: int, stop: int, cols: tuple[int, int] | None = None) -> Block:
        """Rows of the PAN, as the output has them.

        Args:
            start: first row.
            stop: the row after the last.
            cols: (start, stop) of some columns; all by default.

        Returns:
            ``values`` (M, rows, columns) float32 in DN; ``valid`` (rows, columns) bool, where all M bands have values.
        """
        block = self.pan.read(self.alignment.pan.part((start, stop), cols or (0, self.high_shape[1])))
        return Block(block.values, in_all_bands(block.valid))
