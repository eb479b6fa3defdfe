"""Fusion of arrays: numpy's, or xarray's DataArrays with their place on the map.

The arrays go through the engine that files go through, by way of a temporary folder, so that the pixels are those of
the files to the last bit. The folder takes the disk space of what goes in and comes out, and is removed in any case.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Union

import numpy as np

from ..io.array_image import ArrayImage, as_number, pair_of_arrays, with_wavelengths
from ..io.data_array import data_array_of, image_of, is_data_array, plane_of
from ..io.grid import align, same_crs
from ..io.ratio import STATED, same_ratio
from ..runtime.atomic_files import working_folder
from ..runtime.errors import InputError
from ..runtime.near_words import hint
from ..runtime.paths import StrPath, as_path
from .classical import classical
from .fuse import fuse
from .output import check_outputs
from .sharpen import sharpen

if TYPE_CHECKING:
    from xarray import DataArray

    Array = Union[np.ndarray, DataArray]

_OF_ARRAYS = ("wavelengths", "nodata", "pan_nodata")  # options that jobs on files have not


@dataclass(frozen=True)
class FusedArrays:
    """A fused image.

    Attributes:
        fused: (bands, rows, cols) of the HSI's dtype (float32 of float16); the HSI's kind of array.
        disagreement: (rows, cols) float32, how far the two networks differ: the root mean square over bands, in
            standard deviations of the bands, NaN where the result is not valid; None where it was not asked for.
        nodata: what stands for "no value" in ``fused``; None where all are valid.
        facts: what the job on files returns besides, as ``ratio``, ``scores`` and ``used_prior``.
        wavelengths: of the bands, nm; None where not all are known.
    """

    fused: Any
    disagreement: Any
    nodata: float | None
    facts: Mapping[str, Any]
    wavelengths: tuple[float, ...] | None = None

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict, and small pictures."""
        from ..report.notebook import shown, thumbs_of_arrays

        return shown(self.facts, thumbs_of_arrays(self.fused, self.disagreement, self.nodata, self.wavelengths))


def sharpen_arrays(hsi: Array, pan: Array, ratio: float | None = None, **options: Any) -> FusedArrays:
    """Sharpen a scene with nothing but its two images.

    Args:
        hsi: numpy (bands, rows, cols) of any integer or float dtype, or a DataArray with bands, y and x, coordinates at
            pixel centres, the CRS in ``spatial_ref``, and with ``wavelength``, ``fwhm`` and ``bbl`` along bands where
            known.
        pan: of the same kind; numpy (rows * ratio, cols * ratio) of any integer or float dtype over the same ground, or
            a DataArray of y and x, whose CRS may be another one: the result then lies on the HSI's grid, refined.
        ratio: PAN pixels per HSI pixel; left out for DataArrays, whose coordinates tell it.
        options: as :func:`.sharpen.sharpen` has them (``effort``, ``seed``, ``mtf``, ``device``, ``progress``, ...;
            ``model`` and ``report`` are files to write). ``extent`` of numpy arrays is in PAN pixels, from the lower
            left corner. Besides: ``wavelengths``, a sequence in nm, one a band, by default the DataArray's coordinate;
            ``nodata`` and ``pan_nodata``, what stands for "no value", by default the DataArray's attribute (NaN and
            masked numbers always do); ``disagreement``, whether to return how far the two networks differ.

    Returns:
        The fused image.

    Raises:
        InputError: an array or a parameter cannot be used.
        Cancelled: the user stopped the job.
    """
    return _through_files(sharpen, hsi, pan, ratio, options)


def fuse_arrays(hsi: Array, pan: Array, model: StrPath, ratio: float | None = None, **options: Any) -> FusedArrays:
    """Fuse two images with a trained model.

    Args:
        hsi: (bands, rows, cols) of any integer or float dtype, see :func:`sharpen_arrays`.
        pan: (rows * ratio, cols * ratio) of any integer or float dtype, see :func:`sharpen_arrays`.
        model: a model file.
        ratio: see :func:`sharpen_arrays`.
        options: as :func:`.fuse.fuse` has them, and those of arrays, see :func:`sharpen_arrays`.

    Returns:
        The fused image.

    Raises:
        InputError: an array or a parameter cannot be used, or the model is for other bands or another ratio.
        Cancelled: the user stopped the job.
    """
    return _through_files(functools.partial(fuse, model=model), hsi, pan, ratio, options)


def classical_arrays(hsi: Array, pan: Array, ratio: float | None = None, **options: Any) -> FusedArrays:
    """Fuse two images with a classical method, without PyTorch.

    Args:
        hsi: (bands, rows, cols) of any integer or float dtype, see :func:`sharpen_arrays`.
        pan: (rows * ratio, cols * ratio) of any integer or float dtype, see :func:`sharpen_arrays`.
        ratio: see :func:`sharpen_arrays`.
        options: as :func:`.classical.classical` has them (``method``, ...), and those of arrays but ``disagreement``,
            see :func:`sharpen_arrays`.

    Returns:
        The fused image.

    Raises:
        InputError: an array or a parameter cannot be used.
        Cancelled: the user stopped the job.
    """
    return _through_files(classical, hsi, pan, ratio, options)


def _through_files(
    job: Callable[..., dict[str, object]], hsi: Array, pan: Array, ratio: float | None, options: dict[str, Any]
) -> FusedArrays:
    known = {*inspect.signature(job).parameters, *_OF_ARRAYS} - {"hsi", "pan", "output", "json_path"}
    for name in options.keys() - known:
        raise TypeError(f"there is no option {name!r}{hint(name, known, choose=False)}")
    wavelengths, nodata, pan_nodata = (options.pop(name, None) for name in ("wavelengths", "nodata", "pan_nodata"))
    if isinstance(pan_nodata, str):  # as the jobs on files have it
        options["pan_nodata"], pan_nodata = pan_nodata, None
    disagreement = options.pop("disagreement", False)
    # DataArrays remember the file that they come from, which may be read only when their numbers are asked for.
    sources = [str(array.encoding.get("source") or "") for array in (hsi, pan) if is_data_array(array)]
    written = [as_path(options[name], name) for name in ("model", "report") if options.get(name)]
    check_outputs([path for path in sources if path], (), written)
    images = _images(hsi, pan, ratio, nodata, pan_nodata)
    if wavelengths is not None:
        images = with_wavelengths(images[0], wavelengths), images[1]
    with working_folder() as folder:
        places = [os.path.join(folder, name) for name in ("hsi.tif", "pan.tif", "fused.tif", "disagreement.tif")]
        for image, place in zip(images, places):
            image.write(place)
        more = {"disagreement": places[3]} if disagreement else {}
        facts = job(places[0], places[1], output=places[2], **{"compress": "none", **more, **options})
        fused = ArrayImage.read(places[2])
        spread = ArrayImage.read(places[3]) if disagreement else None
    own = {key: value for key, value in facts.items() if key != "output"}
    nodata, waves = fused.metadata.nodata, fused.metadata.wavelengths
    found = tuple(wave for wave in waves if wave is not None)
    shown = found if len(found) == len(waves) else None
    if is_data_array(hsi) and is_data_array(pan):
        plane = None if spread is None else plane_of(spread, hsi, pan, "disagreement")
        return FusedArrays(data_array_of(fused, hsi, pan), plane, nodata, own, shown)
    return FusedArrays(fused.values, None if spread is None else spread.values[0], nodata, own, shown)


def _images(
    hsi: Array, pan: Array, ratio: float | None, nodata: float | None, pan_nodata: float | None
) -> tuple[ArrayImage, ArrayImage]:
    for array, name in ((hsi, "hsi"), (pan, "pan")):
        if not is_data_array(array) and not isinstance(array, np.ndarray):
            raise InputError(
                f"{name} is of type {type(array).__name__}; give a numpy array or a DataArray, or use the function "
                "without _arrays for files."
            )
    if is_data_array(hsi) and is_data_array(pan):
        images = image_of(hsi, "hsi", nodata), image_of(pan, "pan", pan_nodata)
        low, high = (image.grid.flip() if image.grid.dy > 0 else image.grid for image in images)
        if not same_crs(low.crs, high.crs):  # the job brings the PAN onto the HSI's grid
            return images
        found = align(low, high, "hsi", "pan").ratio
        ratio = None if ratio is None else as_number(ratio, "The ratio")
        if ratio is not None and not same_ratio(ratio, found, STATED):
            raise InputError(f"The ratio of the coordinates is {found:g}, not {ratio:g}; leave it out.")
    elif is_data_array(hsi) or is_data_array(pan):
        raise InputError("One of hsi and pan is a DataArray and the other is not; give both as DataArrays, or neither.")
    elif ratio is None:
        raise InputError("numpy arrays have no coordinates that tell their ratio; give the ratio.")
    else:
        images = pair_of_arrays(hsi, pan, ratio, nodata, pan_nodata)
    return images
