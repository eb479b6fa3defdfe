"""From computed numbers to the numbers that a file stores: rounding, saturation, nodata."""

from __future__ import annotations

import math

import numpy as np

from ..runtime.errors import InputError


def representable(value: float | None, dtype: str) -> float | None:
    """``value`` if a raster of this type (numpy name) can hold it as a nodata value, else None.

    A float's nodata value may have fewer digits or more range than the type: see :func:`equals_nodata`. NaN and
    infinity are values of floats only.

    Args:
        value: a nodata value; None for none.
        dtype: numpy name of the type.

    Returns:
        ``value`` or None.
    """
    if value is None or np.issubdtype(np.dtype(dtype), np.floating):
        return value
    limits = np.iinfo(dtype)
    if not math.isfinite(value) or value != int(value) or not limits.min <= int(value) <= limits.max:
        return None
    return value


def output_nodata(dtype: str, nodata: float | None) -> float:
    """The nodata value of an output: the given one where the type can hold it, else NaN for floats, the lowest value
    of signed and 0 for unsigned integers.

    Args:
        dtype: numpy name of the type on disk.
        nodata: the value asked for; None for none.

    Returns:
        The nodata value of that type.
    """
    given = representable(nodata, dtype)
    if given is not None:
        return given
    kind = np.dtype(dtype).kind
    if kind == "f":
        return math.nan
    return float(np.iinfo(dtype).min) if kind == "i" else 0.0


def equals_nodata(plane: np.ndarray, nodata: float) -> np.ndarray:
    """Where a plane, in its type on disk, has the nodata value; a bool array of its shape.

    A float's nodata value is first brought to the plane's precision; one that is meant to be float32's lowest or
    highest number but was cut to a few digits (-3.4e38) stands for that number too.

    Args:
        plane: any shape, any dtype of a raster.
        nodata: the nodata value.

    Returns:
        bool, same shape.
    """
    if plane.dtype.kind != "f":
        return plane == plane.dtype.type(int(nodata))
    if np.isnan(nodata):
        return np.isnan(plane)
    same = plane == _in_type(nodata, plane.dtype)
    limit = float(np.finfo(np.float32).max)
    if abs(abs(nodata) / limit - 1.0) < 2e-3 and plane.dtype.itemsize >= 4:
        same |= plane == plane.dtype.type(math.copysign(limit, nodata))
    return same


def to_stored(values: np.ndarray, valid: np.ndarray, dtype: str, nodata: float | None) -> np.ndarray:
    """Numbers as a file of type ``dtype`` stores them.

    Args:
        values: real numbers, any shape, any dtype; what is not valid may be anything, NaN included.
        valid: bool, same shape. A number that is not finite counts as not valid.
        dtype: numpy name of an integer or float type.
        nodata: what is stored where not valid.

    Returns:
        Same shape, of the type ``dtype``: rounded to the nearest integer, and limited to the type's range; a valid
        number that would equal ``nodata`` is moved to its neighbour.

    Raises:
        ValueError: something is not valid and ``nodata`` is None.
    """
    kind = np.dtype(dtype)
    good = valid & np.isfinite(values)
    if nodata is None and not good.all():
        raise ValueError("Some samples are not valid, but the output has no nodata value; see output_nodata().")
    finite = np.where(good, values, 0.0).astype(np.float64)
    if kind.kind == "f":
        limit = float(np.finfo(kind).max)
        stored = np.clip(finite, -limit, limit).astype(kind)
        if nodata is not None:
            clash = good & equals_nodata(stored, nodata)
            if clash.any():
                towards = kind.type(1.0 if nodata == 0.0 else 0.0)
                stored[clash] = np.nextafter(stored[clash], towards)
            stored[~good] = _in_type(nodata, kind)
        return stored
    limits = np.iinfo(kind)
    whole = np.rint(finite)
    # Compared as floats, filled as integers: float64 cannot hold the limits of 64-bit integers.
    inside = (whole > float(limits.min)) & (whole < float(limits.max))
    stored = np.where(inside, whole, 0.0).astype(kind)
    stored[whole <= float(limits.min)] = limits.min
    stored[whole >= float(limits.max)] = limits.max
    if nodata is not None:
        mark = int(nodata)
        stored[good & (stored == kind.type(mark))] = mark + 1 if mark < limits.max else mark - 1
        stored[~good] = mark
    return stored


def store(values: np.ndarray, valid: np.ndarray | None, nodata: float | None, out: np.ndarray) -> None:
    """Numbers as a file stores them, as :func:`to_stored` says, written into ``out``; fast where all are valid and the
    type is small, as it mostly is.

    Args:
        values: float32, any shape; may be changed.
        valid: bool, same shape; None where all are valid and finite.
        nodata: what is stored where not valid.
        out: same shape, of the type on disk.

    Raises:
        InputError: a valid number is not finite.
    """
    least, most = check_finite(values, valid)
    kind = out.dtype
    if valid is None and kind.kind in "iu" and kind.itemsize <= 2:
        limits = np.iinfo(kind)
        np.rint(values, out=values)
        if least < limits.min or most > limits.max:
            np.clip(values, limits.min, limits.max, out=values)
        np.copyto(out, values, casting="unsafe")
        if nodata is not None:
            mark = int(nodata)
            clash = out == kind.type(mark)
            if clash.any():
                out[clash] = mark + 1 if mark < limits.max else mark - 1
    elif valid is None and kind == np.float32 and (nodata is None or math.isnan(nodata)):
        np.copyto(out, values)
    else:
        valid = np.ones(values.shape, bool) if valid is None else valid
        for plane, mask, place in zip(values, valid, out):
            place[...] = to_stored(plane, mask, kind.name, nodata)


def check_finite(values: np.ndarray, valid: np.ndarray | None) -> tuple[float, float]:
    """Make sure that no valid number of a result is infinite or NaN.

    Args:
        values: (bands, rows, columns) float32 or float64.
        valid: bool, of that shape or (rows, columns); None where all are.

    Returns:
        The least and the largest of all numbers, valid or not.

    Raises:
        InputError: one is.
    """
    if not values.size:
        return 0.0, 0.0
    least, most = float(values.min()), float(values.max())
    if np.isfinite(least) and np.isfinite(most):
        return least, most
    if valid is None or not np.isfinite(values[np.broadcast_to(valid, values.shape)]).all():
        raise InputError(
            "The result has numbers that are not finite: those of the images are too large to compute with, or a model "
            "does not suit them; scale the images to usual units."
        )
    return least, most


def _in_type(nodata: float, kind: np.dtype) -> np.floating:
    """A float nodata value in the precision of a float type, within its range."""
    limit = float(np.finfo(kind).max)
    beyond = math.isfinite(nodata) and abs(nodata) > limit
    return kind.type(math.copysign(limit, nodata) if beyond else nodata)
