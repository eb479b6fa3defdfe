"""Whether a scene has the units and the order of bands that a model was trained on; plain factors are converted.

Scenes of one sensor differ in brightness by a factor of two or three. Units differ by powers of ten (reflectance, per
cent, reflectance x 10,000) or by the range of a type of integers (255, 65,535), and by that much in all bands. A PAN is
only known up to gain and offset: it is matched by its regression on the bands, which does not depend on brightness.
Networks know details at the brightness of training: a scene that is much brighter or darker, as in units that no plain
factor names (reflectance x 50,000, 8 bits of the user's own stretch), is brought to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np

from ..io.ratio import STATED, ratio_text, same_ratio
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.distribution import Distribution, sample_distributions
from ..scene.scene import Scene
from ..scene.statistics import Statistics
from .band_order import check_guides_order, check_polarity, reordered, warn_of_order
from .trained import TrainedModel, scaling_of

LEAST_FACTOR = 8.0  # from here on units differ, below only brightness
_PLAIN = (*(10.0**power for power in range(1, 10)), 255.0, 65535.0)
_FACTORS = (*_PLAIN, *(1 / factor for factor in _PLAIN))
_BRIGHTNESS = 3.0  # that a plain factor may be off by
_SURE = 1.5  # that it may be off by where the PAN does not confirm it
_NATURAL, _ILLUMINATED = 1.5, 2.5  # brightness by which scenes differ by what they show, and by which by light or units
_PAN_BRIGHTNESS = 1.4  # the same of a PAN, after the HSI's brightness is taken out of it
_MATCHED = 3.0  # gain of a PAN, and ratio of its two estimates, that needs no matching
_SURELY_MATCHED = 1.5  # the same gain, where the units of the HSI differ and its brightness is less sure
_CONTRAST = 6.0  # that spread over level may differ by
_UNLIKE_FACTOR, _UNLIKE = 15.0, 100.0  # how far the ratios of bands may differ: where units differ, where not
_FAR = 10.0  # spreads between the spectra, at the same brightness
_REMEDY = "choose them in that order (--pan-bands-used {numbers}, PAN_BANDS_USED)"
_CORRELATED = 0.7  # with the bands: from here on a PAN's regression can be used


@dataclass(frozen=True)
class Units:
    """From the model's units to the scene's: ``scale * HSI + offset`` and ``pan_scale * PAN + pan_offset``.

    Attributes:
        scale, offset: (bands,) float64, HSI units of the scene.
        pan_scale, pan_offset: PAN units of the scene, (M,) float64.
    """

    scale: np.ndarray
    offset: np.ndarray
    pan_scale: np.ndarray
    pan_offset: np.ndarray


def fit_to_scene(trained: TrainedModel, scene: Scene, name: str, progress: Progress | None = None) -> TrainedModel:
    """Check that a model can be used on a scene, and bring it to the scene's units and order of bands.

    Args:
        trained: the model.
        scene: to fuse.
        name: of the model file, for messages.
        progress: receives messages; asked for cancellation.

    Returns:
        The model with statistics in the scene's units; the model itself where those are the same.

    Raises:
        InputError: the scene has other bands or in another order, another ratio, units that cannot be told, or a PAN
            that is a negative.
    """
    progress = progress or Progress()
    trained = reordered(trained, scene)
    trained.check_fits(scene, name)
    if not same_ratio(trained.ratios, scene.ratios, STATED):
        ratios = ratio_text(trained.ratios), ratio_text(scene.ratios)
        progress.info(f"{name} was trained at ratio {ratios[0]} and is used at {ratios[1]}, which is near enough.")
    found = sample_distributions(scene, trained.mtf_gain, progress)
    if not found:
        return trained
    good = np.array(trained.header["good"], bool) & scene.good
    comparisons = [_Comparison(trained, scene, name, guide, each, good, progress) for guide, each in enumerate(found)]
    references, known = [one.reference for one in comparisons], trained.header.get("pan_wavelengths", [None])
    others = f"those that {name} was trained with"
    check_guides_order(references, found, good, scene.pan, known, others, _REMEDY, progress)
    check_polarity(references, found, good, scene, name)
    warn_of_order(trained, references[0], found[0], good, scene, name, progress)
    units = _units(comparisons)
    if units is None:
        return trained
    with np.errstate(over="ignore"):
        statistics = trained.statistics.converted(units.scale, units.offset, units.pan_scale, units.pan_offset)
    if not _is_usable(statistics):
        raise InputError(
            f"The statistics of {name} are too large or too small for the units of {scene.hsi.name}; convert the image "
            "to the units of training, or train a model on it."
        )
    return replace(trained, statistics=statistics)


def _is_usable(statistics: Statistics) -> bool:
    """Whether float32 holds all numbers, and none that is divided by is 0."""
    divisors = np.concatenate([statistics.pan_std, statistics.detail_std, statistics.std])
    return all(np.isfinite(array).all() for array in statistics.arrays().values()) and bool((divisors > 0).all())


def _units(comparisons: Sequence[_Comparison]) -> Units | None:
    """From the model's units to the scene's, of the HSI and of each band of the PAN; None where all are the same."""
    first = comparisons[0]
    scale, offset, words = first.hsi_units()
    pans = [comparison.pan_units(scale, offset) for comparison in comparisons]
    changed = [place for place, (_, _, pan_words) in enumerate(pans) if pan_words]
    if words or changed:
        said = changed[0] if changed else 0
        comparisons[said].say(words, pans[said][2])
    bright = first.brightness(scale, offset)
    if bright == 1.0 and not words and not changed:
        return None
    shares = [comparison.pan_brightness(bright, pan) for comparison, pan in zip(comparisons, pans)]
    pans = [(share * gain, share * shift, what) for share, (gain, shift, what) in zip(shares, pans)]
    scale, offset = bright * scale, bright * offset
    return Units(scale, offset, np.array([one[0] for one in pans]), np.array([one[1] for one in pans]))


class _Comparison:
    """A scene's distribution, with one band of its PAN, beside those of training."""

    def __init__(
        self,
        trained: TrainedModel,
        scene: Scene,
        name: str,
        guide: int,
        found: Distribution,
        good: np.ndarray,
        progress: Progress,
    ) -> None:
        self.scene, self.name, self.found, self.good, self.progress = scene, name, found, good, progress
        self.scaling = trained.header.get("scaling")
        known = trained.distributions[guide :: trained.statistics.guides]
        known = known or (Distribution.of_statistics(trained.statistics, guide),)
        self.reference = min(known, key=lambda one: abs(math.log(self._ratio(one.level, one.spread)[0])))

    def pan_units(self, scale: np.ndarray, offset: np.ndarray) -> tuple[float, float, str]:
        """Scale and offset of the PAN's band, and how they are known, "" where units are the same; ``scale`` and
        ``offset`` are those of the HSI."""
        level = scale * self.reference.level + offset
        brightness = self._ratio(level, scale * self.reference.spread, self.reference.correlation**2)[0]
        return self._pan(float(np.median(scale)), brightness)

    def _ratio(
        self, level: np.ndarray, spread: np.ndarray, weights: np.ndarray | None = None
    ) -> tuple[float, float, float]:
        """The scene's level over ``level``, by bands: the median; by how much its contrast differs; how far bands are
        apart (90 % of them). Bands of nearly no signal say nothing; where most are so, spreads are compared."""
        own, own_spread, good = self.found.level, self.found.spread, self.good
        usable = good & (own > 0) & (level > 0.02 * np.abs(level[good]).max()) & (spread > 0) & (own_spread > 0)
        if usable.sum() < max(1, good.sum() // 2):
            varies = good & (spread > 0) & (own_spread > 0)
            return (float(np.median(own_spread[varies] / spread[varies])) if varies.any() else 1.0), 1.0, 1.0
        logs = np.log(own[usable] / level[usable])
        contrast = float(np.exp(np.median(np.log(own_spread[usable] / spread[usable]) - logs)))
        low, high = np.quantile(logs, (0.05, 0.95))
        if weights is not None and weights[usable].sum() > 0:
            return float(np.exp(np.average(logs, weights=weights[usable]))), contrast, float(np.exp(high - low))
        return float(np.exp(np.median(logs))), contrast, float(np.exp(high - low))

    def hsi_units(self) -> tuple[np.ndarray, np.ndarray, str]:
        """Scale and offset of the HSI, and what they are known from, "" where units are the same."""
        bands = len(self.good)
        same = np.ones(bands), np.zeros(bands)
        candidates = [(*same, "")]
        own = scaling_of(self.scene)
        if self.scaling is not None and not np.allclose(self.scaling, own, rtol=1e-6):
            (scales, offsets), (own_scales, own_offsets) = np.array(self.scaling, float), np.array(own, float)
            stated = scales / own_scales, (offsets - own_offsets) / own_scales
            known = (*stated, "by the scales and offsets of their metadata")
            both = not any(np.allclose(one, [[1.0], [0.0]]) for one in (self.scaling, own))
            if (scales > 0).all() and (own_scales > 0).all():
                candidates.insert(0 if both else 1, known)
        for scale, offset, words in candidates:
            ratio, _, unlike = self._ratio(scale * self.reference.level + offset, scale * self.reference.spread)
            if 1 / LEAST_FACTOR < ratio < LEAST_FACTOR and unlike <= _UNLIKE:
                self._check_distance(scale, offset, ratio)
                return scale, offset, words
        ratio, contrast, unlike = self._ratio(self.reference.level, self.reference.spread)
        factor = self._hsi_factor(ratio)
        if factor is None or unlike > _UNLIKE_FACTOR or not 1 / _CONTRAST < contrast < _CONTRAST:
            self._refuse(ratio, contrast, unlike)
        return np.full(bands, factor), same[1], "by the distribution of their numbers"

    def _hsi_factor(self, ratio: float) -> float | None:
        """The plain factor that a ratio of levels stands for. Of several, the one that agrees best with the PAN, which
        has the same brightness; None for none."""
        near = [factor for factor in _FACTORS if 1 / _BRIGHTNESS <= ratio / factor <= _BRIGHTNESS]
        if not near:
            return None
        reference, found = self.reference, self.found
        relative = 0.0
        if found.pan_level > 0 and reference.pan_level > 0:
            weighted = self._ratio(reference.level, reference.spread, reference.correlation**2)[0]
            relative = found.pan_level / reference.pan_level / weighted

        def odd(factor: float) -> float:
            """How far the PAN is from being in units of its own, or in the HSI's."""
            return min(abs(math.log(relative * factor)), abs(math.log(relative))) if relative else 0.0

        def distance(factor: float) -> float:
            return abs(math.log(ratio / factor)) + 4.0 * min(odd(factor), math.log(2.0))

        best = min(near, key=distance)
        return None if abs(math.log(ratio / best)) > math.log(_SURE) < odd(best) else best

    def brightness(self, scale: np.ndarray, offset: np.ndarray) -> float:
        """The factor to bring training, in units of ``scale`` and ``offset``, nearer to the scene's brightness.

        Details of a scene that is naturally brighter are not larger by as much, and to scale them all made results
        worse: up to 1.5 nothing is scaled, from 2.5 on all of it, and in between a share that grows with the
        logarithm. 1 also where the contrast tells that levels differ by more than brightness (numbers with an offset).
        """
        ratio, contrast, _ = self._ratio(scale * self.reference.level + offset, scale * self.reference.spread)
        apart = abs(math.log(ratio))
        if apart <= math.log(_NATURAL) or max(contrast, 1 / contrast) > _NATURAL:
            return 1.0
        share = min(1.0, (apart - math.log(_NATURAL)) / math.log(_ILLUMINATED / _NATURAL))
        self.progress.info(
            f"{self.scene.hsi.name} is {ratio:.2g} times as bright as the scenes that {self.name} was trained on: the "
            f"model is brought {'' if share == 1 else 'nearer '}to its brightness."
        )
        return float(ratio**share)

    def pan_brightness(self, bright: float, pan: tuple[float, float, str]) -> float:
        """The same of the PAN's band, whose scale and offset in its units are ``pan``: as its level tells, between 1
        and the HSI's; a regression on the bands told it less surely."""
        level = pan[0] * self.reference.pan_level
        own = (self.found.pan_level - pan[1]) / level if level > 0 else 0.0
        return float(np.clip(own, min(1.0, bright), max(1.0, bright))) if own > 0 else bright

    def _check_distance(self, scale: np.ndarray, offset: np.ndarray, ratio: float) -> None:
        """Refuse spectra that lie many spreads apart at the same brightness."""
        brightness = min(max(ratio, 1 / _MATCHED), _MATCHED)
        own, spread = brightness * (scale * self.reference.level + offset), brightness * scale * self.reference.spread
        widest = np.maximum(np.maximum(spread, self.found.spread), 1e-6 * np.abs(own))[self.good]
        apart = float(np.median(np.abs(self.found.level - own)[self.good] / np.maximum(widest, 1e-300)))
        if apart > _FAR:
            raise InputError(
                f"The mean spectrum of {self.scene.hsi.name} lies {apart:.0f} standard deviations from that of the "
                f"scenes that {self.name} was trained on; convert the image to their units, or train a model on it."
            )

    def _refuse(self, ratio: float, contrast: float, unlike: float) -> NoReturn:
        hsi = self.scene.hsi.name
        if unlike > _UNLIKE_FACTOR:
            what = f"bands differ from it by factors that are {unlike:.0f} times larger in some bands than in others"
        elif not 1 / _CONTRAST < contrast < _CONTRAST:
            what = f"its level differs by a factor of {ratio:.3g} but its contrast by one of {ratio * contrast:.3g}"
        else:
            what = f"its numbers differ by a factor of {ratio:.3g}, which is no change of units that can be told"
        raise InputError(
            f"{hsi} has other units than the scenes that {self.name} was trained on: {what} (median of the bands "
            f"{np.median(self.found.level[self.good]):.4g}, in training "
            f"{np.median(self.reference.level[self.good]):.4g}); convert the image to the units of training, or train "
            "a model on it."
        )

    def _pan(self, hsi_factor: float, brightness: float) -> tuple[float, float, str]:
        """Scale and offset of the PAN, and how they are known, "" where units are the same."""
        found, reference = self.found, self.reference
        by_level = 1.0
        if found.pan_level > 0 and reference.pan_level > 0:
            by_level = found.pan_level / (brightness * reference.pan_level)
        elif reference.pan_spread > 0 and found.pan_spread > 0:
            by_level = found.pan_spread / (brightness * reference.pan_spread)
        by_gain = self._pan_gain(hsi_factor)
        agrees = by_gain is None or 1 / _MATCHED < by_level / by_gain < _MATCHED
        near = _MATCHED if hsi_factor == 1 else _SURELY_MATCHED
        if agrees:
            for factor in sorted({1.0, hsi_factor}, key=lambda one: abs(math.log(by_level / one))):
                if 1 / near < by_level / factor < near:
                    return factor, 0.0, "" if factor == 1 else "plain"
            plain = plain_factor(by_level, _PAN_BRIGHTNESS)
            if plain is not None:
                return plain, 0.0, "plain"
            if by_gain is None and 1 / LEAST_FACTOR < by_level < LEAST_FACTOR:
                return 1.0, 0.0, ""
        gain = by_level if by_gain is None else by_gain
        expected = gain * brightness * reference.pan_level
        return gain, 0.0 if agrees else found.pan_level - expected, "matched"

    def _pan_gain(self, hsi_factor: float) -> float | None:
        """New PAN units per old one, by the slopes of the bands on the PAN; None where they are not sure."""
        found, reference, good = self.found, self.reference, self.good
        sure = good & (np.minimum(found.correlation, reference.correlation) > _CORRELATED)
        if sure.sum() < 2 or found.pan_std <= 0:
            return None
        gain = float(np.median(hsi_factor * reference.gains[sure] / found.gains[sure]))
        return gain if gain > 0 else None

    def say(self, words: str, pan_words: str) -> None:
        """Tell the user that units are converted: of the HSI and of the PAN, "" each where they are the same."""
        scene, found, reference = self.scene, self.found, self.reference
        medians = (
            f"median {np.median(found.level[self.good]):.4g} for {np.median(reference.level[self.good]):.4g}, PAN "
            f"{found.pan_level:.4g} for {reference.pan_level:.4g}"
        )
        which = " and ".join([name for name, one in ((scene.hsi.name, words), (scene.pan.name, pan_words)) if one])
        how = words or "by the distribution of their numbers"
        if pan_words == "matched":
            how += f", {scene.pan.name} by its regression on the bands"
        sentence = (
            f"The units of {which} are not those that {self.name} was trained on ({medians}); the model is converted, "
            f"{how}, and the result is in the units of {scene.hsi.name}."
        )
        metadata_only = words.endswith("metadata") and not pan_words
        (self.progress.info if metadata_only else self.progress.warning)(sentence)


def plain_factor(ratio: float, tolerance: float) -> float | None:
    """The plain factor by which units differ, such as 10,000 or 1/255, that a ratio of levels stands for.

    Args:
        ratio: of the levels of two images.
        tolerance: by how much a ratio may be off, at least 1.

    Returns:
        The nearest; None where the ratio is within ``tolerance`` of none.
    """
    if ratio <= 0 or not math.isfinite(ratio):
        return None
    nearest = min(_FACTORS, key=lambda factor: abs(math.log(ratio / factor)))
    return nearest if 1 / tolerance <= ratio / nearest <= tolerance else None
