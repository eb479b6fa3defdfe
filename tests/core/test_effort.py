"""How long and on how large areas networks learn follows from effort, size, bands and the network."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from core.runtime.errors import InputError
from core.training.learn import settings_for
from core.training.settings import LearningTask, Settings, steps_for


def steps(effort, pixels, **more):
    return steps_for(LearningTask(effort, pixels, **more))


def chosen(effort, pixels, guides=1, network="ssml", **more):
    return settings_for(network, LearningTask(effort, pixels, guides), more=more)


@pytest.mark.parametrize(("effort", "more"), [("fast", "normal"), ("normal", "thorough")])
def test_steps_follow_effort_and_size_by_a_fixed_formula(effort, more):
    assert steps(effort, 1000) < steps(more, 1000)
    assert steps(effort, 1000) < steps(effort, 1000 * 1000) <= 4 * steps(effort, 1000)
    assert chosen(effort, 1000).steps == steps(effort, 1000)
    with pytest.raises(InputError, match="fast, normal, thorough"):
        LearningTask("hasty", 100)


@pytest.mark.parametrize("effort", ["fast", "normal", "thorough"])
def test_the_largest_scenes_take_no_more_steps_of_pairs_than_of_single_networks(effort):
    assert steps(effort, 10**7) == steps(effort, 10**8) < steps(effort, 10**7, networks=1)


def test_a_single_network_learns_more_slowly_than_pairs():
    assert steps("fast", 1000, networks=1) < steps("fast", 1000)
    assert steps("normal", 1000, networks=1) < steps("normal", 1000)
    single, pair = chosen("normal", 1000, network="hyperpnn"), chosen("normal", 1000)
    assert single.rate < pair.rate
    assert single.second_moment > pair.second_moment
    assert pair.nesterov
    assert not single.nesterov


def test_several_sharp_bands_learn_longer():
    assert steps("normal", 1000, guides=6) > 2 * steps("normal", 1000)
    assert steps("thorough", 1000, guides=6) > 2 * steps("thorough", 1000)
    assert steps("fast", 1000) < steps("fast", 1000, guides=6) < steps("normal", 1000, guides=6)
    for effort in ("normal", "thorough"):
        one, several = chosen(effort, 1000), chosen(effort, 1000, 6)
        assert several.size > one.size
        assert several.pairs < one.pairs
    assert chosen("normal", 1000, 6, size=24).size == 24


def test_larger_scenes_learn_from_larger_areas_but_for_a_first_look():
    small, large = chosen("normal", 600), chosen("normal", 2500)
    assert small.size < large.size
    assert chosen("fast", 600).size == small.size
    assert chosen("fast", 2500).size < large.size
    assert chosen("normal", 2500, size=24).size == 24


def test_wrong_settings_are_refused():
    with pytest.raises(InputError, match="mutual, alone"):
        Settings(mode="together")
    with pytest.raises(InputError, match="positive"):
        Settings(steps=0)
