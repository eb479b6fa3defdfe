"""Learning's speed, in a process of its own that manages memory as the command line does.

    python benchmarks/speed_learning.py step|learn HSI PAN RUNS

``benchmarks/speed.py`` calls this; the last line that it prints is a JSON list of the rows of its table.
"""

from __future__ import annotations

import contextlib
import copy
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.runtime.memory import keep_memory

if __name__ == "__main__":
    keep_memory()  # before there are threads: numpy and PyTorch come after it

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.band_space import BandSpaceStep
from core.models.pair import Pair
from core.networks.layers.attention import LocalChannelAttention
from core.networks.layers.pointwise import JoinedPointwiseConv2d, PointwiseConv2d, SplitPointwiseConv2d
from core.networks.side_by_side import side_by_side
from core.products.pair import open_pair
from core.scene.scene import Scene
from core.scene.statistics import scene_statistics
from core.training.areas import AreaContext
from core.training.dataset import scene_areas
from core.training.losses import HybridLoss
from core.training.mutual import MutualStep, Sample
from core.training.settings import LearningTask, Settings, steps_for

GAIN, CPU = 0.3, torch.device("cpu")


class Plain(PointwiseConv2d):
    """The layer as PyTorch has it."""

    def forward(self, x: Tensor, out: Tensor | None = None) -> Tensor:
        return nn.Conv2d.forward(self, x)


class PlainSplit(SplitPointwiseConv2d):
    """Halves that are cut from the result of a convolution."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return nn.Conv2d.forward(self, x).chunk(2, 1)


class PlainJoined(JoinedPointwiseConv2d):
    """Halves that are joined before a convolution."""

    def forward(self, first: Tensor, second: Tensor, out: Tensor | None = None) -> Tensor:
        return nn.Conv2d.forward(self, torch.cat([first, second], 1))


class PlainAttention(LocalChannelAttention):
    """Means over windows by PyTorch's pooling."""

    def mean(self, squeezed: Tensor) -> Tensor:
        size, reach = self.window, self.window // 2
        rows = functional.avg_pool2d(squeezed, (size, 1), 1, (reach, 0), count_include_pad=False)
        return functional.avg_pool2d(rows, (1, size), 1, (0, reach), count_include_pad=False)


def with_plain_layers(networks: list[nn.Module]) -> list[nn.Module]:
    """The same networks, made of layers as PyTorch has them."""
    plain = {
        PointwiseConv2d: Plain,
        SplitPointwiseConv2d: PlainSplit,
        JoinedPointwiseConv2d: PlainJoined,
        LocalChannelAttention: PlainAttention,
    }
    for network in networks:
        for module in network.modules():
            module.__class__ = plain.get(type(module), type(module))
    return networks


def prepare(scene: Scene, steps: int, components: int = 0) -> tuple:
    """What ``sharpen`` learns with: settings, areas (labelled, at full resolution), and the step of learning.

    Args:
        components: of the subspace, 0 for as many as usual.
    """
    settings = Settings(steps=steps, **({"components": components} if components else {}))
    found = scene_statistics(scene, GAIN, settings.components)
    areas = scene_areas(scene, AreaContext(found, scene.good, GAIN, CPU), settings)
    basis = torch.from_numpy(np.ascontiguousarray(found.basis[scene.good]))
    scale = torch.from_numpy(found.std[scene.good])[:, None, None]
    loss = HybridLoss(basis, scale, settings.angle, settings.gradient)
    return settings, areas, MutualStep(Pair.fresh("ssml", found.components, 0).networks, loss, settings)


def timed(step: MutualStep, number: int, sample: Sample) -> tuple[float, float, tuple]:
    """Seconds on the clock and of the processors, and the losses, of one step."""
    started, worked = time.perf_counter(), time.process_time()
    losses = step(number, [sample])
    return time.perf_counter() - started, time.process_time() - worked, tuple(losses)


def time_steps(scene: Scene, runs: int) -> list[list[object]]:
    """A step of learning, labelled and full-resolution areas together, against straightforward ones that compute every
    term in all bands (:mod:`benchmarks.band_space`) and give the same losses, but for the bands that each fast step
    leaves to others, with layers as PyTorch has them, too. In the last one networks see and make all bands, not
    components."""
    settings, areas, fast = prepare(scene, 600)
    _, all_areas, whole = prepare(scene, 600, scene.hsi.bands)
    steps = {"fast": (fast, areas)}
    for name, (source, given), plain in (
        ("in band space", (fast, areas), False),
        ("in band space, PyTorch's layers", (fast, areas), True),
        ("all bands in the networks, PyTorch's layers", (whole, all_areas), True),
    ):
        networks = copy.deepcopy(source.networks)
        networks = with_plain_layers(networks) if plain else networks
        steps[name] = BandSpaceStep(networks, source.loss, settings), given
    shown = {}
    for name, (step, (labelled, unlabelled)) in steps.items():
        first, second = step.prepared(labelled[0]), step.prepared(unlabelled[0])
        shown[name] = first, second.crop(0, 0, (settings.coarse(scene.ratio),) * 2)
    times: dict[str, list[tuple]] = {name: [] for name in steps}
    with contextlib.ExitStack() as threads:
        for step, _ in steps.values():
            step.each = threads.enter_context(side_by_side(CPU, 2))
        for turn in range(5 * runs):
            for name, (step, _) in steps.items():
                some = [timed(step, 300, Sample(*shown[name], np.random.default_rng(turn))) for _ in range(4)]
                times[name] += some[1:]  # the first finds what the others left in the caches
    rows = []
    for name, found in times.items():
        middle = [1000 * statistics.median(one[k] for one in found) for k in (0, 1)]
        ratios = [statistics.median(a[k] / b[k] for a, b in zip(found, times["fast"])) for k in (0, 1)]
        rows.append([name, *middle, *ratios, " / ".join(f"{loss:.5f}" for loss in found[-1][2])])
    return rows


def time_learning(scene: Scene, runs: int) -> list[list[object]]:
    """Preparation in full, and a few of the steps; the time of all steps follows from their fixed number."""
    started, worked = time.perf_counter(), time.process_time()
    steps = steps_for(LearningTask.of([scene], "normal"))
    settings, (labelled, unlabelled), learner = prepare(scene, steps)
    ready = time.perf_counter() - started, time.process_time() - worked
    early, late = [], []
    with side_by_side(CPU, 2) as learner.each:
        for turn in range(10 * runs):
            crop = unlabelled[turn % len(unlabelled)].crop(0, 0, (settings.coarse(scene.ratio),) * 2)
            for found, given in ((early, None), (late, crop)):
                sample = Sample(labelled[turn % len(labelled)], given, np.random.default_rng(turn))
                found.append(timed(learner, steps // 2, sample))
    rows = []
    for k, what in ((0, "wall"), (1, "processors, both cores")):
        share = settings.full_start
        one = share * statistics.median(t[k] for t in early) + (1 - share) * statistics.median(t[k] for t in late)
        total = (ready[k] + steps * one) / (1 + k)  # of the processors: for each of two cores
        rows.append([what, ready[k], 1000 * one, steps, total / 60])
    return rows


if __name__ == "__main__":
    with open_pair(sys.argv[2], sys.argv[3]) as opened:
        print(json.dumps((time_steps if sys.argv[1] == "step" else time_learning)(opened, int(sys.argv[4]))))
