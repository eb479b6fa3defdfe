"""What computes binary convolutions at inference, behind one interface.

All engines give the sums of the float32 simulation to the last bit, so they are chosen by speed and by what a machine
has. Each tries itself on a small case first and is left out if one number differs.
"""

from __future__ import annotations

from typing import Protocol

from .int8 import Int8Sums, int8_reason
from .popcount import PopcountUnit, popcount_reason
from .unit import Unit


class Engine(Protocol):
    """One way of computing binary units on the CPU."""

    name: str
    """As in "Binary convolutions are computed ...\""""

    def unavailable(self) -> str:
        """Why it cannot be used here; "" if it can."""

    def prepare(self, unit: Unit) -> None:
        """Have a unit computed by it from now on; its parameters must not change any more."""


class Popcount:
    """Whole units on packed bits, by kernels that numba compiles; see :mod:`.popcount`."""

    name = "on packed bits"

    def unavailable(self) -> str:
        """See :meth:`Engine.unavailable`."""
        return popcount_reason()

    def prepare(self, unit: Unit) -> None:
        """See :meth:`Engine.prepare`."""
        unit.compiled = PopcountUnit(unit.conv.signs, unit.conv.scale, unit.bend, unit.redistribute)


class Int8:
    """Sums on 8-bit integers, by PyTorch's kernels; see :mod:`.int8`."""

    name = "on 8-bit integers"

    def unavailable(self) -> str:
        """See :meth:`Engine.unavailable`."""
        return int8_reason()

    def prepare(self, unit: Unit) -> None:
        """See :meth:`Engine.prepare`."""
        unit.conv.sums = Int8Sums(unit.conv.signs)


class Float32:
    """The simulation that the network learns with."""

    name = "in float32"

    def unavailable(self) -> str:
        """See :meth:`Engine.unavailable`."""
        return ""

    def prepare(self, unit: Unit) -> None:
        """See :meth:`Engine.prepare`."""
        unit.compiled = unit.conv.sums = None


ENGINES: tuple[Engine, ...] = (Popcount(), Int8(), Float32())  # in the order in which they are tried
