"""The products that open as they are delivered: one table, and how a file or folder is found to be one of them.

A product is recognised by its key file (``key``), which it never lacks, as EnMAP's ``METADATA.XML``. A user may name
that file, the folder or archive that holds it, or another of its files (``parts``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Callable

from ..io.reader import RasterReader
from ..runtime.errors import InputError
from . import (
    ahsi,
    aviris,
    desis,
    dimap,
    emit,
    enmap,
    eo1,
    landsat,
    neon,
    pace,
    pixxel,
    planetscope,
    prisma,
    sentinel2,
    tanager,
    wyvern,
)
from .hdf5 import Describe, Hdf5Reader
from .inside import Holds, array_named, what_holds
from .layout import LayOut
from .members import Members, base_name, files_of, is_container
from .reader import ProductReader

_MOST_NAMED = 4  # products that a sentence names


@dataclass(frozen=True)
class Product:
    """A line of the table.

    Attributes:
        name: as users know it.
        key: regular expression of the name of its key file; the group "scene" is how the names of all its files start.
        parts: of other files through which it may be named.
        roles: the images that it holds: "hsi", "pan", "guide", "coarse", "quality".
        open: (its files, role) -> the open image.
        key_name: its key file as users know it.
        source: the document that its reader follows.
        depth: folders below the key file's in which parts may lie.
        files: regular expression of what follows the scene in the names of its files, where
            :mod:`..io.input_files` does not know them.
        holds: whether an HDF5 file of another name is one; None for products of other files.
    """

    name: str
    key: str
    key_name: str
    parts: str
    roles: tuple[str, ...]
    open: Callable[[Members, str], RasterReader]
    source: str
    depth: int = 0
    files: str = ""
    holds: Holds | None = None


def _reader(lay_out: LayOut) -> Callable[[Members, str], RasterReader]:
    return lambda members, role: ProductReader(members, role, lay_out)


def _cube(
    describe: Describe, file_of: Callable[[Members, str], str] = lambda members, role: members.paths[0]
) -> Callable[[Members, str], RasterReader]:
    return lambda members, role: Hdf5Reader(file_of(members, role), role, describe)


def _one_file(
    name: str,
    key: tuple[str, str],
    describe: Describe,
    source: str,
    holds: Holds,
    roles: tuple[str, ...] = ("hsi",),
) -> Product:
    """A product that is one HDF5 or netCDF-4 file."""
    return Product(name, key[0], f"the {key[1]} file", "", roles, _cube(describe), source, holds=holds)


PRODUCTS: tuple[Product, ...] = (
    _one_file("PRISMA", (prisma.KEY, ".he5"), prisma.describe, prisma.SOURCE, prisma.holds, ("hsi", "pan", "quality")),
    Product(
        "EnMAP", enmap.KEY, "...-METADATA.XML", enmap.PARTS, ("hsi", "quality"), _reader(enmap.lay_out), enmap.SOURCE
    ),
    Product(
        "EO-1 Hyperion",
        eo1.HYPERION_KEY,
        "..._MTL_L1T.TXT",
        eo1.HYPERION_PARTS,
        ("hsi",),
        _reader(eo1.lay_out_hyperion),
        eo1.SOURCE,
    ),
    Product(
        "EO-1 ALI",
        eo1.ALI_KEY,
        "..._MTL_L1T.TXT",
        eo1.ALI_PARTS,
        ("pan", "guide"),
        _reader(eo1.lay_out_ali),
        eo1.ALI_SOURCE,
    ),
    Product(
        "DESIS",
        desis.KEY,
        "...-METADATA.xml",
        desis.PARTS,
        ("hsi", "quality"),
        _reader(desis.lay_out),
        desis.SOURCE,
    ),
    Product(
        "Sentinel-2",
        sentinel2.KEY,
        "MTD_MSIL2A.xml (MTD_MSIL1C.xml)",
        sentinel2.PARTS,
        ("pan", "guide", "coarse", "quality"),
        _reader(sentinel2.lay_out),
        sentinel2.SOURCE,
        depth=sentinel2.DEPTH,
    ),
    Product(
        "Landsat 7, 8, 9",
        landsat.KEY,
        "..._MTL.txt",
        landsat.PARTS,
        ("pan", "guide", "hsi", "quality"),
        _reader(landsat.lay_out),
        landsat.SOURCE,
    ),
    Product(
        "EMIT",
        emit.KEY,
        "the .nc file",
        emit.PARTS,
        ("hsi", "quality"),
        _cube(emit.describe, emit.file_of),
        emit.SOURCE,
        holds=emit.holds,
    ),
    _one_file("NEON AOP", (neon.KEY, ".h5"), neon.describe, neon.SOURCE, neon.holds),
    _one_file("Tanager", (tanager.KEY, ".h5"), tanager.describe, tanager.SOURCE, tanager.holds),
    _one_file("PACE OCI", (pace.KEY, ".nc"), pace.describe, pace.SOURCE, pace.holds),
    _one_file("HYPSO", (pace.HYPSO_KEY, ".nc"), pace.describe_hypso, pace.HYPSO_SOURCE, pace.holds_hypso),
    Product(
        "AVIRIS Classic, NG, 3",
        aviris.KEY,
        "the image",
        "",
        ("hsi",),
        _reader(aviris.lay_out),
        aviris.SOURCE,
        files=aviris.FILES,
    ),
    _one_file(
        "AVIRIS-3, AVIRIS-5, netCDF", (aviris.NETCDF_KEY, ".nc"), aviris.describe, aviris.NETCDF_SOURCE, aviris.holds
    ),
    Product(
        "Pixxel",
        pixxel.KEY,
        "....mask.tif",
        "",
        ("hsi", "quality"),
        _reader(pixxel.lay_out),
        pixxel.SOURCE,
        files=pixxel.FILES,
    ),
    Product("Wyvern", wyvern.KEY, "the image", "", ("hsi", "quality"), _reader(wyvern.lay_out), wyvern.SOURCE),
    Product(
        "ZY1, GF-5 AHSI",
        ahsi.KEY,
        "..._VN.tif",
        ahsi.PARTS,
        ("hsi",),
        _reader(ahsi.lay_out),
        ahsi.SOURCE,
        files=ahsi.FILES,
    ),
    Product(
        "PlanetScope",
        planetscope.KEY,
        "the image",
        "",
        ("pan", "guide", "quality"),
        _reader(planetscope.lay_out),
        planetscope.SOURCE,
    ),
    Product(
        "SNAP BEAM-DIMAP",
        dimap.KEY,
        "the .dim file",
        "",
        ("hsi", "pan", "guide"),
        _reader(dimap.lay_out),
        dimap.SOURCE,
        depth=dimap.DEPTH,
    ),
)
"""All products, in the order in which a name is compared with them."""


@dataclass(frozen=True)
class Found:
    """A product that was found.

    Attributes:
        product: its line in the table.
        members: its files.
        by_part: whether it was named by one of its images' files, which may be opened by itself.
        array: by which it was named, as GDAL names subdatasets; "" where it was not.
    """

    product: Product
    members: Members
    by_part: bool = False
    array: str = ""


def find_product(path: str, role: str) -> Found | None:
    """The product that a file, a folder or an archive is, or is a part of.

    Args:
        path: what the user named; also an array of a file, as GDAL names it.
        role: of the image that is wanted; of several products in a folder those count that have it.

    Returns:
        The product and its files; None where it is no product's.

    Raises:
        InputError: a folder or archive holds several products of that role.
    """
    if is_container(path):
        paths = [os.path.abspath(each) if os.path.exists(each) else each for each in files_of(path)]
        found = list(_in_files(path, paths))
        fitting = [one for one in found if role in one.product.roles]
        if len(fitting) > 1:
            names = ", ".join(f"{one.members.scene or one.members.name} ({one.product.name})" for one in fitting)
            raise InputError(
                f"{base_name(path)} holds {len(fitting)} products ({names[:400]}); choose a file of one of them."
            )
        return next(iter(fitting or found), None)
    file, array = array_named(path)
    named = _of_file(file) or _by_content(file)
    return replace(named, array=array) if named is not None and array else named


def _in_files(given: str, paths: list[str]) -> Iterator[Found]:
    """Each product whose key file is among these files."""
    for product in PRODUCTS:
        for path in paths:
            match = re.fullmatch(product.key, base_name(path), re.IGNORECASE)
            if match is not None:
                own = _beside(product, path) if os.path.isfile(path) else paths  # its parts may lie deeper
                yield Found(product, _members(product, given, path, match, own))


def _of_file(path: str) -> Found | None:
    """The product of a file that is its key, or a part of it."""
    name = base_name(path)
    for product in PRODUCTS:
        match = re.fullmatch(product.key, name, re.IGNORECASE)
        if match is not None:
            return Found(product, _members(product, path, path, match, _beside(product, path)))
        part = re.fullmatch(product.parts, name, re.IGNORECASE) if product.parts and os.path.isfile(path) else None
        folder = os.path.dirname(os.path.abspath(path))
        for _ in range(product.depth + 1 if part is not None else 0):
            beside = [os.path.join(folder, other) for other in sorted(os.listdir(folder))]
            for other in beside:
                match = re.fullmatch(product.key, base_name(other), re.IGNORECASE)
                if match is not None and name.startswith(match.groupdict().get("scene") or ""):
                    return Found(product, _members(product, path, other, match, _beside(product, other)), True)
            folder = os.path.dirname(folder)
    return None


def _by_content(path: str) -> Found | None:
    """The product of a file that has another name than it was delivered with."""
    known = [(product, product.holds) for product in PRODUCTS if product.holds is not None]
    place = what_holds(path, [holds for _, holds in known])
    return None if place is None else Found(known[place][0], Members(path, "", (path,)))


def product_files(path: str) -> list[str]:
    """The files on disk of the product that a path is, or is a part of, by :attr:`Product.files`.

    Args:
        path: what the user named.

    Returns:
        Their paths; none where it is no product's.
    """
    try:
        found = find_product(path, "hsi")
    except InputError:  # several products: the job itself says so
        return []
    named = found.members.all(found.product.files) if found is not None and found.product.files else []
    return [each for each in named if os.path.isfile(each)]


def incomplete_product(path: str) -> Product | None:
    """The product that a file is named as a part of, but whose key file is not beside it.

    Args:
        path: a file of which :func:`find_product` finds no product.

    Returns:
        The product; None where the name is none of them.
    """
    name = base_name(path)
    return next((one for one in PRODUCTS if one.parts and re.fullmatch(one.parts, name, re.IGNORECASE)), None)


def _beside(product: Product, key: str) -> list[str]:
    if os.path.isfile(key):
        return files_of(os.path.dirname(os.path.abspath(key)), product.depth)
    return files_of(os.path.dirname(key)) if key.startswith("/vsi") else [key]


def _members(product: Product, given: str, key: str, match: re.Match[str], paths: list[str]) -> Members:
    """The files of the product of a key file: those below its folder whose names start as its scene's."""
    scene = match.groupdict().get("scene")
    if scene is None and not product.depth:
        return Members(given, "", (key,))
    folder = key.replace("\\", "/").rpartition("/")[0]
    inside = [path for path in paths if path.replace("\\", "/").startswith(folder + "/") or not folder]
    own = [path for path in inside if base_name(path).lower().startswith((scene or "").lower())]
    here = [path for path in inside if path.replace("\\", "/").rpartition("/")[0] == folder]
    return Members(given, scene or "", tuple(own), tuple(here))
