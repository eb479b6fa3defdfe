"""The errors a person may meet. Each message is one sentence: what is wrong, with which file, what to do."""

from __future__ import annotations


class InputError(Exception):
    """What the user gave cannot be used (a file, a parameter, a place to write to)."""


class MissingDependencyError(InputError):
    """A package that this job needs is not installed."""


class Cancelled(Exception):  # noqa: N818 - no error: the user wanted it
    """The user stopped the job; no partial result is left."""
