"""Opening a scene for a job: what it holds is logged, a shifted PAN is noticed, and free disk space is checked."""

from __future__ import annotations

import os
import shutil
from typing import NamedTuple

import numpy as np

from ..calibration.local_shift import LocalShift, measure_local_shift
from ..calibration.relation import DOUBTFUL, UNRELATED, pan_relation
from ..calibration.shift import MAX_SHIFT, Shift, measure_shift
from ..io.grid import Window
from ..io.ratio import ratio_text
from ..products.claims import Claims
from ..products.pair import open_pair
from ..runtime.atomic_files import folder_of, folder_removed_error
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.defects import Defects
from ..scene.map_grid import map_grid, output_window
from ..scene.scene import Scene
from .left_out import left_out, without
from .local_shift import NOTICED_SHIFT, local_correction, looks_for_local_shift
from .missing import describe_pixels, warn_of_defects, warn_of_missing_samples
from .options.shared import FusionOptions, RasterOptions, SceneOptions
from .output import Outputs
from .partners import Join, partners
from .stored_numbers import warn_of_numbers

# Correlation of PAN and HSI where they fit: below, the fit is not sure. Measured: 0.96 to 0.99 on six real pairs.
SURE_FIT = 0.8
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
    """

    scene: Scene
    shift: Shift | None
    defects: Defects | None
    contradictory: np.ndarray | None
    masked: np.ndarray | None
    local: LocalShift | None = None


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
    claims = claims_of(hsi, "hsi", options), claims_of(pan, "pan", options)
    bands, join = options.pan_bands_used, joiner(pan, options, progress)
    scene = open_pair(hsi, pan, progress, claims, options.grid, bands, join)
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
        progress.info(_description(scene))
        warn_of_missing_samples(scene, defects, progress)
        _say_relation(scene, remaining, progress)
        return Opened(scene, shift, found, contradictory, masked, local)
    except BaseException:
        scene.close()
        raise


def joiner(pan: str, options: RasterOptions, progress: Progress) -> Join:
    """What joins a sharper image with those that come with it.

    Args:
        pan: its file. options: of the job. progress: receives messages; asked whether to stop.

    Returns:
        See :func:`.partners.partners`.
    """
    how = "none" if isinstance(options, SceneOptions) and options.shift == "none" else "auto"
    claims = claims_of(options.pan2, "pan", options)
    return partners(pan, options.pan2, claims, lambda scene, told: correction(scene, how, told)[0], progress)


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
    return Claims(str(given).strip() or nodata, crs, options.assume_crs, options.geolocation)


def correction(scene: Scene, how: str, progress: Progress) -> tuple[tuple[float, float], Shift | None]:
    """By how much the PAN is moved: the same for the same two rasters.

    Args:
        scene: the HSI with all its bands, and the PAN where its file says.
        how: "auto", where the shift is sure, "none", "global", or "local", which includes it.
        progress: receives a message, or a warning of a shift that stays; asked whether to stop.

    Returns:
        (rows, columns) in PAN pixels; and the shift that was measured, None where it cannot be.

    Raises:
        InputError: the shift cannot be measured, and was to be corrected in any case.
    """
    shift = measure_shift(scene, progress)
    if how in ("global", "local") or (how == "auto" and shift is not None and sure_shift(shift)):
        return _moved(scene, shift, progress), shift
    _warn_of_shift(scene, shift, progress)
    return (0.0, 0.0), shift


def sure_shift(shift: Shift) -> bool:
    """Whether a shift is corrected by default.

    Args:
        shift: as measured.

    Returns:
        True where it is sure.
    """
    return shift.explains and shift.correlation >= SURE_FIT and not shift.beyond


def _moved(scene: Scene, shift: Shift | None, progress: Progress) -> tuple[float, float]:
    if shift is None:
        raise InputError(
            f"The shift of {scene.pan.name} against {scene.hsi.name} cannot be measured, as the two are not alike "
            "enough; leave the PAN where it is (--shift none, SHIFT), or register the images first."
        )
    if shift.beyond:
        raise InputError(_too_far(scene, shift))
    sentence = (
        f"{scene.pan.name} is moved by {shift.x:+.2f} columns and {shift.y:+.2f} rows (PAN pixels); its correlation "
        f"with {scene.hsi.name} is {shift.unmoved:.3f} before and {shift.correlation:.3f} after that"
    )
    if shift.size > 0 and shift.correlation < SURE_FIT:
        progress.warning(
            f"{sentence}, where {SURE_FIT:g} or more is usual: it may lie elsewhere; compare both images in a map, or "
            "leave the PAN where it is (--shift none, SHIFT)."
        )
    else:
        progress.info(f"{sentence}.")
    return shift.y, shift.x


def _too_far(scene: Scene, shift: Shift) -> str:
    return (
        f"{scene.pan.name} lies farther than {MAX_SHIFT:g} HSI pixels from where {scene.hsi.name} shows the same, "
        f"which is more than can be measured; move it by about {shift.x:+.0f} columns and {shift.y:+.0f} rows (PAN "
        "pixels) first, by changing its geotransform."
    )


def _warn_of_shift(scene: Scene, shift: Shift | None, progress: Progress) -> None:
    """Says where the PAN lies: the opposite of what moves it into place. Where it is so far off that it seems
    unrelated, its relation is said with the shift."""
    if shift is None or shift.size <= NOTICED_SHIFT or (shift.explains and pan_relation(scene, progress).unrelated):
        return
    if shift.beyond:
        progress.warning(_too_far(scene, shift))
        return
    progress.warning(
        f"{scene.pan.name} seems to be shifted against {scene.hsi.name} by {_size(shift)}: their correlation is "
        f"{shift.unmoved:.3f} as they lie, and rises to {shift.correlation:.3f} when the PAN is moved back, which "
        f"{_remedy(shift)}."
    )


def _remedy(shift: Shift) -> str:
    """What moves the PAN back: by default, where the shift is sure."""
    return f"the option --shift {'auto' if sure_shift(shift) else 'global'} (SHIFT) does"


def _size(shift: Shift) -> str:
    return f"{shift.size:.1f} PAN pixels ({-shift.x:+.1f} columns, {-shift.y:+.1f} rows)"


def cause_of_shift(scene: Scene, shift: Shift, detail: float) -> str:
    """Why a PAN seems unrelated to the HSI, where a shift explains it, and what to do.

    Args:
        scene: the two.
        shift: that explains it.
        detail: correlation of their details as they lie.

    Returns:
        a sentence without its end.
    """
    remedy = f"which {_remedy(shift)}"
    if shift.beyond:
        remedy = (
            f"but that is farther than {MAX_SHIFT:g} HSI pixels, more than can be corrected; move it by about "
            f"{shift.x:+.0f} columns and {shift.y:+.0f} rows (PAN pixels) first, by changing its geotransform"
        )
    return (
        f"{scene.pan.name} is shifted against {scene.hsi.name} by {_size(shift)}: the correlation of their details is "
        f"{detail:.2f} as they lie, and {shift.detail:.2f} when the PAN is moved back, {remedy}"
    )


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
        f"bands are good, {span}; {describe_pixels(scene)}."
    )


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
        if path.lower().endswith((".tif", ".tiff")):
            size *= share
        place, others = needed.get(device, (folder, 0.0))
        needed[device] = place, others + size * (_OVERVIEWS if options.overviews else 1.0)
    for place, size in needed.values():
        free = shutil.disk_usage(place).free
        if free < size:
            raise InputError(
                f"The result of {window.rows} x {window.cols} pixels takes {size / 1e9:.3g} GB at least, but "
                f"{place} has {free / 1e9:.3g} GB left; choose another place, a smaller extent or fewer bands."
            )
