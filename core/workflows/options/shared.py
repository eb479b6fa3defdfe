"""Files and options that several jobs have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...operators.consistency import DEFAULT_ITERATIONS, MOST_ITERATIONS
from ...runtime.devices import DEVICE_NAMES
from ...runtime.errors import InputError
from . import menus
from .declare import Option, Options
from .gain import GainOptions
from .placement import PlacementOptions
from .products import PRODUCT_FILTER, BandOptions

MODEL_FILTER = "SSML model (*.safetensors)"
GRID_TEXT = (
    "The result lies on the PAN's grid, clipped to the overlap, or, where the two are not parallel, on the HSI's, "
    "refined; it carries the HSI's bands, wavelengths, data type and nodata."
)
PYTORCH_TEXT = "Needs PyTorch and safetensors."
BAND_NUMBERS = "numbers counted from 1, as in 1-100,120, or wavelengths, as in 430-900 nm"

HSI = Option(
    "The hyperspectral image: a raster with many bands, any format that GDAL reads. Wavelengths, the bad-band list, "
    "nodata, scale and offset are taken from the file and kept.",
    "Hyperspectral image (HSI)",
    kind="raster",
    name="hsi",
    needed=True,
    product=PRODUCT_FILTER,
)
PAN = Option(
    "The sharper image of the same place: a panchromatic image, or a multispectral one as of Sentinel-2, of which all "
    "bands are used; pixels at least 1.5 times smaller than those of the HSI. The two grids need not nest; CRS and "
    "rotation may differ. It may be made of several files.",
    "Sharper image: panchromatic (PAN) or multispectral",
    kind="raster",
    name="pan",
    needed=True,
    product=PRODUCT_FILTER,
)
OUTPUT = Option("The sharpened image.", "Sharpened image", kind="raster_out", name="output", flag="--out", needed=True)
MODEL = Option(
    "A model file written by “Train a model” or “Sharpen a scene” (.safetensors).",
    "Model",
    kind="file",
    name="model",
    needed=True,
    filter=MODEL_FILTER,
)
REPORT = Option(
    "A report in one HTML file, with all parameters, versions and numbers; opens in any browser.",
    "Report",
    kind="file_out",
    name="report",
    filter="HTML (*.html)",
)
DISAGREEMENT = Option(
    "One band on the output's grid: how far the networks differ in each pixel, as the root mean square over bands "
    "and the 3 x 3 pixels around it, in standard deviations of the bands. High values mark places to trust less.",
    "Disagreement of the networks",
    kind="raster_out",
    name="disagreement",
    by_default=False,
)
JSON = Option(
    "All numbers, in one JSON file.",
    "Results as JSON",
    kind="file_out",
    name="json_path",
    filter="JSON (*.json)",
    by_default=False,
)

CONSISTENCY = Option(
    "How many times the result is corrected so that, degraded again by the MTF, it gives back the HSI. "
    "0 switches the correction off.",
    "Iterations of the consistency projection",
    DEFAULT_ITERATIONS,
    bounds=(0, MOST_ITERATIONS),
    zero="off",
    advanced=True,
)
BANDS = Option(
    f"Only these bands are used and written: {BAND_NUMBERS}; empty: all.",
    "Bands of the HSI to use, as in 1-100,120 or 430-900 nm",
    metavar="A-B",
    advanced=True,
)
SHIFT = Option(
    "How far the PAN is shifted against the HSI is measured by phase correlation. auto: the PAN's position is moved by "
    "that, to a fraction of a pixel, where it is sure, and the log warns where it is not; the result lies on the moved "
    "grid. Where it is sure as well that each place is off by another amount (terrain, jitter of a sensor), the PAN is "
    "resampled once to undo that, and the result lies on the PAN's own grid. global: it is moved as a whole, even if "
    "that is not sure, and a shift that cannot be measured is refused. local: as global, and a local shift is undone "
    "wherever there is one. none: it stays, and the log warns from half a PAN pixel on.",
    "How the PAN is moved onto the HSI",
    "auto",
    choices=("auto", "none", "global", "local"),
    titles=menus.SHIFT,
    advanced=True,
)
HSI_NODATA = Option(
    "The number that stands for “no value” in the HSI beside what the file declares, as -9999, or several, as -9999,0; "
    "none: no number does, not even a declared one, and none,-9999: -9999 alone. Empty: what the file declares, and a "
    "number that fills all bands of a region at the border is looked for, taken and warned of.",
    "Nodata value of the HSI (empty: the file's own, none: no value)",
    metavar="V",
    advanced=True,
)
PAN_NODATA = HSI_NODATA.but(
    help="As that of the HSI, for the PAN.", label="Nodata value of the PAN (empty: the file's own, none: no value)"
)
LAYERS = Option("By file, what its layer says instead of it: nodata and CRS.", default=None, flag="")
PAN_BANDS_USED = Option(
    f"Only these bands of the sharper image are used: {BAND_NUMBERS}; empty: all.",
    "Bands of the sharper image to use, as in 1-4 or 430-900 nm",
    metavar="A-B",
    advanced=True,
)
EFFORT = Option(
    "How long to learn: fast for a first look, normal, or thorough for the best result. The numbers of networks and "
    "of steps follow from the effort and the size of the scene, never from a clock.",
    "Effort of learning",
    "normal",
    choices=("fast", "normal", "thorough"),
    titles=menus.EFFORT,
)
CROP = Option(
    "Pixels to leave out along each edge of the result.",
    "Pixels to leave out along the edges",
    0,
    bounds=(0, 1000),
    advanced=True,
)


@dataclass(frozen=True)
class RasterOptions(BandOptions, PlacementOptions):
    """What is taken of an HSI and a PAN, and what is said of their files.

    Attributes:
        bands: of the HSI, as "1-100,120" or "430-900 nm"; "" for all.
        hsi_nodata, pan_nodata: numbers that stand for "no value", as "-9999"; "none" for none; "" for the file's own
            and those that are found.
        pan_bands_used: bands of the PAN, as ``bands``; "" for all.
        layers: by file, what QGIS's layers say instead of the files: (nodata as above, CRS), each "" for nothing.
    """

    bands: str = BANDS.field()
    hsi_nodata: str | float = HSI_NODATA.field()
    pan_nodata: str | float = PAN_NODATA.field()
    pan_bands_used: str = PAN_BANDS_USED.field()
    layers: Mapping[str, tuple[str, str]] | None = LAYERS.field()


@dataclass(frozen=True)
class SceneOptions(RasterOptions):
    """What is taken of a scene.

    Attributes:
        shift: how the PAN is moved by its measured shift: "auto" where that is sure, "none", "global", or "local", by a
            field besides.
    """

    shift: str = SHIFT.field()


@dataclass(frozen=True)
class SensorOptions(GainOptions):
    """The sensor, and how closely a result keeps to the HSI.

    Attributes:
        consistency: iterations of the consistency projection; 0 for none.
    """

    consistency: int = CONSISTENCY.field()


@dataclass(frozen=True)
class MemoryOptions(Options):
    """How much memory a fusion may take.

    Attributes:
        memory: budget in GB; None chooses one.
    """

    memory: float | None = Option(
        "The rows computed at a time are chosen so that this much memory suffices; automatic: 1 GB, halved while that "
        "is more than half of what is free.",
        "Memory to use at most, in GB (0: automatic)",
        None,
        metavar="GB",
        bounds=(0.0, 4096.0),
        advanced=True,
    ).field()


@dataclass(frozen=True)
class FusionOptions(MemoryOptions, SceneOptions):
    """What is fused, and how it is written.

    Attributes:
        extent: (xmin, ymin, xmax, ymax) in map units; None for all.
        overviews: whether to add overviews to the rasters.
        compress: of GeoTIFFs: "deflate", "zstd" or "none".
        clip: what is done with implausible samples: "none", or "range".
    """

    extent: tuple[float, float, float, float] | None = Option(
        "Only this part of the scene is computed; empty: all of the overlap of HSI and PAN. In the "
        "HSI's CRS; in QGIS in any.",
        "Extent to work on",
        None,
        "extent",
        metavar=("XMIN", "YMIN", "XMAX", "YMAX"),
        advanced=True,
    ).field()
    overviews: bool = Option(
        "Adds copies at a half, a quarter ... of the resolution to the rasters, so that QGIS shows them fast.",
        "Add overviews to the rasters written",
        False,
        advanced=True,
    ).field()
    compress: str = Option(
        "zstd is faster than deflate, but older software and QGIS 3.44 and 4.0 for macOS cannot read it; none makes "
        "large files at once.",
        "Compression of a GeoTIFF",
        "deflate",
        choices=("deflate", "zstd", "none"),
        titles=menus.COMPRESS,
        noun="compression",
        advanced=True,
    ).field()
    clip: str = Option(
        "What is done with implausible samples: far outside of what the 3 x 3 HSI pixels around hold, or below 0 "
        "where none of these is. none: they are counted, and the log says how many; range: each is set to the limit "
        "that it is beyond. The limits lie five times the range of the pixels around, and three standard deviations of "
        "the band, outside of it.",
        "Implausible samples",
        "none",
        choices=("none", "range"),
        titles=menus.CLIP,
        noun="way with implausible samples",
        advanced=True,
    ).field()


@dataclass(frozen=True)
class DeviceOptions(Options):
    """Where networks compute.

    Attributes:
        device: "auto", "cpu", "cuda" or "mps".
    """

    device: str = Option(
        "auto takes a graphics card if one works and the processor otherwise; cpu is the processor, cuda an NVIDIA "
        "card, mps an Apple one.",
        "Device to compute on",
        "auto",
        choices=DEVICE_NAMES,
        titles=menus.DEVICE,
        advanced=True,
    ).field()


@dataclass(frozen=True)
class SeedOptions(DeviceOptions):
    """What fixes the result of learning.

    Attributes:
        seed: of the random numbers.
        effort: of learning: "fast", "normal" or "thorough".
    """

    seed: int = Option(
        "The same inputs and the same seed give the same result on the same machine and device.",
        "Seed of the random numbers",
        0,
        bounds=(0, 2**31 - 1),
        advanced=True,
    ).field()
    effort: str = EFFORT.field()


@dataclass(frozen=True)
class LearningOptions(SeedOptions):
    """What learns, and how.

    Attributes:
        network: what learns, as :func:`.models.pair.kind_of` reads it.
        spectral_network: instead of SSML's spectral network; "" for that.
        spatial_network: instead of SSML's spatial network; "" for that.
        settings: fields of :class:`.training.settings.Settings` to set otherwise, by name; None for none.
    """

    network: str = Option(
        "What learns: ssml, a spectral and a spatial network that teach each other, for any number of bands; s2bnet, "
        "one small binarized network for images of 3 to 16 bands, fast without a graphics card; bisrnet, its simpler "
        "ancestor; s2bnet_float, the same network in full precision, to compare with.",
        "Network",
        "ssml",
        metavar="NAME",
        choices=tuple(menus.NETWORK_TITLES),
        titles=menus.NETWORK,
        open=True,
        advanced=True,
    ).field()
    spectral_network: str = Option("Network in the place of ssml-spectral.", metavar="NAME").field()
    spatial_network: str = Option("Network in the place of ssml-spatial.", metavar="NAME").field()
    settings: Mapping[str, object] | None = Option(
        "Fields of core.training.settings.Settings to set otherwise, for studies.", default=None, flag=""
    ).field()

    def check(self) -> None:
        """Refuse values outside of the bounds and the choices, and what learns where it is given twice.

        Raises:
            InputError: one is, or it is.
        """
        super().check()
        if self.network != "ssml" and (self.spectral_network or self.spatial_network):
            raise InputError(
                f"--network {self.network} is what learns already; leave it out, or --spectral-network and "
                "--spatial-network."
            )

    def learner(self) -> str:
        """The name of what learns: of ``network``, or of the two networks of a pair. Needs PyTorch."""
        from ...models.pair import pair_name

        pair = self.spectral_network or self.spatial_network
        return pair_name(self.spectral_network, self.spatial_network) if pair else self.network
