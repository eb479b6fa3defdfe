"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Callable

import numpy as np
import torch
from torch import Tensor

from ..io.ratio import ratio_per_axis
from ..networks.side_by_side import Each, one_after_the_other
from ..runtime.errors import Cancelled
from ..runtime.progress import Progress
from .agreement import agreement
from .areas import LabelledArea, UnlabelledArea
from .held_out import HeldOutArea, HeldOutScores, Scale
from .mutual import MutualStep, Sample, beside_each_other

SHARES = (1.0, 0.6, 0.3)  # of the networks' residual that may be added to the prior
MARGIN = 1.05  # by this factor a smaller share has to be better than the whole residual, an earlier state than the last


@dataclass
class TrainingState:
    """Where training stands; everything that is needed to go on from there.

    Attributes:
        step: number of updates done.
        best: parameters of the networks at the best check so far, by "<network>.<name>"; any shape, any dtype. Of
            several pairs networks are numbered pair after pair.
        best_score: their score on the held-out part (see :meth:`Trainer.check`).
        best_step: the step of that check.
        best_share: the share of the networks' residual that the best state adds to the prior.
        shares: the same for each component, when training has ended: see :class:`.agreement.Agreement`.
        spread: how far the networks differ, see there; None where nothing is known of it.
        best_scores: held-out scores of the best state by output, when training has ended.
        prior_scores: the projected prior's scores on the held-out part; None for what is not a finite number.
        history: one record a check: step, losses of the networks, held-out scores by output; None for what is not a
            finite number, as when training diverges.
    """

    step: int = 0
    best: dict[str, Tensor] = field(default_factory=dict)
    best_score: float = math.inf
    best_step: int = 0
    best_share: float = 1.0
    shares: list[float] = field(default_factory=list)
    spread: float | None = None
    best_scores: dict[str, dict] = field(default_factory=dict)
    prior_scores: dict[str, float | None] = field(default_factory=dict)
    history: list[dict] = field(default_factory=list)


class Trainer:
    """Trains networks on areas: a pair that teaches each other, or several, each by itself. The mean of those that are
    kept is the result, and what is scored.

    Args:
        learners: the mutual step of each pair, with its networks.
        labelled: areas at reduced resolution and at intermediate ones.
        unlabelled: areas at full resolution.
        ratio: PAN pixels per HSI pixel, for ERGAS.
        mean: (bands, 1, 1) float32, the good bands' means in standard deviations.
        save: called with the state at every check, and when the user stops, to keep a checkpoint.
        branches: what the networks of a pair are; where there are two, each kind is scored beside the mean of all.
        angle_bands: (bands,) bool, the bands that take part in SAM; all by default.
    """

    def __init__(
        self,
        learners: Sequence[MutualStep],
        labelled: Sequence[LabelledArea],
        unlabelled: Sequence[UnlabelledArea],
        ratio: float,
        mean: Tensor,
        save: Callable[[TrainingState], None] | None = None,
        branches: Sequence[str] = ("spectral", "spatial"),
        angle_bands: np.ndarray | None = None,
    ) -> None:
        self.learners, learner = list(learners), learners[0]
        self.settings, self.loss = learner.settings, learner.loss
        self.networks = [network for one in self.learners for network in one.networks]
        self.each: Each = one_after_the_other(len(self.learners))
        self.labelled = [learner.prepared(area) for area in labelled]
        self.unlabelled = [learner.prepared(area) for area in unlabelled]
        learned = [area for area in self.labelled if area.train_mask.any()]
        self._reduced = [area for area in learned if not area.intermediate]
        self._intermediate = [area for area in learned if area.intermediate]
        compared = None if angle_bands is None else torch.from_numpy(angle_bands).to(mean.device)
        self._scale_of_scores = Scale(self.loss.basis, self.loss.scale, mean, ratio, compared)
        self._held_out: list[HeldOutArea] = []  # of this process, once they are needed
        self._save = save or (lambda state: None)
        self.processes = learner.processes
        self._progress = Progress()
        self.scored = (*branches, "mean") if len(branches) > 1 else ("mean",)  # what is scored
        self._margin = MARGIN if len(learner.networks) > 1 else 1.0  # of a network alone the best

    def run(self, state: TrainingState, progress: Progress) -> TrainingState:
        """Train to the last step, then put the best parameters back into the networks.

        Args:
            state: where training stands; it is updated.
            progress: of the steps; asked for cancellation.

        Returns:
            The state, with the scores of the best one.

        Raises:
            Cancelled: the user stopped the job; the state has been saved.
        """
        self._progress = progress
        every = max(1, self.settings.steps // self.settings.checks)
        with beside_each_other(self.learners) as self.each:
            if not state.prior_scores:
                state.prior_scores = self.score_prior()
                self.check(state, None)
            self._learn(state, every, progress)
        self.each = one_after_the_other(len(self.learners))
        self._put_back(state)
        self._scale(state)
        scores = self.score()
        state.best_scores = {output: scores[output] for output in self.scored}
        return state

    def _scale(self, state: TrainingState) -> None:
        """Scale the components of the networks' residual, unless this is worse than the prior on the held-out part."""
        areas: Sequence[LabelledArea | UnlabelledArea] = self.unlabelled or self.labelled
        settings = self.settings
        found = agreement(self.networks, areas, settings.iterations, settings.boldness, self._progress)
        shares = found.shares * state.best_share
        plain = torch.full_like(shares, state.best_share)
        self._multiply(shares)
        if max(self._relative(self.score(), 1.0, state)) > 1:
            self._put_back(state)
            self._multiply(plain)
            shares = plain
        state.shares, state.spread = [float(share) for share in shares], found.spread

    def _put_back(self, state: TrainingState) -> None:
        for number, network in enumerate(self.networks):
            network.load_state_dict(
                {name: state.best[f"{number}.{name}"].to(value.device) for name, value in network.state_dict().items()}
            )

    def _multiply(self, shares: Tensor) -> None:
        for network in self.networks:
            network.scale_output(shares)

    def _learn(self, state: TrainingState, every: int, progress: Progress) -> None:
        settings = self.settings

        def update(pair: int) -> list[float]:
            batch = [self._sample(state.step, number, pair) for number in self.processes.share(range(settings.batch))]
            return self.learners[pair](state.step, batch)

        while state.step < settings.steps:
            if self.processes.any(progress.cancelled()):
                self._save(state)
                raise Cancelled("Stopped by the user.")
            losses = [sum(one) / len(one) for one in zip(*self.each(update))]  # of each kind of network
            state.step += 1
            if state.step % every == 0 or state.step == settings.steps:
                self.check(state, losses)
                self._save(state)
            progress.set(state.step / settings.steps, self._text(state) if state.step % every == 0 else None)

    def _sample(self, step: int, number: int, pair: int) -> Sample:
        """One of the batch of a step of a pair. The generator's seed depends on these alone, so that training can be
        resumed at any step, by any number of processes."""
        more = [number, pair] if pair else [number] if number else []
        rng = np.random.default_rng([self.settings.seed, step, *more])
        between = bool(self._intermediate) and rng.random() < self.settings.intermediate
        areas = self._intermediate if between else self._reduced
        labelled = areas[rng.integers(len(areas))]
        return Sample(labelled, self._crop(step, rng), rng)

    def _text(self, state: TrainingState) -> str:
        latest = state.history[-1]
        losses = " / ".join(_text(loss) for loss in latest["losses"] or [None])
        scores = ", ".join(
            f"{label} {_text(latest['mean'][key])} (prior {_text(state.prior_scores[key])})"
            for key, label in (("ergas", "ERGAS"), ("sam", "SAM"))
        )
        return f"Step {state.step} of {self.settings.steps}: loss {losses}, held-out {scores}"

    @property
    def kept(self) -> list[int]:
        """The numbers of the networks that the model keeps, in the order of ``networks``."""
        flags = [
            self.settings.keeps(kind, pair)
            for pair, learner in enumerate(self.learners)
            for kind in range(len(learner.networks))
        ]
        return [number for number, flag in enumerate(flags) if flag]

    def check(self, state: TrainingState, losses: list[float] | None) -> None:
        """Score on the held-out part; keep the parameters if the mean of the networks is the best so far, by the
        sum of ERGAS and SAM, each relative to the projected prior's, and worse than the prior in neither. Networks that
        overshoot do better if only a share of their residual is added to the prior: the share is tried, too; it has to
        be better by a margin, as at full resolution the residual is rather too small. An earlier state of pairs has to
        be better than the last one by the same margin: held-out pixels are few. Of a network alone the best is kept.

        Note: shares and margins are our own.

        Args:
            state: where training stands; its history and its best state are updated.
            losses: of the networks in the latest step, by kind; None before the first.
        """
        scores, last = self.score(), state.step >= self.settings.steps
        finite = None if losses is None else [loss if math.isfinite(loss) else None for loss in losses]
        state.history.append({"step": state.step, "losses": finite, **{name: scores[name] for name in self.scored}})
        for share in SHARES:
            relative = self._relative(scores, share, state)
            score = sum(relative) * (MARGIN if share < 1.0 else 1.0)
            least = state.best_score * (self._margin if last and state.best_step < state.step else 1.0)
            if not state.best or (max(relative) <= 1 and score < least):
                state.best_score, state.best_step, state.best_share = score, state.step, share
                state.best = self._parameters()

    def _relative(self, scores: dict[str, dict], share: float, state: TrainingState) -> list[float]:
        """Scores of a share of the mean, relative to the projected prior's."""
        mean = scores["mean" if share == 1.0 else f"mean {share}"]
        return [
            math.inf if mean[key] is None else mean[key] / max(prior, 1e-12)
            for key, prior in state.prior_scores.items()
            if prior is not None
        ] or [math.inf]

    def _parameters(self) -> dict[str, Tensor]:
        """The networks' parameters."""
        return {
            f"{number}.{name}": value.detach().cpu().clone()
            for number, network in enumerate(self.networks)
            for name, value in network.state_dict().items()
        }

    @torch.no_grad()
    def score(self) -> dict[str, dict[str, float | None]]:
        """ERGAS and SAM (degrees) on the held-out pixels, by output, and of shares of the mean ("mean 0.6"); None for
        what is not a finite number."""
        shares = {f"mean {share}": share for share in SHARES if share != 1.0}
        sums = {name: self._new_sums() for name in (*self.scored, *shares)}
        for held_out in self._held_out_areas():
            pairs = self.each(partial(self._projected, area=held_out.area))
            of_kinds = [[one for one in of_kind if one is not None] for of_kind in zip(*pairs)]
            kinds = [held_out.pixels(sum(of_kind) / len(of_kind)) for of_kind in of_kinds]
            mean = torch.stack(kinds).mean(0)
            for name, pixels in zip(self.scored, (*kinds, mean) if len(kinds) > 1 else (mean,)):
                sums[name].add(held_out, pixels)
            for name, share in shares.items():
                sums[name].add(held_out, share * mean)
        return {name: total.scores() for name, total in sums.items()}

    @torch.no_grad()
    def _projected(self, pair: int, area: LabelledArea) -> list[Tensor | None]:
        """The residuals of a pair's networks, None of those that are not kept."""
        learner = self.learners[pair]

        def work(index: int) -> Tensor | None:
            kept = self.settings.keeps(index, pair)
            return area.project(learner.residuals(index, [area.planes[:]])[0]) if kept else None

        return learner.each(work)

    @torch.no_grad()
    def score_prior(self) -> dict[str, float | None]:
        """ERGAS and SAM (degrees) of the projected prior on the held-out pixels."""
        total = self._new_sums()
        for held_out in self._held_out_areas():
            total.add(held_out, held_out.pixels(torch.zeros_like(held_out.area.planes[: self.loss.basis.shape[1]])))
        return total.scores()

    def _new_sums(self) -> HeldOutScores:
        return HeldOutScores(self._scale_of_scores, self.processes)

    def _held_out_areas(self) -> Iterator[HeldOutArea]:
        """This process's share of the areas that have held-out pixels."""
        if not self._held_out:
            areas = self.processes.share(self.labelled)
            self._held_out = [HeldOutArea(area, self._scale_of_scores) for area in areas if area.held_out_mask.any()]
        for held_out in self._held_out:
            self._progress.check()
            yield held_out.in_memory()

    def _crop(self, step: int, rng: np.random.Generator) -> UnlabelledArea | None:
        settings = self.settings
        if not self.unlabelled or step < settings.full_start * settings.steps:
            return None
        area = self.unlabelled[rng.integers(len(self.unlabelled))]
        spans = zip(area.weight.shape, self._crop_size(area))
        row, col = (int(rng.integers(max(count - size, 0) + 1)) for count, size in spans)
        return self.crop(area, (row, col))

    def crop(self, area: UnlabelledArea, corner: tuple[int, int]) -> UnlabelledArea:
        """A part of an area that a step learns from.

        Args:
            area: at full resolution.
            corner: of the part, (row, column), HSI pixels.

        Returns:
            The part, smaller where the area ends.
        """
        return area.crop(*corner, self._crop_size(area))

    def _crop_size(self, area: UnlabelledArea) -> tuple[int, int]:
        rows, cols = (self.settings.coarse(ratio) for ratio in ratio_per_axis(area.operators.ratio))
        return rows, cols


def _text(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"
