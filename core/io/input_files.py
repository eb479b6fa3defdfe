"""Every file on disk that a job reads: an input is often more than the file that names it.

A VRT is made of other rasters, which may be VRTs again; an archive or a container holds several images; headers,
overviews, masks and world files lie beside a raster; a product is a folder. GDAL's lists of files name some of them: no
container that a VRT reads a subdataset of, no archive, no other files of a product. So the texts of VRTs are looked
through as well, and whatever in them names an existing file counts as read.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from osgeo import gdal

from ..runtime.paths import StrPath, as_path
from .gdal_errors import gdal_messages, open_quietly

_LONGEST = 4096  # characters of a text that may be a name
_MOST_PARTS = 12  # between colons, of such a text
_HEAD = 1024  # bytes in which a file shows whether it is XML of GDAL
_UNUSABLE = re.compile(r"[\n\0]|/vsi(?:curl|s3|gs|az|adls|oss|swift|hdfs|webhdfs|stdin)")  # no name, or of no file here
_VIRTUAL = re.compile(r"/vsi(\w+)([/?])")  # GDAL's file systems: zip, tar, gzip, subfile, cached, mem ...
_WRAPPER = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)*<(?:VRT|GDAL)", re.DOTALL)
_BESIDE = (".aux.xml", ".hdr", ".tfw", ".tifw", ".wld", ".prj")  # files that are no rasters themselves
_PRODUCT_FOLDERS = (".safe", ".zarr")
_PRODUCT_FILE = re.compile(  # what the names of one product's files share, and what follows in them
    r"(?P<scene>(?:ENMAP|DESIS).+?(?=-(?:SPECTRAL_IMAGE(?:_COG|_VNIR|_SWIR)?|METADATA|HISTORY|QL_[\w-]+)\.\w+$)"
    r"|EO1[AH]\w+?(?=_(?:B\d{2,3}|MTL)_L1(?:T|GST)\.\w+$)"
    r"|L[COE]0[789]_L\w{3}_\d{6}_\d{8}_\d{8}_\d{2}_(?:RT|T1|T2)(?=_(?:(?:SR_|ST_)?B\d+|QA_\w+|MTL|ANG)\.\w+$)"
    r"|wyvern_dragonette-\d+_\d{8}T\d{6}_[0-9a-f]{8}(?=(?:_l\d\w)?(?:_data_mask|_pixel_quality_mask)?\.\w+$)"
    r"|EMIT_L2A(?=_(?:RFL|MASK)_\w+\.nc$)"
    r"|\d{8}_\d{6}(?:_\d{2})?_\w{4}_3B(?=_(?:AnalyticMS\w*|udm2\w*|metadata\w*)\.\w+$))",
    re.IGNORECASE,
)


def files_read(rasters: Iterable[StrPath], others: Iterable[StrPath] = ()) -> dict[str, str]:
    """All files on disk that a job's inputs are made of.

    Args:
        rasters: what is opened as a raster: files, folders, or any name that GDAL understands.
        others: further files that are read, such as models; GDAL does not look into them.

    Returns:
        The short name of the input that each file is a part of, by the file's absolute path; "" for an input itself.
    """
    sources = [as_path(raster) for raster in rasters]
    found = {os.path.abspath(path): "" for path in [*sources, *map(as_path, others)] if os.path.isfile(path)}
    for source in sources:
        for path in _parts(source):
            found.setdefault(os.path.abspath(path), _short_name(source))
    return found


def _parts(source: str) -> Iterator[str]:
    """The files on disk that a raster is made of."""
    waiting = [*_names(source), *_names_in_xml(source)]
    if os.path.isdir(source):
        waiting.append(source)
        yield from (path for path in _files_in(source, deep=False) if _PRODUCT_FILE.match(os.path.basename(path)))
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        path = _on_disk(name)
        if path:
            if os.path.isfile(path):
                yield path
            yield from _product_files(path)
        waiting += _members(name)


def _members(name: str) -> list[str]:
    """The names of what a raster is made of, as GDAL lists it and as its own text says."""
    if name.lower().endswith(_BESIDE):
        return []
    with gdal_messages() as messages:
        dataset = open_quietly(messages, name, gdal.OF_RASTER)
        listed = (messages.call(dataset.GetFileList) if dataset is not None else None) or []
        del dataset
    folders = _folders(name)
    members = [member for text in listed for member in _names(text, folders)]
    return members + _names_in_xml(_wrapper_text(name), folders)


def _names_in_xml(text: str, folders: Sequence[str] = ()) -> list[str]:
    """The names of existing files among the texts of an XML document, such as a VRT; relative ones in its folders."""
    if not text.lstrip().startswith("<"):
        return []
    with gdal_messages() as messages:
        waiting: list[Any] = [messages.call(gdal.ParseXMLString, text.encode("utf-8", "replace").decode())]
    texts: set[str] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, list) and len(node) > 1:
            if node[0] == gdal.CXT_Text:
                texts.add(node[1])
            waiting += node[2:]
    return [name for each in sorted(texts) for name in _names(each, folders)]


def _names(text: str, folders: Sequence[str] = ()) -> list[str]:
    """What a text names that exists: a file, a product's folder, or a file of one of GDAL's file systems. Names of
    subdatasets and drivers (``NETCDF:"a.nc":band``, ``GTIFF_DIR:1:a.tif``, ``vrt://a.tif?bands=1``) hold a file's name.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or text.startswith("<") or _UNUSABLE.search(text):
        return []
    if text.lower().startswith("vrt://"):
        text = text[len("vrt://") :].partition("?")[0]
    parts = text.split(":")
    pieces = [text, *re.findall('"([^"]+)"', text)]
    if 1 < len(parts) <= _MOST_PARTS:
        spans = itertools.combinations(range(len(parts) + 1), 2)
        pieces += [":".join(parts[start:stop]).strip('"') for start, stop in spans]
    named = [os.path.join(folder, piece) for piece in pieces if piece for folder in ("", *folders)]
    return [name for name in dict.fromkeys(named) if _exists(name)]


def _exists(name: str) -> bool:
    if not _VIRTUAL.match(name):
        return os.path.isfile(name) or (_is_product_folder(name) and os.path.isdir(name))
    with gdal_messages() as messages:
        return messages.call(gdal.VSIStatL, name) is not None


def _on_disk(name: str) -> str:
    """The file or folder on disk that an existing name is read from, as the archive of a file in an archive; "" for
    none."""
    if not _VIRTUAL.match(name):
        return name
    while True:
        virtual = _VIRTUAL.match(name)
        if virtual is None:
            break
        kind, rest = virtual[1], name[virtual.end() :]
        if kind == "mem":
            return ""
        if virtual[2] == "?":
            rest = next((part[len("file=") :] for part in rest.split("&") if part.startswith("file=")), "")
        elif kind == "subfile":
            rest = rest.partition(",")[2]
        name = rest[1 : rest.rfind("}")] if rest.startswith("{") else rest
    while name and not os.path.isfile(name):
        parent = os.path.dirname(name)
        name = "" if parent == name else parent
    return name


def _wrapper_text(name: str) -> str:
    """The text of a file that is XML and names what it is made of; "" of others."""
    with gdal_messages() as messages:
        file = messages.call(gdal.VSIFOpenL, name, "rb")
        if file is None:
            return ""
        try:
            head = bytes(messages.call(gdal.VSIFReadL, 1, _HEAD, file) or b"")
            if not _WRAPPER.match(head):
                return ""
            gdal.VSIFSeekL(file, 0, os.SEEK_END)
            size = gdal.VSIFTellL(file)
            gdal.VSIFSeekL(file, 0, os.SEEK_SET)
            return bytes(messages.call(gdal.VSIFReadL, 1, size, file) or b"").decode("utf-8", "replace")
        finally:
            gdal.VSIFCloseL(file)


def _product_files(path: str) -> Iterator[str]:
    """The other files of the product that a file or folder is a part of."""
    folder = os.path.abspath(path)
    while os.path.dirname(folder) != folder:
        if _is_product_folder(folder) and os.path.isdir(folder):
            yield from _files_in(folder, deep=True)
            return
        folder = os.path.dirname(folder)
    if path.lower().endswith(".dim"):  # SNAP's, with its folder of bands
        yield from _files_in(f"{path[:-4]}.data", deep=False)
    product = _PRODUCT_FILE.match(os.path.basename(path))
    for other in _files_in(os.path.dirname(os.path.abspath(path)), deep=False) if product else ():
        sibling = _PRODUCT_FILE.match(os.path.basename(other))
        if product and sibling and sibling["scene"].lower() == product["scene"].lower():
            yield other


def _files_in(folder: str, deep: bool) -> Iterator[str]:
    for root, _, names in os.walk(folder):
        yield from (os.path.join(root, name) for name in sorted(names))
        if not deep:
            return


def _is_product_folder(name: str) -> bool:
    return name.lower().rstrip("/\\").endswith(_PRODUCT_FOLDERS)


def _folders(name: str) -> list[str]:
    """Where relative names in a file are looked for: beside it, and, where it is a link, beside what it points to."""
    places = [name] if _VIRTUAL.match(name) else [name, os.path.realpath(name)]
    return list(dict.fromkeys(os.path.dirname(place) for place in places))


def _short_name(source: str) -> str:
    """As sentences call an input: the last part of its name."""
    if source.lstrip().startswith("<"):
        return "a VRT that is given as text"
    return source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].replace('"', "")
