"""The numbers of a comparison of methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .html import Item, Table, Text

REDUCED = (  # key, heading, better
    ("score", "Score", "min"),
    ("ergas", "ERGAS", "min"),
    ("sam", "SAM (°)", "min"),
    ("psnr", "PSNR (dB)", "max"),
    ("rsnr", "RSNR (dB)", "max"),
    ("rmse", "RMSE", "min"),
    ("cc", "CC", "max"),
    ("ssim", "SSIM", "max"),
    ("uiqi", "UIQI", "max"),
    ("q2n", "Q2n", "max"),
)
FULL = (
    ("consistency", "Consistency (%)", "min"),
    ("d_lambda_k", "Dλ (Khan)", "min"),
    ("d_s", "Ds", "min"),
    ("d_s_reg", "Ds,reg", "min"),
    ("d_rho", "Dρ", "min"),
    ("qnr", "QNR", "max"),
    ("hqnr", "HQNR", "max"),
    ("rqnr", "RQNR", "max"),
)


def method_tables(result: Mapping[str, Any]) -> list[Item]:
    """A table at reduced resolution, by which methods are ranked, and one at full resolution.

    Args:
        result: what the workflow ``compare`` returns.

    Returns:
        The tables, the rule of the ranking, and notes on single methods.
    """
    records = result["methods"]
    rows = [{"title": record["title"], "score": record["score"], **record["reduced"]} for record in records]
    times = [
        {
            "title": record["title"],
            **record["full"],
            "consistency": None if record["full"].get("consistency") is None else 100 * record["full"]["consistency"],
            "seconds": record["seconds"],
            "memory": None if record["peak_memory"] is None else record["peak_memory"] / 1e6,
        }
        for record in records
    ]
    outside = [index for index, record in enumerate(records) if not record["ranked"]]
    more = (("seconds", "Time (s)", "min"), ("memory", "Memory (MB)", ""))
    items: list[Item] = [
        _table(
            rows, REDUCED, "At reduced resolution, against the HSI itself (Wald's protocol); best in bold.", outside
        ),
        Text(result["rule"]),
        _table(
            times,
            (*FULL, *more),
            "At full resolution, without a reference, with the time of each run and the most memory that this process "
            "had in use meanwhile.",
        ),
    ]
    notes = [record["note"] for record in records if record["note"]]
    return items + [Text(note, warning=True) for note in notes]


def _table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[tuple[str, str, str]],
    caption: str,
    outside: Sequence[int] = (),
) -> Table:
    shown = [column for column in columns if any(row.get(column[0]) is not None for row in rows)]
    return Table(
        ("Method", *(heading for _, heading, _ in shown)),
        [(row["title"], *(row.get(key) for key, _, _ in shown)) for row in rows],
        {heading: better for _, heading, better in shown if better},
        caption,
        outside,
    )
