"""What a loss needs of an area's images, computed once; areas may keep that instead of the images, which are many times
larger."""

from __future__ import annotations

from dataclasses import replace

from .areas import Area, LabelledArea, UnlabelledArea
from .losses import HybridLoss, Reference, Spectra


def reference_of(area: LabelledArea, loss: HybridLoss) -> Reference:
    """The constants of a labelled area.

    Args:
        area: prepared or not.
        loss: of the training.

    Returns:
        The constants.

    Raises:
        ValueError: it has neither the truth nor the constants.
    """
    if area.reference is not None:
        return area.reference
    if area.truth is None:
        raise ValueError("an area has its truth or the constants of it")
    return loss.reference(area.truth, area.target)


def spectra_of(area: UnlabelledArea, loss: HybridLoss) -> Spectra:
    """The spectra of the prior of an area at full resolution.

    Args:
        area: prepared or not.
        loss: of the training.

    Returns:
        The spectra.

    Raises:
        ValueError: it has neither the prior nor its spectra.
    """
    if area.spectra is not None:
        return area.spectra
    if area.prior is None:
        raise ValueError("an area has its prior or the spectra of it")
    return loss.spectra(area.prior)


def prepared(area: Area, loss: HybridLoss) -> Area:
    """An area with its constants.

    Args:
        area: of either kind.
        loss: of the training.

    Returns:
        An area of the same kind, with its images.
    """
    if isinstance(area, LabelledArea):
        return replace(area, reference=reference_of(area, loss))
    return replace(area, spectra=spectra_of(area, loss))


def without_images(area: Area, loss: HybridLoss) -> Area:
    """An area with its constants, without the images that nothing else is computed from: the prior, and the truth where
    no pixel is held out.

    Args:
        area: of either kind.
        loss: of the training.

    Returns:
        An area of the same kind.
    """
    area = prepared(area, loss)
    if isinstance(area, UnlabelledArea):
        return replace(area, prior=None)
    return area if area.held_out_mask.any() else replace(area, truth=None)
