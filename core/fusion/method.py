"""What a method of fusion is: ``FusionMethod.fit(scene)`` gives a :class:`FittedMethod`, which the engine applies.

``Y = Y_0 + U E``: a fitted method gives ``Y_0`` on any part of the output; the engine adds the consistency
projection ``E``. Most methods are linear, ``Y_0 = U X + C S`` with some planes ``S`` and coefficients ``C``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, Protocol

import numpy as np

from ..operators.linear import Span
from ..operators.resample import Gains
from ..runtime.progress import Progress
from ..scene.scene import Scene
from ..scene.streams import Guide


class Part(NamedTuple):
    """A part of the output.

    Attributes:
        rows: (start, stop) on the high-resolution grid.
        cols: (start, stop) on the high-resolution grid.
        origin: the row and column at which the low-resolution arrays start that go with it.
    """

    rows: Span
    cols: Span
    origin: tuple[int, int]


class Support(NamedTuple):
    """What computing a method's planes depends on, and takes.

    Attributes:
        receptive_field: PAN pixels on each side of a pixel.
        alignment: parts, with that margin, start and end at multiples of this many PAN pixels, or with the image.
        bytes_per_pixel: memory at work, per pixel of a part.
        bytes_at_work: memory besides, whatever the part.
        tile: pixels of a tile, in which a part is computed, at most.
        tile_bytes: memory of all tiles that are computed at once, per pixel of one.
    """

    receptive_field: int = 0
    alignment: int = 1
    bytes_per_pixel: int = 0
    bytes_at_work: int = 0
    tile: int = 0
    tile_bytes: float = 0.0


class FittedMethod(ABC):
    """A method fitted to a scene. It holds no open file and can be pickled.

    Attributes:
        mtf_gain: the HSI's MTF gain at its Nyquist frequency.
        iterations: of the consistency projection.
        mean: (bands,) float32, what stands for HSI pixels far from valid ones.
        pan_mean: the same for the PAN: (M,) float32, or one number.
        planes_count: K, number of planes.
        coefficients: (bands, K) float32 of a linear method; None for others, which give :meth:`fuse_bands`.
        support: see :class:`Support`.
        guide: what the HSI is filled by where it has no values; None for its own edge.
    """

    mtf_gain: Gains
    iterations: int
    mean: np.ndarray
    pan_mean: np.ndarray | float
    planes_count: int
    coefficients: np.ndarray | None
    support: Support
    guide: Guide | None = None

    @abstractmethod
    def planes(self, hsi: np.ndarray, pan: np.ndarray, part: Part, progress: Progress) -> np.ndarray:
        """The planes S that all bands share, on a part of the high-resolution grid.

        Args:
            hsi: (bands, rows, columns) float32 of the HSI, from the part's origin on, all that the up-sampled part
                depends on.
            pan: (M, rows, columns) float32, exactly the part.
            part: of the output.
            progress: asked whether to stop.

        Returns:
            (K, rows, columns) float32, or K + 1 planes, the last of which is the networks' disagreement.
        """

    def fuse_bands(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """Turn some up-sampled bands into fused ones, in place; for methods that are not linear.

        Args:
            values: (bands, rows, columns) float32, overwritten.
            planes: (K, rows, columns) float32 of the same part.
            bands: which bands of the HSI the values are.

        Raises:
            TypeError: the method is linear and given by its coefficients.
        """
        raise TypeError(f"{type(self).__name__} is linear: its bands are given by coefficients")


class FusionMethod(Protocol):
    """A method with its parameters, before it is fitted."""

    def fit(self, scene: Scene, progress: Progress) -> FittedMethod:
        """Fit the method to a scene.

        Args:
            scene: the pair of images.
            progress: of the fit.

        Returns:
            the fitted method.

        Raises:
            InputError: the scene cannot be fused by it.
            Cancelled: the user stopped the job.
        """
