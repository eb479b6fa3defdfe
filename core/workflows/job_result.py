"""What a job returns: a dictionary that shows itself in a notebook."""

from __future__ import annotations

from typing import Any


class JobResult(dict[str, Any]):
    """What a job returns, by name. A notebook shows it as the verdict with a small picture of the result."""

    def _repr_html_(self) -> str:
        from ..report.notebook import shown, thumbs_of_files

        return shown(self, thumbs_of_files(self))
