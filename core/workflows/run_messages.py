"""What the runs of a comparison say: each warning once, with the methods and the resolution that it concerns."""

from __future__ import annotations

from ..runtime.progress import Progress, Silent

REDUCED, FULL = " at reduced resolution", " at full resolution"


class RunWarnings:
    """Collects the warnings of all runs, because the same thing is noticed by many of them.

    Args:
        titles: of all methods.
    """

    def __init__(self, titles: list[str]) -> None:
        self._titles = titles
        self._found: dict[str, list[tuple[str, str]]] = {}

    def add(self, text: str, title: str, stage: str) -> None:
        """Keep a warning.

        Args:
            text: one sentence.
            title: the method that it is about.
            stage: :data:`REDUCED` or :data:`FULL`.
        """
        runs = self._found.setdefault(text, [])
        if (title, stage) not in runs:
            runs.append((title, stage))

    def pass_on(self, progress: Progress) -> None:
        """Say each of them once.

        Args:
            progress: receives the warnings.
        """
        for text, runs in self._found.items():
            titles = list(dict.fromkeys(title for title, _ in runs))
            stages = {stage for _, stage in runs}
            stage = stages.pop() if len(stages) == 1 else ""
            who = ", ".join(titles) if len(titles) < len(self._titles) else "All methods"
            progress.warning(f"{who}{stage}: {text}")
        self._found.clear()


class RunProgress(Silent):
    """Progress of one run: its texts begin with the name of the method; information is not passed on.

    Args:
        outer: the comparison's.
        title: of the method.
        stage: :data:`REDUCED` or :data:`FULL`.
        warnings: collects warnings; None leaves them out, such as those of scores that the table shows as missing.
    """

    def __init__(self, outer: Progress, title: str, stage: str, warnings: RunWarnings | None = None) -> None:
        super().__init__(outer)
        self._title, self._stage, self._warnings = title, stage, warnings

    def set(self, fraction: float, text: str | None = None) -> None:
        """As :meth:`Progress.set`."""
        self._outer.set(fraction, f"{self._title}: {text}" if text else None)

    def warning(self, text: str) -> None:
        """As :meth:`Progress.warning`."""
        if self._warnings is not None:
            self._warnings.add(text, self._title, self._stage)
