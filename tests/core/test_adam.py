"""Adam against PyTorch's own class and a formula by hand, and what it does not load."""

import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.training.adam import Adam  # noqa: E402


def parameters(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, requires_grad=True) for shape in ((5, 3), (7,), (2, 2, 2))]


def learn(optimizer, owned, steps, set_rate):
    """Steps on a loss that leaves the last parameter out."""
    for step in steps:
        optimizer.zero_grad()
        set_rate(0.01 / (1 + step))
        ((owned[0] - 1).square().sum() + (owned[1] * step).sin().sum()).backward()
        optimizer.step()


def test_steps_are_those_of_pytorchs_class_to_the_last_bit():
    ours, theirs = parameters(), parameters()
    mine, other = Adam(ours, 0.01, second_moment=0.99), torch.optim.Adam(theirs, 0.01, (0.9, 0.99), fused=True)
    learn(mine, ours, range(20), lambda rate: setattr(mine, "rate", rate))
    learn(other, theirs, range(20), lambda rate: other.param_groups[0].update(lr=rate))
    assert all(torch.equal(one, another) for one, another in zip(ours, theirs))
    kept = other.state_dict()["state"]
    assert mine.state.keys() == kept.keys() == {0, 1}  # the last one has no gradient
    for number, moments in kept.items():
        assert mine.state[number].keys() == moments.keys()
        assert all(torch.equal(mine.state[number][name], value) for name, value in moments.items())


def test_with_nesterovs_momentum_a_step_takes_the_gradient_into_the_first_moment_once_more():
    (one,), rate, keep, keep_square = parameters()[:1], 0.01, 0.9, 0.99
    wanted, moment, square = one.detach().double().numpy().copy(), 0.0, 0.0
    optimizer = Adam([one], rate, keep_square, nesterov=True)
    for step in range(1, 30):
        optimizer.zero_grad()
        (one - step % 3).pow(2).sum().backward()
        optimizer.step()
        gradient = 2 * (wanted - step % 3)
        moment, square = keep * moment + (1 - keep) * gradient, keep_square * square + (1 - keep_square) * gradient**2
        ahead = (keep * moment + (1 - keep) * gradient) / (1 - keep**step)
        wanted -= rate * ahead / (np.sqrt(square / (1 - keep_square**step)) + 1e-8)
    np.testing.assert_allclose(one.detach().numpy(), wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(optimizer.state[0]["exp_avg"].numpy(), moment, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("nesterov", [False, True])
def test_a_loaded_state_goes_on_as_if_nothing_had_happened(nesterov):
    whole, first = parameters(), parameters()
    one, begun = Adam(whole, 0.01, nesterov=nesterov), Adam(first, 0.01, nesterov=nesterov)
    learn(one, whole, range(9), lambda rate: setattr(one, "rate", rate))
    learn(begun, first, range(4), lambda rate: setattr(begun, "rate", rate))
    resumed = Adam(first, 0.01, nesterov=nesterov)
    resumed.load(begun.state)
    learn(resumed, first, range(4, 9), lambda rate: setattr(resumed, "rate", rate))
    assert all(torch.equal(own, other) for own, other in zip(first, whole))


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ({0: {"step": torch.ones(()), "exp_avg": torch.ones(2), "exp_avg_sq": torch.ones(2)}}, ValueError),
        ({0: {"step": torch.ones(()), "exp_avg": torch.ones(5, 3)}}, KeyError),
        ({3: {"step": torch.ones(())}}, IndexError),
    ],
)
def test_a_state_of_other_parameters_is_refused(state, error):
    with pytest.raises(error):
        Adam(parameters(), 0.01).load(state)


def test_pytorchs_compiler_is_not_loaded():
    code = """if True:
        import sys, torch
        from core.training.adam import Adam
        one = torch.zeros(1, requires_grad=True)
        optimizer = Adam([one], 0.1)
        one.square().sum().backward()
        optimizer.step()
        print("torch._dynamo" in sys.modules)"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
