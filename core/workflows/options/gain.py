"""The option MTF: a gain, two, one for each group of bands, the name of a sensor, or how a gain is found."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Union

from ...operators.sensors import Sensor, find_sensor, mtf_gains
from ...runtime.errors import InputError
from .declare import Option, Options

AUTO, MODEL = "auto", "model"
GIVEN, PUBLISHED = "given", "published"
Gain = Union[float, "tuple[float, float]"]  # as operators.resample.Gains, which loads numpy; dialogs do without
MTF = Option(
    "Gain of the sensor's modulation transfer function at the HSI's Nyquist frequency, between 0 and 1: how much the "
    "sensor blurs; a smaller number means a blurrier sensor. auto measures it from the two images, vertically and "
    "horizontally; where the measurement is not sure, the gain that is published of the product's sensor is taken, "
    "else 0.3. Otherwise a number; two, as 0.2,0.35, vertically (along track) and horizontally (across); one "
    "or two for each group of bands, as 400-1000nm:0.2,0.3;1000-2500nm:0.15 (one mean blur is computed with); or the "
    "name of a sensor whose gain is published: prisma, enmap, tanager, quickbird, ikonos, geoeye-1, worldview-2, "
    "worldview-3.",
    "MTF gain of the HSI at its Nyquist frequency: auto, number, along,across, or sensor",
    "auto",
    "gain",
    metavar="G",
    advanced=True,
)
MTF_HSI = MTF.but(
    help="Gain of the sensor's modulation transfer function at the HSI's Nyquist frequency, between 0 and 1: how much "
    "the sensor blurs. 0.3 suits most sensors; a smaller number means a blurrier sensor. Instead of a number, the name "
    "of a sensor whose gain is published, as prisma, enmap, tanager, quickbird, ikonos, or two numbers, as 0.2,0.35, "
    "vertically (along track) and horizontally (across).",
    label="MTF gain of the HSI at its Nyquist frequency, or sensor",
    default=0.3,
)
_GROUP = re.compile(r"\s*([\d.]+)\s*-\s*([\d.]+)\s*(?:nm)?\s*:(.*)", re.IGNORECASE)


@dataclass(frozen=True)
class GroupGain:
    """The gain of some bands.

    Attributes:
        first, last: wavelengths, nm.
        gain: at the Nyquist frequency, between 0 and 1, of both axes or along and across.
    """

    first: float
    last: float
    gain: Gain


@dataclass(frozen=True)
class GivenGain:
    """A gain that an option names.

    Attributes:
        gain: at the Nyquist frequency, between 0 and 1, of both axes or along and across; of groups, that of the mean
            blur of the groups.
        sensor: whose gain is published; None for none.
        groups: of bands, where they have gains of their own.
    """

    gain: Gain
    sensor: Sensor | None = None
    groups: tuple[GroupGain, ...] = ()


def given_gain(mtf: float | str | Sequence[float], model: bool = False) -> GivenGain | None:
    """The MTF gain that an option names.

    Args:
        mtf: a gain at the Nyquist frequency, two as "along,across" or a pair of numbers, groups of bands as
            "400-1000nm:0.2,0.3;1000-2500nm:0.15", the name of a sensor, "auto", or "model".
        model: whether there is a model, whose gain "model" stands for.

    Returns:
        The gain; None for "auto" and "model".

    Raises:
        InputError: no such sensor, no published gain, a number that is none, or "model" without a model.
    """
    if isinstance(mtf, Sequence) and not isinstance(mtf, str):
        mtf = ",".join(map(str, mtf))
    text = str(mtf).strip()
    if text.lower() == MODEL and not model:
        raise InputError('mtf is "model", but this job reads no model file; give auto, a number or a sensor.')
    if text.lower() in (AUTO, MODEL):
        return None
    if ":" in text:
        groups = tuple(_group(part, text) for part in text.split(";") if part.strip())
        _check_apart(groups, text)
        return GivenGain(mean_gain([group.gain for group in groups]), groups=groups)
    if "," in text:
        return GivenGain(_numbers(text, text))
    gains = mtf_gains(mtf)
    gain = sum(gains) / len(gains)
    check_fraction(gain, "mtf")
    if isinstance(mtf, str) and text[:1].isalpha():
        return published_gain(find_sensor(mtf, gain=True))
    return GivenGain(gain)


def published_gain(sensor: Sensor) -> GivenGain:
    """What is published of a sensor. Fusion has one operator for all bands: where bands differ, the mean is taken.

    Args:
        sensor: one of which a gain is published.

    Returns:
        The gain.
    """
    gain = sensor.mtf_axes or sum(sensor.mtf_gains) / len(sensor.mtf_gains)
    return GivenGain(gain, sensor)


def mean_gain(gains: Sequence[Gain], weights: Sequence[float] | None = None) -> Gain:
    """The gain of the mean blur: of the Gaussian whose variance is the mean.

    Args:
        gains: at least one, of both axes or of each.
        weights: one a gain; equal by default.

    Returns:
        One number where all have one, else (along, across).
    """
    shares = [1.0] * len(gains) if weights is None else list(weights)
    pairs = [gain if isinstance(gain, tuple) else (gain, gain) for gain in gains]
    rows, columns = (
        math.exp(sum(share * math.log(gain) for share, gain in zip(shares, axis)) / sum(shares)) for axis in zip(*pairs)
    )
    return rows if all(not isinstance(gain, tuple) for gain in gains) else (rows, columns)


def check_fraction(value: float, name: str) -> None:
    """Make sure that an MTF gain is one.

    Args:
        value: gain at the Nyquist frequency.
        name: of the option, for the error.

    Raises:
        InputError: it does not lie between 0 and 1.
    """
    if not 0.0 < value < 1.0:
        raise InputError(
            f"{name} is {value:g}, but the MTF gain at the Nyquist frequency lies between 0 and 1: try 0.3."
        )


def _numbers(text: str, whole: str) -> Gain:
    """One or two gains."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        raise InputError(f"mtf is {whole!r}; give one gain, as 0.3, or two, along,across, as 0.2,0.35.")
    if len(numbers) == 2 and numbers[0] == 0.0:  # a decimal comma
        point = text.replace(",", ".").replace(" ", "")
        raise InputError(f"mtf is {whole!r}, which are two gains, along and across, and none is 0: is it {point}?")
    for number in numbers:
        check_fraction(number, "mtf")
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def _group(text: str, whole: str) -> GroupGain:
    found = _GROUP.fullmatch(text)
    try:
        first, last = (float(found.group(place)) for place in (1, 2)) if found else (0.0, 0.0)
    except ValueError:
        first = last = 0.0
    if found is None or not first < last:
        raise InputError(
            f"mtf is {whole!r}; give groups of bands as 400-1000nm:0.2,0.3;1000-2500nm:0.15, each with the first and "
            "the last wavelength in nm and one gain or two (along,across)."
        )
    return GroupGain(first, last, _numbers(found.group(3), whole))


def _check_apart(groups: Sequence[GroupGain], whole: str) -> None:
    ordered = sorted(groups, key=lambda group: group.first)
    for before, after in zip(ordered, ordered[1:]):
        if after.first < before.last:
            raise InputError(
                f"mtf is {whole!r}, whose groups {before.first:g}-{before.last:g} nm and {after.first:g}-"
                f"{after.last:g} nm overlap; give each wavelength one gain."
            )


@dataclass(frozen=True)
class GainOptions(Options):
    """The sensor.

    Attributes:
        mtf: MTF gain of the HSI at its Nyquist frequency, as :func:`given_gain` reads it.
        model_gain: whether "model" may be given.
    """

    mtf: float | str = MTF.field()
    model_gain: ClassVar[bool] = False

    def check(self) -> None:
        """Refuse values outside of the bounds and the choices, and a gain that is none.

        Raises:
            InputError: one is.
        """
        super().check()
        given_gain(self.mtf, self.model_gain)
