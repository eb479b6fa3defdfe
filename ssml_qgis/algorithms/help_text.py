"""The help of an algorithm, made of what its job says of itself."""

from __future__ import annotations

import html

from ..core.workflows.options.declare import Job, Option
from ..translation import tr


def plain_help(job: Job) -> str:
    """Paragraphs of plain text.

    Args:
        job: of the algorithm.

    Returns:
        The text.
    """
    return "\n\n".join(tr(text) for text in job.text)


def html_help(job: Job) -> str:
    """Paragraphs, then each option and result with what its menu shows.

    Args:
        job: of the algorithm.

    Returns:
        HTML.
    """
    body = "".join(f"<p>{html.escape(text)}</p>" for text in (tr(job.summary), *(tr(text) for text in job.text)))
    options = sorted(job.dialog(), key=lambda option: option.advanced)
    rows = [(tr(option.label), tr(option.help), _menu(option)) for option in options]
    rows += [(tr(result.label), tr(result.help), "") for result in job.results]
    return body + "".join(
        f"<h3>{html.escape(label)}</h3><p>{html.escape(text)}</p>{menu}" for label, text, menu in rows
    )


def _menu(option: Option) -> str:
    """What the menu shows for the words that the help of an option speaks of."""
    pairs = [f"<i>{word}</i>: {html.escape(tr(title))}" for word, title in option.titles]
    return f"<p>{'<br>'.join(pairs)}</p>" if pairs else ""
