"""The numbers that a result gets: those against a reference and those against what it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..io.metadata import RasterMetadata
from ..quality.no_reference import NO_REFERENCE
from ..quality.reference import INDICES, PER_BAND, PixelMaps
from ..runtime.progress import Progress
from .full_resolution import FusedPair, score_full_resolution
from .reference import MAP_SIZE, View, finite, score_reference


@dataclass
class Scores:
    """Collects the numbers of one result.

    Attributes:
        bands: good bands, counted from 0.
        indices: by name; None where one cannot be computed.
        pixels: the number of pixels that counted, ``pixels`` of the result and ``hsi_pixels``.
        per_band: (B,) float64 arrays by name.
        notes: sentences on what was left out.
    """

    bands: Sequence[int]
    indices: dict[str, float | None] = field(default_factory=dict)
    pixels: dict[str, int] = field(default_factory=dict)
    per_band: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add_reference(
        self, fused: View, reference: View, ratio: float | None, progress: Progress, map_size: int = MAP_SIZE
    ) -> PixelMaps:
        """Score against a reference.

        Args:
            fused: the result.
            reference: the truth, a view of the same size.
            ratio: for ERGAS; None leaves it out.
            progress: receives progress; asked whether to stop.
            map_size: rows and columns of the maps, at most.

        Returns:
            The maps of the differences.
        """
        found, maps = score_reference(fused, reference, self.bands, ratio, progress, map_size)
        self._add(found, INDICES, "pixels", [key for key in PER_BAND if key != "mean"])
        return maps

    def add_full_resolution(self, fused: View, pair: FusedPair, progress: Progress) -> None:
        """Score without a reference.

        Args:
            fused: the result.
            pair: what it was made of.
            progress: receives progress; asked whether to stop.
        """
        found = score_full_resolution(fused, pair, progress)
        self._add(found, (*NO_REFERENCE, "consistency"), "hsi_pixels", found["per_band"])

    def _add(self, found: dict[str, Any], indices: Sequence[str], count: str, per_band: Any) -> None:
        self.indices.update({key: finite(found[key]) for key in indices})
        self.pixels[count] = found[count]
        self.per_band.update({key: found["per_band"][key] for key in per_band})
        self.notes += found["notes"]

    def table(self, metadata: RasterMetadata) -> dict[str, list]:
        """The numbers of each band.

        Args:
            metadata: of the result.

        Returns:
            Lists with one entry a good band: its number from 1, its wavelength, and its numbers.
        """
        return {
            "band": [band + 1 for band in self.bands],
            "wavelength": [metadata.wavelengths[band] for band in self.bands],
            **{key: [finite(value) for value in values] for key, values in self.per_band.items()},
        }
