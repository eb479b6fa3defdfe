"""Differences paired by scene and seed, and how sure their mean is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from benchmarks.accuracy_runs import SCENES

DRAWS = 10_000  # of the bootstrap


def percent(first: Iterable[float], second: Iterable[float]) -> list[float]:
    """By how many per cent the first is above the second."""
    return [100 * (a / b - 1) for a, b in zip(first, second)]


def mean_and_interval(differences: Mapping[str, Sequence[float]]) -> tuple[float, float, float]:
    """Mean over scenes, and its 95 % interval by bootstrap: areas are drawn with replacement, since neighbouring scenes
    are no independent evidence, and seeds in each of their scenes.

    Args:
        differences: by scene, one for each seed.
    """
    rng = np.random.default_rng(0)
    areas: dict[str, list[np.ndarray]] = {}
    for name, values in differences.items():
        areas.setdefault(SCENES[name].area, []).append(np.asarray(values, float))
    groups, means = list(areas.values()), []
    for _ in range(DRAWS):
        drawn = [values for index in rng.integers(len(groups), size=len(groups)) for values in groups[index]]
        means.append(np.mean([values[rng.integers(len(values), size=len(values))].mean() for values in drawn]))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(np.mean([np.mean(values) for values in differences.values()])), float(low), float(high)
