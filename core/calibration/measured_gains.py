"""What is measured of an HSI's blur: gains at the Nyquist frequency, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Gain:
    """A gain at the Nyquist frequency, without unit.

    Attributes:
        value: between 0 and 1.
        low, high: the 90 per cent interval.
    """

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Of the interval."""
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class GroupBlur:
    """The blur of bands that share detectors.

    Attributes:
        name: "VNIR", "SWIR" or "all bands".
        bands: counted from 0.
        rows: gain along the rows' axis (along track, where rows are scanned lines).
        columns: gain along the columns' axis (across track).
        shift: (y, x) by which the PAN seems to lie off these bands, PAN pixels.
        shift_width: half the width of the 90 per cent interval of either, PAN pixels.
        explained: share of the degraded PAN's detail that the bands explain, 0 to 1.
        sure: whether the gains can be relied on.
        taken_from: name of the group that the gains were taken from, as the PAN says too little about these bands; ""
            where they were measured.
    """

    name: str
    bands: tuple[int, ...]
    rows: Gain
    columns: Gain
    shift: tuple[float, float]
    shift_width: float
    explained: float
    sure: bool
    taken_from: str = ""

    @property
    def gains(self) -> tuple[float, float]:
        """(along rows' axis, along columns' axis)."""
        return self.rows.value, self.columns.value


@dataclass(frozen=True)
class Blur:
    """The blur of an HSI.

    Attributes:
        groups: of bands, at least one; the first is the one that the PAN shows best.
    """

    groups: tuple[GroupBlur, ...]

    @property
    def best(self) -> GroupBlur:
        """The group that the PAN shows best."""
        return self.groups[0]
