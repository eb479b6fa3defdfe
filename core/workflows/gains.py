"""The MTF gain that a job computes with: given, measured from the pair, published, or assumed."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..calibration.blur import Blur, GroupBlur, measure_blur
from ..calibration.relation import pan_relation
from ..operators.pair import DEFAULT_MTF_GAIN
from ..operators.resample import Gains, per_axis
from ..operators.sensors import Sensor, find_sensor, mtf_gains, sensor_of_file
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .output import check_fraction

AUTO = "auto"
_NOTABLE = 0.05  # by which the gain of a model may differ from that of the pair without a warning


@dataclass(frozen=True)
class ChosenGain:
    """The gain that a job computes with.

    Attributes:
        gain: between 0 and 1, of both axes or of each.
        source: "given", "published", "measured" or "assumed".
        groups: what was measured of each group of bands, as JSON has it.
    """

    gain: Gains
    source: str
    groups: list[dict[str, object]] = field(default_factory=list)

    def facts(self) -> dict[str, object]:
        """As JSON has it: ``rows``, ``columns``, ``source``, ``said`` (as a sentence has it) and ``measured``, with one
        record a group of bands: ``group``, ``bands`` (first and last, from 1), ``rows`` and ``columns`` (each with
        ``gain``, ``low`` and ``high``), ``sure``, ``taken_from``, ``explained`` and ``said``."""
        rows, columns = per_axis(self.gain)
        words = f"{said(self.gain)}, {self.source}"
        return {"rows": rows, "columns": columns, "source": self.source, "said": words, "measured": self.groups}

    @property
    def plain(self) -> float | list[float]:
        """The gain as JSON has it: one number, or two."""
        return self.gain if isinstance(self.gain, float) else list(per_axis(self.gain))

    def shown(self) -> dict[str, object]:
        """As reports have it: what is used, and what was measured of each group of bands."""
        shown: dict[str, object] = {"MTF gain": f"{said(self.gain)}, {self.source}"}
        for group in self.groups:
            name = f"MTF gain measured, {group['group']}"
            shown[name] = f"{group['said']}{'' if group['sure'] else '; not sure'}"
        return shown


def said(gain: Gains) -> str:
    """A gain as text.

    Args:
        gain: of both axes or of each.

    Returns:
        "0.3", or "0.2 vertically and 0.35 horizontally".
    """
    rows, columns = per_axis(gain)
    return f"{rows:.3g}" if rows == columns else f"{rows:.3g} vertically and {columns:.3g} horizontally"


def given_gain(mtf: float | str, progress: Progress) -> Gains | None:
    """The MTF gain that an option names.

    Fusion has one operator for all bands: of a sensor whose bands differ, the mean is taken.

    Args:
        mtf: a gain at the Nyquist frequency, two as "along,across", the name of a sensor, or "auto".
        progress: informs of the gain that a name stands for.

    Returns:
        The gain; None for "auto".

    Raises:
        InputError: no such sensor, no published gain, or a number that is none.
    """
    text = str(mtf).strip()
    if text.lower() == AUTO:
        return None
    if "," in text:
        parts = [_number(part) for part in text.split(",")]
        numbers = [part for part in parts if part is not None]
        if len(parts) != 2 or len(numbers) != 2:
            raise InputError(f"mtf is {text!r}; give one gain, as 0.3, or two, along,across, as 0.2,0.35.")
        for number in numbers:
            check_fraction(number, "mtf")
        return numbers[0], numbers[1]
    gains = mtf_gains(mtf)
    gain = sum(gains) / len(gains)
    check_fraction(gain, "mtf")
    if isinstance(mtf, str) and text[:1].isalpha():
        return _published(find_sensor(mtf), gains, progress)
    return gain


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _published(sensor: Sensor, gains: Sequence[float], progress: Progress) -> Gains:
    gain: Gains = sensor.mtf_axes or sum(gains) / len(gains)
    which = "" if len(gains) == 1 else f", the mean of {', '.join(f'{each:g}' for each in gains)}"
    progress.info(f"MTF gain of {sensor.name}: {said(gain)}{which} ({sensor.mtf_gains_source}).")
    return gain


def choose_gain(scene: Scene, mtf: float | str, progress: Progress) -> ChosenGain:
    """The MTF gain to compute with on a scene.

    Args:
        scene: the HSI and the PAN.
        mtf: as :func:`given_gain` takes it; "auto" measures.
        progress: receives what was found, and a warning where a gain has to be assumed.

    Returns:
        The gain, and where it comes from.

    Raises:
        InputError: the option cannot be used.
        Cancelled: the user stopped the job.
    """
    given = given_gain(mtf, progress)
    if given is not None:
        return ChosenGain(given, "given")
    if pan_relation(scene, progress).unrelated:  # which was warned of
        return ChosenGain(DEFAULT_MTF_GAIN, "assumed")
    blur = measure_blur(scene, progress)
    groups = [_facts(group) for group in blur.groups] if blur is not None else []
    if blur is not None and blur.best.sure:
        progress.info(_found(scene, blur))
        return ChosenGain(blur.best.gains, "measured", groups)
    why = f"The MTF gain of {scene.hsi.name} cannot be told surely from its PAN"
    if blur is not None:
        why += f": {_axes(blur.best)}"
    sensor = sensor_of_file(os.path.basename(scene.hsi.path))
    if sensor is not None and sensor.mtf_gains:
        progress.info(f"{why}; what is published is taken.")
        return ChosenGain(_published(sensor, sensor.mtf_gains, progress), "published", groups)
    progress.warning(
        f"{why}; {DEFAULT_MTF_GAIN:g} is assumed, which suits many sensors. A wrong gain costs sharpness: give the "
        "sensor's (--mtf, MTF) where it is known."
    )
    return ChosenGain(DEFAULT_MTF_GAIN, "assumed", groups)


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
    if len(scenes) == 1 or given_gain(mtf, Progress()) is not None:
        return choose_gain(scenes[0], mtf, progress)
    found = [choose_gain(scene, mtf, progress) for scene in scenes]
    groups = [group for each in found for group in each.groups]
    for source in ("measured", "published"):
        some = [per_axis(each.gain) for each in found if each.source == source]
        if some:
            rows, columns = (math.exp(sum(math.log(gain) for gain in axis) / len(some)) for axis in zip(*some))
            progress.info(f"MTF gain of all scenes: {said((rows, columns))}.")
            return ChosenGain((rows, columns), source, groups)
    return ChosenGain(DEFAULT_MTF_GAIN, "assumed", groups)


def compare_with_model(scene: Scene, gain: Gains, name: str, progress: Progress) -> list[dict[str, object]]:
    """Warn where a pair is surely blurred otherwise than a model was trained for.

    Args:
        scene: the HSI and the PAN.
        gain: the model's.
        name: the model's.
        progress: receives the warning.

    Returns:
        What was measured of each group of bands, as JSON has it.

    Raises:
        Cancelled: the user stopped the job.
    """
    blur = None if pan_relation(scene, progress).unrelated else measure_blur(scene, progress)
    if blur is None:
        return []
    best = blur.best
    pairs = list(zip(per_axis(gain), (best.rows, best.columns)))
    if best.sure and any(abs(one - axis.value) > _NOTABLE and not axis.low <= one <= axis.high for one, axis in pairs):
        progress.warning(
            f"{name} was trained for an MTF gain of {said(gain)}, but that of {scene.hsi.name} against "
            f"{scene.pan.name} is {_axes(best)}: train on this pair, or on one like it."
        )
    return [_facts(group) for group in blur.groups]


def _found(scene: Scene, blur: Blur) -> str:
    parts = []
    for group in blur.groups:
        bands = "" if len(blur.groups) == 1 else f" of the {group.name} bands"
        taken = f", taken from the {group.taken_from} bands, as the PAN says too little about these"
        parts.append(f"{_axes(group)}{bands}{taken if group.taken_from else '' if group.sure else ', not sure'}")
    more = "" if len(blur.groups) == 1 else f"; that of the {blur.best.name} bands is used"
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
