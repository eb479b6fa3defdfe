"""Whether the bands of a scene are in the order of a model's: by wavelengths, and by the shape of spectra; and those of
a sharper image, by the HSI's bands that each is most like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..io.reader import RasterReader
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.band_order import other_order
from ..scene.distribution import Distribution
from ..scene.scene import Scene
from .trained import WAVELENGTH_TOLERANCE, TrainedModel

_FEWEST = 6  # bands whose shape says anything
# Likeness reversed, and by how much it exceeds the likeness, where wavelengths are unknown and where they are known.
# Measured on pairs of parts of real scenes and of made ones: in the right order 0.27 to 0.99, 0.28 or more above the
# likeness reversed, which reaches 0.69 (vegetation from 420 to 2450 nm has a peak in the middle).
_REVERSED, _SURELY_REVERSED = (0.3, 0.15), (0.3, 0.2)
_UNLIKE = 0.2  # likeness of another order or sensor
_CORRELATED, _OPPOSITE = 0.7, 0.9  # a band that surely goes with the PAN; the share of such bands that is turned


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


def check_polarity(
    references: Sequence[Distribution],
    found: Sequence[Distribution],
    good: np.ndarray,
    scene: Scene,
    name: str,
) -> None:
    """Refuse a sharper image, or a band of one, that is a negative: dark where that of training is bright.

    Args:
        references: of the scene of training, one for each sharp band.
        found: of the other scene, one for each sharp band.
        good: (bands,) bool, the HSI's bands that are compared.
        scene: the other scene, for messages.
        name: of the model file, for messages.

    Raises:
        InputError: nearly all bands that the PAN surely goes with in both go with it in opposite directions.
    """
    for reference, other in zip(references, found):
        sure = good & (np.minimum(np.abs(reference.correlation), np.abs(other.correlation)) > _CORRELATED)
        own, there = other.correlation[sure], reference.correlation[sure]
        if sure.sum() >= 2 and np.mean(own * there < 0) > _OPPOSITE:
            most = int(np.argmax(np.abs(there)))
            raise InputError(
                f"{scene.pan.name} is dark where the sharper image that {name} was trained with is bright: its "
                f"correlation with a band of the HSI is {own[most]:.2f}, in training {there[most]:.2f}. It seems to be "
                "a negative: invert it (gdal_translate -scale LEAST MOST MOST LEAST, with its least and its highest "
                "number), or train a model with it."
            )


def check_guides_order(
    references: Sequence[Distribution],
    found: Sequence[Distribution],
    good: np.ndarray,
    pan: RasterReader,
    known: Sequence[float | None],
    others: str,
    remedy: str,
    progress: Progress,
) -> None:
    """Refuse a sharper image whose bands lie in another order than those of a scene of training. Each is told by the
    band of the HSI that it is most like there.

    Args:
        references: of the scene of training, one for each sharp band.
        found: of the other scene, one for each sharp band.
        good: (bands,) bool, the HSI's bands that are compared.
        pan: the other scene's sharper image.
        known: wavelengths of the sharp bands of training, nm; None where unknown.
        others: what messages call those bands.
        remedy: what to do, with ``{numbers}`` for the bands in the order that fits.
        progress: warned where wavelengths say that the order is right.

    Raises:
        InputError: the bands fit in another order, and wavelengths do not say that they are right as they are.
    """
    correlations = [np.array([np.where(good, one.correlation, np.nan) for one in many]) for many in (references, found)]
    order = other_order(*correlations)
    if order is None:
        return
    numbers = ",".join(str(pan.band_numbers[band]) for band in order)
    sentence = (
        f"The bands of {pan.name} lie in another order than {others}, as their correlations with the HSI's bands say"
    )
    if None in pan.metadata.wavelengths or None in known:
        raise InputError(f"{sentence}; {remedy.format(numbers=numbers)}.")
    progress.warning(f"{sentence}, though not their wavelengths: one of the two is wrong.")


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
