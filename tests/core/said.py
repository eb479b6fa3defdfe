"""What tests of jobs listen with."""

from __future__ import annotations

from core.runtime.progress import Progress


class Said(Progress):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.infos: list[str] = []

    def info(self, text: str) -> None:
        self.infos.append(text)

    def warning(self, text: str) -> None:
        self.warnings.append(text)
