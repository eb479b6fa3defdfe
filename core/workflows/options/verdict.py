"""What a job says of what it made, for models and scripts of Processing."""

from __future__ import annotations

from .declare import Result

VERDICT = (
    Result("VERDICT", "Verdict", "What the job says of its result, in a sentence.", "text"),
    Result("MARK", "Mark", "Whether all is well: pass, look (look before you use it) or fail.", "text"),
)
