"""Options that say where images lie, and on which grid a result does; all jobs that open a pair have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .declare import Option, Options

ASSUME_CRS = Option(
    "The coordinate reference system of an HSI, a PAN or a mask whose file has none, as EPSG:32633 or as WKT; others "
    "keep their own.",
    "CRS of an image that has none, as EPSG:32633",
    metavar="CRS",
    advanced=True,
)
GEOLOCATION = Option(
    "A file that says where the pixels of an HSI in sensor geometry lie: a raster of two bands with the HSI's rows "
    "and columns, longitude and latitude (or x and y) of each pixel, or a geographic lookup table (GLT), a raster on a "
    "map grid whose two bands name the column and row, from 1, of the HSI pixel there. The HSI is sharpened in its own "
    "rows and columns and then put on a map grid. An elevation model (one band) gives heights to images with RPCs.",
    "Geolocation of the HSI: coordinates or lookup table; heights for RPCs",
    kind="raster",
    advanced=True,
)
PAN2 = Option(
    "A second sharper image, of other pixels than the first, as the multispectral bands that come with a PAN, or "
    "Sentinel-2 beside PRISMA's PAN: bands of larger pixels are first sharpened by those of smaller ones, then all are "
    "used. Its bands are counted on from those of the first. A product of Sentinel-2 (.SAFE) brings its bands of 20 m "
    "by itself.",
    "Second sharper image, of other pixels",
    kind="raster",
    advanced=True,
)
GRID = Option(
    "auto: the PAN's grid where its rows and columns run as those of the HSI do; else, as with another CRS or a "
    "rotated image, the HSI's own grid, refined by the rounded ratio; an HSI in sensor geometry is put on a map grid "
    "when it is finished, by nearest neighbour. pan: the PAN's grid in any case, to which the finished image is warped "
    "once. hsi: the HSI's grid in any case. Before the fusion it is the PAN that moves, never the HSI's samples.",
    "Grid of the result",
    "auto",
    choices=("auto", "pan", "hsi"),
    titles=(
        ("auto", "Automatic (recommended)"),
        ("pan", "The PAN's grid in any case"),
        ("hsi", "The HSI's grid in any case"),
    ),
    advanced=True,
)

PAN_MORE = Option(
    "Further files of the sharper image, such as the other tiles of Sentinel-2, each with its own CRS. Those that "
    "share ground with the HSI are taken as one image with the first; where several have a value, that of the first "
    "counts.",
    "More files of the sharper image, taken as one with it",
    (),
    kind="rasters",
    flag="",
    advanced=True,
)
RESOLUTION = Option(
    "Pixel size of the sharper image, and so of the result, in map units: finer pixels are averaged to about that. "
    "Empty: its own; where more than 40 of them lie along an HSI pixel, they are averaged to 16 or fewer.",
    "Pixel size to average the sharper image to, in map units (empty: its own)",
    None,
    kind="number",
    metavar="SIZE",
    bounds=(1e-9, 1e6),
    advanced=True,
)


@dataclass(frozen=True)
class PlacementOptions(Options):
    """Where images lie.

    Attributes:
        assume_crs: of a file that has none; "" for none.
        geolocation: file that says where the HSI's pixels lie, or heights for RPCs; "" for none.
        pan2: a second sharper image; "" for none.
        grid: of the result: "auto", "pan" or "hsi".
        resolution: map units, that the sharper image's pixels are averaged to; None for its own.
        pan_more: further files of the sharper image; on the command line and in Python, they follow the first.
    """

    assume_crs: str = ASSUME_CRS.field()
    geolocation: str = GEOLOCATION.field()
    pan2: str = PAN2.field()
    grid: str = GRID.field()
    resolution: float | None = RESOLUTION.field()
    pan_more: Sequence[str] = PAN_MORE.field()

    @property
    def besides(self) -> tuple[str, ...]:
        """The rasters that are read besides HSI and PAN."""
        return tuple(path for path in (self.geolocation, self.pan2, *self.pan_more) if path)
