"""The command line: one subcommand a job, a thin wrapper of :mod:`.workflows`.

Exit codes: 0, 1 (something unforeseen), 2 (something that the user can put right), 130 (stopped by the user), 141
(the output is closed, as in ``... | head``; silent). All other errors are one sentence on stderr. A job's modules are
loaded when it is called, so that help comes at once and jobs that need no PyTorch run without it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable

from ..report.verdict import PASS
from ..runtime.dependencies import require_gdal
from ..runtime.memory import is_scarce
from ..runtime.progress import ConsoleProgress, Progress, QuietProgress
from ..workflows.options import JOBS
from .arguments import BATCH, COMPLETION, PROGRAM, STDOUT, Parser, build_parser, job_parsers
from .calls import values_of, with_config
from .closed_output import EXIT_CODE, OutputClosed, watched_output
from .completion import script
from .failures import failure

_COSTS = (
    "parameters",
    "parameters_strict",
    "parameters_paper_style",
    "operations_per_pixel",
    "operations_strict",
    "operations_paper_style",
)


def main(arguments: Sequence[str] | None = None, scarce: Callable[[], None] | None = None) -> int:
    """Run one subcommand.

    Args:
        arguments: those after the program's name; ``sys.argv`` by default.
        scarce: called before a job that has a small budget of memory.

    Returns:
        The exit code.
    """
    try:
        with watched_output():
            return _run(arguments, scarce)
    except OutputClosed:
        return EXIT_CODE


def _run(arguments: Sequence[str] | None, scarce: Callable[[], None] | None) -> int:
    options = None
    try:
        parser = build_parser()
        options = parser.parse_args(with_config(list(sys.argv[1:] if arguments is None else arguments), parser))
        if scarce is not None and is_scarce(getattr(options, "memory", None)):
            scarce()
        return _do(options, parser)
    except SystemExit as error:  # argparse has printed its help, or an error
        return error.code if isinstance(error.code, int) else 0
    except (Exception, KeyboardInterrupt) as error:
        job = getattr(options, "job", None) or "the command line"
        sentence, code = failure(error, f"{PROGRAM} {job}", vars(options) if options is not None else None)
        return _fail(options, sentence, code)


def _do(options: argparse.Namespace, parser: Parser) -> int:
    """Do what was asked for, and print what it made."""
    if options.job == COMPLETION:
        print(script(options.shell, PROGRAM, job_parsers(parser)), end="")
        return 0
    require_gdal()
    if options.job == BATCH:
        from .batch import run_batch

        with _interruptible(options.quiet) as progress:
            made = run_batch(options, parser, progress)
        to_stdout, code = options.json, int(made["exit_code"])
    else:
        job = next(job for job in JOBS if job.name == options.job)
        values, to_stdout = values_of(job, options)
        with _interruptible(options.quiet) as progress:
            made = job.run(values, progress)
        code = 0
    if to_stdout:
        _print_json(made)
    elif not options.quiet:
        _PRINT.get(options.job, _print_fused)(options, made)
        _print_verdict(options, made)
    return code


def _fail(options: argparse.Namespace | None, sentence: str, code: int) -> int:
    """Print what went wrong, from within the handling of the exception."""
    if getattr(options, "debug", False):
        traceback.print_exc()
    print(sentence, file=sys.stderr)
    if getattr(options, "json", None) in (True, STDOUT) or getattr(options, "json_path", None) == STDOUT:
        _print_json({"error": sentence, "exit_code": code})
    return code


def _print_json(values: Mapping[str, Any]) -> None:
    print(json.dumps(_plain(values), indent=2, ensure_ascii=False, allow_nan=False))


def _plain(value: Any) -> Any:
    """What JSON has: numbers that are not finite are null, what it does not know is text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if hasattr(value, "tolist"):  # numpy's
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


class _StoppableProgress(ConsoleProgress):
    """Stops at the next tile or step when Ctrl-C was pressed, at once when it was pressed twice."""

    _stop = False

    def cancelled(self) -> bool:
        return self._stop

    def stop(self, *_: object) -> None:
        """What is done on a signal."""
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True


@contextlib.contextmanager
def _interruptible(quiet: bool) -> Iterator[Progress]:
    """Progress on the terminal; signals that ask to stop lead to a tidy end. What was set for them is put back."""
    progress = _StoppableProgress()
    with contextlib.ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                former = signal.signal(number, progress.stop)
                stack.callback(signal.signal, number, signal.SIG_DFL if former is None else former)
        stack.callback(progress.finish)
        yield QuietProgress(progress) if quiet else progress


def _print_batch(options: argparse.Namespace, made: Mapping[str, Any]) -> None:
    print(made["sentence"])


def _print_simulated(options: argparse.Namespace, made: Mapping[str, Any]) -> None:
    rows, cols = made["rows"], made["cols"]
    print(f"{made['hsi']}: {rows} x {cols} pixels, {made['bands']} bands")
    print(f"{made['pan']}: {made['pan_rows']} x {made['pan_cols']} pixels, made of {len(made['pan_bands'])} bands")


def _print_trained(options: argparse.Namespace, made: Mapping[str, Any]) -> None:
    if made:  # the first of several processes speaks
        print(f"{made['model']}: trained")
        _print_scores(made["scores"])


def _print_assessed(options: argparse.Namespace, scores: Mapping[str, Any]) -> None:
    numbers = {key: value for key, value in scores.items() if not isinstance(value, (dict, list))}
    if sys.stdout.isatty():
        for key, value in numbers.items():
            if not isinstance(value, str):  # the verdict follows
                print(f"{key:<14} {_number(value):>12}")
    else:
        print(json.dumps(numbers))


def _print_inspected(options: argparse.Namespace, found: Mapping[str, Any]) -> None:
    if sys.stdout.isatty():
        for key in ("ratio", "overlap", "shift_x", "shift_y", "mtf_x", "mtf_y", "response_r2"):
            print(f"{key:<14} {_number(found[key]):>12}")
        print(found["sharpen"]["sentence"])
    else:
        print(json.dumps(found))


def _print_compared(options: argparse.Namespace, found: Mapping[str, Any]) -> None:
    columns = ("score", "ergas", "sam", "psnr", "cc")
    width = max(len(record["title"]) for record in found["methods"])
    print(" " * width + "".join(f"{column.upper():>10}" for column in columns) + "   SECONDS")
    for record in found["methods"]:
        values = {**record["reduced"], "score": record["score"]}
        numbers = "".join(f"{_number(values.get(column)):>10}" for column in columns)
        print(f"{record['title']:<{width}}{numbers}{record['seconds']:>10.1f}")
    if found["output"]:
        print(f"{found['output']}: its result at full resolution")


def _print_facts(options: argparse.Namespace, facts: Mapping[str, Any]) -> None:
    from ..workflows.info import sharp_bands

    waves, sharper = [wave for wave in facts["wavelengths"] if wave is not None], sharp_bands(facts)
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
    print(f"made for     {facts['bands']} bands{span}, ratio {facts['ratio']}, MTF gain {_gains(facts['mtf'])}")
    if sharper:
        print(f"with         {sharper}")
    for data in scenes if isinstance(scenes, list) else ():
        if isinstance(data, Mapping):
            print(f"trained on   {data.get('hsi', '?')} + {data.get('pan', '?')}")
    _print_scores(facts.get("scores"))


def _gains(mtf: object) -> str:
    """One gain, or those of the two axes."""
    return ", ".join(f"{gain:g}" for gain in mtf) if isinstance(mtf, list) else f"{mtf:g}"


def _print_product(options: argparse.Namespace, made: Mapping[str, Any]) -> None:
    print(f"{made['product']}: {made['rows']} x {made['cols']} pixels, {made['bands']} bands")
    for image in ("hsi", "pan", "quality"):
        if made[image]:
            print(made[image])


def _print_fused(options: argparse.Namespace, made: Mapping[str, Any]) -> None:
    print(f"{made['output']}: {made['rows']} x {made['cols']} pixels, {made['bands']} bands, ratio {made['ratio']}")
    if made.get("report"):
        print(f"{made['report']}: the report")
    _print_scores(made.get("scores"))


def _print_scores(scores: Any) -> None:
    """Indices on held-out pixels: {name: {index: number}}."""
    if not isinstance(scores, Mapping) or not all(isinstance(values, Mapping) for values in scores.values()):
        return
    columns = list(dict.fromkeys(index for values in scores.values() for index in values))
    if columns:
        print("on held-out pixels  " + "".join(f"{index.upper():>10}" for index in columns))
        for name, values in scores.items():
            print(f"  {name:<18}" + "".join(f"{_number(values.get(index)):>10}" for index in columns))


def _print_verdict(options: argparse.Namespace, made: Mapping[str, Any]) -> None:
    """What the report begins with: the sentence, and each check that calls for a look."""
    if not made.get("verdict") or (options.job in _FOR_PIPES and not sys.stdout.isatty()):
        return
    print(f"{made['mark']}: {made['verdict']}")
    for check in made.get("checks") or ():
        if check["mark"] != PASS:
            print(f"  {check['mark']}: {check['name']}: {check['text']}")


def _number(value: object) -> str:
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


_FOR_PIPES = ("assess", "inspect")  # print JSON where no terminal reads
_PRINT: dict[str, Callable[[argparse.Namespace, Mapping[str, Any]], None]] = {
    BATCH: _print_batch,
    "simulate": _print_simulated,
    "train": _print_trained,
    "inspect": _print_inspected,
    "assess": _print_assessed,
    "compare": _print_compared,
    "info": _print_facts,
    "openproduct": _print_product,
}
