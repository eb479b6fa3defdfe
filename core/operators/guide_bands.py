"""Published bands of multispectral sensors that serve as the sharper image of a pair.

A band is taken as a rectangle over its published width around its centre: the published response curves are tables of
hundreds of numbers, and an HSI's bands of some 10 nm tell little more of them (own).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..runtime.errors import InputError
from .sensors import plain_name


@dataclass(frozen=True)
class GuideSensor:
    """A multispectral sensor.

    Attributes:
        name: as users know it.
        bands: (centre, width) in nm by the band's name, in the usual order.
        source: where they are published.
    """

    name: str
    bands: dict[str, tuple[float, float]]
    source: str

    def ranges(self) -> dict[str, tuple[float, float]]:
        """(first, last) in nm by the band's name."""
        return {name: (centre - width / 2, centre + width / 2) for name, (centre, width) in self.bands.items()}


_SENTINEL_2 = {
    "B02": (492.4, 66.0),
    "B03": (559.8, 36.0),
    "B04": (664.6, 31.0),
    "B05": (704.1, 15.0),
    "B06": (740.5, 15.0),
    "B07": (782.8, 20.0),
    "B08": (832.8, 106.0),
    "B8A": (864.7, 21.0),
    "B11": (1613.7, 91.0),
    "B12": (2202.4, 175.0),
}
_LANDSAT_8 = {
    "B1": (440.0, 20.0),
    "B2": (480.0, 60.0),
    "B3": (560.0, 60.0),
    "B4": (655.0, 30.0),
    "B5": (865.0, 30.0),
    "B6": (1610.0, 80.0),
    "B7": (2200.0, 180.0),
}
_ESA = "ESA, Sentinel-2 MSI technical guide, spectral bands of S2A"
_USGS = "USGS, What are the band designations for the Landsat satellites?"

GUIDE_SENSORS = {
    "sentinel-2": GuideSensor("Sentinel-2 MSI", _SENTINEL_2, _ESA),
    "sentinel-2-10m": GuideSensor(
        "Sentinel-2 MSI, 10 m", {name: _SENTINEL_2[name] for name in ("B02", "B03", "B04", "B08")}, _ESA
    ),
    "landsat-8-ms": GuideSensor("Landsat 8 OLI", _LANDSAT_8, _USGS),
}


def guide_sensor(name: str) -> GuideSensor | None:
    """A multispectral sensor by name.

    Args:
        name: in any spelling of case, spaces and hyphens.

    Returns:
        The sensor; None where no multispectral sensor has this name.
    """
    names = {plain_name(key): sensor for key, sensor in GUIDE_SENSORS.items()}
    return names.get(plain_name(name))


def split_groups(text: str) -> list[str]:
    """The parts of a list of bands, one for each band of a sharper image.

    Args:
        text: as "6-14;15-24".

    Returns:
        The parts.

    Raises:
        InputError: one of them is empty.
    """
    parts = [part.strip() for part in text.split(";")]
    if not all(parts):
        raise InputError(
            f"{text!r} leaves a band of the sharper image empty; write the bands of each, as in 6-14;15-24."
        )
    return parts
