"""Parameters that several algorithms share, so that a key means, looks and defaults the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from .. import settings
from ..core.operators.consistency import DEFAULT_ITERATIONS, MOST_ITERATIONS
from ..settings import DEVICES
from ..translation import tr

NETWORK_TITLES = {
    "ssml": "SSML",
    "s2bnet": "S2BNet",
    "bisrnet": "BiSRNet",
    "s2bnet_float": "S2BNet, full precision",
}
NETWORKS = tuple(NETWORK_TITLES)
EFFORTS = ("fast", "normal", "thorough")
COMPRESSIONS = ("deflate", "zstd", "none")
MODES = ("mutual", "alone")
USES = ("mean", "spectral", "spatial")

MODEL_EXTENSION = "safetensors"
MODEL_FILTER = "SSML model (*.safetensors)"
HTML_FILTER = "HTML (*.html)"
JSON_FILTER = "JSON (*.json)"
CSV_FILTER = "CSV (*.csv)"

LARGEST_SEED = 2**31 - 1


def advanced(parameter: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """Put a parameter into the section of advanced ones."""
    parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return parameter


def raster(key: str, label: str, optional: bool = False) -> QgsProcessingParameterRasterLayer:
    """A raster layer to read."""
    return QgsProcessingParameterRasterLayer(key, label, optional=optional)


def choice(key: str, label: str, options: Sequence[str], default: str) -> QgsProcessingParameterEnum:
    """One of some words; given as the word itself in models, scripts and qgis_process."""
    return QgsProcessingParameterEnum(
        key, label, options=list(options), allowMultiple=False, defaultValue=default, usesStaticStrings=True
    )


def choices(key: str, label: str, options: Sequence[str], default: Sequence[str]) -> QgsProcessingParameterEnum:
    """Some of some words; given as the words themselves in models, scripts and qgis_process."""
    return QgsProcessingParameterEnum(
        key, label, options=list(options), allowMultiple=True, defaultValue=list(default), usesStaticStrings=True
    )


def whole(
    key: str, label: str, default: int | None, low: int, high: int, optional: bool = False
) -> QgsProcessingParameterNumber:
    """A whole number between two bounds."""
    return QgsProcessingParameterNumber(
        key, label, QgsProcessingParameterNumber.Type.Integer, default, optional, low, high
    )


def real(
    key: str, label: str, default: float | None, low: float, high: float, optional: bool = False
) -> QgsProcessingParameterNumber:
    """A number between two bounds."""
    return QgsProcessingParameterNumber(
        key, label, QgsProcessingParameterNumber.Type.Double, default, optional, low, high
    )


def hsi(optional: bool = False) -> QgsProcessingParameterRasterLayer:
    """HSI."""
    return raster("HSI", tr("Hyperspectral image (HSI)"), optional)


def pan(optional: bool = False) -> QgsProcessingParameterRasterLayer:
    """PAN."""
    return raster("PAN", tr("Panchromatic image (PAN)"), optional)


def network() -> QgsProcessingParameterEnum:
    """NETWORK."""
    return choice("NETWORK", tr("Network"), NETWORKS, "ssml")


def effort() -> QgsProcessingParameterEnum:
    """EFFORT."""
    return choice("EFFORT", tr("Effort of learning"), EFFORTS, "normal")


def seed() -> QgsProcessingParameterNumber:
    """SEED."""
    return whole("SEED", tr("Seed of the random numbers"), 0, 0, LARGEST_SEED)


def device() -> QgsProcessingParameterEnum:
    """DEVICE."""
    return choice("DEVICE", tr("Device to compute on"), DEVICES, settings.device())


def mtf() -> QgsProcessingParameterDefinition:
    """MTF."""
    label = tr("MTF gain of the HSI at its Nyquist frequency, or sensor")
    return advanced(QgsProcessingParameterString("MTF", label, "0.3"))


def consistency(default: int | None = DEFAULT_ITERATIONS) -> QgsProcessingParameterDefinition:
    """CONSISTENCY; optional where there is no default."""
    label = tr("Iterations of the consistency projection")
    return advanced(whole("CONSISTENCY", label, default, 0, MOST_ITERATIONS, optional=default is None))


def extent() -> QgsProcessingParameterDefinition:
    """EXTENT."""
    return advanced(QgsProcessingParameterExtent("EXTENT", tr("Extent to work on"), optional=True))


def bands() -> QgsProcessingParameterDefinition:
    """BANDS."""
    label = tr("Bands of the HSI to use, as in 1-100,120 or 430-900 nm")
    return advanced(QgsProcessingParameterString("BANDS", label, optional=True))


def correct_shift() -> QgsProcessingParameterDefinition:
    """CORRECT_SHIFT."""
    return advanced(yes_or_no("CORRECT_SHIFT", tr("Correct the PAN's shift against the HSI")))


def overviews() -> QgsProcessingParameterDefinition:
    """OVERVIEWS."""
    return advanced(yes_or_no("OVERVIEWS", tr("Add overviews to the rasters written")))


def yes_or_no(key: str, label: str) -> QgsProcessingParameterBoolean:
    """A box to tick."""
    return QgsProcessingParameterBoolean(key, label, False)


def choices_of_scene() -> list[QgsProcessingParameterDefinition]:
    """EXTENT, BANDS, CORRECT_SHIFT, OVERVIEWS: what all algorithms that fuse share; see Arguments.choices_of_scene."""
    return [extent(), bands(), correct_shift(), overviews()]


def memory() -> QgsProcessingParameterDefinition:
    """MEMORY."""
    return advanced(real("MEMORY", tr("Memory to use at most, in GB (0: automatic)"), 0.0, 0.0, 4096.0, optional=True))


def compress() -> QgsProcessingParameterDefinition:
    """COMPRESS."""
    return advanced(choice("COMPRESS", tr("Compression of a GeoTIFF"), COMPRESSIONS, "deflate"))


def model(optional: bool = False) -> QgsProcessingParameterFile:
    """MODEL, to read."""
    return QgsProcessingParameterFile(
        "MODEL", tr("Model"), QgsProcessingParameterFile.Behavior.File, optional=optional, fileFilter=MODEL_FILTER
    )


def output(label: str, optional: bool = False) -> QgsProcessingParameterRasterDestination:
    """OUTPUT."""
    return QgsProcessingParameterRasterDestination("OUTPUT", label, optional=optional)


def disagreement() -> QgsProcessingParameterRasterDestination:
    """DISAGREEMENT, not made unless asked for."""
    return QgsProcessingParameterRasterDestination(
        "DISAGREEMENT", tr("Disagreement of the networks"), optional=True, createByDefault=False
    )


def file_output(
    key: str, label: str, file_filter: str, optional: bool = True, by_default: bool = True
) -> QgsProcessingParameterFileDestination:
    """A file to write."""
    return QgsProcessingParameterFileDestination(key, label, file_filter, optional=optional, createByDefault=by_default)


def report() -> QgsProcessingParameterFileDestination:
    """REPORT."""
    return file_output("REPORT", tr("Report"), HTML_FILTER)


def json_file() -> QgsProcessingParameterFileDestination:
    """JSON, not made unless asked for."""
    return file_output("JSON", tr("Results as JSON"), JSON_FILTER, by_default=False)
