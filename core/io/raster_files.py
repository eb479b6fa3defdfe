"""The files that make up a raster: its format by suffix, and the files beside it, checked and moved with it."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable

from ..runtime.atomic_files import check_output, folder_of, folder_removed_error, move_into_place
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, as_path
from .wavelengths import is_only_wavelength

DRIVERS = {
    ".tif": "GTiff",
    ".tiff": "GTiff",
    **dict.fromkeys((".img", ".dat", ".bsq", ".bil", ".bip"), "ENVI"),
    ".zarr": "Zarr",
}
_COG = (".cog.tif", ".cog.tiff")
_OF_A_STORE = (".zgroup", ".zarray", "zarr.json")  # one of them is in each Zarr store


def move_raster(finished: str, path: str) -> None:
    """Move a finished raster, with the files that belong to it, to another name on the same disk and with the same
    suffix; files there that describe a former raster are removed.

    Args:
        finished: the file.
        path: its new name.

    Raises:
        InputError: a file in place is held by another program, or the folder is gone.
    """
    if not os.path.isdir(folder_of(path)):
        raise folder_removed_error(path)
    stem, finished_stem = os.path.splitext(path)[0], os.path.splitext(finished)[0]
    if driver_of(path) in ("GTiff", "COG"):
        side_files = [(finished + suffix, path + suffix) for suffix in (".aux.xml", ".msk")]
    elif driver_of(path) == "Zarr":
        side_files = []
    else:
        try:
            _complete_header(finished_stem + ".hdr", os.path.basename(path))
        except OSError as error:
            raise InputError(
                f"The header of {os.path.basename(path)} could not be written ({error.strerror or error}); make room "
                "or choose another folder."
            ) from None
        # The header says all: GDAL's .aux.xml would repeat it.
        side_files = [(finished_stem + ".hdr", stem + ".hdr"), (finished + ".ovr", path + ".ovr")]
    move_into_place([(finished, path)] + [pair for pair in side_files if os.path.exists(pair[0])], _stale(path))


def _stale(path: str) -> list[str]:
    """The files that describe a former raster of that name."""
    stem = os.path.splitext(path)[0]
    beside = [path + suffix for suffix in (".aux.xml", ".ovr", ".msk", ".msk.ovr")]
    others = {"ENVI": [path + ".hdr"], "Zarr": []}
    return beside + others.get(driver_of(path), [stem + ".tfw", stem + ".tifw"])


def check_raster_output(path: StrPath, inputs: Iterable[StrPath] = ()) -> list[str]:
    """Make sure that a raster can be written at ``path``; nothing is left there.

    Args:
        path: the raster to write.
        inputs: files that are read, as :func:`check_output` takes them; none may be overwritten, nor removed as a file
            that describes a former raster.

    Returns:
        The files that will be written: the raster, and for ENVI its header.

    Raises:
        InputError: as :func:`check_output`; the suffix belongs to another format; the header is another image's.
    """
    path = as_path(path)
    check_place(path, inputs)
    header = [os.path.splitext(path)[0] + ".hdr"] if driver_of(path) == "ENVI" else []
    check_place(path, inputs, header + _stale(path))
    if header:
        check_header_is_free(path)
    return [path, *header]


def check_place(path: str, inputs: Iterable[StrPath] = (), replaced: Iterable[str] = ()) -> None:
    """As :func:`check_output`, of a raster: a Zarr store is a folder, and may take the place of another store.

    Args:
        path: the raster to write.
        inputs, replaced: as there.

    Raises:
        InputError: as there; a folder in its place is no Zarr store.
    """
    store = path.lower().endswith(".zarr")
    if store and os.path.isdir(path) and not any(os.path.exists(os.path.join(path, name)) for name in _OF_A_STORE):
        raise InputError(
            f"The folder {os.path.basename(path)} is no Zarr store and is not replaced; choose another name."
        )
    check_output(path, inputs, replaced, folder=store)


def driver_of(path: str) -> str:
    """The format of a file's suffix: "GTiff", "COG", "ENVI" or "Zarr".

    Args:
        path: the file's name.

    Returns:
        GDAL's short name of the driver.

    Raises:
        InputError: no such suffix.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in DRIVERS:
        raise InputError(
            f"{os.path.basename(path)} cannot be written: name it .tif (GeoTIFF), .cog.tif (cloud-optimised GeoTIFF), "
            ".img, .dat, .bsq, .bil or .bip (ENVI), or .zarr."
        )
    return "COG" if path.lower().endswith(_COG) else DRIVERS[suffix]


def check_header_is_free(path: str) -> None:
    """Make sure that an ENVI header would belong to one image only: it is found by its stem, so two images share it.

    Args:
        path: the ENVI image to write.

    Raises:
        InputError: another image has that stem.
    """
    stem = os.path.splitext(os.path.abspath(path))[0]
    if not os.path.exists(stem + ".hdr"):
        return
    for other in [stem, *glob.glob(glob.escape(stem) + ".*")]:
        suffix = os.path.splitext(other)[1].lower()
        another = os.path.isfile(other) and not (os.path.exists(path) and os.path.samefile(other, path))
        if another and (suffix in ("", ".raw") or DRIVERS.get(suffix) == "ENVI"):
            raise InputError(
                f"{os.path.basename(stem)}.hdr, the header of {os.path.basename(path)}, belongs to "
                f"{os.path.basename(other)} already; choose another name for the output."
            )


def _complete_header(header: str, name: str) -> None:
    """What GDAL cannot be told: the header's description is the final name of the file, not the hidden one; and there
    are no band names where each is its wavelength only, which GDAL would show twice ("400 nm (400.0 Nanometers)")."""
    with open(header, encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = file.read()
    text = re.sub(r"description = \{[^}]*\}", lambda _: "description = {\n" + name + "}", text, count=1)
    names = re.search(r"^band names = \{([^}]*)\}\r?\n", text, re.MULTILINE)
    if names is not None and "\nwavelength = {" in text and all(map(is_only_wavelength, names.group(1).split(","))):
        text = text[: names.start()] + text[names.end() :]
    with open(header, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)


def short_name(path: str) -> str:
    """What messages call a raster: the last part of its name; of a subdataset, NETCDF:"/data/a.nc":band, a.nc:band.

    Args:
        path: what is opened.

    Returns:
        The name.
    """
    if path.lstrip().startswith("<"):
        return "virtual raster"
    name = path.replace("\\", "/").replace('"', "").rstrip("/").rsplit("/", 1)[-1]
    return os.path.basename(os.path.abspath(path)) if name in (".", "..") else name or path


def is_missing_file(path: str) -> bool:
    """Whether a name is that of an ordinary file that is not there.

    Args:
        path: any name that GDAL may understand.

    Returns:
        False for what only GDAL understands.
    """
    ordinary = not path.startswith(("/vsi", "<")) and (":" not in path or os.path.splitdrive(path)[0] != "")
    return ordinary and not os.path.exists(path)
