"""Options that say what is taken of the HSI's pixels; several jobs have them."""

from __future__ import annotations

from dataclasses import dataclass

from . import menus
from .declare import Option
from .placement import PlacementOptions

# Keys in the order of thought: which pixels, placed how, from which further files.
PIXELS = "BANDS MASK DENOISE"
PLACED = "SHIFT CONTRADICTIONS GRID RESOLUTION"
FILES = "PAN2 PAN_MORE GEOLOCATION"
MASK = Option(
    "A raster of one band, on any grid: where it is not 0 (clouds, change), nothing is learned and no "
    "statistics are taken. These pixels are sharpened as the others are.",
    "Mask of pixels not to learn from",
    kind="raster",
    advanced=True,
)
CONTRADICTIONS = Option(
    "auto: pixels where the PAN shows something else than the HSI (a cloud in one of them, what has moved, a hot "
    "pixel) are found and counted; nothing is learned from them, and the PAN's detail is faded there. off: they are "
    "taken as the others.",
    "Pixels where the PAN contradicts the HSI",
    "auto",
    choices=("auto", "off"),
    titles=(("auto", "Find them and leave them out (recommended)"), ("off", "Take them as the others")),
    noun="way with contradictions",
    advanced=True,
)
DENOISE = Option(
    "auto: white noise of the HSI's detectors is looked for; where there is some, what cannot be told from it is "
    "removed from the spectra before the fusion, which would sharpen it with them. What passed the optics is blurred "
    "and such noise is not, so an image without it is left as it is. off: the HSI is taken with its noise.",
    "Noise of the HSI",
    "auto",
    choices=("auto", "off"),
    titles=menus.DENOISE,
    noun="way with noise",
    advanced=True,
)


@dataclass(frozen=True)
class PixelOptions(PlacementOptions):
    """From which pixels something is learned, and with how much of their noise.

    Attributes:
        mask: raster that is not 0 where nothing is to be learned; "" for none.
        contradictions: "auto", or "off".
        denoise: "auto", or "off".
    """

    mask: str = MASK.field()
    contradictions: str = CONTRADICTIONS.field()
    denoise: str = DENOISE.field()

    @property
    def besides(self) -> tuple[str, ...]:
        """As :attr:`.placement.PlacementOptions.besides`, with the mask."""
        return tuple(path for path in (self.mask, *super().besides) if path)
