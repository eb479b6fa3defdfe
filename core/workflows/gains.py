"""The MTF gain that a job computes with: given, measured from the pair, published, or assumed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..calibration.blur import measure_blur
from ..calibration.measured_gains import Blur, GroupBlur
from ..calibration.relation import pan_relation
from ..operators.pair import DEFAULT_MTF_GAIN
from ..operators.resample import Gains, per_axis
from ..operators.sensors import Sensor, sensor_of_file
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .options.gain import GIVEN, MODEL, PUBLISHED, GivenGain, given_gain, mean_gain, published_gain

MEASURED, ASSUMED = "measured", "assumed"


@dataclass(frozen=True)
class ChosenGain:
    """The gain that a job computes with.

    Attributes:
        gain: between 0 and 1, of both axes or of each.
        source: "given", "published", "measured", "assumed" or "model".
        groups: what was measured of each group of bands, as JSON has it.
        sensor: whose gain was published; "" for none.
    """

    gain: Gains
    source: str
    groups: list[dict[str, object]] = field(default_factory=list)
    sensor: str = ""

    @property
    def said(self) -> str:
        """The gain and where it comes from, as a sentence has it."""
        where = {PUBLISHED: f"published for {self.sensor}", MODEL: "as the model was trained"}
        return f"{said(self.gain)}, {where.get(self.source, self.source)}"

    def facts(self) -> dict[str, object]:
        """As JSON has it: ``rows``, ``columns``, ``source``, ``sensor`` (whose gain is published), ``said`` (as a
        sentence has it) and ``measured``, with one record a group of bands: ``group``, ``bands`` (first and last,
        from 1), ``rows`` and ``columns`` (each with ``gain``, ``low`` and ``high``), ``sure``, ``taken_from``,
        ``explained`` and ``said``."""
        rows, columns = per_axis(self.gain)
        source = {"source": self.source, "sensor": self.sensor}
        return {"rows": rows, "columns": columns, **source, "said": self.said, "measured": self.groups}

    @property
    def plain(self) -> float | list[float]:
        """The gain as JSON has it: one number, or two."""
        return self.gain if isinstance(self.gain, float) else list(per_axis(self.gain))

    def shown(self) -> dict[str, object]:
        """As reports have it: what is used, and what was measured of each group of bands."""
        shown: dict[str, object] = {"MTF gain": self.said}
        for group in self.groups:
            name = f"MTF gain measured, {group['group']}"
            shown[name] = f"{group['said']}{'' if group['sure'] else '; not sure'}"
        return shown


@dataclass(frozen=True)
class ModelGain:
    """What a model was trained for.

    Attributes:
        name: of the model file.
        gain: of the HSI at its Nyquist frequency.
        tolerance: by how much the gain of a pair may differ from that along either axis.
    """

    name: str
    gain: Gains
    tolerance: float

    def differs(self, gain: Gains) -> bool:
        """Whether a gain is farther from the model's than that allows.

        Args:
            gain: of the pair, of both axes or of each.

        Returns:
            Whether it is, along either axis.
        """
        return any(abs(own - other) > self.tolerance for own, other in zip(per_axis(self.gain), per_axis(gain)))


def said(gain: Gains) -> str:
    """A gain as text.

    Args:
        gain: of both axes or of each.

    Returns:
        "0.3", or "0.2 vertically and 0.35 horizontally".
    """
    rows, columns = per_axis(gain)
    return f"{rows:.3g}" if rows == columns else f"{rows:.3g} vertically and {columns:.3g} horizontally"


def choose_gain(scene: Scene, mtf: float | str, progress: Progress, *, advise: bool = True) -> ChosenGain:
    """The MTF gain to compute with on a scene.

    Args:
        scene: the HSI and the PAN.
        mtf: as :func:`given_gain` takes it; "auto" measures.
        progress: receives what was found, and a warning where a gain has to be assumed.
        advise: whether the user can give the gain of this image; if not, that it is assumed is no warning.

    Returns:
        The gain, and where it comes from.

    Raises:
        InputError: the option cannot be used.
        Cancelled: the user stopped the job.
    """
    given = given_gain(mtf)
    if given is not None:
        return as_given(given, scene, progress)
    if pan_relation(scene, progress).unrelated:  # which was warned of
        return ChosenGain(DEFAULT_MTF_GAIN, ASSUMED)
    blur = measure_blur(scene, progress)
    groups = [_facts(group) for group in blur.groups] if blur is not None else []
    if blur is not None and blur.best.sure:
        progress.info(_found(scene, blur))
        return ChosenGain(blur.best.gains, MEASURED, groups)
    sharper = "its PAN" if advise else f"the bands of {abs(scene.pan.grid.dx):g} map units"
    why = f"The MTF gain of {scene.hsi.name} cannot be told surely from {sharper}"
    if blur is not None:
        why += f": {_axes(blur.best)}"
    sensor = sensor_of_file(os.path.basename(scene.hsi.path))
    if sensor is not None and sensor.mtf_gains:
        progress.info(f"{why}; what is published is taken.")
        return _said_published(published_gain(sensor).gain, sensor, progress, groups)
    assumed = f"{why}; {DEFAULT_MTF_GAIN:g} is assumed, which suits many sensors."
    if advise:
        progress.warning(f"{assumed} A wrong gain costs sharpness: give the sensor's (--mtf, MTF) where it is known.")
    else:
        progress.info(assumed)
    return ChosenGain(DEFAULT_MTF_GAIN, ASSUMED, groups)


def as_given(given: GivenGain, scene: Scene | None, progress: Progress) -> ChosenGain:
    """A gain that an option names.

    Args:
        given: what the option says.
        scene: whose bands are meant, where groups of bands have gains of their own; None where there is none.
        progress: informs of what a name stands for, and warns where groups have to share one operator.

    Returns:
        The gain, and where it comes from.

    Raises:
        InputError: the scene has no wavelengths, or good bands that are in no group.
    """
    if given.sensor is not None:
        return _said_published(given.gain, given.sensor, progress)
    if not given.groups or scene is None:
        return ChosenGain(given.gain, GIVEN)
    waves = [scene.hsi.metadata.wavelengths[band] for band in range(scene.hsi.bands) if scene.good[band]]
    counts = [sum(wave is not None and g.first <= wave <= g.last for wave in waves) for g in given.groups]
    missing = [wave for wave in waves if not any(wave and g.first <= wave <= g.last for g in given.groups)]
    if missing:
        which = f"the band at {missing[0]:g} nm" if missing[0] else "a band without a wavelength"
        raise InputError(f"mtf gives groups of bands a gain, but {which} of {scene.hsi.name} is in none of them.")
    gain = mean_gain([group.gain for group in given.groups], counts)
    if len({group.gain for group, count in zip(given.groups, counts) if count}) > 1:
        each = "; ".join(f"{g.first:g}-{g.last:g} nm {said(g.gain)}" for g in given.groups)
        progress.warning(
            f"The gains of the bands differ ({each}), but all bands are computed with one blur, the mean of theirs: "
            f"{said(gain)}. Where a group matters most, sharpen it alone (--bands, BANDS)."
        )
    return ChosenGain(gain, GIVEN)


def _said_published(
    gain: Gains, sensor: Sensor, progress: Progress, groups: Sequence[dict[str, object]] = ()
) -> ChosenGain:
    gains = sensor.mtf_gains
    which = "" if len(gains) == 1 else f", the mean of {', '.join(f'{each:g}' for each in gains)}"
    progress.info(f"MTF gain of {sensor.name}: {said(gain)}{which} ({sensor.mtf_gains_source}).")
    return ChosenGain(gain, PUBLISHED, list(groups), sensor.name)


def choose_common_gain(scenes: Sequence[Scene], mtf: float | str, progress: Progress) -> ChosenGain:
    """The MTF gain to compute with on several scenes of one sensor: the mean blur of those that it can be measured of.

    Args:
        scenes: at least one.
        mtf: as :func:`given_gain` takes it.
        progress: as in :func:`choose_gain`.

    Returns:
        The gain, and where it comes from.

    Raises:
        InputError: the option cannot be used.
        Cancelled: the user stopped the job.
    """
    if len(scenes) == 1 or given_gain(mtf) is not None:
        return choose_gain(scenes[0], mtf, progress)
    found = [choose_gain(scene, mtf, progress) for scene in scenes]
    groups = [group for each in found for group in each.groups]
    for source in (MEASURED, PUBLISHED):
        some = [each for each in found if each.source == source]
        if some:
            gain = mean_gain([per_axis(each.gain) for each in some])
            progress.info(f"MTF gain of all scenes: {said(gain)}.")
            return ChosenGain(gain, source, groups, some[0].sensor)
    return ChosenGain(DEFAULT_MTF_GAIN, ASSUMED, groups)


def choose_beside_model(scene: Scene, model: ModelGain, mtf: float | str, progress: Progress) -> ChosenGain:
    """The gain to fuse a pair with by a trained model.

    Args:
        scene: the HSI and the PAN.
        model: what the model was trained for.
        mtf: as :func:`.options.gain.given_gain` takes it; "auto" measures, and keeps the model's gain unless that of
            the pair surely differs by more than the model allows; "model" keeps it in any case.
        progress: receives what was found; warns where the pair is blurred otherwise than the model was trained for.

    Returns:
        The gain, and where it comes from.

    Raises:
        InputError: the option cannot be used.
        Cancelled: the user stopped the job.
    """
    given = given_gain(mtf, model=True)
    if given is not None:
        chosen = as_given(given, scene, progress)
        if model.differs(chosen.gain):
            progress.warning(
                f"{model.name} was trained for an MTF gain of {said(model.gain)}, but {said(chosen.gain)} is given: "
                "what it adds may not suit; a model that was trained for this gain would."
            )
        return chosen
    blur = None if pan_relation(scene, progress).unrelated else measure_blur(scene, progress)
    groups = [_facts(group) for group in blur.groups] if blur is not None else []
    if blur is None or not blur.best.sure or not model.differs(blur.best.gains):
        return ChosenGain(model.gain, MODEL, groups)
    axes = blur.best.rows, blur.best.columns
    if all(axis.low <= one <= axis.high for one, axis in zip(per_axis(model.gain), axes)):
        return ChosenGain(model.gain, MODEL, groups)
    text = (
        f"{model.name} was trained for an MTF gain of {said(model.gain)}, but that of {scene.hsi.name} against "
        f"{scene.pan.name} is {_axes(blur.best)}"
    )
    if str(mtf).strip().lower() == MODEL:
        progress.warning(f"{text}: leave --mtf (MTF) at auto to use that of the pair.")
        return ChosenGain(model.gain, MODEL, groups)
    progress.warning(f"{text}, which is used: training on this pair, or on one like it, would give more.")
    return ChosenGain(blur.best.gains, MEASURED, groups)


def _found(scene: Scene, blur: Blur) -> str:
    parts = []
    what = "PAN" if scene.guides == 1 else "sharp band, or sum of them, that it is measured with"
    for group in blur.groups:
        bands = "" if len(blur.groups) == 1 else f" of the {group.name} bands"
        if group.taken_from:
            parts.append(f"that is taken for the {group.name} bands, too, of which the {what} says too little")
        else:
            parts.append(f"{_axes(group)}{bands}{'' if group.sure else ', not sure'}")
    measured = sum(not group.taken_from for group in blur.groups)
    more = "" if measured == 1 else f"; that of the {blur.best.name} bands is used"
    return f"MTF gain of {scene.hsi.name}, measured against {scene.pan.name}: {'; '.join(parts)}{more}."


def _axes(group: GroupBlur) -> str:
    return f"{group.rows} vertically, {group.columns} horizontally"


def _facts(group: GroupBlur) -> dict[str, object]:
    axes = {
        name: {"gain": round(gain.value, 4), "low": round(gain.low, 4), "high": round(gain.high, 4)}
        for name, gain in (("rows", group.rows), ("columns", group.columns))
    }
    return {
        "group": group.name,
        "bands": [group.bands[0] + 1, group.bands[-1] + 1],
        **axes,
        "said": _axes(group),
        "sure": group.sure,
        "taken_from": group.taken_from,
        "explained": round(group.explained, 4),
    }
