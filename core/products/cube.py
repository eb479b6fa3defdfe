"""What a cube in an HDF5 file is made of: arrays of bands, and flags that say which samples are not valid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

from ..io.grid import Grid
from ..io.metadata import RasterMetadata
from ..io.origin import Origin


def not_zero(values: np.ndarray) -> np.ndarray:
    """The usual meaning of flags: valid is where they are 0.

    Args:
        values: int32 of any shape (...).

    Returns:
        (...) bool, where samples are not valid.
    """
    found: np.ndarray = values != 0
    return found


@dataclass(frozen=True)
class Flags:
    """An array of flags.

    Attributes:
        array: its path in the file.
        axes: the order of its axes, of "r" (rows), "c" (columns) and "b" (bands); "rc" for one flag a pixel.
        invalid: what is read of it, of any shape -> bool, where samples are not valid.
        file: that it lies in; "" for that of the cube.
        packed: whether eight bands share a byte, the first in the highest bit.
        band: the one band that counts, from 0, for all of the image's; None for one flag a band, or for "rc".
        kind: of what is given to ``invalid``: "int32" for whole numbers of any type, or "float32".
    """

    array: str
    axes: str
    invalid: Callable[[np.ndarray], np.ndarray] = not_zero
    file: str = ""
    packed: bool = False
    band: int | None = None
    kind: str = "int32"


@dataclass(frozen=True)
class Part:
    """An array that bands of the image lie in, as that of one detector.

    Attributes:
        array: its path in the file.
        axes: the order of its axes, of "r" (rows), "c" (columns) and "b" (bands); "rc" for a single band.
        numbers: which of its bands, from 0, in the order of the image.
        flags: of its samples; None for none.
        shift: (rows, columns) by which its pixels lie behind those of the image: the image's pixel (r, c) is its
            (r + rows, c + columns).
    """

    array: str
    axes: str
    numbers: tuple[int, ...]
    flags: Flags | None = None
    shift: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Cube:
    """An image in a file.

    Attributes:
        parts: where its bands lie, one after the other.
        grid: of its rows and columns.
        metadata: of its bands.
        origin: of the product.
        planes: flags of pixels.
        zero_is_outside: whether pixels at which all bands of the first part are 0 lie outside of the image.
        flags_say_all: whether the flags alone say what is not valid; the nodata value is that of outputs.
        notes: sentences about what the product says and cannot be used, for the user.
    """

    parts: tuple[Part, ...]
    grid: Grid
    metadata: RasterMetadata
    origin: Origin
    planes: tuple[Flags, ...] = ()
    zero_is_outside: bool = False
    flags_say_all: bool = False
    notes: tuple[str, ...] = ()


def good_bands(good: Sequence[float], bands: int) -> tuple[int, ...]:
    """A list of bad bands, of a product's list of good ones.

    Args:
        good: above 0 for good bands, one for each; a list of another length says nothing.
        bands: number of bands.

    Returns:
        1 for good bands, 0 for bad ones; all are good where nothing is said.
    """
    return tuple(int(flag > 0) for flag in good) if len(good) == bands else (1,) * bands


def bands_metadata(
    wavelengths: tuple[Optional[float], ...],
    fwhm: tuple[Optional[float], ...],
    nodata: float | None,
    dtype: str = "float32",
    scale: tuple[float, float] = (1.0, 0.0),
) -> RasterMetadata:
    """Metadata of bands that have one scale and are called by their numbers; all are good.

    Args:
        wavelengths, fwhm: of each band, nm; None where unknown.
        nodata: the nodata value; None for none.
        dtype: numpy name of the type on disk.
        scale: (scale, offset) of stored numbers.

    Returns:
        The metadata.
    """
    bands = len(wavelengths)
    plain = RasterMetadata.plain(bands, dtype, nodata)
    names = tuple(f"band {number + 1}" for number in range(bands))
    own = {"scales": (scale[0],) * bands, "offsets": (scale[1],) * bands}
    return plain.replace(names=names, wavelengths=wavelengths, fwhm=fwhm, **own)
