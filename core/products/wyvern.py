"""Wyvern Dragonette as delivered: a zip archive or folder with ``wyvern_dragonette-..._....tiff`` and masks beside it.

What catches people out:

* The bands' wavelengths and widths are tags of the GeoTIFF; its scale is not: L2A has reflectance times 10000, as
  16-bit integers, and 0 for no data; L1B has radiance as floats. Which it is shows in the type of the numbers.
* The masks beside the image have names that start as the image's: ``_data_mask.tiff`` says what is clear, and
  ``_pixel_quality_mask.tiff`` which pixels were interpolated; both have 255 where there is no image.
* L1B is in degrees (EPSG:4326), and its pixels are not square on the ground: it fits no partner in metres until one of
  the two is warped. L2A is UTM, but not orthorectified.
"""

from __future__ import annotations

import numpy as np

from ..runtime.errors import InputError
from .layout import BandFile, Flag, Layout
from .members import Members
from .reader import band_count, stored_type

KEY = r"(?P<scene>wyvern_dragonette-\d+_\d{8}T\d{6}_[0-9a-f]{8}(?:_l\d\w)?)\.tiff?"
SOURCE = "Wyvern, Data Product Guide 2.0: product delivery, processing levels, usable data mask, pixel quality mask"

_SCALE = 1e-4  # of L2A
_OUTSIDE = 255  # of the masks


def _outside(values: np.ndarray) -> np.ndarray:
    return values == _OUTSIDE


def lay_out(members: Members, role: str) -> Layout:
    """The image, or the mask of usable data.

    Args:
        members: the product's files.
        role: "hsi" or "quality".

    Returns:
        Where the bands lie, and what is known of them.

    Raises:
        InputError: a file cannot be read, or the image has numbers of no level.
    """
    if role == "quality":
        mask = members.need("mask of usable data (..._data_mask.tiff)", r"_data_mask\.tiff?")
        return Layout(
            tuple(BandFile(mask, i + 1) for i in range(band_count(mask))), "Wyvern", nodata=(float(_OUTSIDE),)
        )
    image = members.need("image", r"\.tiff?")
    count, kind = band_count(image), stored_type(image)
    if kind not in ("uint16", "float32"):
        raise InputError(f"{members.name} has numbers of the type {kind}, which no level of Wyvern's products has.")
    reflectance = kind == "uint16"
    mask = members.first(r"_data_mask\.tiff?")
    return Layout(
        tuple(BandFile(image, i + 1) for i in range(count)),
        f"Wyvern {'L2A' if reflectance else 'L1B'}",
        scales=(_SCALE if reflectance else 1.0,) * count,
        offsets=(0.0,) * count,
        nodata=(0.0,) if reflectance else (),
        flags=(Flag(mask, 1, _outside),) if mask else (),
        acquired=members.scene.split("_")[2],
        provenance=(
            "wavelengths and widths from the bands' tags",
            f"reflectance = DN x {_SCALE:g}, 0 is nodata" if reflectance else "radiance",
            *(("outside the image where its data mask is 255",) if mask else ()),
        ),
    )
