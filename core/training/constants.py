"""What a loss needs of an area's images, computed once; areas may keep that instead of the images, which are many times
larger."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from .areas import Area, LabelledArea, UnlabelledArea
from .band_store import BandStore
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
    return loss.reference(area.truth, area.target[:])


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
        area: of either kind; an area that has them already is returned itself.
        loss: of the training.

    Returns:
        An area of the same kind, with its images.
    """
    if isinstance(area, LabelledArea):
        return area if area.reference is not None else replace(area, reference=reference_of(area, loss))
    return area if area.spectra is not None else replace(area, spectra=spectra_of(area, loss))


def without_images(area: Area, loss: HybridLoss, store: BandStore | None = None) -> Area:
    """An area with its constants, without the images that nothing else is computed from: the prior, and the truth but
    for what is scored on.

    Args:
        area: of either kind.
        loss: of the training.
        store: where the target, and what is scored on, are put; None to keep them in memory.

    Returns:
        An area of the same kind.
    """
    area = prepared(area, loss)
    if isinstance(area, UnlabelledArea):
        return replace(area, prior=None)
    reference, target, scored = reference_of(area, loss), area.target, area.scored
    if area.truth is not None:
        scored = area.held_out(area.truth)
    if store is not None and isinstance(target, Tensor) and isinstance(scored, Tensor):
        target, scored = store.keep(target), store.keep(scored)
        reference = reference._replace(target=reference.target._replace(bands=target))
    return replace(area, reference=reference, target=target, truth=None, scored=scored)
