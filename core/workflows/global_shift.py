"""How a PAN is moved as a whole onto its HSI: by its measured shift, where that is sure or asked for."""

from __future__ import annotations

from ..calibration.relation import pan_relation
from ..calibration.shift import MAX_SHIFT, Shift, measure_shift
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .local_shift import NOTICED_SHIFT

# Correlation of PAN and HSI where they fit: below, the fit is not sure. Measured: 0.96 to 0.99 on six real pairs.
SURE_FIT = 0.8


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
    rises = "rises to " if shift.correlation > shift.unmoved else ""  # of details, it may where this one falls
    progress.warning(
        f"{scene.pan.name} seems to be shifted against {scene.hsi.name} by {_size(shift)}: their correlation is "
        f"{shift.unmoved:.3f} as they lie, and {rises}{shift.correlation:.3f} when the PAN is moved back, which "
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
