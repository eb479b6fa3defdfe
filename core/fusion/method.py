"""What a method of fusion is to the engine: the protocols that each method follows and that each part of the engine
relies on."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..physics.resample import Span
from ..progress import Progress
from ..raster.scene import Scene


class Residual(Protocol):
    """What networks add to the prior."""

    @property
    def receptive_field(self) -> int:
        """PAN pixels on each side that an output pixel depends on."""

    @property
    def bytes_at_work(self) -> int:
        """What computing a tile takes at most, on all threads."""

    @property
    def alignment(self) -> int:
        """What it is given starts at multiples of this many pixels of the scene."""

    @property
    def planes_dtype(self) -> str:
        """Of the planes: "float64" where their last digit must not depend on how they were cut, else "float32"."""

    @property
    def engine(self) -> str:
        """A sentence about how it is computed, "" where there is nothing to say."""

    def __call__(
        self, planes: np.ndarray, progress: Progress, margins: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """(K + 2, rows, columns) to the residual (K, rows, columns) and the networks' disagreement (rows, columns), of
        all but ``margins``, rows above and below."""


class Plan(Protocol):
    """A method that has seen the scene: what it makes of each part, before the projection."""

    @property
    def mean(self) -> np.ndarray:
        """(bands,), what stands for HSI pixels far from valid ones."""

    @property
    def pan_mean(self) -> float:
        """What stands for PAN pixels far from valid ones."""

    @property
    def reach(self) -> int:
        """PAN pixels around a pixel that its planes depend on."""

    @property
    def alignment(self) -> int:
        """Parts, with that margin, start and end at multiples of this many PAN pixels, or with the image."""

    @property
    def count(self) -> int:
        """K, number of planes."""

    @property
    def bytes_per_pixel(self) -> int:
        """What :meth:`planes` takes while it works, per pixel of its part."""

    @property
    def bytes_at_work(self) -> int:
        """What :meth:`planes` takes besides."""

    @property
    def coefficients(self) -> np.ndarray | None:
        """(bands, K) of a linear method, ``Y_0 = U X + C S``; None for others, which have :meth:`fuse`."""

    def planes(
        self, hsi: np.ndarray, pan: np.ndarray, part: tuple[Span, Span], origin: tuple[int, int], progress: Progress
    ) -> np.ndarray:
        """What all bands share, on a part of the high-resolution grid.

        Args:
            hsi: (bands, rows, columns) of the HSI, from ``origin`` on, all that the up-sampled part depends on.
            pan: (1, rows, columns), exactly the part.

        Returns:
            (K, rows, columns) float32, or K + 1 planes, the last of which is the networks' disagreement.
        """

    def fuse(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """Turn some up-sampled bands (bands, rows, columns) into fused ones, in place."""


class Formula(Protocol):
    """What is to be computed."""

    @property
    def gain(self) -> float:
        """The HSI's MTF gain."""

    @property
    def iterations(self) -> int:
        """Of the consistency projection."""

    def plan(self, scene: Scene, progress: Progress) -> Plan:
        """The method, made ready for a scene."""
