"""Which state of a training is kept: held-out pixels are few, so an earlier state, or less of a residual, has to be
better by a margin."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from core.operators.pair import Operators  # noqa: E402
from core.training.areas import LabelledArea  # noqa: E402
from core.training.losses import HybridLoss  # noqa: E402
from core.training.mutual import MutualStep  # noqa: E402
from core.training.projection import Projection  # noqa: E402
from core.training.settings import Settings  # noqa: E402
from core.training.trainer import SHARES, Trainer, TrainingState  # noqa: E402

PRIOR = {"ergas": 2.0, "sam": 4.0}


@pytest.fixture
def kept(monkeypatch):
    """A function that takes the scores of three checks, relative to the prior's, of the whole residual and of shares of
    it, and returns the step and the share of the state of a pair, or of a network alone, that is kept; the parameters
    tell the step, too."""
    ones = torch.ones(4, 4)
    project = Projection(Operators((2, 2), (4, 4), 2), 0, torch.ones(2, 2))
    area = LabelledArea(torch.zeros(4, 4, 4), torch.zeros(3, 4, 4), torch.ones(3, 4, 4), ones, ones, project)
    loss = HybridLoss(torch.eye(3, 2), torch.ones(3, 1, 1), 0.1, 0.5)

    def run(*checks, branches=("spectral", "spatial")):
        networks = [torch.nn.Linear(1, 1) for _ in branches]
        step = MutualStep(networks, loss, Settings(steps=30))
        trainer = Trainer([step], [area], [], 4, torch.ones(3, 1, 1), branches=branches)
        state = TrainingState(prior_scores=dict(PRIOR))
        for number, check in enumerate([1.0, *checks]):
            of_share = {1.0: check} if isinstance(check, float) else check
            scores = dict.fromkeys(branches, PRIOR)
            for share in SHARES:
                relative = of_share.get(share, 1.5)
                scores["mean" if share == 1.0 else f"mean {share}"] = {key: relative * PRIOR[key] for key in PRIOR}
            monkeypatch.setattr(trainer, "score", lambda scores=scores: scores)
            state.step = 10 * number
            for network in networks:
                torch.nn.init.constant_(network.weight, float(state.step))
            trainer.check(state, None)
        assert all(float(state.best[f"{number}.weight"]) == state.best_step for number in range(len(networks)))
        return state.best_step, state.best_share

    return run


@pytest.mark.parametrize(
    ("checks", "step"),
    [
        ((0.9, 0.8, 0.7), 30),  # better all the time
        ((0.9, 0.80, 0.83), 30),  # the last is worse by less than the margin
        ((0.9, 0.80, 0.85), 20),  # by more
        ((0.80, 0.83, 0.9), 10),  # only the last has the margin
        ((0.96, 0.97, 1.001), 10),  # no state that is worse than the prior
        ((1.2, 1.1, 1.04), 0),
        ((1.2, 1.1, 0.99), 30),
    ],
)
def test_an_earlier_state_has_to_be_better_than_the_last_by_a_margin(kept, checks, step):
    assert kept(*checks) == (step, 1.0)


def test_of_a_network_alone_the_best_state_is_kept(kept):
    assert kept(0.9, 0.80, 0.81, branches=("network",)) == (20, 1.0)
    assert kept(0.9, 0.81, 0.80, branches=("network",)) == (30, 1.0)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({1.0: 0.8, 0.6: 0.77}, (30, 1.0)),  # less of the residual is better, but not by the margin
        ({1.0: 0.8, 0.6: 0.75}, (30, 0.6)),
        ({1.0: 1.2, 0.6: 0.83}, (30, 0.6)),  # with its own margin it is within that of the last state
        ({1.0: 1.2, 0.6: 0.86}, (20, 1.0)),
    ],
)
def test_a_share_of_the_residual_has_a_margin_of_its_own(kept, last, expected):
    assert kept(0.9, 0.85, last) == expected
