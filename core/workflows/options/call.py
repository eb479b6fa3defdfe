"""What makes a job of a function: options by name, paths as text."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable

from ...runtime.paths import as_path, path_list
from ...runtime.progress import Progress, SaidOnce
from .declare import Options


def on_files(kind: type[Options]) -> Callable[[Callable[..., dict[str, Any]]], Callable[..., dict[str, Any]]]:
    """Makes a job's function take its options by name: what it is given are paths as text, options that are checked,
    and a progress. Its own parameters but ``options`` and ``progress`` are files, or options that may go by place; of a
    file with further ones (``pan_more``) all may be given as a list. It returns ``warnings``
    and ``advice`` (see :func:`.advice.advice`), too.

    Args:
        kind: class of the job's options.

    Returns:
        The decorator.

    Raises:
        TypeError: an option has another name.
        InputError: a path or an option cannot be used.
    """

    def decorate(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        own = {n: p for n, p in inspect.signature(function).parameters.items() if n not in ("options", "progress")}
        fields = {option.name: option.default for option in kind.declared()}
        kinds: dict[str, Callable[..., Any]] = {"file": as_path, "raster": as_path, "rasters": path_list}
        readers = {option.name: kinds[option.kind] for option in kind.declared() if option.kind in kinds}

        @functools.wraps(function)
        def job(*given: Any, options: Any = None, progress: Progress | None = None, **named: Any) -> dict[str, Any]:
            files = {name: named.pop(name) for name in own.keys() & named.keys()}
            bound = inspect.Signature(list(own.values())).bind(*given, **files)
            bound.apply_defaults()
            for name in own:
                value = bound.arguments[name]
                if value is None and own[name].default is not inspect.Parameter.empty:
                    value = bound.arguments[name] = own[name].default
                if name in fields:
                    named[name] = value
                elif "Sequence" in own[name].annotation:
                    bound.arguments[name] = path_list(value, name)
                elif f"{name}_more" in fields and isinstance(value, (list, tuple)) and value:
                    bound.arguments[name], *named[f"{name}_more"] = path_list(value, name)
                else:
                    bound.arguments[name] = as_path(value, name)
            named.update({name: read(named[name], name) for name, read in readers.items() if name in named})
            chosen = kind.of(named, options)
            chosen.check()
            import numpy as np  # here, so that help comes without it

            with np.errstate(all="ignore"):  # results are checked for what is not finite where they are written
                said = SaidOnce(progress or Progress())
                made = function(*bound.args, **bound.kwargs, options=chosen, progress=said)
                if not made:
                    return made
                from ..job_result import JobResult
                from .advice import advice

                return JobResult(made, warnings=said.warned(), advice=advice(said.warned(), kind))

        by_name = functools.partial(inspect.Parameter, kind=inspect.Parameter.KEYWORD_ONLY)
        named_ones = {**fields, "options": None, "progress": None}
        more = (by_name(name, default=value) for name, value in named_ones.items() if name not in own)
        vars(job)["__signature__"] = inspect.Signature([*own.values(), *more])
        return job

    return decorate
