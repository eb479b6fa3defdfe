"""Opening a scene for a job: what it holds is logged, a shifted PAN is noticed, and free disk space is checked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..calibration.local_shift import LocalShift, measure_local_shift
from ..calibration.relation import DOUBTFUL, UNRELATED, pan_relation
from ..calibration.shift import Shift
from ..io.grid import Window
from ..io.raster_files import driver_of
from ..io.ratio import ratio_text
from ..products.claims import Claims
from ..products.pair import open_pair
from ..runtime.atomic_files import folder_of, folder_removed_error
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.defects import Defects
from ..scene.map_grid import map_grid, output_window
from ..scene.noise import DetectorNoise
from ..scene.scene import Scene
from .detector_noise import denoised
from .global_shift import cause_of_shift, correction
from .left_out import left_out, without
from .local_shift import NOTICED_SHIFT, local_correction, looks_for_local_shift
from .missing import describe_pixels, warn_of_defects, warn_of_missing_samples
from .options.shared import FusionOptions, RasterOptions, SceneOptions
from .output import Outputs
from .partners import Join, partners
from .stored_numbers import warn_of_numbers

_COMPRESSION = 0.5  # of its plain size: less than this no GeoTIFF of valid pixels is expected to take
_OVERVIEWS = 4 / 3  # what a raster with overviews takes, of what it takes without


class Opened(NamedTuple):
    """A scene, and what was found when it was opened.

    Attributes:
        scene: the scene.
        shift: of its PAN where its file says, corrected (``scene.moved``) or not; None where it cannot be measured.
        defects: among the samples of the HSI; None where none were looked for.
        contradictory: (rows, columns) bool, HSI pixels that the PAN contradicts; None where none were looked for.
        masked: (rows, columns) bool, HSI pixels that the mask covers; None without one.
        local: the local shift of the PAN as measured, corrected (``scene.field``) or not; None where it was not.
        noise: of the HSI's detectors, which was removed; None where there is none, or it is kept.
    """

    scene: Scene
    shift: Shift | None
    defects: Defects | None
    contradictory: np.ndarray | None
    masked: np.ndarray | None
    local: LocalShift | None = None
    noise: DetectorNoise | None = None


def open_scene(hsi: str, pan: str, options: RasterOptions, progress: Progress) -> Scene:
    """Open a scene, log what it holds, and measure whether the PAN is shifted against the HSI.

    Args:
        hsi: file of the HSI.
        pan: file of the PAN.
        options: which bands to use, what the user says of the files, and how the shift is corrected; as by default
            where they do not say that.
        progress: receives messages; asked whether to stop.

    Returns:
        The scene.

    Raises:
        InputError: a file cannot be used, the two do not fit together, or a shift to be corrected cannot be measured.
    """
    return open_measured(hsi, pan, options, progress).scene


def open_measured(hsi: str, pan: str, options: RasterOptions, progress: Progress) -> Opened:
    """As :func:`open_scene`, with what was found.

    Args:
        hsi: file of the HSI.
        pan: file of the PAN.
        options: as of :func:`open_scene`.
        progress: receives messages; asked whether to stop.

    Returns:
        The scene, its shift and its defects.

    Raises:
        InputError: as :func:`open_scene`.
    """
    progress.set(0.0, "Looking through the scene")
    pans = pan, *options.pan_more
    claims = claims_of(hsi, "hsi", options), *(claims_of(path, "pan", options) for path in pans)
    joins, bands = joiners(pans, options, progress), options.pan_bands_used
    scene = open_pair(hsi, pans, progress, claims, options.grid, bands, joins, options.resolution)
    try:
        warn_of_numbers((scene.hsi, scene.pan), progress)
        found = scene.defects
        defects = warn_of_defects(scene, progress)
        how = options.shift if isinstance(options, SceneOptions) else SceneOptions().shift
        moved, shift = correction(scene, how, progress)
        remaining = None if any(moved) else shift
        seen_at = remaining if remaining is not None and remaining.size > NOTICED_SHIFT else None  # as it is not sure
        local, corrected = None, None
        if looks_for_local_shift(how, remaining):
            local = measure_local_shift(scene, moved, progress)
            corrected = local_correction(scene, local, how, progress)
        whole, field = scene.alignment.hsi, None if corrected is None else corrected.field
        scene = scene.with_bands(options.bands, progress).shifted(moved, progress, field)
        contradictory, masked = left_out(scene, seen_at, options, progress)
        apart = None if corrected is None else _part(corrected.untrusted, whole, scene.alignment.hsi)
        scene = without(scene, contradictory, masked, apart)
        scene, noise = denoised(scene, options, progress)
        progress.info(_description(scene))
        warn_of_missing_samples(scene, defects, progress)
        _say_relation(scene, remaining, progress)
        return Opened(scene, shift, found, contradictory, masked, local, noise)
    except BaseException:
        scene.close()
        raise


def joiners(pans: Sequence[str], options: RasterOptions, progress: Progress) -> list[Join]:
    """What joins the files of a sharper image with those that come with each; see :func:`.partners.partners`.

    Args:
        pans: its files. options: of the job. progress: receives messages; asked whether to stop.

    Returns:
        One a file.
    """
    how = "none" if isinstance(options, SceneOptions) and options.shift == "none" else "auto"
    claims = claims_of(options.pan2, "pan", options)

    def place(scene: Scene, told: Progress) -> tuple[float, float]:
        return correction(scene, how, told)[0]

    return [partners(pan, options.pan2, claims, place, progress) for pan in pans]


def _part(mask: np.ndarray, whole: Window, part: Window) -> np.ndarray:
    """A mask of a window of the HSI, cut to a part of that window."""
    row, col = part.row - whole.row, part.col - whole.col
    return mask[row : row + part.rows, col : col + part.cols]


def claims_of(path: str, role: str, options: RasterOptions) -> Claims:
    """What the options say of a file; an option counts more than what a layer of QGIS says.

    Args:
        path: the file.
        role: "hsi" or "pan".
        options: of the job.

    Returns:
        What is said of it.
    """
    nodata, crs = (options.layers or {}).get(path, ("", ""))
    given = options.pan_nodata if role == "pan" else options.hsi_nodata
    return Claims(str(given).strip() or nodata, crs, options.assume_crs, options.geolocation, rule=options.band_rule)


def _say_relation(scene: Scene, shift: Shift | None, progress: Progress) -> None:
    """The correlation of PAN and HSI, and what follows where it is low."""
    relation = pan_relation(scene, progress)
    if np.isnan(relation.detail):
        progress.info(f"{scene.pan.name} and {scene.hsi.name} share too few pixels to tell how alike they are.")
        return
    sentence = (
        f"The correlation of {scene.pan.name}, degraded, with the bands of {scene.hsi.name} is {relation.level:.2f}, "
        f"that of their details {relation.detail:.2f}"
    )
    explained = shift is not None and shift.explains
    if relation.unrelated and shift is not None and explained:
        progress.warning(
            f"{cause_of_shift(scene, shift, relation.detail)}; as it lies, no detail is taken from it and nothing is "
            "learned from it."
        )
    elif relation.unrelated:
        progress.warning(
            f"{sentence}, which is below {UNRELATED:g}: there the PAN does not show what the HSI shows, so no detail "
            "is taken from it and nothing is learned from it; choose a PAN of the same ground and spectral range."
        )
    elif relation.doubtful and not explained:
        progress.warning(
            f"{sentence}, but {DOUBTFUL:g} or more is usual where both show the same ground and light; check that the "
            "PAN belongs to the HSI, and compare the result with plain up-sampling (--method exp, METHOD)."
        )
    else:
        progress.info(f"{sentence}.")


def _description(scene: Scene) -> str:
    hsi, pan = scene.hsi, scene.pan
    waves = [wave for wave in hsi.metadata.wavelengths if wave is not None]
    span = f"{min(waves):.0f} to {max(waves):.0f} nm" if waves else "without wavelengths"
    (rows, cols), (high_rows, high_cols) = scene.low_shape, scene.high_shape
    return (
        f"{hsi.name} and {pan.name} share {rows} x {cols} HSI pixels and {high_rows} x {high_cols} PAN pixels of "
        f"{abs(pan.grid.dx):g} map units; ratio {ratio_text(scene.ratios)}; {int(scene.good.sum())} of {hsi.bands} "
        f"bands are good, {span}; {describe_pixels(scene)}{_uncovered(scene)}."
    )


def _uncovered(scene: Scene) -> str:
    """What is said of the output's pixels at which the PAN has no values."""
    rows, cols = scene.high_shape
    share = f"{100 * scene.uncovered / (rows * cols):.3g} %"
    return f"; {scene.pan.name} has no values at {scene.uncovered} PAN pixels ({share})" if scene.uncovered else ""


def check_space(scene: Scene, outputs: Outputs, options: FusionOptions, scratch: str = "") -> None:
    """Make sure that there is enough free disk space for the rasters that a job shall write of a scene.

    Args:
        scene: that is fused.
        outputs: the rasters to write.
        options: of fusion.
        scratch: folder that holds one more result for a while, counted as if it did not compress; "" for none.

    Raises:
        InputError: there is not, or nothing of the extent is in the scene.
    """
    window = output_window(scene, options.extent)
    metadata = scene.hsi.metadata
    written = [(outputs.output, scene.hsi.bands, metadata.dtype), (outputs.disagreement, 1, "float32")]
    if map_grid(scene, window, options.grid) is not None:  # it is fused beside its place, then put on another grid
        written += written
    if scratch:
        written.append((os.path.join(scratch, ""), scene.hsi.bands, metadata.dtype))
    share = float(scene.low_present.mean()) * _COMPRESSION
    needed: dict[int, tuple[str, float]] = {}  # folder and bytes, by file system
    for path, bands, dtype in written:
        if not path:
            continue
        folder = folder_of(path)
        try:
            device = os.stat(folder).st_dev
        except OSError:
            raise folder_removed_error(path) from None
        size = float(window.rows) * window.cols * bands * np.dtype(dtype).itemsize
        kind = driver_of(path) if os.path.basename(path) else ""
        if kind and kind != "ENVI":
            size *= share
        if kind in ("COG", "Zarr"):  # made of a GeoTIFF
            size *= 2
        place, others = needed.get(device, (folder, 0.0))
        needed[device] = place, others + size * (_OVERVIEWS if options.overviews else 1.0)
    for place, size in needed.values():
        free = shutil.disk_usage(place).free
        if free < size:
            raise InputError(
                f"The result of {window.rows} x {window.cols} pixels takes {size / 1e9:.3g} GB at least, but "
                f"{place} has {free / 1e9:.3g} GB left; choose another place, a smaller extent or fewer bands."
            )
