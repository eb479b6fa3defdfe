"""Which rows and columns of each stage a part of the output depends on: pure geometry, no pixel is read.

The stages, from the rasters to the output::

    hsi --+------------------------------+-----------+
          |                              |           |
    pan --+--> high_planes --> low_planes+-> R_0 -> R_1 ... R_{n-1} --> output

``high_planes`` are a method's planes at the PAN's resolution, ``low_planes`` the same degraded (of a linear method
alone: the bands of others are degraded one by one), ``R_i`` the reprojection residuals of the consistency projection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, NamedTuple, Union

from ..io.grid import Window
from ..operators.consistency import effective_support
from ..operators.linear import Line, Span
from ..operators.pair import Operators
from .method import FittedMethod

Stage = Union[int, str]  # the number of a residual, or "low_planes", "high_planes"


class Needs(NamedTuple):
    """The samples (start, stop) along one axis of each stage.

    Attributes:
        output: of the high-resolution grid, as all with ``high`` or ``pan`` in their name.
        lifted: low-resolution samples that the output is interpolated from.
        residuals: of R_0, R_1, ... R_{n-1}.
        low_planes: None where there are none, or none are needed.
        high_planes: of the planes S.
        pan: empty where none are needed.
        hsi: low-resolution samples, at least those of ``lifted``.
    """

    output: Span
    lifted: Span
    residuals: tuple[Span, ...]
    low_planes: Span | None
    high_planes: Span
    pan: Span
    hsi: Span


def union(first: Span, second: Span) -> Span:
    """The smallest span that holds two others.

    Args:
        first: (start, stop).
        second: (start, stop).

    Returns:
        from the first start to the last stop.
    """
    return min(first[0], second[0]), max(first[1], second[1])


@dataclass(frozen=True)
class AxisDependencies:
    """Dependencies along one axis.

    Attributes:
        up, down: U and D. round_trip: D U, by which R_0 depends on the HSI. residual_trip: by which R_{i+1} depends on
            R_i; that is the round trip on the samples that have an effect.
        iterations: n.
        linear: whether ``low_planes`` stand between ``high_planes`` and R_0.
        receptive_field, alignment: of the planes, in high-resolution pixels; see :class:`.method.Support`.
    """

    up: Line
    down: Line
    round_trip: Line
    residual_trip: Line
    iterations: int
    linear: bool
    receptive_field: int
    alignment: int

    def needs(self, output: Span, computed: Callable[[Stage, Span], Span | None] | None = None) -> Needs:
        """The samples of each stage that some samples of the output depend on.

        Args:
            output: (start, stop) on the high-resolution grid.
            computed: the samples of a stage that are computed where a span of it is needed, None for none; the span
                itself by default. The stages before are asked for what those depend on.

        Returns:
            the samples of each stage.
        """
        computed = computed or (lambda stage, span: span)
        lifted = self.up.support(*output)
        hsi, high, low_planes, residuals = lifted, output, None, []
        runs, before = None, lifted
        for number in reversed(range(self.iterations)):
            needed = union(before, lifted)
            residuals.append(needed)
            runs = computed(number, needed)
            trip = self.residual_trip if number else self.round_trip
            before = lifted if runs is None else union(trip.support(*runs), runs)
        if runs is not None:
            hsi = union(hsi, before)
            if self.linear:
                low_planes = runs
                runs = computed("low_planes", runs)
        if runs is not None:
            high = union(high, self.down.support(*runs))
        made = computed("high_planes", high)
        pan = (self.up.outputs, self.up.outputs)
        if made is not None:
            pan = self.reached(made)
            hsi = union(hsi, self.up.support(*pan))
        return Needs(output, lifted, tuple(reversed(residuals)), low_planes, high, pan, hsi)

    def reached(self, span: Span) -> Span:
        """The samples of the PAN that planes depend on: the span with the receptive field on both sides, aligned.

        Args:
            span: (start, stop) of the planes, in PAN pixels.

        Returns:
            (start, stop) in PAN pixels, inside the image.
        """
        step, count = self.alignment, self.up.outputs
        start, stop = max(0, span[0] - self.receptive_field), span[1] + self.receptive_field
        return start // step * step, min(count, -(-stop // step) * step)


def panel_dependencies(
    operators: Operators, method: FittedMethod, panel: Window
) -> tuple[AxisDependencies, AxisDependencies]:
    """Dependencies of a panel of columns. Residuals further away than their effective support are not computed; at that
    distance edges are replicated.

    Args:
        operators: U and D between the scene's grids.
        method: fitted to the scene.
        panel: the part of the output, in PAN pixels.

    Returns:
        the dependencies along rows and along columns.
    """
    up, down, trip = operators.up, operators.down, operators.round_trip
    left, right = up.x.support(panel.col, panel.col + panel.cols)
    reach = effective_support(method.iterations)
    near = trip.x.within(max(0, left - reach), min(operators.low[1], right + reach))
    rest = method.iterations, method.coefficients is not None, *method.support[:2]
    return AxisDependencies(up.y, down.y, trip.y, trip.y, *rest), AxisDependencies(up.x, down.x, trip.x, near, *rest)
