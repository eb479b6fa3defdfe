"""What a user says of the bands of an HSI: where two detectors see the same wavelengths, and of their order."""

from __future__ import annotations

from typing import NamedTuple, Optional


class BandRule(NamedTuple):
    """See :mod:`.detectors`, which follows it.

    Attributes:
        overlap: "keep", "drop", or a wavelength in nm as text; "" for the product's default.
        sort: whether bands are sorted by wavelength; None for the product's default.
    """

    overlap: str = ""
    sort: Optional[bool] = None
