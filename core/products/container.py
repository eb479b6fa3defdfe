"""An open HDF5 file, through GDAL's HDF5 driver, or a netCDF-4 file, through that of netCDF where there is one: GDAL's
HDF5 driver leaves files named .nc to it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from osgeo import gdal, ogr, osr

from ..io.gdal_errors import gdal_messages, hdf5_silence, open_quietly
from ..io.grid import Grid
from ..runtime.errors import InputError

_LARGEST_CODE = 2**31  # of a reference system: GDAL takes no larger number
_LARGEST_PLANE = 100_000_000  # numbers of a plane that is read as a whole


class Container:
    """An open HDF5 file.

    Args:
        path: of the file, as GDAL opens it.
        name: for sentences.

    Raises:
        InputError: it is missing or no HDF5 file, or GDAL cannot read HDF5 here.
    """

    def __init__(self, path: str, name: str) -> None:
        self.path, self.name = path, name
        kind, drivers = ("netCDF", ["netCDF", "HDF5"]) if path.lower().endswith((".nc", ".nc4")) else ("HDF5", ["HDF5"])
        drivers = [driver for driver in drivers if gdal.GetDriverByName(driver) is not None]
        if not drivers:
            raise InputError(
                f"{name} cannot be opened: this GDAL has no {kind} driver; use a QGIS that has it, or install it "
                f"(conda: libgdal-{kind.lower()})."
            )
        if not os.path.isfile(path) and not path.startswith("/vsi"):
            raise InputError(f"{name} does not exist ({path}); choose another file.")
        with gdal_messages() as messages:
            self.dataset = open_quietly(messages, path, gdal.OF_MULTIDIM_RASTER, allowed_drivers=drivers)
        if self.dataset is None:
            raise InputError(f"{name} is no {kind} file{messages.words()}; get a fresh copy of the product.")
        self._root = self.dataset.GetRootGroup()

    def close(self) -> None:
        """Let go of the file."""
        self.dataset = self._root = None

    def groups(self, path: str = "") -> list[str]:
        """The names of the groups in a group.

        Args:
            path: of the group; "" for the file's own.

        Returns:
            The names; none where there is no such group.
        """
        group = self._group(path)
        return list(group.GetGroupNames() or []) if group is not None else []

    def shape(self, path: str) -> tuple[int, int, int]:
        """The lengths of the three axes of a cube.

        Args:
            path: in the file.

        Returns:
            They; zeros where there is no cube.
        """
        array = self.array(path)
        lengths = [d.GetSize() for d in array.GetDimensions()] if array is not None else []
        return (lengths[0], lengths[1], lengths[2]) if len(lengths) == 3 else (0, 0, 0)

    def array(self, path: str) -> Any:
        """An array.

        Args:
            path: in the file.

        Returns:
            The array; None where there is none.
        """
        with gdal_messages() as messages:
            return messages.call(self._root.OpenMDArrayFromFullname, path)

    def attributes(self, path: str) -> dict[str, Any]:
        """The attributes of a group or an array.

        Args:
            path: in the file.

        Returns:
            Their values by name; none where there is no such thing.
        """
        holder = self.array(path) or self._group(path)
        with gdal_messages(), hdf5_silence:
            return {one.GetName(): one.Read() for one in holder.GetAttributes()} if holder is not None else {}

    def text(self, path: str) -> str:
        """A text that is stored as an array.

        Args:
            path: in the file.

        Returns:
            The text; "" where there is none.
        """
        array = self.array(path)
        if array is None or array.GetDataType().GetClass() != gdal.GEDTC_STRING or array.GetTotalElementsCount() != 1:
            return ""
        with gdal_messages() as messages, hdf5_silence:
            return str((messages.call(array.Read) or [""])[0] or "")

    def numbers(self, path: str, most: int = 10_000) -> tuple[float, ...]:
        """Numbers that are stored as an array of one dimension.

        Args:
            path: in the file.
            most: numbers that it may hold.

        Returns:
            The numbers; none where there is no such array.
        """
        array = self.array(path)
        if array is None or array.GetDimensionCount() != 1 or array.GetTotalElementsCount() > most:
            return ()
        doubles = gdal.ExtendedDataType.Create(gdal.GDT_Float64)
        with gdal_messages() as messages, hdf5_silence:
            data = messages.call(array.Read, buffer_datatype=doubles)
        return tuple(np.frombuffer(data, np.float64).tolist()) if data else ()

    def plane(self, path: str) -> np.ndarray | None:
        """Numbers that are stored as an array of two dimensions.

        Args:
            path: in the file.

        Returns:
            (rows, columns) float64; None where there is no such array.
        """
        array = self.array(path)
        if array is None or array.GetDimensionCount() != 2 or array.GetTotalElementsCount() > _LARGEST_PLANE:
            return None
        if array.GetDataType().GetClass() != gdal.GEDTC_NUMERIC:
            return None
        doubles = gdal.ExtendedDataType.Create(gdal.GDT_Float64)
        with gdal_messages() as messages, hdf5_silence:
            data = messages.call(array.Read, buffer_datatype=doubles)
        shape = [d.GetSize() for d in array.GetDimensions()]
        return np.frombuffer(data, np.float64).reshape(shape) if data else None

    def packing(self, path: str) -> tuple[float, float, float | None]:
        """How the numbers of an array are stored.

        Args:
            path: in the file.

        Returns:
            Scale, offset, and the number that stands for "no value", None for none.
        """
        array, facts = self.array(path), self.attributes(path)
        if array is None:
            return 1.0, 0.0, None
        said = [
            (array.GetScale(), "scale_factor"),
            (array.GetOffset(), "add_offset"),
            (array.GetNoDataValue(), "_FillValue"),
        ]
        found = [facts.get(key) if value is None else value for value, key in said]
        scale, offset, nodata = (_number(one) for one in found)
        return scale or 1.0, offset or 0.0, nodata

    @property
    def acquired(self) -> str:
        """When the image was taken, as netCDF files say; "" where this one does not."""
        return str(self.attributes("").get("time_coverage_start") or "")

    def _group(self, path: str) -> gdal.Group | None:
        if not path:
            return self._root
        with gdal_messages() as messages:
            return messages.call(self._root.OpenGroupFromFullname, path)


def numbers_of(value: object) -> list[float]:
    """Numbers of an attribute, which may be one number.

    Args:
        value: of the attribute.

    Returns:
        The numbers in it; none of a text.
    """
    values = value if isinstance(value, (tuple, list)) else [value]
    return [float(one) for one in values if isinstance(one, (int, float))]


def _number(value: object) -> float | None:
    """A number, or the first of several; None for none."""
    one = value[0] if isinstance(value, (tuple, list)) and value else value
    return float(one) if isinstance(one, (int, float)) else None


def utm_grid(epsg: int, corner: tuple[float, float], pixel: tuple[float, float], size: tuple[int, int]) -> Grid | None:
    """A north-up grid.

    Args:
        epsg: code of its reference system.
        corner: outer edges of the first pixel, (x, y) in map units.
        pixel: (width, height) in map units.
        size: (rows, columns).

    Returns:
        The grid; None where the code is not known, or pixels have no size.
    """
    system = osr.SpatialReference()
    if not 0 < epsg < _LARGEST_CODE:
        return None
    with gdal_messages() as messages:
        known = messages.call(system.ImportFromEPSG, epsg) == ogr.OGRERR_NONE
    if not known or not all(np.isfinite((*corner, *pixel))) or min(pixel) <= 0:
        return None
    return Grid(*corner, pixel[0], -pixel[1], *size, system.ExportToWkt())
