"""Adam (Kingma and Ba, 2015) as PyTorch computes it, on demand with Nesterov's momentum (Dozat, 2016), without a class
of optimizers: the first of them loads PyTorch's compiler, which takes a second and 70 MB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam

_FIRST_MOMENT = 0.9  # share of it that a step keeps
_MOMENTS = ("exp_avg", "exp_avg_sq")  # as torch.optim.Adam names them


class Adam:
    """Adam without weight decay, for a step at a time.

    Args:
        parameters: leaf tensors of one device, any shape, float32 or float64.
        rate: learning rate.
        second_moment: share of the second moment that a step keeps.
        nesterov: whether a step looks ahead, by the first moment that would follow if the next gradient were the same;
            corrections for the moments' start at 0 are Adam's.

    Attributes:
        rate: of the next step.
        state: by a parameter's number what ``torch.optim.Adam`` keeps of it: ``step`` (a scalar), ``exp_avg`` and
            ``exp_avg_sq`` (of the parameter's shape and dtype); nothing before its first step.
    """

    def __init__(
        self, parameters: Iterable[Tensor], rate: float, second_moment: float = 0.999, nesterov: bool = False
    ) -> None:
        self.rate, self._second_moment, self._nesterov = rate, second_moment, nesterov
        self._parameters = list(parameters)
        self.state: dict[int, dict[str, Tensor]] = {}
        self._fused = all(parameter.device.type in ("cpu", "cuda") for parameter in self._parameters)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Update the parameters that have a gradient."""
        gradients = {n: parameter.grad for n, parameter in enumerate(self._parameters) if parameter.grad is not None}
        self.state.update({number: self._fresh(number) for number in gradients if number not in self.state})
        states = [self.state[number] for number in gradients]
        first, second = ([state[name] for state in states] for name in _MOMENTS)
        if self._nesterov:
            first = [_ahead(moment, gradient) for moment, gradient in zip(first, gradients.values())]
        options: dict[str, Any] = {"amsgrad": False, "weight_decay": 0.0, "eps": 1e-8, "maximize": False}
        adam(
            [self._parameters[number] for number in gradients],
            list(gradients.values()),
            first,
            second,
            [],
            [state["step"] for state in states],
            foreach=False,
            fused=self._fused,
            beta1=_FIRST_MOMENT,
            beta2=self._second_moment,
            lr=self.rate,
            **options,
        )

    def load(self, state: Mapping[int, Mapping[str, Tensor]]) -> None:
        """Go on from another optimizer's state.

        Args:
            state: see the class; of a parameter's shape, any floating dtype, on any device.

        Raises:
            KeyError, IndexError, ValueError: it is not of parameters like these.
        """
        loaded = {}
        for number, moments in state.items():
            parameter = self._parameters[number]
            loaded[number] = {name: moments[name].to(parameter) for name in _MOMENTS}
            if any(moment.shape != parameter.shape for moment in loaded[number].values()):
                raise ValueError(f"the moments of parameter {number} have another shape")
            loaded[number]["step"] = moments["step"].to(self._fresh(number)["step"])
        self.state = loaded

    def _fresh(self, number: int) -> dict[str, Tensor]:
        parameter = self._parameters[number]
        counted_on = parameter.device if self._fused else "cpu"
        step = torch.zeros((), dtype=torch.float32, device=counted_on)
        return {"step": step, **{name: torch.zeros_like(parameter) for name in _MOMENTS}}


def _ahead(moment: Tensor, gradient: Tensor) -> Tensor:
    """Take a gradient into a first moment, and return a copy, into which PyTorch's function takes it once more."""
    return moment.lerp_(gradient, 1 - _FIRST_MOMENT).clone()
