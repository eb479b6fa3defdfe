"""The axis of charts over bands: wavelengths where every band has one, else band numbers; bad bands are shaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Union

import numpy as np

from ..io.metadata import RasterMetadata
from .charts import Chart

Values = Union[Sequence[Union[float, None]], np.ndarray]


class BandAxis:
    """Places the bands of an image along an axis.

    Args:
        metadata: of the image.
        bands: the good bands, counted from 0, in ascending order.

    Attributes:
        label: of the axis, with its unit.
        greyed: ranges without good bands: bad bands, and steps of more than three times the usual one.
    """

    def __init__(self, metadata: RasterMetadata, bands: Sequence[int]) -> None:
        has_wavelengths = all(metadata.wavelengths[band] for band in bands)
        self.label = "Wavelength (nm)" if has_wavelengths else "Band number"
        self._place = np.array([metadata.wavelengths[band] if has_wavelengths else band + 1 for band in bands], float)
        steps = np.diff(self._place)
        usual = float(np.median(np.abs(steps))) if len(steps) else 1.0
        wide = np.abs(steps) > max(3 * usual, 1.5)
        skipped = np.diff(np.asarray(bands)) > 1
        self._breaks = np.flatnonzero(wide | skipped | (steps < 0)) + 1
        half = usual / 2
        self.greyed = [
            (self._place[i] + half, self._place[i + 1] - half)
            for i in np.flatnonzero((wide | skipped) & (steps > 0))
            if self._place[i + 1] - self._place[i] > 1.01 * usual
        ]

    def chart(
        self,
        title: str,
        y_label: str,
        series: Mapping[str, Values],
        factor: float = 1.0,
        colours: Mapping[str, int] | None = None,
    ) -> Chart:
        """A chart of one or several lines over the bands, which break where good bands do not follow each other.

        Args:
            title: what it shows.
            y_label: the quantity, with its unit.
            series: name of a line -> its values, one a band of the axis; None or NaN for a gap.
            factor: what all are multiplied by, as for per cent.
            colours: as of :class:`.charts.Chart`.

        Returns:
            the chart, with ranges without good bands shaded.
        """
        x = np.insert(self._place, self._breaks, np.nan)
        lines = {
            name: (x, np.insert(factor * np.array(values, float), self._breaks, np.nan))
            for name, values in series.items()
        }
        note = "Grey: no good bands." if self.greyed else ""
        return Chart(title, self.label, y_label, lines, self.greyed, note, colours or {})
