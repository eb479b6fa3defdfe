"""What is said where a job fails, in one sentence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..runtime.devices import is_out_of_memory
from ..runtime.errors import Cancelled, InputError
from ..runtime.failure_log import write_failure_log

USER, DEFECT, STOPPED = 2, 1, 130
"""Exit codes: what the user can put right, what was not foreseen, stopped by the user."""


def failure(error: BaseException, what: str, options: Mapping[str, Any] | None) -> tuple[str, int]:
    """The sentence about an error, and the exit code. A defect is written to a log file.

    Args:
        error: that ended a job.
        what: failed, for the log, as "ssml sharpen".
        options: of the call; None where it was not understood.

    Returns:
        (sentence, exit code).
    """
    if isinstance(error, InputError):
        return str(error), USER
    if isinstance(error, (Cancelled, KeyboardInterrupt)):
        return f"Stopped by the user; nothing half-done was left behind.{_kept(options or {})}", STOPPED
    if is_out_of_memory(error):
        return (
            "There is not enough memory for this job; close other programs, lower --memory or compute on the CPU "
            "(--device cpu).",
            DEFECT,
        )
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300].rstrip(":. ")
    log = write_failure_log(error, what, dict(options) if options is not None else None)
    where = f"please report it with the file {log}" if log else "--debug shows where"
    return f"Something unforeseen stopped the job ({reason}); {where}.", DEFECT


def _kept(options: Mapping[str, Any]) -> str:
    """How to go on, where finished pairs or a checkpoint of what was learned are kept."""
    if "skip_existing" in options:
        return f" Finished pairs are kept in {options['out']}: the same call with --skip-existing does the others."
    checkpoint = f"{options.get('model')}.checkpoint"
    if "resume" not in options or not options.get("model") or not os.path.exists(checkpoint):
        return ""
    flag = f"--resume {checkpoint}" if options.get("job") == "train" else "--resume"
    return f" What was learned is kept in {checkpoint}: the same call with {flag} goes on."
