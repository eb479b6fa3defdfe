r"""Quality indices of a fused image against a reference: RMSE, PSNR, CC, SSIM, SAM, ERGAS, UIQI, Q2n, RSNR.

All are masked (a sample takes part only where the caller marks it as valid, in all bands or in its own) and streamed
(row blocks of any height give the value of the whole image), with sums in double precision (but for the windows of
SSIM) and no double copy of the cube. Values are taken as they are: apply scale and offset first, so that both images
are in physical units. Leave bad bands out of both.

With x the fused and y the reference image, b a band of B, p a pixel of N:

* RMSE :math:`\sqrt{\frac{1}{B N} \sum_b \sum_p (x - y)^2}`, pooled over bands and pixels, in physical units.
* PSNR :math:`\frac{1}{B} \sum_b 20 \log_{10} (\max_p y_b / RMSE_b)`, in dB.
* CC: mean over bands of Pearson's correlation coefficient.
* SSIM: mean over bands, see :mod:`.ssim`.
* SAM, the spectral angle mapper :math:`\frac{1}{N} \sum_p \arccos \frac{x_p \cdot y_p}{|x_p| |y_p|}`, in degrees,
  over the bands that are valid in the pixel; pixels where either spectrum is all zero are left out, and so are bands
  that would swamp the angle (:mod:`.angle_bands`). Source: Yuhas, Goetz and Boardman, JPL Airborne Geoscience Workshop,
  1992.
* ERGAS :math:`\frac{100}{R} \sqrt{\frac{1}{B} \sum_b \frac{RMSE_b^2}{\bar y_b^2}}` with R the ratio of the pixel sizes
  (HSI to PAN), bands whose reference mean is not positive left out. Source: Wald, Data Fusion, Presses des Mines, 2002.
* RSNR, the reconstruction signal-to-noise ratio :math:`10 \log_{10} (\sum y^2 / \sum (x - y)^2)`, in dB, pooled over
  bands and pixels.
* UIQI: mean over bands, see :mod:`.uiqi`; Q2n: see :mod:`.q2n`.

SSIM leaves windows out that touch invalid samples of their band, UIQI and Q2n blocks that hold pixels with any: they
are defined on fewer pixels than the others.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from .blocks import BlockStream, block_notes, lanes
from .q2n import hypercomplex_quality
from .sample_sums import SampleSums
from .ssim import StructuralSimilarity
from .uiqi import band_quality
from .windows import Run

INDICES = ("ergas", "sam", "psnr", "cc", "ssim", "rmse", "uiqi", "q2n", "rsnr")
PER_BAND = ("rmse", "psnr", "cc", "ssim", "uiqi", "rsnr", "mean")


class PixelMaps(NamedTuple):
    """Where the differences lie: one value a pixel, NaN where there is none.

    Attributes:
        rmse: (r, c) float32, root of the mean over bands of the squared difference, physical units.
        angle: (r, c) float32, spectral angle in degrees.
    """

    rmse: np.ndarray
    angle: np.ndarray


class BandRange:
    """Minimum and maximum of each band over the valid pixels: the first pass that SSIM asks for.

    Args:
        bands: the number of bands B.
    """

    def __init__(self, bands: int) -> None:
        self.minimum = np.full(bands, math.inf)
        self.maximum = np.full(bands, -math.inf)
        self._sizes, self._count = np.zeros(bands), 0

    def update(self, values: np.ndarray, valid: np.ndarray) -> None:
        """Add rows.

        Args:
            values: (B, r, c) of any dtype.
            valid: (r, c) bool, or (B, r, c) where bands differ.
        """
        for band, (plane, chosen) in enumerate(zip(values, _indices(valid, len(values)))):
            inside = plane[chosen]
            if inside.size:
                self.minimum[band] = min(self.minimum[band], float(inside.min()))
                self.maximum[band] = max(self.maximum[band], float(inside.max()))
                sizes = inside if self.minimum[band] >= 0 else np.abs(inside, dtype=np.float64)
                self._sizes[band] += float(sizes.sum(dtype=np.float64))
        self._count += int(np.count_nonzero(valid))

    def levels(self) -> np.ndarray:
        """(B,) float64 means of the absolute values; NaN where no pixel was valid."""
        return self._sizes / self._count if self._count else np.full(len(self._sizes), math.nan)

    def result(self) -> np.ndarray:
        """(B,) float64 maximum minus minimum; NaN where no pixel was valid."""
        return np.where(np.isfinite(self.minimum), self.maximum - self.minimum, math.nan)


class ReferenceIndices:
    """All indices of this module, accumulated over blocks of rows handed in from top to bottom.

    Args:
        bands: the number of bands B.
        ratio: pixel size of the HSI over that of the PAN, for ERGAS; None leaves ERGAS out (NaN).
        data_range: (B,) float64 maximum minus minimum of the reference's bands (:class:`BandRange`), for SSIM.
        check: called between pieces of work; may raise to stop it.
        angle_bands: (B,) bool, the bands that take part in SAM, see :func:`.angle_bands.angle_bands`; all by default.
    """

    def __init__(
        self,
        bands: int,
        ratio: float | None,
        data_range: np.ndarray,
        check: Callable[[], None] | None = None,
        angle_bands: np.ndarray | None = None,
    ) -> None:
        self._in_angle = np.ones(bands, bool) if angle_bands is None else angle_bands
        self._check = check or (lambda: None)
        self.bands, self.ratio = bands, ratio
        self._samples = SampleSums(self._in_angle, self._check)
        self._ssim = StructuralSimilarity(data_range, check)
        self._lanes: list[_Lane] = []

    def update(self, fused: np.ndarray, reference: np.ndarray, valid: np.ndarray, run: Run = map) -> PixelMaps:
        """Add the next rows.

        Args:
            fused: (B, r, c) of any dtype, physical units.
            reference: (B, r, c) of any dtype, the same units.
            valid: (r, c) bool, or (B, r, c) where bands differ; where it is False the values may be anything, NaN too.
            run: as ``map``; that of a pool of threads does work side by side.

        Returns:
            the maps of these rows.

        Raises:
            ValueError: the shapes do not fit.
        """
        if fused.shape != reference.shape or len(fused) != self.bands:
            raise ValueError(
                f"expected two (B, r, c) arrays of {self.bands} bands, got {fused.shape}, {reference.shape}"
            )
        shape = fused.shape[1:]
        if valid.shape not in (shape, fused.shape):
            raise ValueError(f"expected a mask of shape {shape} or {fused.shape}, got {valid.shape}")
        maps = np.full((2, *shape), math.nan, dtype=np.float32)
        parts, in_all = lanes(shape[1]), valid if valid.ndim == 2 else valid.all(axis=0)
        self._lanes = self._lanes or [_Lane(self.bands, self._check) for _ in parts]
        beside: list[Callable[[], None]] = [
            functools.partial(lane.update, fused[..., part], reference[..., part], in_all[:, part])
            for lane, part in zip(self._lanes, parts)
        ]
        beside += self._samples.pieces(fused, reference, valid, maps)
        self._ssim.update(fused, reference, valid, run, beside)
        self._samples.merge()
        return PixelMaps(maps[0], maps[1])

    def result(self) -> dict:
        """The indices over everything handed in.

        Returns:
            floats ``ergas``, ``sam`` (degrees), ``psnr`` (dB, infinite where a band is exact), ``cc``, ``ssim``,
            ``rmse`` (physical units), ``uiqi``, ``q2n`` and ``rsnr`` (dB, infinite for an exact image), NaN where an
            index cannot be computed; ``pixels``, the number of pixels with valid samples; ``per_band``, a dict of (B,)
            float64 arrays ``rmse``, ``psnr``, ``cc``, ``ssim``, ``uiqi``, ``rsnr`` and the reference's ``mean``, NaN
            for a band without valid samples; ``notes``, sentences on what was left out of which index.
        """
        sums = self._samples
        if not sums.pixels:
            empty = {key: np.full(self.bands, math.nan) for key in PER_BAND}
            reason = "No pixel is valid in both images, so no index could be computed."
            return {**dict.fromkeys(INDICES, math.nan), "pixels": 0, "per_band": empty, "notes": [reason]}
        notes: list[str] = []
        error = np.where(sums.counts > 0, sums.squared_error / np.maximum(sums.counts, 1), math.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            psnr = 20 * np.log10(sums.maximum) - 10 * np.log10(error)
            psnr[~(sums.maximum > 0)] = math.nan
            cc = np.clip(sums.xy / np.sqrt(sums.xx * sums.yy), -1.0, 1.0)
            cc[self._constant(sums.xx, sums.mean_x) | self._constant(sums.yy, sums.mean_y)] = math.nan
            relative = error / sums.mean_y**2
            relative[~(sums.mean_y > 0)] = math.nan
            rsnr = _decibels(sums.squared_reference, sums.squared_error)
            pooled = _decibels(sums.squared_reference.sum(), sums.squared_error.sum())
        ssim = self._ssim.result()
        blocks = BlockStream()
        for lane in self._lanes:
            blocks.count_in(lane.blocks)
        used = blocks.used
        uiqi = np.sum([lane.uiqi for lane in self._lanes], axis=0) / used if used else np.full(self.bands, math.nan)
        ergas = math.nan
        if self.ratio is not None:
            mean = _mean(relative, "ERGAS", "a reference mean that is not positive", notes)
            ergas = 100.0 / self.ratio * math.sqrt(mean)
        overall = {
            "ergas": ergas,
            "sam": math.degrees(sums.angles / sums.angle_pixels) if sums.angle_pixels else math.nan,
            "psnr": _mean(psnr, "PSNR", "a reference maximum that is not positive", notes),
            "cc": _mean(cc, "CC", "no variation in one of the images", notes),
            "ssim": _mean(ssim, "SSIM", "a constant reference or no whole window", notes),
            "rmse": self._pooled_error(error),
            "uiqi": float(uiqi.mean()),
            "q2n": sum(lane.q2n for lane in self._lanes) / used if used else math.nan,
            "rsnr": float(pooled),
        }
        notes += block_notes(blocks, "UIQI and Q2n")
        if not self._in_angle.all():
            numbers = ", ".join(str(band + 1) for band in np.flatnonzero(~self._in_angle))
            notes.append(
                f"SAM leaves out {int((~self._in_angle).sum())} of {self.bands} bands, which are thermal or far larger "
                f"than the others and would swamp the angle (of the bands compared, no. {numbers})."
            )
        if sums.angle_pixels < sums.pixels:
            left_out = sums.pixels - sums.angle_pixels
            notes.append(f"SAM leaves out {left_out} pixel(s) whose spectrum is all zero in one of the images.")
        per_band = dict(
            zip(
                PER_BAND,
                (np.sqrt(error), psnr, cc, ssim, uiqi, rsnr, np.where(sums.counts > 0, sums.mean_y, math.nan)),
            )
        )
        return {**overall, "pixels": sums.pixels, "per_band": per_band, "notes": notes}

    def _pooled_error(self, error: np.ndarray) -> float:
        """RMSE over all valid samples."""
        if (self._samples.counts == self._samples.pixels).all():
            return math.sqrt(float(error.mean()))
        return math.sqrt(float(self._samples.squared_error.sum()) / int(self._samples.counts.sum()))

    def _constant(self, squares: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Which bands vary by no more than the rounding of their mean."""
        return squares <= self._samples.counts * (1e-12 * mean) ** 2


class _Lane:
    """UIQI of each band and Q2n, summed over the blocks of some columns."""

    def __init__(self, bands: int, check: Callable[[], None]) -> None:
        self.blocks = BlockStream(check=check)
        self.uiqi, self.q2n = np.zeros(bands), 0.0

    def update(self, fused: np.ndarray, reference: np.ndarray, valid: np.ndarray) -> None:
        for block in self.blocks.update(fused, reference, valid):
            self.uiqi += band_quality(block)
            self.q2n += hypercomplex_quality(block)


def reference_indices(
    fused: np.ndarray, reference: np.ndarray, ratio: float | None, valid: np.ndarray | None = None
) -> dict:
    """The indices of whole images in memory.

    Args:
        fused: (B, r, c) of any dtype, physical units.
        reference: (B, r, c) of any dtype, the same units.
        ratio: pixel size of the HSI over that of the PAN; None leaves ERGAS out.
        valid: (r, c) bool, or (B, r, c) where bands differ; None for all.

    Returns:
        what :meth:`ReferenceIndices.result` returns.

    Raises:
        ValueError: the shapes do not fit.
    """
    if reference.ndim != 3:
        raise ValueError(f"expected a (B, r, c) array, got shape {reference.shape}")
    valid = np.ones(reference.shape[1:], bool) if valid is None else valid
    limits = BandRange(len(reference))
    limits.update(reference, valid)
    indices = ReferenceIndices(len(reference), ratio, limits.result())
    indices.update(fused, reference, valid)
    return indices.result()


def _indices(valid: np.ndarray, bands: int) -> Iterator[np.ndarray | slice]:
    """What to index the plane of each band with: a view of it where every pixel is valid."""
    if valid.ndim == 3:
        yield from valid
    else:
        yield from itertools.repeat(slice(None) if valid.all() else valid, bands)


def _decibels(signal: np.ndarray, error: np.ndarray) -> np.ndarray:
    """10 log10 of the quotient: infinite without error, NaN without signal."""
    return np.where(signal > 0, 10 * np.log10(signal) - 10 * np.log10(error), math.nan)


def _mean(values: np.ndarray, index: str, reason: str, notes: list[str]) -> float:
    """Mean over the bands that have a value; a note counts those that have none."""
    finite = ~np.isnan(values)
    left_out = int(np.count_nonzero(~finite))
    if left_out:
        notes.append(f"{index} leaves out {left_out} band(s) with {reason}.")
    return float(values[finite].mean()) if finite.any() else math.nan
