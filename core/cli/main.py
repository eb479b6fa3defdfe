"""The command line: one subcommand a job, a thin dress of :mod:`.workflows`.

Exit codes: 0, 1 (something unforeseen), 2 (something that the user can put right), 130 (stopped by the user), 141
(nobody reads the output any more, as in ``... | head``; nothing is said of it). Whatever else goes wrong is said in one
sentence on stderr. A job's modules are loaded when it is called, so that help comes at once
and jobs that need no PyTorch run without it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..runtime.dependencies import require_gdal
from ..runtime.devices import is_out_of_memory
from ..runtime.errors import Cancelled, InputError
from ..runtime.failure_log import write_failure_log
from ..runtime.progress import ConsoleProgress, Progress
from .arguments import PROGRAM, build_parser
from .closed_output import EXIT_CODE, OutputClosed, watched_output

_COSTS = (
    "parameters",
    "parameters_strict",
    "parameters_paper_style",
    "operations_per_pixel",
    "operations_strict",
    "operations_paper_style",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code.

    Args:
        arguments: those after the program's name; ``sys.argv`` by default.
    """
    try:
        with watched_output():
            return _run(arguments)
    except OutputClosed:
        return EXIT_CODE


def _run(arguments: Sequence[str] | None) -> int:
    options = None
    try:
        options = build_parser().parse_args(arguments)
        require_gdal()
        with _interruptible() as progress:
            _JOBS[options.job](options, progress)
        return 0
    except SystemExit as error:  # argparse has shown its help, or said what is wrong
        return error.code if isinstance(error.code, int) else 0
    except InputError as error:
        return _fail(options, str(error), 2)
    except (Cancelled, KeyboardInterrupt):
        return _fail(options, "Stopped by the user; nothing half-done was left behind.", 130)
    except Exception as error:
        if is_out_of_memory(error):
            sentence = (
                "There is not enough memory for this job; close other programs, lower --memory or compute on the CPU "
                "(--device cpu)."
            )
            return _fail(options, sentence, 1)
        return _fail(options, _unforeseen(error, options), 1)


def _unforeseen(error: Exception, options: argparse.Namespace | None) -> str:
    """The sentence about a defect of ours, which a log file goes with."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300].rstrip(":. ")
    job = getattr(options, "job", None) or "the command line"
    log = write_failure_log(error, f"{PROGRAM} {job}", vars(options) if options is not None else None)
    where = f"please report it with the file {log}" if log else "--debug shows where"
    return f"Something unforeseen stopped the job ({reason}); {where}."


def _fail(options: argparse.Namespace | None, sentence: str, code: int) -> int:
    """Say what went wrong, from within the handling of the exception."""
    if getattr(options, "debug", False):
        traceback.print_exc()
    print(sentence, file=sys.stderr)
    return code


class _StoppableProgress(ConsoleProgress):
    """Stops at the next tile or step when Ctrl-C was pressed, at once when it was pressed twice."""

    def __init__(self) -> None:
        super().__init__()
        self._stop = False

    def cancelled(self) -> bool:
        return self._stop

    def stop(self, *_: object) -> None:
        """What is done on a signal."""
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True


@contextlib.contextmanager
def _interruptible() -> Iterator[Progress]:
    """Progress on the terminal; signals that ask to stop lead to a tidy end. What was set for them is put back."""
    progress = _StoppableProgress()
    former = {}
    if threading.current_thread() is threading.main_thread():
        former = {number: signal.signal(number, progress.stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        try:
            yield progress
        finally:
            progress.finish()
    finally:
        for number, handler in former.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def _run_simulate(options: argparse.Namespace, progress: Progress) -> None:
    from ..workflows.simulate import simulate

    made: Mapping[str, Any] = simulate(
        options.reference,
        options.ratio,
        options.out_hsi,
        options.out_pan,
        pan_bands=options.pan_bands,
        pan_range=options.pan_range,
        pan_response=options.pan_response,
        mtf_hsi=options.mtf_hsi,
        mtf_pan=options.mtf_pan,
        progress=progress,
    )
    rows, cols, ratio = made["rows"], made["cols"], made["ratio"]
    print(f"{options.out_hsi}: {rows} x {cols} pixels, {made['bands']} bands")
    print(f"{options.out_pan}: {rows * ratio} x {cols * ratio} pixels, made of {len(made['pan_bands'])} bands")


def _run_sharpen(options: argparse.Namespace, progress: Progress) -> None:
    from ..workflows.sharpen import sharpen

    made = sharpen(
        options.hsi,
        options.pan,
        options.out,
        model=options.model,
        report=options.report,
        disagreement=options.disagreement,
        network=_network(options),
        effort=options.effort,
        seed=options.seed,
        mtf=options.mtf,
        consistency=options.consistency,
        device=options.device,
        memory=options.memory,
        compress=options.compress,
        extent=_extent(options),
        **_choices(options),
        resume=options.resume,
        progress=progress,
    )
    _print_fused(made)
    _print_scores(made.get("scores"))


def _run_train(options: argparse.Namespace, progress: Progress) -> None:
    from ..workflows.train import train

    made = train(
        options.hsi,
        options.pan,
        options.out,
        report=options.report,
        network=_network(options),
        mode=options.mode,
        effort=options.effort,
        steps=options.steps,
        seed=options.seed,
        mtf=options.mtf,
        consistency=options.consistency,
        device=options.device,
        bands=options.bands,
        correct_shift=options.correct_shift,
        resume=options.resume,
        batch=options.batch,
        progress=progress,
    )
    if not made:  # the first of several processes speaks
        return
    print(f"{options.out}: trained")
    _print_scores(made.get("scores"))


def _run_fuse(options: argparse.Namespace, progress: Progress) -> None:
    from ..workflows.fuse import fuse

    made = fuse(
        options.hsi,
        options.pan,
        options.model,
        options.out,
        disagreement=options.disagreement,
        use=options.use,
        consistency=options.consistency,
        extent=_extent(options),
        **_choices(options),
        device=options.device,
        memory=options.memory,
        compress=options.compress,
        dask=options.dask,
        progress=progress,
    )
    _print_fused(made)


def _run_classical(options: argparse.Namespace, progress: Progress) -> None:
    from ..workflows.classical import classical

    made = classical(
        options.hsi,
        options.pan,
        options.out,
        method=options.method,
        consistency=options.consistency,
        mtf=options.mtf,
        extent=_extent(options),
        **_choices(options),
        memory=options.memory,
        compress=options.compress,
        progress=progress,
    )
    _print_fused(made)


def _run_assess(options: argparse.Namespace, progress: Progress) -> None:
    from ..workflows.assess import assess

    scores = assess(
        options.fused,
        reference=options.reference,
        hsi=options.hsi,
        pan=options.pan,
        ratio=options.ratio,
        mtf=options.mtf,
        crop=options.crop,
        bands=options.bands,
        correct_shift=options.correct_shift,
        json_path=options.json,
        report=options.report,
        progress=progress,
    )
    numbers = {key: value for key, value in scores.items() if not isinstance(value, (dict, list))}
    if sys.stdout.isatty():
        for key, value in numbers.items():
            print(f"{key:<14} {_number(value):>12}")
    else:
        print(json.dumps(numbers))


def _run_compare(options: argparse.Namespace, progress: Progress) -> None:
    from ..workflows.compare import compare

    found = compare(
        options.hsi,
        options.pan,
        options.out,
        methods=options.methods,
        model=options.model,
        report=options.report,
        json_path=options.json,
        csv_path=options.csv,
        effort=options.effort,
        seed=options.seed,
        mtf=options.mtf,
        consistency=options.consistency,
        crop=options.crop,
        bands=options.bands,
        correct_shift=options.correct_shift,
        device=options.device,
        memory=options.memory,
        progress=progress,
    )
    columns = ("score", "ergas", "sam", "psnr", "cc")
    width = max(len(record["title"]) for record in found["methods"])
    print(" " * width + "".join(f"{column.upper():>10}" for column in columns) + "   SECONDS")
    for record in found["methods"]:
        values = {**record["reduced"], "score": record["score"]}
        numbers = "".join(f"{_number(values.get(column)):>10}" for column in columns)
        print(f"{record['title']:<{width}}{numbers}{record['seconds']:>10.1f}")
    print(f"best at reduced resolution: {found['best_title']}")
    if options.out:
        print(f"{options.out}: its result at full resolution")


def _run_info(options: argparse.Namespace, progress: Progress) -> None:
    from ..workflows.info import info

    facts = info(options.model, report=options.report)
    if options.json:
        print(json.dumps(facts, indent=2))
        return
    waves = [wave for wave in facts["wavelengths"] if wave is not None]
    print(f"file         {facts['file']}, {facts['file_size'] / 1e6:.2f} MB")
    print(f"network      {facts['network']}, {facts['parameter_count']:,} learned parameters")
    costs, scenes = facts.get("costs"), facts.get("training_data")
    for cost in costs.values() if isinstance(costs, Mapping) else ():
        if not isinstance(cost, Mapping) or not all(isinstance(cost.get(key), (int, float)) for key in _COSTS):
            continue
        print(
            f"cost         parameters {cost['parameters']:,} (strict {cost['parameters_strict']:,}, paper style "
            f"{cost['parameters_paper_style']:,}), operations a pixel {cost['operations_per_pixel']:,} (strict "
            f"{cost['operations_strict']:,}, paper style {cost['operations_paper_style']:,})"
        )
    span = f", {min(waves):g} to {max(waves):g} nm" if waves else ""
    print(f"made for     {facts['bands']} bands{span}, ratio {facts['ratio']}, MTF gain {facts['mtf']:g}")
    for data in scenes if isinstance(scenes, list) else ():
        if isinstance(data, Mapping):
            print(f"trained on   {data.get('hsi', '?')} + {data.get('pan', '?')}")
    _print_scores(facts.get("scores"))


def _run_openprisma(options: argparse.Namespace, progress: Progress) -> None:
    from ..workflows.openprisma import openprisma

    made = openprisma(options.product, options.out_hsi, options.out_pan, progress=progress)
    print(f"{made['hsi']}: {made['rows']} x {made['cols']} pixels, {made['bands']} bands, {made['bad_bands']} bad")
    print(f"{made['pan']}")


def _network(options: argparse.Namespace) -> str:
    """The name of what learns, of ``--network`` or of the two networks of a pair."""
    if not (options.spectral_network or options.spatial_network):
        return options.network
    from ..runtime.devices import require_torch

    require_torch()
    from ..models.pair import pair_name

    if options.network != "ssml":
        raise InputError(
            f"--network {options.network} is what learns already; leave it out, or --spectral-network and "
            "--spatial-network."
        )
    return pair_name(options.spectral_network, options.spatial_network)


def _extent(options: argparse.Namespace) -> tuple[float, float, float, float] | None:
    if options.extent is None:
        return None
    west, south, east, north = options.extent
    return west, south, east, north


def _choices(options: argparse.Namespace) -> dict[str, Any]:
    return {"bands": options.bands, "correct_shift": options.correct_shift, "overviews": options.overviews}


def _print_fused(made: Mapping[str, Any]) -> None:
    print(f"{made['output']}: {made['rows']} x {made['cols']} pixels, {made['bands']} bands, ratio {made['ratio']}")


def _print_scores(scores: Any) -> None:
    """Indices on held-out pixels: {name: {index: number}}."""
    if not isinstance(scores, Mapping) or not all(isinstance(values, Mapping) for values in scores.values()):
        return
    columns = list(dict.fromkeys(index for values in scores.values() for index in values))
    if columns:
        print("on held-out pixels  " + "".join(f"{index.upper():>10}" for index in columns))
        for name, values in scores.items():
            print(f"  {name:<18}" + "".join(f"{_number(values.get(index)):>10}" for index in columns))


def _number(value: object) -> str:
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


_JOBS = {
    "simulate": _run_simulate,
    "sharpen": _run_sharpen,
    "train": _run_train,
    "fuse": _run_fuse,
    "classical": _run_classical,
    "assess": _run_assess,
    "compare": _run_compare,
    "info": _run_info,
    "openprisma": _run_openprisma,
}
