"""``ssml:diagnose``."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from ..core.runtime.errors import InputError
from ..core.runtime.progress import Progress
from ..setup_jobs import DIAGNOSE
from .arguments import Arguments
from .base import SsmlAlgorithm


class DiagnoseAlgorithm(SsmlAlgorithm):
    """Says what this QGIS has and lacks for the plugin's work."""

    JOB = DIAGNOSE

    def work(self, arguments: Arguments, progress: Progress) -> dict[str, Any]:
        """Gather the facts; show them, and write them."""
        from ..diagnosis import diagnosis

        text = diagnosis(progress)
        for line in text.splitlines():
            progress.info(line)
        output = self.values(arguments)["output"]
        if not output:
            return {}
        if output.lower().endswith((".html", ".htm")):
            text = (
                '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Diagnosis</title></head>\n'
                f"<body><pre>{html.escape(text)}</pre></body></html>\n"
            )
        try:
            Path(output).write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"{output} cannot be written ({error.strerror or error}); choose another place for it."
            ) from None
        return {"OUTPUT": output}
