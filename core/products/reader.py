"""The reader of products whose images are rasters that GDAL opens: bands of one file, or of many."""

from __future__ import annotations

import html
import os
from dataclasses import replace
from functools import partial

import numpy as np
from osgeo import gdal

from ..io.gdal_errors import gdal_messages, open_quietly
from ..io.grid import Window
from ..io.metadata import band_dtype
from ..io.origin import Origin
from ..io.reader import RasterReader
from ..io.remedies import Source
from ..runtime.errors import InputError
from .layout import BandFile, LayOut
from .members import Members, base_name

_JPEG2000 = ("JP2OpenJPEG", "JP2KAK", "JP2ECW", "JP2MrSID")
_OF_LAYOUT = ("names", "wavelengths", "fwhm", "bbl", "scales", "offsets")


class ProductReader(RasterReader):
    """One image of a product: reads as any raster does, in windows; nothing is copied.

    Args:
        members: the product's files.
        role: "hsi", "pan", "guide" or "quality".
        lay_out: says where the bands of that role lie, and what the product says of them.

    Raises:
        InputError: the product lacks a file, contradicts itself, or cannot be read.
    """

    def __init__(self, members: Members, role: str, lay_out: LayOut) -> None:
        self.members, self.role, self._lay_out = members, role, lay_out
        self._flags: list[gdal.Dataset] = []
        super().__init__(members.given)

    def _arguments(self) -> tuple:
        given = os.path.abspath(self.path) if os.path.exists(self.path) else self.path
        return replace(self.members, given=given), self.role, self._lay_out

    @property
    def source(self) -> Source:
        """The image as sentences name it; what GDAL's tools make of its file knows nothing of the product."""
        files = {band.path for band in self.layout.bands}
        return Source(self.name, files.pop() if self.role == "pan" and len(files) == 1 else "")

    def _open(self) -> gdal.Dataset:
        self.layout = self._lay_out(self.members, self.role)
        return stacked(self.layout.bands, self.name)

    def _describe(self) -> None:
        super()._describe()
        layout, bands = self.layout, self.metadata.bands
        changes = {field: getattr(layout, field) for field in _OF_LAYOUT if getattr(layout, field) is not None}
        for field, values in changes.items():
            if len(values) != bands:
                raise InputError(f"{self.name} has {bands} bands, but its metadata has {len(values)} {field}.")
        self.metadata = self.metadata.replace(**changes, reflectance_factor=None)
        if layout.nodata:
            self.bands, self.dtype = bands, self.metadata.dtype
            self.set_nodata(layout.nodata)
        for flag in layout.flags:
            self._flags.append(self._flag_raster(flag.path))
        if layout.flags:
            self._can_be_complete = self.always_valid = False
        self.origin = Origin(layout.product, layout.sensor, layout.acquired, layout.provenance, True, layout.detectors)
        self.notes = (*self.notes, *layout.notes)

    def _flag_raster(self, path: str) -> gdal.Dataset:
        dataset = _opened(path)
        if (dataset.RasterYSize, dataset.RasterXSize) != (self.grid.rows, self.grid.cols):
            raise InputError(
                f"{base_name(path)} has {dataset.RasterYSize} x {dataset.RasterXSize} pixels, but {self.name} has "
                f"{self.grid.rows} x {self.grid.cols}; get a fresh copy of the product."
            )
        return dataset

    def close(self) -> None:
        """Close the files."""
        with gdal_messages():
            self._flags = []
        super().close()

    def _read_masks(self, window: Window, bands: list[int], valid: np.ndarray) -> None:
        super()._read_masks(window, bands, valid)
        place = (window.col, window.row, window.cols, window.rows)
        for flag, dataset in zip(self.layout.flags, self._flags):
            read = partial(dataset.GetRasterBand(flag.number).ReadRaster, *place, buf_type=gdal.GDT_Int32)
            data = self._checked(read, window)
            valid &= ~flag.invalid(np.frombuffer(data, np.int32).reshape(window.rows, window.cols))


def stacked(bands: tuple[BandFile, ...], name: str) -> gdal.Dataset:
    """The bands as one dataset: the file itself where it holds just these, else a virtual raster in memory.

    Args:
        bands: where they lie.
        name: of the product, for the error.

    Returns:
        The dataset.

    Raises:
        InputError: a file cannot be read, or the files lie on different grids.
    """
    first = _opened(bands[0].path)
    if all(band == BandFile(bands[0].path, i + 1) for i, band in enumerate(bands)) and len(bands) == first.RasterCount:
        return first
    size, transform = (first.RasterXSize, first.RasterYSize), tuple(first.GetGeoTransform())
    parts = [f'<VRTDataset rasterXSize="{size[0]}" rasterYSize="{size[1]}">']
    if first.GetProjection():
        parts.append(f"<SRS>{html.escape(first.GetProjection())}</SRS>")
    parts.append(f"<GeoTransform>{', '.join(map(repr, transform))}</GeoTransform>")
    rpc = first.GetMetadata("RPC") or {}
    items = "".join(f'<MDI key="{html.escape(key)}">{html.escape(value)}</MDI>' for key, value in rpc.items())
    parts.append(f'<Metadata domain="RPC">{items}</Metadata>' if items else "")
    opened = {bands[0].path: first}
    for i, (path, number, shift) in enumerate(bands):
        dataset = opened.get(path) or _opened(path)
        if (dataset.RasterXSize, dataset.RasterYSize) != size or tuple(dataset.GetGeoTransform()) != transform:
            raise InputError(f"{base_name(path)} of {name} lies on another grid than {base_name(bands[0].path)}.")
        if number > dataset.RasterCount:
            raise InputError(f"{base_name(path)} of {name} has no band {number}; get a fresh copy of the product.")
        parts.append(_vrt_band(i + 1, path, dataset.GetRasterBand(number), size, shift))
    with gdal_messages() as messages:
        made = open_quietly(messages, "".join(parts) + "</VRTDataset>", gdal.OF_RASTER)
    if made is None:
        raise InputError(f"The bands of {name} cannot be read together{messages.words()}.")
    return made


def _vrt_band(place: int, path: str, band: gdal.Band, size: tuple[int, int], shift: tuple[int, int]) -> str:
    """A band of the virtual raster; where a shifted one does not reach, it has its nodata value, or 0."""
    kind, (down, right) = gdal.GetDataTypeName(band.DataType), shift
    extent = f'xSize="{max(0, size[0] - abs(right))}" ySize="{max(0, size[1] - abs(down))}"'
    source, target = (f'xOff="{max(0, sign * right)}" yOff="{max(0, sign * down)}" {extent}' for sign in (1, -1))
    nodata = band.GetNoDataValue()
    return (
        f'<VRTRasterBand dataType="{kind}" band="{place}">'
        + ("" if nodata is None else f"<NoDataValue>{nodata!r}</NoDataValue>")
        + f'<SimpleSource><SourceFilename relativeToVRT="0">{html.escape(path)}</SourceFilename>'
        f"<SourceBand>{band.GetBand()}</SourceBand><SrcRect {source}/><DstRect {target}/></SimpleSource>"
        "</VRTRasterBand>"
    )


def band_count(path: str) -> int:
    """The number of bands of a raster.

    Args:
        path: as GDAL opens it.

    Returns:
        Their number.

    Raises:
        InputError: it cannot be read as a raster.
    """
    return int(_opened(path).RasterCount)


def stored_type(path: str) -> str:
    """The type of a raster's numbers.

    Args:
        path: as GDAL opens it.

    Returns:
        numpy's name of its first band's type; "" for one that this software cannot read.

    Raises:
        InputError: it cannot be read as a raster.
    """
    dataset = _opened(path)  # newer GDAL has no band without its dataset
    return band_dtype(dataset.GetRasterBand(1)) or ""


def _opened(path: str) -> gdal.Dataset:
    with gdal_messages() as messages:
        dataset = open_quietly(messages, path, gdal.OF_RASTER | gdal.OF_VERBOSE_ERROR)
    if dataset is None and path.lower().endswith(".jp2") and not any(map(gdal.GetDriverByName, _JPEG2000)):
        raise InputError(
            f"{base_name(path)} cannot be read: this GDAL has no driver of JPEG 2000; use a QGIS that has it, or "
            "install GDAL's JP2OpenJPEG (conda: libgdal-jp2openjpeg)."
        )
    if dataset is None or dataset.RasterCount == 0:
        raise InputError(f"{base_name(path)} cannot be read as a raster{messages.words()}; get a fresh copy.")
    return dataset
