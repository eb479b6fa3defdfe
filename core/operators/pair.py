"""The two operators between the grids of a scene, up and down, and their round trip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..io.ratio import Ratio, ratio_per_axis
from .linear import Separable
from .resample import Gains, degrader, upsampler

DEFAULT_MTF_GAIN = 0.3  # MTF gain at the low-resolution Nyquist frequency


@dataclass(frozen=True)
class Operators:
    """Up-sampling ``U`` and degradation ``D`` between a low- and a high-resolution grid.

    Attributes:
        low, high: (rows, columns) of the grids.
        ratio: high-resolution pixels per low-resolution pixel, of both axes or of each; any real number.
        phase: (y, x) distance from the low grid's corner to the high grid's, in high-resolution pixels.
        mtf_gain: MTF gain of the degradation, of both axes or of each.
    """

    low: tuple[int, int]
    high: tuple[int, int]
    ratio: Ratio
    phase: tuple[float, float] = (0.0, 0.0)
    mtf_gain: Gains = DEFAULT_MTF_GAIN

    def __reduce__(self) -> tuple:
        """What is computed of the grids is computed anew where they are unpickled."""
        return type(self), (self.low, self.high, self.ratio, self.phase, self.mtf_gain)

    @property
    def ratios(self) -> tuple[float, float]:
        """The ratio along the rows' axis and along the columns'."""
        return ratio_per_axis(self.ratio)

    @cached_property
    def up(self) -> Separable:
        """U, cubic."""
        return upsampler(self.low, self.high, self.ratio, self.phase)

    @cached_property
    def down(self) -> Separable:
        """D, MTF-matched."""
        return degrader(self.high, self.low, self.ratio, self.phase, self.mtf_gain)

    @cached_property
    def round_trip(self) -> Separable:
        """D U, on the low-resolution grid."""
        return self.down.after(self.up)
