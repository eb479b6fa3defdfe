"""Pixels of a scene from which nothing is learned: those that the PAN contradicts, and those that the user masks."""

from __future__ import annotations

import os

import numpy as np

from ..assessment.reduced import used_shape
from ..calibration.contradictions import contradictions
from ..calibration.shift import Shift
from ..io.reader import RasterReader
from ..io.remedies import Source, command, new_file, path_argument
from ..io.unplaced import UnplacedError
from ..operators.footprints import all_valid
from ..products.claims import Claims, open_claimed
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.mask_raster import covered_pixels, masked_pixels
from ..scene.placing import apart
from ..scene.scene import Scene
from .options.pixels import PixelOptions
from .options.shared import RasterOptions

COVERS = 0.99  # share of the pixels from which on a mask covers all of them
NOTICED = 0.01  # share of the pixels from which on contradictions are worth a warning


def left_out(
    scene: Scene, shift: Shift | None, options: RasterOptions, progress: Progress
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Find the HSI pixels that the PAN contradicts, and those that are masked.

    Args:
        scene: the HSI and the PAN.
        shift: of the PAN, where it is not corrected: the two are compared as they would lie then; None for none.
        options: of the job.
        progress: receives messages; asked whether to stop.

    Returns:
        Two of (rows, columns) bool on the HSI's grid under the output; None where it was not asked for.

    Raises:
        InputError: the mask cannot be used, or lies elsewhere.
    """
    if not isinstance(options, PixelOptions):
        return None, None
    contradictory, masked = None, None
    if options.contradictions == "auto":
        place = (shift.y, shift.x) if shift is not None and not shift.beyond else (0.0, 0.0)
        contradictory = contradictions(scene, place, progress)
        _say_contradictions(scene, int(contradictory.sum()), progress)
    if options.mask:
        with _open_mask(scene, options.mask, options, progress) as mask:
            masked, covered = masked_pixels(scene, mask, progress), covered_pixels(scene, mask, progress)
            if not masked.any() and not covered.any():
                raise InputError(apart(scene.hsi, mask))
            source = mask.source
        count = int(np.count_nonzero(masked & scene.low_valid))
        if count and count == int(scene.low_valid.sum()):
            raise InputError(_all_masked(scene, source))
        text = f"{os.path.basename(options.mask)} keeps {count} of {masked.size} HSI pixels out of learning"
        if count:
            progress.info(f"{text}.")
        else:
            progress.warning(f"{text}: it is 0 wherever {scene.hsi.name} lies; check the mask (--mask, MASK).")
        share = float(covered[scene.low_valid].mean())
        if share < COVERS:
            progress.warning(
                f"{os.path.basename(options.mask)} covers {share:.0%} of the HSI pixels only: those that it does not "
                "cover count as not masked (--mask, MASK)."
            )
    return contradictory, masked


def _open_mask(scene: Scene, path: str, options: RasterOptions, progress: Progress) -> RasterReader:
    """The mask, as its layer says that it is; where it lies on no grid, the refusal's remedy puts it on the HSI."""
    nodata, crs = (options.layers or {}).get(path, ("", ""))
    try:
        return open_claimed(path, "quality", Claims(nodata, crs, options.assume_crs, look=False), progress)
    except UnplacedError as error:
        hsi = scene.hsi.grid
        raise error.beside(None if hsi.in_sensor_geometry else hsi.facts(scene.hsi.source), "pan") from None


def _all_masked(scene: Scene, mask: Source) -> str:
    """The refusal of a mask that leaves nothing, as a raster of classes does, of which few are 0."""
    file = os.path.isfile(mask.path)
    path = mask.path if file else "classes.tif"
    calc = ["gdal_calc.py", "-A", path_argument(path), "--calc", "isin(A,[3,8,9,10])", "--type", "Byte"]
    made = command([*calc, "--outfile", new_file(path, "mask")], "Raster calculator")
    first = "" if file else f"write them (ssml openproduct, --out-quality {path}) and "
    return (
        f"No pixel of {scene.hsi.name} is left to learn from; choose a mask (--mask, MASK) that is 0 where the ground "
        "is clear. Classes are none: of those of Sentinel-2, of which 3, 8, 9 and 10 are clouds and their shadows, "
        f"{first}make one: {made}."
    )


def without(
    scene: Scene, contradictory: np.ndarray | None, masked: np.ndarray | None, apart: np.ndarray | None = None
) -> Scene:
    """A view that learns nothing from them.

    Args:
        scene: the HSI and the PAN.
        contradictory: (rows, columns) bool; their detail is faded, too. None for none.
        masked: (rows, columns) bool; None for none.
        apart: (rows, columns) bool, where the PAN does not lie on the HSI; their detail is faded, too. None for none.

    Returns:
        The view; the scene itself where there are none.

    Raises:
        InputError: no pixel would be left to learn from.
    """
    none = np.zeros(scene.low_shape, bool)
    faded = (none if contradictory is None else contradictory) | (none if apart is None else apart)
    return scene.without(faded if masked is None else faded | masked, faded)


def _say_contradictions(scene: Scene, count: int, progress: Progress) -> None:
    if not count:
        return
    share = count / scene.low_valid.size
    text = (
        f"In {count} of {scene.low_valid.size} HSI pixels ({100 * share:.2g} %) {scene.pan.name} contradicts "
        f"{scene.hsi.name}: nothing is learned there and the PAN's detail is faded (--contradictions, CONTRADICTIONS)"
    )
    if share > NOTICED:
        progress.warning(f"{text}; look for clouds and change: ssml inspect shows a map.")
    else:
        progress.info(f"{text}.")


def reduced_without(reduced: Scene, scene: Scene) -> Scene:
    """The same pixels of the pair brought one step down.

    Args:
        reduced: the pair, whose HSI pixels are as large as the scene's ratio says.
        scene: the scene that it was made of.

    Returns:
        A view of the pair; the pair itself where the scene leaves none out.

    Raises:
        InputError: no pixel would be left to learn from.
    """
    if scene.left_out is None:
        return reduced
    rows, cols = used_shape(scene.low_shape, scene.ratios)

    def coarse(mask: np.ndarray | None) -> np.ndarray | None:
        if mask is None:
            return None
        return ~all_valid(~mask[:rows, :cols], reduced.low_shape, scene.ratios)

    some = coarse(scene.left_out)
    return reduced if some is None else reduced.without(some, coarse(scene.faded))
