"""PlanetScope scenes as delivered (``..._3B_AnalyticMS_SR_8b.tif``, 3 m), as the sharper image of a pair.

What catches people out:

* Four bands are blue, green, red, near infrared; eight are coastal blue, blue, green I, green, yellow, red, red edge,
  near infrared. The file does not say so: the number of bands does.
* It has no panchromatic band: all of its bands are the sharper image.
* Nor does it say their wavelengths. Eight bands are SuperDove's; four may be of any of Planet's instruments, which
  differ by up to 50 nm, so that they stay unknown.
* Surface reflectance (``_SR``) is stored times 10000; without ``_SR`` the numbers are scaled radiance, each band with
  a factor of its own in the XML.
* Tools of an order add to the names in any order: harmonised to Sentinel-2, clipped, reprojected, as cloud-optimised
  GeoTIFF (``_harmonized``, ``_clip``, ``_reproject``, ``_file_format``), or turned from radiance into reflectance at
  the top of the atmosphere (``_toar``, times 10000, too). The mask that fits has those that change the grid.
* 0 is no data. The usable data mask ``..._udm2.tif`` says what is clear, snow, shadow, haze and cloud: it is the role
  "quality". Its band 8 has bit 0 set where there is no image.
"""

from __future__ import annotations

import re

import numpy as np

from ..operators.response_tables import centre, published_sensor
from ..runtime.errors import InputError
from .layout import BandFile, Flag, Layout
from .members import Members, base_name
from .reader import band_count

_IMAGE = r"_AnalyticMS(?:_(?:SR|8b|toar|harmonized|clip|reproject|file_format))*\.tif"
KEY = rf"(?P<scene>\d{{8}}_\d{{6}}(?:_\d{{1,2}})?_\w{{4}}_3B){_IMAGE}"
SOURCE = "Planet, PSScene item type: bands of the assets ortho_analytic_4b_sr, ortho_analytic_8b_sr and ortho_udm2"

_NAMES = {
    4: ("blue", "green", "red", "nir"),
    8: ("coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"),
}
_UDM2 = ("clear", "snow", "shadow", "haze_light", "haze_heavy", "cloud", "confidence", "udm1")
_SCALE = 1e-4


def _wavelengths(bands: int) -> tuple[float, ...] | None:
    """Of SuperDove, the only instrument of eight bands, in nm."""
    sensor = published_sensor("planetscope")
    return tuple(map(centre, sensor.responses.values())) if sensor is not None and bands == 8 else None


def _is_blackfill(values: np.ndarray) -> np.ndarray:
    return (values & 1) == 1


def lay_out(members: Members, role: str) -> Layout:
    """All bands, or the usable data mask.

    Args:
        members: the product's files.
        role: "pan", "guide" or "quality".

    Returns:
        Where the bands lie, and what is known of them.

    Raises:
        InputError: a file is missing, or has another number of bands than such products have.
    """
    images = members.all(_IMAGE)
    named = [path for path in images if base_name(path) == base_name(members.given)]
    image = next(iter(named or images), "")
    mask = _mask(members, image)
    if mask and band_count(mask) != len(_UDM2):
        raise InputError(f"{base_name(mask)} has not the {len(_UDM2)} bands of a usable data mask; get a fresh copy.")
    if role == "quality":
        if not mask:
            raise members.lacks("usable data mask (..._udm2.tif)")
        return Layout(tuple(BandFile(mask, i + 1) for i in range(len(_UDM2))), "PlanetScope", names=_UDM2)
    if not image:
        raise members.lacks("image (..._AnalyticMS_SR.tif)")
    names = _NAMES.get(band_count(image))
    if names is None:
        raise InputError(f"{base_name(image)} has {band_count(image)} bands, but such products have 4 or 8.")
    match = re.search("_(SR|toar)(?=[_.])", base_name(image), re.IGNORECASE)
    kind = {"sr": "surface reflectance", "toar": "reflectance at the top of the atmosphere"}.get(
        match[1].lower() if match is not None else "", "radiance"
    )
    return Layout(
        tuple(BandFile(image, i + 1) for i in range(len(names))),
        f"PlanetScope {kind}",
        names=names,
        wavelengths=_wavelengths(len(names)),
        scales=(_SCALE,) * len(names) if kind != "radiance" else None,
        offsets=(0.0,) * len(names) if kind != "radiance" else None,
        nodata=(0.0,),
        flags=(Flag(mask, len(_UDM2), _is_blackfill),) if mask else (),
        acquired=members.scene[:15],
        provenance=(
            f"bands {', '.join(names)}" + (" of SuperDove, with its wavelengths" if len(names) == 8 else ""),
            f"reflectance = DN x {_SCALE:g}" if kind != "radiance" else "stored numbers without a scale",
            "0 is nodata",
        ),
    )


def _mask(members: Members, image: str) -> str:
    """The usable data mask on the image's grid; of an image that is not there, the only one or the first."""
    masks = members.all(r"_udm2(?:_(?:clip|reproject|file_format))*\.tif")
    fitting = [mask for mask in masks if _grid_tools(mask) == _grid_tools(image)]
    return next(iter(fitting if image else masks), "")


def _grid_tools(path: str) -> list[str]:
    """The tools that changed the grid, in their order."""
    return re.findall("_(clip|reproject)", base_name(path).lower())
