"""What stands beside a raster about its bands: an ENVI header, or a STAC item. It fills in what the raster itself does
not say, and is used only where it has as many bands.

GDAL reads a header beside a GeoTIFF from 3.12 on, and of an ENVI file's own header only the usual spellings; headers
are also found with ``wavelengths``, with ``[ ]`` for ``{ }``, and with a list that begins on the next line. STAC items
(``X.json``, ``X_stac.json``, or any other of which an asset is the raster's file) have wavelengths in micrometres, in
the extension eo (``eo:bands``, or ``bands`` with ``eo:center_wavelength``), and scale, offset and nodata in the
extension raster (``raster:bands``, or ``raster:scale`` of a band or of all). Earth Search's items of Sentinel-2 state
an offset of -0.1 also where ``earthsearch:boa_offset_applied`` says that the numbers already have it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from typing import Any, Optional

from osgeo import gdal

from ..runtime.errors import InputError
from .encoding import representable
from .envi_header import header_list, read_envi_header
from .gdal_errors import driver_name
from .metadata import RasterMetadata
from .wavelengths import converted, parse_number
from .xml_files import text_of_file

_LARGEST_ITEM = 8 * 1024**2  # bytes
_LARGEST_OTHER = 1024**2  # of one that is not named as the raster
_WAVELENGTHS = ("wavelength", "wavelengths", "wavelength list", "band wavelengths")
_WIDTHS = ("fwhm", "bandwidth", "bandwidths", "wavelength fwhm")
_UNITS = ("wavelength units", "wavelength unit", "wavelengths units", "wavelength_units")
_GOOD = ("bbl", "bad band list", "bad bands list")
_MOST_ITEMS = 50  # of the folder that are looked at

_Numbers = list[Optional[float]]


def completed(metadata: RasterMetadata, dataset: gdal.Dataset, path: str) -> tuple[RasterMetadata, str]:
    """Metadata with what a file beside the raster says.

    Args:
        metadata: what the raster says of its bands; all of the dataset's.
        dataset: the open raster.
        path: of the raster.

    Returns:
        The metadata, and the name of the file that something was taken from; "" for none.
    """
    if metadata.bands != dataset.RasterCount or not os.path.isfile(path):
        return metadata, ""
    others = _other_items(path)  # of which several may name a file such as B08.tif: then they have to agree
    for read, names in ((_from_header, _headers(path)), (_from_stac, _own_items(path)), (_from_stac, others)):
        if any(metadata.wavelengths) and read is _from_header and driver_name(dataset) == "ENVI":
            continue
        found = [(read(name, metadata, dataset, path), name) for name in names if os.path.isfile(name)]
        found = [(changes, name) for changes, name in found if changes]
        if found and (names is not others or all(changes == found[0][0] for changes, _ in found)):
            return metadata.replace(**found[0][0]), os.path.basename(found[0][1])
    return metadata, ""


def _headers(path: str) -> list[str]:
    stem = os.path.splitext(path)[0]
    return list(dict.fromkeys([f"{stem}.hdr", f"{path}.hdr", f"{stem}.HDR"]))


def _other_items(path: str) -> list[str]:
    """Those in the raster's folder, of which one of the assets has to be its file."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        names = sorted(name for name in os.listdir(folder) if name.lower().endswith(".json"))
    except OSError:  # a folder whose files may be read, but not listed
        names = []
    own = _own_items(path)
    others = (os.path.join(folder, name) for name in names)
    return [name for name in others if name not in own][:_MOST_ITEMS]


def _own_items(path: str) -> list[str]:
    stem = os.path.splitext(os.path.abspath(path))[0]
    return [f"{stem}.json", f"{stem}_stac.json", f"{stem}.stac.json"]


def _from_header(path: str, metadata: RasterMetadata, dataset: gdal.Dataset, raster: str) -> dict[str, Any]:
    """The fields that an ENVI header says and the raster does not; none of a header of another raster."""
    try:
        header = read_envi_header(path)
    except InputError:  # a file of that name of another kind
        return {}
    said = [parse_number(header.get(key)) for key in ("bands", "lines", "samples")]
    size = metadata.bands, dataset.RasterYSize, dataset.RasterXSize
    if any(one not in (None, known) for one, known in zip(said, size)):
        return {}
    waves, widths = (_numbers(header_list(header, *keys), metadata.bands) for keys in (_WAVELENGTHS, _WIDTHS))
    good = _numbers(header_list(header, *_GOOD), metadata.bands)
    unit = next((header[key] for key in _UNITS if key in header), "")
    changes = _spectral(metadata, waves, widths, unit)
    if 0 not in metadata.bbl and any(flag is not None and flag <= 0 for flag in good):
        changes["bbl"] = tuple(0 if flag is not None and flag <= 0 else 1 for flag in good)
    factor = parse_number(header.get("reflectance scale factor"))
    if factor and factor != 1.0 and not _is_scaled(metadata):
        changes["scales"] = (1.0 / factor,) * metadata.bands
        changes["reflectance_factor"] = factor
    return changes


def _from_stac(path: str, metadata: RasterMetadata, dataset: gdal.Dataset, raster: str) -> dict[str, Any]:
    """The fields that a STAC item says of the asset that is the raster's file, else of the only ones with as many
    bands, and the raster does not."""
    own = path in _own_items(raster)
    try:
        text = text_of_file(path, _LARGEST_ITEM if own else _LARGEST_OTHER)
        if "stac_version" not in text or not (own or os.path.basename(raster) in text):
            return {}
        item = json.loads(text)
    except (InputError, ValueError, RecursionError):
        return {}
    if not isinstance(item, dict) or "stac_version" not in item:
        return {}
    described = item.get("assets")
    assets = [asset for asset in (described.values() if isinstance(described, dict) else ()) if isinstance(asset, dict)]
    named = [asset for asset in assets if _file_of(asset).lower() == os.path.basename(raster).lower()]
    if not named and not own:
        return {}
    found = [changes for changes in (_of_holder(asset, metadata) for asset in named or assets) if changes]
    if any(changes != found[0] for changes in found):
        found = []  # it is not said which of them the raster is
    properties = item.get("properties")
    general = {**_of_holder(item, metadata), **_of_holder(properties, metadata)}
    changes = {**general, **(found[0] if found else {})}
    if "offsets" in changes and isinstance(properties, dict) and _offset_is_applied(properties):
        changes["offsets"] = (0.0,) * metadata.bands
    return changes


def _file_of(asset: dict[str, Any]) -> str:
    """The name of an asset's file."""
    href = asset.get("href")
    return href.partition("?")[0].replace("\\", "/").rpartition("/")[2] if isinstance(href, str) else ""


def _offset_is_applied(properties: dict[str, Any]) -> bool:
    return any(properties.get(f"{who}:boa_offset_applied") is True for who in ("earthsearch", "sentinel"))


def _of_holder(holder: object, metadata: RasterMetadata) -> dict[str, Any]:
    """What an asset or the properties say of as many bands."""
    changes: dict[str, Any] = {}
    for key in ("bands", "eo:bands", "raster:bands"):
        if not isinstance(holder, dict):
            return {}
        bands = holder.get(key)
        if isinstance(bands, list) and len(bands) == metadata.bands and all(isinstance(b, dict) for b in bands):
            of_all = {name: value for name, value in holder.items() if name.startswith("raster:") or name == "nodata"}
            changes = {**_of_stac([{**of_all, **band} for band in bands], metadata), **changes}
    return changes


def _of_stac(bands: Sequence[dict[str, Any]], metadata: RasterMetadata) -> dict[str, Any]:
    def listed(*keys: str) -> _Numbers:
        return [next((_number(band[key]) for key in keys if key in band), None) for band in bands]

    waves = listed("center_wavelength", "eo:center_wavelength")
    changes = _spectral(metadata, waves, listed("full_width_half_max", "eo:full_width_half_max"), "um")
    scales, offsets = listed("scale", "raster:scale"), listed("offset", "raster:offset")
    if not _is_scaled(metadata) and all(scales):
        changes["scales"] = tuple(scales)
        changes["offsets"] = tuple(offset or 0.0 for offset in offsets)
    nodata = set(listed("nodata", "raster:nodata"))
    stated = representable(nodata.pop(), metadata.dtype) if len(nodata) == 1 else None
    if metadata.nodata is None and stated is not None:
        changes["nodata"] = stated
    return changes


def _spectral(metadata: RasterMetadata, waves: _Numbers, widths: _Numbers, unit: str) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if any(metadata.wavelengths):
        waves = [None] * metadata.bands
    if not any(waves) and not any(widths):
        return changes
    found = converted(waves, widths, unit)
    if any(found[0]):
        changes.update(wavelengths=found[0], wavelength_factor=found[2])
    if any(found[1]) and not any(metadata.fwhm):
        changes["fwhm"] = found[1]
    return changes


def _is_scaled(metadata: RasterMetadata) -> bool:
    return set(metadata.scales) != {1.0} or set(metadata.offsets) != {0.0}


def _numbers(entries: Sequence[str], count: int) -> _Numbers:
    """One a band; unknown where there is another number of them."""
    return [parse_number(entry) for entry in entries] if len(entries) == count else [None] * count


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
