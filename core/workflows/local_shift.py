"""The local shift of a pair: measured, said, and corrected where that was asked for."""

from __future__ import annotations

import numpy as np

from ..calibration.local_shift import LocalShift
from ..calibration.shift import Shift
from ..runtime.progress import Progress
from ..scene.scene import Scene

NOTICED_SHIFT = 0.5  # PAN pixels: from here on a shift is worth a warning; it is measured to about 0.1


def looks_for_local_shift(how: str, shift: Shift | None) -> bool:
    """Whether a local shift is looked for: not where the whole PAN stays in spite of a shift, as that is not sure.

    Args:
        how: the PAN is moved, as the option ``shift``.
        shift: of the whole PAN that stays; None where there is none.

    Returns:
        Whether it is.
    """
    return how == "local" or (how == "auto" and (shift is None or shift.size <= NOTICED_SHIFT))


def local_correction(scene: Scene, local: LocalShift | None, how: str, progress: Progress) -> LocalShift | None:
    """The local shift of a scene's PAN, where it is to be corrected.

    Args:
        scene: the HSI with all its bands, and the PAN where its file says.
        local: as measured; None where it cannot be.
        how: "auto", corrected where it is sure and large enough to matter, or "local", wherever there is one.
        progress: receives a message.

    Returns:
        The shift; None where there is none, or none that is corrected.
    """
    if local is None:
        if how == "local":
            progress.warning(
                f"{scene.pan.name} and {scene.hsi.name} share too few pixels to measure a local shift; none is "
                "corrected (--shift local, SHIFT)."
            )
        return None
    corrected = local.sure if how == "auto" else local.found
    if corrected:
        progress.info(f"{scene.pan.name} is moved, besides, by {said(local)}; so it is resampled once.")
        if local.untrusted.any():
            share = 100 * float(local.untrusted.mean())
            progress.info(
                f"In {int(local.untrusted.sum())} HSI pixels ({share:.2g} %) {scene.pan.name} does not lie on "
                f"{scene.hsi.name} in spite of that: nothing is learned there and its detail is faded."
            )
    elif local.found:
        progress.info(
            f"{scene.pan.name} is shifted locally, but only by {said(local)}: resampling it would cost more than it "
            "gains (--shift local, SHIFT, does it all the same)."
        )
    elif how == "local":
        progress.info(f"No local shift of {scene.pan.name} against {scene.hsi.name} was found.")
    return local if corrected else None


def said(local: LocalShift) -> str:
    """A local shift as a part of a sentence.

    Args:
        local: the shift.

    Returns:
        its size and how much it explains.
    """
    return (
        f"a local shift of {local.field.typical:.2f} PAN pixels (root mean square; {local.field.largest:.1f} at most), "
        f"with which what does not fit falls to {100 * local.errors:.0f} % in pixels that it was not fitted to"
    )


def local_facts(local: LocalShift | None) -> dict[str, object]:
    """As JSON has it.

    Args:
        local: the shift; None where it cannot be measured.

    Returns:
        ``measured``, and if so ``found``, ``sure``, ``typical`` and ``largest`` (PAN pixels), ``errors`` and ``share``
        of held-out cells, ``confidence`` (mean), ``untrusted`` (HSI pixels).
    """
    if local is None:
        return {"measured": False}
    return {
        "measured": True,
        "found": local.found,
        "sure": local.sure,
        "typical": local.field.typical,
        "largest": local.field.largest,
        "errors": local.errors,
        "share": local.share,
        "confidence": float(np.mean(local.field.confidence)),
        "untrusted": int(local.untrusted.sum()),
    }
