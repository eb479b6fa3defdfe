"""The job that looks at a pair before anything is made of it: ``inspect``."""

from __future__ import annotations

from dataclasses import dataclass

from . import shared
from .declare import Job, Option, Result
from .pixels import FILES, PIXELS, PLACED, PixelOptions

SHIFT_MAP = Option(
    "Three float32 bands on the HSI's grid, or a coarser one of a large scene: by how much the PAN must be moved in "
    "each place, besides its shift as a whole, to the right (dx) and downwards (dy), in PAN pixels, and how confident "
    "that is (0 to 1). All 0 where no local shift is found.",
    "Local shift of the PAN",
    kind="raster_out",
    name="shift_map",
    by_default=False,
)


@dataclass(frozen=True)
class InspectOptions(shared.RasterOptions, PixelOptions):
    """Of :func:`.inspect.inspect`.

    Attributes:
        bands: of the HSI, as "1-100,120" or "430-900 nm"; "" for all.
    """

    bands: str = shared.BANDS.field(help=f"Only these bands are looked at: {shared.BAND_NUMBERS}; empty: all.")


INSPECT = Job(
    "inspect",
    "Inspect a pair",
    "Quality",
    "Says in seconds, without learning, whether an HSI and a PAN fit together, and what is wrong with them.",
    (
        "Measured are the shift of the PAN against the HSI, as a whole and in each place, how alike the two are, how "
        "blurred the HSI is, and which bands the PAN is made of: detail of bands beyond it is inferred. Bad bands, "
        "missing samples, defects of the detectors, fill values that the files do not declare, what sharpening would "
        "do and about how long it would take, and all warnings stand on the same page, under a verdict in one "
        "sentence.",
        "Nothing is changed and no image is written. What it says is what the other algorithms see of the pair.",
    ),
    ("quality", "inspection", "shift", "registration", "spectral response", "pair", "hyperspectral"),
    (
        shared.HSI,
        shared.PAN,
        shared.REPORT.but(help="A page in one HTML file, with charts and pictures; opens in any browser."),
        shared.JSON,
        SHIFT_MAP,
    ),
    InspectOptions,
    (
        Result("RATIO", "Ratio", "PAN pixels per HSI pixel."),
        Result(
            "SHIFT_X",
            "Shift along columns (PAN pixels)",
            "By how many columns the PAN must be moved to lie on the HSI, in PAN pixels; empty where it cannot be "
            "measured.",
        ),
        Result(
            "SHIFT_Y",
            "Shift along rows (PAN pixels)",
            "By how many rows the PAN must be moved to lie on the HSI, in PAN pixels; empty where it cannot be "
            "measured.",
        ),
        Result(
            "SHIFT_LOCAL",
            "Local shift (PAN pixels)",
            "By how much the PAN must be moved in each place besides, in PAN pixels, root mean square; 0 where no "
            "local shift is found, empty where it cannot be measured.",
        ),
        Result(
            "MTF_X",
            "MTF gain along columns",
            "Gain at the HSI's Nyquist frequency along columns (across track) that the jobs compute with: as measured "
            "where that is sure, else published or assumed.",
        ),
        Result(
            "MTF_Y",
            "MTF gain along rows",
            "Gain at the HSI's Nyquist frequency along rows (along track) that the jobs compute with: as measured "
            "where that is sure, else published or assumed.",
        ),
        Result(
            "RESPONSE_R2",
            "Share of the PAN that the bands explain",
            "Share of the degraded PAN's variance that the HSI's bands explain with weights that are not negative; 1 "
            "is all of it.",
        ),
        Result("OVERLAP", "Overlap", "Share of the HSI's pixels that the PAN covers; 1 is all of them."),
        Result("VERDICT", "Verdict", "Whether the pair is fit for sharpening, in one sentence.", "text"),
    ),
    order=f"HSI PAN {PIXELS} {PLACED} {FILES}",
    example="--hsi hsi.tif --pan pan.tif --report pair.html",
    terminal="Prints the verdict and the numbers on a terminal, JSON into a file or a pipe. Needs no PyTorch.",
)
