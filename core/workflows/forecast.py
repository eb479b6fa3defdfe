"""What ``sharpen`` would do with a pair, and about how long it would take on this machine: without PyTorch."""

from __future__ import annotations

import importlib.util
import os
import time
from typing import Any

import numpy as np

from ..calibration.relation import pan_relation
from ..runtime.progress import Progress
from ..runtime.time_left import spoken_duration
from ..scene.scene import Scene
from ..training.settings import LearningTask, Settings, intermediate_factor, learned_best, steps_for
from .options.fusion import SharpenOptions
from .options.menus import network_title

# Measured on two cores of an Intel Xeon (benchmarks/speed.py), where the yardstick takes _REFERENCE: seconds of a step,
# and more for each sample (pixel times bands) that is learned from in it; for each sample of the HSI that is looked
# through, and of the output that is fused and compressed.
_REFERENCE, _CORES = 0.008, 2
_STEP, _SAMPLE, _READ, _WRITTEN = 0.045, 5e-9, 4e-8, 2e-8
_FUSED = 0.5  # seconds: looks at the result, the report
_OPENING = 4.0  # seconds: imports, measurements of the pair, checks
_ERROR = 2.0  # factor to either side: a recorded run on an AMD EPYC took 1.6 times as long as is said
_EDGE, _ROUNDS = 384, 7  # of the yardstick's matrices; how often it is taken


def forecast(scene: Scene, progress: Progress) -> dict[str, Any]:
    """What ``sharpen`` would do with default options.

    Args:
        scene: the HSI and the PAN, as they would be sharpened.
        progress: asked whether to stop.

    Returns:
        ``learns`` (whether networks would learn), ``network``, ``effort``, ``steps``, ``rows``, ``cols`` and ``bands``
        of the result, ``bytes`` (not compressed), ``seconds`` on this machine's processor with ``seconds_low`` and
        ``seconds_high`` (half and twice of it: no more is known), where nothing else runs; ``pytorch`` (whether it is
        installed), and ``sentence``.

    Raises:
        Cancelled: the user stopped the job.
    """
    options, (rows, cols), bands = SharpenOptions(), scene.high_shape, scene.hsi.bands
    learns = not pan_relation(scene, progress).unrelated and min(scene.low_shape) >= 2 * scene.ratio
    task = LearningTask.of([scene], options.effort)
    steps = steps_for(task) if learns else 0
    installed = importlib.util.find_spec("torch") is not None
    progress.check()
    speed = yardstick() / _REFERENCE * max(1.0, _CORES / (os.cpu_count() or 1))
    learning, fusing = _costs(scene, task, steps)
    seconds = speed * (_OPENING + _READ * task.pixels * bands + learning + fusing)
    size = rows * cols * bands * np.dtype(scene.hsi.metadata.dtype).itemsize
    low, high = seconds / _ERROR, seconds * _ERROR
    what = (
        f"learn {steps} steps with the networks of {network_title(options.network)} (effort {options.effort}), "
        "keep them where pixels that are held out say that they are better than the regression prior, and"
        if learns
        else "learn nothing, as the PAN does not show the same or the scene is too small, only up-sample, and"
    )
    missing = "" if installed else " PyTorch, which it needs, is not installed."
    return {
        "learns": learns,
        "network": options.network,
        "effort": options.effort,
        "steps": steps,
        "rows": rows,
        "cols": cols,
        "bands": bands,
        "bytes": size,
        "seconds": round(seconds, 1),
        "seconds_low": round(low, 1),
        "seconds_high": round(high, 1),
        "pytorch": installed,
        "sentence": (
            f"It would {what} write {rows} × {cols} pixels of {bands} bands ({size / 1e6:.3g} MB): about "
            f"{spoken_duration(seconds)} on this machine's processor (from {spoken_duration(low)} to "
            f"{spoken_duration(high)}).{missing}"
        ),
    }


def learning_share(scene: Scene, effort: str) -> float:
    """At which share of the progress ``sharpen`` has learned, so that progress and time go on alike.

    Args:
        scene: the HSI and the PAN.
        effort: of learning.

    Returns:
        A share between 0.3 and 0.97.
    """
    task = LearningTask.of([scene], effort)
    learning, fusing = _costs(scene, task, steps_for(task))
    return min(max(learning / (learning + fusing), 0.3), 0.97)


def _costs(scene: Scene, task: LearningTask, steps: int) -> tuple[float, float]:
    """Seconds of learning and of fusing, on the machine of the numbers above."""
    rows, cols = scene.high_shape
    settings = Settings(**learned_best(task))
    step = settings.pairs * (_STEP + _SAMPLE * int(scene.good.sum()) * _learned_pixels(scene, settings))
    return steps * step, _FUSED + _WRITTEN * rows * cols * scene.hsi.bands


def _learned_pixels(scene: Scene, settings: Settings) -> int:
    """Pixels that a step learns from: a labelled area, and a crop at full resolution in most of the steps."""
    reduced, between, crop = 1.0, 1.0, 1.0
    factor = intermediate_factor(min(scene.ratios))
    for count, ratio in zip(scene.low_shape, scene.ratios):
        reduced *= settings.degraded(count, ratio, ratio) * ratio
        between *= settings.degraded(count, ratio, ratio / factor) * ratio
        crop *= min(settings.coarse(ratio), count) * ratio
    labelled = reduced + settings.intermediate * (between - reduced)
    return round(labelled + (1 - settings.full_start) * crop)


def yardstick() -> float:
    """How fast this machine is: a product of matrices and a pass over memory, as learning has them.

    Returns:
        Seconds of processor time, which other programs do not slow, the least of a few rounds.
    """
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(_EDGE, _EDGE)).astype(np.float32)
    image = rng.normal(size=(8 * _EDGE, 2 * _EDGE)).astype(np.float32)
    least = float("inf")
    for _ in range(_ROUNDS):
        started = time.process_time()
        for _ in range(4):
            matrix @ matrix
        np.tanh(image).sum()
        least = min(least, time.process_time() - started)
    return least
