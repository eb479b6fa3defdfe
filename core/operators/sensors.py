"""What is published of sensors: MTF gains at the Nyquist frequency, and the wavelengths of their panchromatic band.

Each number names its source; where none was found there is no number. Of gains that a document gives along and across
the track, or as a range, the square root of the product stands here, too, which is the gain of the round Gaussian
whose variance is the mean of the two (own).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..runtime.errors import InputError
from ..runtime.near_words import hint


@dataclass(frozen=True)
class Sensor:
    """One sensor, or a pair of sensors on one satellite.

    Attributes:
        name: as users call it in messages.
        pan_range: first and last wavelength of the panchromatic band in nm, None where there is no such band.
        pan_source: where the range is published.
        mtf_gains: MTF gains at the Nyquist frequency of the hyperspectral or multispectral bands, in the order of the
            bands, or one for all; empty where no published one is known.
        mtf_gains_source: where they are published.
        mtf_axes: the gains along and across the track; None where they are not published apart.
        product: how the names of its files begin, lower case; "" where they do not tell.
    """

    name: str
    pan_range: tuple[float, float] | None = None
    pan_source: str = ""
    mtf_gains: tuple[float, ...] = ()
    mtf_gains_source: str = ""
    mtf_axes: tuple[float, float] | None = None
    product: str = ""


_AIAZZI = (
    "Aiazzi et al., MTF-tailored multiscale fusion of high-resolution MS and Pan imagery, PE&RS 72(5), 2006; "
    "blue, green, red, near infrared"
)
_VIVONE = (
    "Vivone et al., A critical comparison among pansharpening algorithms, IEEE TGRS 53(5), 2015: its toolbox, genMTF"
)
_MAXAR = "the operator's data sheet of the satellite"

SENSORS: dict[str, Sensor] = {
    "prisma": Sensor(
        "PRISMA",
        (400.0, 700.0),
        "ASI, PRISMA technical specifications",
        (0.072,),
        "USGS Open-File Report 2021-1030-K, doi:10.3133/ofr20211030K: measured from 0.054 to 0.096",
        product="prs_l",
    ),
    "enmap": Sensor(
        "EnMAP",
        mtf_gains=(0.2,),
        mtf_gains_source=(
            "EnMAP HSI instrument specification: more than 0.25 across and 0.16 along track at a period of 60 m"
        ),
        mtf_axes=(0.16, 0.25),
        product="enmap",
    ),
    "tanager": Sensor(
        "Tanager",
        mtf_gains=(0.351,),
        mtf_gains_source="USGS Open-File Report 2021-1030-W, doi:10.3133/ofr20211030W: measured from 0.253 to 0.488",
    ),
    "eo-1": Sensor(
        "EO-1 Hyperion and ALI", (480.0, 690.0), "NASA, EO-1 Advanced Land Imager, panchromatic band", product="eo1h"
    ),
    "worldview-2": Sensor("WorldView-2", (450.0, 800.0), _MAXAR, (*(0.35,) * 7, 0.27), _VIVONE),
    "worldview-3": Sensor(
        "WorldView-3",
        (450.0, 800.0),
        _MAXAR,
        (0.325, 0.355, 0.360, 0.350, 0.365, 0.360, 0.335, 0.315),
        _VIVONE,
    ),
    "geoeye-1": Sensor("GeoEye-1", (450.0, 800.0), _MAXAR, (0.23, 0.23, 0.23, 0.23), _VIVONE),
    "quickbird": Sensor("QuickBird", (450.0, 900.0), _MAXAR, (0.34, 0.32, 0.30, 0.22), _AIAZZI),
    "ikonos": Sensor("IKONOS", (450.0, 900.0), _MAXAR, (0.26, 0.28, 0.29, 0.28), _AIAZZI),
    "gaofen-2": Sensor("GaoFen-2", (450.0, 900.0), "CRESDA, GF-2 payload parameters"),
    "landsat-7": Sensor("Landsat 7 ETM+", (520.0, 900.0), "NASA, Landsat 7 Science Data Users Handbook, band 8"),
    "landsat-8": Sensor("Landsat 8 OLI", (503.0, 676.0), "USGS, Landsat 8 Data Users Handbook, band 8"),
}
"""Sensors by the name to give: lower case, as written here; spaces, hyphens and case make no difference."""

_OTHER_NAMES = {
    "hyperion": "eo-1",
    "ali": "eo-1",
    "wv2": "worldview-2",
    "wv3": "worldview-3",
    "ge1": "geoeye-1",
    "qb": "quickbird",
    "gf2": "gaofen-2",
    "etm+": "landsat-7",
    "oli": "landsat-8",
}


def find_sensor(name: str, others: Iterable[str] = (), gain: bool = False) -> Sensor:
    """The sensor of a name.

    Args:
        name: in any spelling of case, spaces and hyphens.
        others: names that may be meant as well, for the message.
        gain: whether its MTF gain is asked for, or a number: the message names no sensors without one.

    Returns:
        The sensor.

    Raises:
        InputError: there is none; says which ones there are.
    """
    names = {plain_name(key): key for key in SENSORS} | {plain_name(key): value for key, value in _OTHER_NAMES.items()}
    plain = plain_name(name)
    if plain in names:
        return SENSORS[names[plain]]
    known = [*SENSORS, *_OTHER_NAMES]
    if gain:
        known = [key for key in known if SENSORS[_OTHER_NAMES.get(key, key)].mtf_gains]
    what = "neither a number nor a sensor whose MTF gain is published" if gain else "no sensor known here"
    raise InputError(f"{name!r} is {what}{hint(name.lower(), [*known, *others])}")


def mtf_gains(mtf: float | str, bands: int | None = None) -> tuple[float, ...]:
    """MTF gains out of a number or a sensor's name.

    Args:
        mtf: a number, as such or as text, or a name of :data:`SENSORS`.
        bands: how many bands they are for; None where one gain serves all.

    Returns:
        One gain for all bands, or one for each of ``bands``.

    Raises:
        InputError: no such sensor, or no gain of it is published, or its gains are for another number of bands.
    """
    try:
        return (float(mtf),)
    except ValueError:
        sensor = find_sensor(str(mtf), gain=True)
    if not sensor.mtf_gains:
        measured = [key for key, other in SENSORS.items() if other.mtf_gains]
        raise InputError(
            f"No published MTF gain of {sensor.name} is known here (there are gains of {', '.join(measured)}); give a "
            "number: 0.3 suits most sensors."
        )
    if bands is not None and len(sensor.mtf_gains) not in (1, bands):
        raise InputError(
            f"{sensor.name} has MTF gains for {len(sensor.mtf_gains)} bands, but the image has {bands}; give one "
            "number."
        )
    return sensor.mtf_gains


def sensor_of_file(name: str) -> Sensor | None:
    """The sensor whose product a file is, as its name begins.

    Args:
        name: of the file, without folders.

    Returns:
        The sensor; None where the name does not tell.
    """
    return next((s for s in SENSORS.values() if s.product and name.lower().startswith(s.product)), None)


def pan_range(name: str, others: Iterable[str] = ()) -> tuple[float, float]:
    """Wavelengths in nm of a sensor's panchromatic band.

    Args:
        name: the sensor's.
        others: as of :func:`find_sensor`.

    Returns:
        (first, last) in nm.

    Raises:
        InputError: no such sensor, or it has no panchromatic band.
    """
    sensor = find_sensor(name, others)
    if sensor.pan_range is None:
        raise InputError(f"{sensor.name} has no panchromatic band; give wavelengths in nm, as in 480-690.")
    return sensor.pan_range


def plain_name(name: str) -> str:
    """A name without case, spaces and hyphens.

    Args:
        name: as a user writes it.

    Returns:
        The plain name.
    """
    return re.sub(r"[\s_-]+", "", name.strip().lower())
