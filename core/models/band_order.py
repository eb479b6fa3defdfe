"""Whether the bands of a scene are in the order of a model's: by wavelengths, and by the shape of spectra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..runtime.progress import Progress
from ..scene.distribution import Distribution
from ..scene.scene import Scene
from .trained import WAVELENGTH_TOLERANCE, TrainedModel

_FEWEST = 6  # bands whose shape says anything
# Likeness reversed, and by how much it exceeds the likeness, where wavelengths are unknown and where they are known.
# Measured on pairs of parts of real scenes and of made ones: in the right order 0.27 to 0.99, 0.28 or more above the
# likeness reversed, which reaches 0.69 (vegetation from 420 to 2450 nm has a peak in the middle).
_REVERSED, _SURELY_REVERSED = (0.3, 0.15), (0.3, 0.2)
_UNLIKE = 0.2  # likeness of another order or sensor


def reordered(trained: TrainedModel, scene: Scene) -> TrainedModel:
    """The model with its bands in the scene's order, where wavelengths tell it.

    Args:
        trained: the model.
        scene: to fuse.

    Returns:
        The model; itself where the order is the same, or wavelengths are unknown or do not match one by one.
    """
    own, other = trained.header["wavelengths"], scene.hsi.metadata.wavelengths
    if len(own) != len(other) or None in own or None in other:
        return trained
    distance = np.abs(np.subtract.outer(np.array(other, float), np.array(own, float)))
    if (np.diag(distance) <= WAVELENGTH_TOLERANCE).all():
        return trained
    order = distance.argmin(axis=1)
    if len(set(order.tolist())) < len(own) or distance.min(axis=1).max() > WAVELENGTH_TOLERANCE:
        return trained
    header = dict(trained.header)
    for key in ("wavelengths", "fwhm", "good"):
        if len(header.get(key, ())) == len(order):
            header[key] = [header[key][band] for band in order]
    if header.get("scaling") is not None:
        header["scaling"] = [[row[band] for band in order] for row in header["scaling"]]
    distributions = tuple(one.select(order) for one in trained.distributions)
    return replace(trained, header=header, statistics=trained.statistics.reordered(order), distributions=distributions)


def warn_of_order(
    trained: TrainedModel,
    reference: Distribution,
    found: Distribution,
    good: np.ndarray,
    scene: Scene,
    name: str,
    progress: Progress,
) -> None:
    """Warn where the spectra of a scene look like those of training in another order.

    Args:
        trained: the model, of which wavelengths count.
        reference: of a scene of training.
        found: of the scene.
        good: (bands,) bool, the bands that are compared.
        scene: for messages.
        name: of the model file, for messages.
        progress: receives the warning.
    """
    backwards = reference.select(np.arange(len(good))[::-1])
    both = good & good[::-1]
    if both.sum() < _FEWEST:
        return
    likeness, turned = _likeness(reference, found, both), _likeness(backwards, found, both)
    known = None not in scene.hsi.metadata.wavelengths and None not in trained.header["wavelengths"]
    least, exceeds = _SURELY_REVERSED if known else _REVERSED
    hsi = scene.hsi.name
    numbers = f"(correlation of its mean spectrum with that of training {likeness:.2f}, reversed {turned:.2f})"
    if turned > least and turned - likeness > exceeds:
        progress.warning(
            f"The bands of {hsi} seem to lie in reversed order for {name} {numbers}; give it the order of the training "
            "images" + (", or correct its wavelengths." if known else ", or its wavelengths.")
        )
    elif not known and likeness < _UNLIKE:
        progress.warning(
            f"The bands of {hsi} do not look like those that {name} was trained on {numbers}, and wavelengths that "
            "would tell them are missing: they may lie in another order or be of another sensor; give it the order of "
            "the training images, or its wavelengths."
        )


def _likeness(one: Distribution, other: Distribution, bands: np.ndarray) -> float:
    """The mean correlation over bands of levels, of spreads and of the correlations with the PAN, -1 to 1."""
    found = []
    for key in ("level", "spread", "correlation"):
        pair = np.stack([getattr(one, key)[bands], getattr(other, key)[bands]]).astype(np.float64)
        pair -= pair.mean(axis=1, keepdims=True)
        norm = np.sqrt((pair**2).sum(axis=1))
        if (norm > 1e-12 * np.abs(pair).max(initial=1e-300)).all():
            found.append(float(pair[0] @ pair[1] / (norm[0] * norm[1])))
    return float(np.mean(found)) if found else 1.0
