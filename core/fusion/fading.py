"""Where the PAN contradicts the HSI its detail fades: nothing of it is added there, and smoothly less around."""

from __future__ import annotations

import numpy as np

from ..operators.linear import Separable, Span
from ..scene.scene import Scene
from .method import FittedMethod


class Fading:
    """How much of the PAN's detail is kept.

    Args:
        scene: whose ``faded`` pixels are meant.
        up: U between its grids.
    """

    def __init__(self, scene: Scene, up: Separable) -> None:
        self._low = None if scene.faded is None else 1.0 - scene.faded[None].astype(np.float32)
        self._up = up

    def kept(self, rows: Span, cols: Span) -> np.ndarray | None:
        """The share that is kept of a part of the output.

        Args:
            rows: (start, stop) in PAN pixels.
            cols: (start, stop) in PAN pixels.

        Returns:
            (1, rows, columns) float32, 0 to 1; None where all is kept everywhere.
        """
        return None if self._low is None else np.clip(self._up.part(self._low, rows, cols), 0.0, 1.0)


def fuse_bands(
    method: FittedMethod, values: np.ndarray, planes: np.ndarray, bands: slice, kept: np.ndarray | None
) -> None:
    """Turn some up-sampled bands into fused ones, in place, as far as their detail is kept.

    Args:
        method: that is not linear.
        values: (bands, rows, columns) float32, overwritten.
        planes: (K, rows, columns) float32 of the same part.
        bands: which bands of the HSI the values are.
        kept: (1, rows, columns) float32, the share of the detail that is kept; None for all of it.
    """
    plain = None if kept is None else values.copy()
    method.fuse_bands(values, planes, bands)
    if plain is not None:
        values -= plain
        values *= kept
        values += plain
