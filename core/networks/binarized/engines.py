"""Engines that compute binary convolutions at inference.

All engines give the sums of the float32 simulation to the last bit, so they are chosen by speed and availability. Each
runs a self-test on a small case first and is not used if one number differs.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from .int8 import Int8Sums, int8_reason
from .popcount import PopcountUnit, popcount_reason
from .unit import Unit


class Engine(NamedTuple):
    """One way of computing binary units on the CPU.

    Attributes:
        name: as in "Binary convolutions are computed ...".
        unavailable: gives the reason why it cannot be used on this computer; "" if it can.
        prepare: makes a unit computed by it from now on; the unit's parameters must not change any more.
    """

    name: str
    unavailable: Callable[[], str]
    prepare: Callable[[Unit], None]


def _prepare_popcount(unit: Unit) -> None:
    unit.compiled = PopcountUnit(unit.conv.signs, unit.conv.scale, unit.bend, unit.redistribute)


def _prepare_int8(unit: Unit) -> None:
    unit.conv.sums = Int8Sums(unit.conv.signs)


def _prepare_float32(unit: Unit) -> None:
    unit.compiled = unit.conv.sums = None


POPCOUNT = Engine("on packed bits", popcount_reason, _prepare_popcount)
INT8 = Engine("on 8-bit integers", int8_reason, _prepare_int8)
FLOAT32 = Engine("in float32", lambda: "", _prepare_float32)
ENGINES: tuple[Engine, ...] = (POPCOUNT, INT8, FLOAT32)  # from the fastest to the slowest
