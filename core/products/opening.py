"""Any raster or product opened by a path: what the jobs use."""

from __future__ import annotations

import os

from osgeo import gdal

from ..io.band_remedies import stack_command
from ..io.frames import Geolocation
from ..io.gdal_errors import gdal_messages
from ..io.geolocation_files import geolocation_from, is_elevation
from ..io.positions import rows_and_columns
from ..io.reader import RasterReader
from ..runtime.closing import closed_on_error
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, as_path
from ..runtime.progress import Progress
from .band_rule import BandRule
from .detectors import arranged
from .hdf5 import Hdf5Reader
from .members import ARCHIVES, base_name, files_of, is_container
from .sentinel2 import describe_subdataset
from .table import PRODUCTS, Found, Product, find_product, incomplete_product

_LISTED = 6  # images in a folder or archive, at most
_LARGE = 100 * 1024**2  # bytes of an archive from which on it is said that it is slow
_MOST_STACKED = 20  # images that a command names
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".bmp")
_OF_AN_IMAGE = (".ovr", ".msk")  # files of GDAL's that belong to an image beside them
_PACKED = (".7z", ".rar", ".bz2", ".xz", ".gz", ".zst")
_IMAGES = {
    "hsi": "hyperspectral image",
    "pan": "panchromatic image",
    "guide": "sharper multispectral image",
    "coarse": "bands of larger pixels",
    "quality": "quality raster",
}


def open_raster(
    path: StrPath,
    role: str = "hsi",
    progress: Progress | None = None,
    geolocation: str = "",
    rule: BandRule | None = None,
) -> RasterReader:
    """Open any raster; of a product, the image that plays ``role``.

    Args:
        path: a file, or a product's file, folder or archive.
        role: "hsi", "pan", "guide", "coarse" or "quality"; without effect on rasters that are no product.
        progress: told what a product's reader took from where, and warned of what cannot be used.
        geolocation: file that says where its pixels lie, see :func:`..io.geolocation_files.geolocation_from`; "" for
            none. An elevation model counts for any image, another file for the HSI.
        rule: which bands of an HSI are used where detectors overlap, and in which order; None for the default.

    Returns:
        The open raster.

    Raises:
        InputError: the file cannot be used, the product holds no such image, or the PAN has a color table.
    """
    path = given = as_path(path)
    if geolocation and role != "hsi" and not is_elevation(geolocation):
        geolocation = ""
    found = find_product(path, role)
    if found is not None and role not in found.product.roles:
        if not found.by_part:
            raise InputError(_no_such_image(found, role))
        found = None
    if found is None:
        image = _image_in(path)
        found = find_product(image, role) if image != path else None  # in a folder or archive, under another name
        path = image
    if found is not None and role not in found.product.roles:
        raise InputError(_no_such_image(found, role))
    if found is None:
        reader = RasterReader(path, geolocation)
        with closed_on_error(reader):
            describe_subdataset(reader)
        lone = incomplete_product(path) if role in ("hsi", "pan") else None
        if lone is not None and not any(reader.metadata.wavelengths):
            reader.notes += (_lone(reader.name, lone, role),)
    else:
        reader = found.product.open(found.members, role)
        if found.array and not (isinstance(reader, Hdf5Reader) and reader.shows(found.array)):
            reader.close()
            raise InputError(_another_array(found, role))
        if geolocation:
            _place(reader, geolocation)
    if role == "pan" and reader.palette:
        reader.close()
        raise InputError(
            f"{reader.name} has a color table: its numbers name colors and are no brightness; choose a panchromatic "
            f'image, or make gray values of it (gdal_translate -expand gray {reader.name} gray.tif, "Translate").'
        )
    if role == "hsi":
        with closed_on_error(reader):
            reader = arranged(reader, rule or BandRule(), progress)
    if progress is not None:
        _tell(reader, given, progress)
    only = (reader.metadata.names or ("",))[0] or "PAN" if reader.bands == 1 else ""
    reader.name = reader.origin.short(reader.name, os.path.isdir(path), only)
    return reader


def _tell(reader: RasterReader, given: str, progress: Progress) -> None:
    """What a product's reader took from where, what cannot be used, and that an archive is slow."""
    if reader.origin.product:
        progress.info(reader.origin.sentence(reader.name))
    if is_container(given) and os.path.isfile(given) and os.path.getsize(given) >= _LARGE:
        progress.info(f"{base_name(given)} is read through its compression; unpacked, it is read much faster.")
    for note in reader.notes:
        progress.warning(note)


def has_role(path: StrPath, role: str) -> bool:
    """Whether a path is a product that holds an image of a role.

    Args:
        path: a file, or a product's file, folder or archive.
        role: as of :func:`open_raster`.

    Returns:
        True where it is one; False of single files of a product, too, that stand for themselves.
    """
    found = find_product(as_path(path), role)
    return found is not None and not found.by_part and role in found.product.roles


def open_coarser(path: StrPath, progress: Progress) -> RasterReader | None:
    """The bands of larger pixels that a product has beside those of its sharper image, as Sentinel-2's of 20 m.

    Args:
        path: a file, or a product's file, folder or archive.
        progress: told what was taken from where, or why it was not.

    Returns:
        The open raster; None where there are none.
    """
    if not has_role(path, "coarse"):
        return None
    try:
        return open_raster(path, "coarse", progress)
    except InputError as error:
        progress.info(f"Its bands of larger pixels are not used: {error}")
        return None


def file_of(path: str) -> str:
    """The file that a folder or archive without a product stands for.

    Args:
        path: what the user named.

    Returns:
        The only image in it; the path itself of anything else, or where there is none.
    """
    try:
        return path if not is_container(path) or find_product(path, "hsi") is not None else _image_in(path)
    except InputError:  # the job itself says what is wrong
        return path


def unknown_product(path: str) -> str:
    """What is wrong with a path that is no product, and what would be one.

    Args:
        path: a file, folder or archive of which :func:`.table.find_product` finds none.

    Returns:
        Sentences for an error.
    """
    name, known = base_name(path), f"Known are {', '.join(product.name for product in PRODUCTS)}."
    lone = incomplete_product(path)
    if lone is not None and os.path.isfile(path):
        return (
            f"{name} is named as a part of a product of {lone.name}, but {lone.key_name} is not beside it: put it "
            "there, or choose the product's folder."
        )
    if not is_container(path):
        return (
            f"{name} is no product that is known here ({path}): choose a product's folder, archive or file. {known} "
            "Any other raster is used as it is: give it to the other jobs as HSI or PAN."
        )
    kind, files = "folder" if os.path.isdir(path) else "archive", sorted(map(base_name, files_of(path)))
    if not files:
        return f"The {kind} {name} is empty ({path}): choose the {kind} that holds the product's files."
    more = f" and {len(files) - _LISTED} more" if len(files) > _LISTED else ""
    return (
        f"The {kind} {name} holds no product that is known here ({path}; its files: "
        f"{', '.join(files[:_LISTED])}{more}): choose the {kind} with all files of one product, named as they were "
        f"delivered. {known} Any other raster is used as it is: give it to the other jobs as HSI or PAN."
    )


def _place(reader: RasterReader, geolocation: str) -> None:
    """An image of a product, placed by a file that the user names."""
    grid = reader.grid
    own = grid.frame if isinstance(grid.frame, Geolocation) else None
    found = geolocation_from(geolocation, (grid.rows, grid.cols), own, reader.name)
    if found is not None:
        reader.grid = rows_and_columns(found, grid.rows, grid.cols)


def _no_such_image(found: Found, role: str) -> str:
    there = ", ".join(_IMAGES[one] for one in found.product.roles)
    return (
        f"{found.members.name} is a product of {found.product.name}, which has no {_IMAGES[role]} (it has: {there}); "
        f"choose another file for it."
    )


def _another_array(found: Found, role: str) -> str:
    file = found.members.name
    return (
        f"{base_name(found.array)} is one array of {file}, a product of {found.product.name}, and not its "
        f"{_IMAGES[role]}; choose {file} itself: its images are read as they lie in it."
    )


def _lone(name: str, product: Product, role: str) -> str:
    what = "wavelengths, scales and bad bands" if role == "hsi" else "scale and offset"
    return (
        f"{name} is named as a part of a product of {product.name}, but {product.key_name} is not beside it: {what}, "
        "which stand there, are not known. Put it there, or choose the product's folder."
    )


def _opens(path: str) -> bool:
    with gdal_messages(raising=False) as messages:
        return messages.call(gdal.IdentifyDriver, path) is not None


def _image_in(path: str) -> str:
    """The only image in a folder or archive that is no product; the path itself of anything else. A folder that GDAL
    opens gets its sentence, if any, from the reader."""
    if not is_container(path) or path.lower().rstrip("/\\").endswith((".zarr", ".safe")):
        if path.lower().endswith(_PACKED) and os.path.isfile(path) and not _opens(path):
            raise InputError(
                f"{base_name(path)} is packed in a way that is not read here ({', '.join(ARCHIVES)} are); unpack it "
                "and choose the image in it, or its folder."
            )
        return path
    files = files_of(path)
    inner = [base_name(name) for name in files if name.lower().endswith(ARCHIVES)]
    images = _images(files)
    placed = [name for name in images if not _is_picture(name)]
    images = placed if placed or inner else images
    if len(images) == 1:
        return images[0]
    if inner and not images:
        what = f"unpack {base_name(path)} and choose it" if os.path.isfile(path) else "choose it"
        raise InputError(f"{base_name(path)} holds no image, but the archive {inner[0]}; {what}.")
    if not files and os.path.isfile(path):
        raise InputError(f"{base_name(path)} is empty or damaged; choose another, or get a fresh copy.")
    raise InputError(_several(path, files, images))


def _images(files: list[str]) -> list[str]:
    """Those that GDAL opens and that are no part of another one."""
    return [name for name in files if not name.lower().endswith(_OF_AN_IMAGE) and _opens(name)]


def _is_picture(path: str) -> bool:
    """Whether an image is a logo or a quicklook, to be looked at only: nothing says where it lies."""
    if not path.lower().endswith(_PICTURES):
        return False
    with gdal_messages(raising=False) as messages:
        dataset = messages.call(gdal.OpenEx, path, gdal.OF_RASTER)
        return dataset is None or dataset.GetGeoTransform(can_return_null=True) is None


def _several(path: str, files: list[str], images: list[str]) -> str:
    """The refusal of a folder or archive that is no product and holds no image, or several."""
    names = ", ".join(product.name for product in PRODUCTS)
    start = f"{base_name(path)} holds no product that is known here ({names})"
    lone = next((found for found in map(incomplete_product, files) if found is not None), None)
    if lone is not None:
        start = (
            f"{base_name(path)} holds files that are named as parts of a product of {lone.name}, but not its "
            f"{lone.key_name}, without which it is no product: put that there, too"
        )
    if not images:
        return f"{start}; choose an image in it."
    more = f" and {len(images) - _LISTED} more" if len(images) > _LISTED else ""
    held = f"It holds {len(images)} images: {', '.join(images[:_LISTED])}{more}; choose one of them"
    return f"{start}. {held}{_stacked(images)}."


def _stacked(images: list[str]) -> str:
    """What makes one image of several that seem to be its bands: those of one band each and of one size."""
    if not 1 < len(images) <= _MOST_STACKED:
        return ""
    sizes = set()
    with gdal_messages(raising=False) as messages:
        for path in images:
            dataset = messages.call(gdal.OpenEx, path, gdal.OF_RASTER)
            sizes.add(dataset and (dataset.RasterCount, dataset.RasterXSize, dataset.RasterYSize))
    alike = len(sizes) == 1 and None not in sizes and next(iter(sizes))[0] == 1
    return f", or make one image of those that are its bands: {stack_command(images)}" if alike else ""
