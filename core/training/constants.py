"""What a loss needs of an area's images, computed once; areas may keep that instead of the images, which are many times
larger."""

from __future__ import annotations

from dataclasses import replace

from .areas import Area, LabelledArea, UnlabelledArea
from .band_store import BandStore, StoredImages, in_memory
from .losses import HybridLoss, Reference, Spectra


def reference_of(area: LabelledArea, loss: HybridLoss) -> Reference:
    """The constants of a labelled area.

    Args:
        area: prepared or not.
        loss: of the training.

    Returns:
        The constants, in memory.

    Raises:
        ValueError: it has neither the truth nor the constants.
        OSError: the constants lie on disk and cannot be read.
    """
    if area.reference is not None:
        return in_memory(area.reference)
    if area.truth is None:
        raise ValueError("an area has its truth or the constants of it")
    return loss.reference(area.truth, area.target[:])


def spectra_of(area: UnlabelledArea, loss: HybridLoss) -> Spectra:
    """The spectra of the prior of an area at full resolution.

    Args:
        area: prepared or not.
        loss: of the training.

    Returns:
        The spectra, in memory.

    Raises:
        ValueError: it has neither the prior nor its spectra.
        OSError: the spectra lie on disk and cannot be read.
    """
    if area.spectra is not None:
        return in_memory(area.spectra)
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


def in_step(area: Area, loss: HybridLoss) -> Area:
    """An area with all that a step needs of it in memory.

    Args:
        area: of either kind, prepared or not.
        loss: of the training.

    Returns:
        An area of the same kind, with its constants.

    Raises:
        ValueError: it has neither its images nor their constants.
        OSError: what lies on disk cannot be read.
    """
    if isinstance(area, LabelledArea):
        return replace(area, planes=area.planes[:], reference=reference_of(area, loss))
    residual = area.reprojection_residual[:]
    return replace(area, planes=area.planes[:], reprojection_residual=residual, spectra=spectra_of(area, loss))


def without_images(area: Area, loss: HybridLoss, store: BandStore | None = None) -> Area:
    """An area with its constants, without the images that nothing else is computed from: the prior, and the truth but
    for what is scored on.

    Args:
        area: of either kind.
        loss: of the training.
        store: where all but masks are put; None to keep them in memory.

    Returns:
        An area of the same kind.
    """
    area = prepared(area, loss)
    if isinstance(area, UnlabelledArea):
        area = replace(area, prior=None)
    elif area.truth is not None:
        area = replace(area, truth=None, scored=area.held_out(area.truth))
    return area if store is None else _on_disk(area, loss, store)


def _on_disk(area: Area, loss: HybridLoss, store: BandStore) -> Area:
    if isinstance(area, UnlabelledArea):
        return replace(
            area,
            planes=store.keep(area.planes[:]),
            reprojection_residual=store.keep(area.reprojection_residual[:]),
            spectra=StoredImages(spectra_of(area, loss), store),
        )
    reference = StoredImages(reference_of(area, loss), store)
    return replace(
        area,
        planes=store.keep(area.planes[:]),
        target=reference.bands.target.bands,
        reference=reference,
        scored=None if area.scored is None else store.keep(area.scored[:]),
    )
