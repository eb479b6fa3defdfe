"""What a method of fusion is to the engine: the protocols that each method follows and that each part of the engine
relies on."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..physics.resample import Span
from ..progress import Progress
from ..raster.scene import Scene


class Residual(Protocol):
    """What networks add to the prior.

    Attributes:
        bytes_at_work: what computing a tile takes at most, on all threads.
    """

    receptive_field: int
    bytes_at_work: int
    alignment: int  # what it is given starts at multiples of this many pixels of the scene
    planes_dtype: str  # "float64" where the last digit of the planes must not depend on how they were cut

    def __call__(
        self, planes: np.ndarray, progress: Progress, margins: tuple[int, int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """(K + 2, rows, columns) to the residual (K, rows, columns) and the networks' disagreement (rows, columns), of
        all but ``margins``, rows above and below."""


class Plan(Protocol):
    """A method that has seen the scene: what it makes of each part, before the projection.

    Attributes:
        mean: (bands,), what stands for HSI pixels far from valid ones. pan_mean: the same for the PAN.
        reach: PAN pixels around a pixel that its planes depend on. alignment: parts, with that margin, start and end at
            multiples of this many PAN pixels, or with the image.
        count: K, number of planes.
        bytes_per_pixel: what :meth:`planes` takes while it works, per pixel of its part. bytes_at_work: what it takes
            besides.
        coefficients: (bands, K) of a linear method, ``Y_0 = U X + C S``; None for others, which have :meth:`fuse`.
    """

    mean: np.ndarray
    pan_mean: float
    reach: int
    alignment: int
    count: int
    bytes_per_pixel: int
    bytes_at_work: int
    coefficients: np.ndarray | None

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
    """What is to be computed.

    Attributes:
        gain: the HSI's MTF gain.
        iterations: of the consistency projection.
    """

    gain: float
    iterations: int

    def plan(self, scene: Scene, progress: Progress) -> Plan:
        """The method, made ready for a scene."""
