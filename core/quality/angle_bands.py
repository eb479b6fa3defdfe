"""Which bands take part in the spectral angle: emitted heat and bands in other units would swamp it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

THERMAL = 5000.0  # nm: beyond, ground emits more than it reflects
DWARFED = 30.0  # times the median band's level; within 400 to 2500 nm radiance stays below about 10


def angle_bands(wavelengths: Sequence[float | None], levels: np.ndarray) -> np.ndarray:
    """The bands whose values may be compared as one spectrum. Own.

    Args:
        wavelengths: (B,) of the bands, nm; None where one is unknown.
        levels: (B,) float, mean sizes of the bands in the units that the angle is taken in; NaN where there is none.

    Returns:
        (B,) bool. Thermal bands are left out where there are others; of bands without wavelengths, those that are more
        than thirty times larger than the median of all.
    """
    thermal = np.array([wave is not None and wave > THERMAL for wave in wavelengths], bool)
    unknown = np.array([wave is None for wave in wavelengths], bool)
    chosen = ~thermal if not thermal.all() else np.ones(len(thermal), bool)
    sizes = np.abs(np.asarray(levels, float))
    known = chosen & np.isfinite(sizes)
    if unknown.any() and known.any():
        usual = float(np.median(sizes[known]))
        if usual > 0:
            chosen &= ~(unknown & (sizes > DWARFED * usual))
    return chosen
