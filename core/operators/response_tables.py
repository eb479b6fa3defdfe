"""Published spectral responses of multispectral sensors, as small tables.

The response of a band is its mean over bins of 5 nm, beyond 1000 nm of 10 nm, in per cent of its largest. Central
wavelengths stay the same to half a nm, far finer than an HSI's bands.

Sources: ESA, Sentinel-2 Spectral Response Functions, COPE-GSEG-EOPG-TN-15-0007 (Sentinel-2A, B, C); NASA and USGS,
relative spectral responses of Landsat 8 OLI and Landsat 9 OLI-2; Planet, PlanetScope product specifications, whose
SuperDove bands are nearly rectangles between the edges that it states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .response import Response
from .sensors import plain_name

NEAR = 12.0  # nm between a band's wavelength and a published one
_Binned = tuple[int, int, str]  # centre of the first bin and width of bins, nm; response in per cent

_S2A: dict[str, _Binned] = {
    "B02": (440, 5, "2 2 2 4 50 76 88 89 92 85 80 94 96 97 88 85 97 37 3"),
    "B03": (540, 5, "12 79 89 87 99 86 76 77 16"),
    "B04": (645, 5, "1 64 99 83 81 93 96 49 1"),
    "B05": (695, 5, "11 95 95 68 1"),
    "B06": (730, 5, "1 72 97 89 5"),
    "B07": (770, 5, "5 77 95 81 75 16"),
    "B08": (775, 5, "2 23 78 98 96 98 98 95 85 75 72 71 72 79 79 72 63 57 54 53 53 54 54 43 42 26 3"),
    "B8A": (850, 5, "4 60 97 99 100 50 2"),
    "B11": (1560, 10, "5 57 91 96 98 99 97 99 99 94 41 1"),
    "B12": (2090, 10, "1 8 38 60 73 84 87 90 90 92 94 93 92 94 96 95 98 99 91 75 37 10 3"),
}
_S2B: dict[str, _Binned] = {
    "B02": (440, 5, "1 1 1 5 59 85 92 91 91 86 90 99 98 93 90 96 96 38 4"),
    "B03": (540, 5, "24 91 91 96 97 86 85 73 9"),
    "B04": (645, 5, "1 56 91 90 95 99 94 48 1"),
    "B05": (695, 5, "17 97 97 65 1"),
    "B06": (730, 5, "10 89 98 67"),
    "B07": (765, 5, "1 50 97 98 88 45"),
    "B08": (775, 5, "1 19 84 98 99 95 94 86 80 74 73 78 78 77 73 67 61 58 57 58 57 55 53 46 42 18 3"),
    "B8A": (850, 5, "6 73 100 98 95 40 1"),
    "B11": (1560, 10, "17 87 97 98 98 99 98 99 98 85 35 1"),
    "B12": (2070, 10, "1 4 32 84 89 94 94 95 95 96 96 95 94 95 96 97 96 97 98 99 83 35 9 2"),
}
_S2C: dict[str, _Binned] = {
    "B02": (440, 5, "1 0 0 29 90 90 89 87 93 80 84 89 91 96 86 93 77 4"),
    "B03": (540, 5, "5 87 94 95 99 95 94 96 20"),
    "B04": (650, 5, "28 95 94 96 99 99 77 6"),
    "B05": (695, 5, "1 61 98 99 44"),
    "B06": (730, 5, "4 78 99 98 27"),
    "B07": (770, 5, "1 58 99 96 94 48 1"),
    "B08": (775, 5, "1 6 42 93 100 97 91 85 79 75 71 70 69 70 69 66 63 60 57 54 52 51 48 45 41 24 5 1"),
    "B8A": (850, 5, "1 39 99 96 93 60 3"),
    "B11": (1550, 10, "1 12 72 95 96 97 97 98 98 99 95 30 4 1"),
    "B12": (2070, 10, "3 6 12 45 90 96 95 97 97 99 92 89 87 81 81 90 94 94 95 95 97 74 23 5 1"),
}
_L8: dict[str, _Binned] = {
    "B1": (430, 5, "1 51 98 99 66 3"),
    "B2": (445, 5, "1 20 86 90 88 87 86 92 96 99 98 96 97 87 5"),
    "B3": (525, 5, "1 16 81 96 97 99 97 96 97 98 97 97 96 51 3"),
    "B4": (630, 5, "1 36 94 98 97 98 98 98 94 22"),
    "B5": (845, 5, "4 43 96 99 96 95 91 33 3"),
    "B6": (1540, 10, "1 5 22 64 90 92 94 96 97 99 96 60 16 3 1"),
    "B7": (2070, 10, "1 3 8 25 57 83 92 95 95 95 94 94 93 94 96 96 96 97 99 99 97 94 71 28 7 2 1"),
}
_L9: dict[str, _Binned] = {
    "B1": (430, 5, "1 50 98 98 59 2"),
    "B2": (445, 5, "1 21 84 88 89 85 86 92 94 94 92 96 96 81 3"),
    "B3": (525, 5, "2 18 80 96 97 97 100 99 99 99 100 98 92 38 2"),
    "B4": (630, 5, "1 35 97 98 99 97 97 98 89 16 1"),
    "B5": (845, 5, "4 47 98 99 100 100 95 36 3"),
    "B6": (1540, 10, "1 6 26 71 93 95 95 96 97 99 98 61 15 3 1"),
    "B7": (2070, 10, "1 3 10 30 64 87 93 94 95 96 97 97 98 98 98 98 98 99 99 98 98 99 75 32 10 3 1 1"),
}
_SUPERDOVE = {
    "coastal blue": (431, 452),
    "blue": (465, 515),
    "green I": (513, 549),
    "green": (547, 583),
    "yellow": (600, 620),
    "red": (650, 680),
    "red edge": (697, 713),
    "NIR": (845, 885),
}


@dataclass(frozen=True)
class PublishedSensor:
    """A sensor whose responses are published.

    Attributes:
        name: as users know it.
        responses: of its bands, by name, in the usual order.
    """

    name: str
    responses: dict[str, Response]


@dataclass(frozen=True)
class PublishedBand:
    """A band of such a sensor.

    Attributes:
        sensor: its name. name: the band's.
        response: its response.
    """

    sensor: str
    name: str
    response: Response


@lru_cache(maxsize=1)
def published_sensors() -> dict[str, PublishedSensor]:
    """The sensors by key, as "sentinel-2a"."""
    binned = {
        "sentinel-2a": ("Sentinel-2A MSI", _S2A),
        "sentinel-2b": ("Sentinel-2B MSI", _S2B),
        "sentinel-2c": ("Sentinel-2C MSI", _S2C),
        "landsat-8-oli": ("Landsat 8 OLI", _L8),
        "landsat-9-oli": ("Landsat 9 OLI-2", _L9),
    }
    found = {
        key: PublishedSensor(name, {band: _curve(*table) for band, table in bands.items()})
        for key, (name, bands) in binned.items()
    }
    edges = {band: _rectangle(*limits) for band, limits in _SUPERDOVE.items()}
    return {**found, "planetscope": PublishedSensor("PlanetScope SuperDove", edges)}


def published_sensor(name: str) -> PublishedSensor | None:
    """A sensor by name.

    Args:
        name: its key, in any spelling of case, spaces and hyphens.

    Returns:
        The sensor; None where no response of that name is published here.
    """
    keys = {plain_name(key): sensor for key, sensor in published_sensors().items()}
    return keys.get(plain_name(name))


def published_bands(wavelengths: Sequence[float | None]) -> list[PublishedBand | None]:
    """Which published bands an image has: those of the one sensor whose central wavelengths fit best.

    Args:
        wavelengths: of the image's bands, nm; None where unknown.

    Returns:
        A band of that sensor for each, None where the wavelength is unknown; None for all where no sensor has a band
        within :data:`NEAR` of each.
    """
    matched = [_matched(sensor, wavelengths) for sensor in published_sensors().values()]
    fits = [fit for fit in matched if fit is not None]
    return min(fits, key=lambda fit: fit[0])[1] if fits else [None] * len(wavelengths)


def centre(response: Response) -> float:
    """The central wavelength of a response, nm.

    Args:
        response: of a band.

    Returns:
        The mean wavelength, weighted by the response.
    """
    return float(np.average(response.wavelengths, weights=response.response))


def _matched(
    sensor: PublishedSensor, wavelengths: Sequence[float | None]
) -> tuple[float, list[PublishedBand | None]] | None:
    """How far a sensor's bands lie from those of an image on average, in nm, and which they are; None where one of the
    image's is none of the sensor's."""
    centres = {name: centre(response) for name, response in sensor.responses.items()}
    found: list[PublishedBand | None] = []
    off = []
    for wave in wavelengths:
        if wave is None:
            found.append(None)
            continue
        near = min(centres, key=lambda name: abs(centres[name] - wave))
        off.append(abs(centres[near] - wave))
        found.append(PublishedBand(sensor.name, near, sensor.responses[near]))
    return (float(np.mean(off)), found) if off and max(off) <= NEAR else None


def _curve(first: int, step: int, text: str) -> Response:
    values = [0.0, *(float(value) for value in text.split()), 0.0]
    return Response(first + step * np.arange(-1.0, len(values) - 1), np.array(values) / 100)


def _rectangle(low: int, high: int) -> Response:
    return Response(np.array([low - 0.5, low, high, high + 0.5]), np.array([0.0, 1.0, 1.0, 0.0]))
