"""What a notebook shows of a job: small pictures, and the verdict."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..io.metadata import RasterMetadata
from ..io.reader import RasterReader
from ..runtime.errors import InputError
from .maps import map_pictures
from .pictures import overview, png, stretch_limits, true_colour_bands
from .verdict import FAIL, LOOK, PASS, SIGNS, head_of

SIZE = 320  # pixels of a picture, at most
_COLOURS = {PASS: "#17683a", LOOK: "#8a5a00", FAIL: "#b3261e"}


def shown(facts: Mapping[str, Any], thumbs: Sequence[tuple[str, bytes]]) -> str:
    """A job's result as HTML, in styles of its own.

    Args:
        facts: what the job returned.
        thumbs: (caption, PNG) of what it made.

    Returns:
        an element.
    """
    pictures = "".join(
        f'<figure style="margin: 0 16px 8px 0; display: inline-block"><img style="image-rendering: pixelated; '
        f'max-width: {SIZE}px; min-width: 160px" src="data:image/png;base64,{base64.b64encode(data).decode("ascii")}" '
        f'alt="{html.escape(caption)}"><figcaption>{html.escape(caption)}</figcaption></figure>'
        for caption, data in thumbs
    )
    return f'<div class="ssml-result">{_verdict(facts)}<div>{pictures}</div></div>'


def _verdict(facts: Mapping[str, Any]) -> str:
    if "checks" not in facts:
        rows = "".join(
            f"<tr><td>{html.escape(str(name))}</td><td>{html.escape(str(value))}</td></tr>"
            for name, value in facts.items()
            if isinstance(value, (str, int, float)) and value != ""
        )
        return f"<table>{rows}</table>"
    mark = facts["mark"]
    rows = "".join(
        f'<tr><td style="color: {_COLOURS[check["mark"]]}; font-weight: bold">{SIGNS[check["mark"]]}</td>'
        f'<td style="text-align: left">{html.escape(check["name"])}</td>'
        f'<td style="text-align: left">{html.escape(check["text"])}</td></tr>'
        for check in facts["checks"]
    )
    head = f'<b style="color: {_COLOURS[mark]}">{SIGNS[mark]} {html.escape(head_of(facts))}.</b>'
    return f"<p>{head} {html.escape(facts['verdict'])}</p><table>{rows}</table>"


def thumbs_of_files(facts: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Small pictures of the raster that a job wrote.

    Args:
        facts: what the job returned.

    Returns:
        (caption, PNG); none where there is no such raster any more.
    """
    path = facts.get("output")
    if not isinstance(path, str) or not os.path.exists(path):
        return []
    try:
        with RasterReader(path) as reader:
            values, valid = overview(reader, true_colour_bands(reader.metadata), SIZE)
    except InputError:
        return []
    return [(os.path.basename(path), png(values, valid, stretch_limits(values, valid)))]


def thumbs_of_arrays(
    fused: np.ndarray, disagreement: np.ndarray | None, nodata: float | None, wavelengths: Sequence[float] | None = None
) -> list[tuple[str, bytes]]:
    """Small pictures of arrays.

    Args:
        fused: (bands, rows, columns) of any dtype.
        disagreement: (rows, columns) float32, NaN where unknown; None for none.
        nodata: what stands for "no value"; None where all are valid.
        wavelengths: of the bands, nm, for true colours; None where they are unknown.

    Returns:
        (caption, PNG).
    """
    step = max(1, -(-max(fused.shape[1:]) // SIZE))
    metadata = RasterMetadata.plain(len(fused), "float32", None)
    bands = true_colour_bands(metadata if wavelengths is None else metadata.replace(wavelengths=tuple(wavelengths)))
    values = np.asarray(fused[list(bands), ::step, ::step]).astype(np.float32)
    valid = np.isfinite(values) if nodata is None else np.isfinite(values) & (values != np.float32(nodata))
    made = [("fused", png(values, valid, stretch_limits(values, valid)))]
    if disagreement is not None:
        plane = np.asarray(disagreement[::step, ::step])
        made += [(one.caption, one.png) for one in map_pictures({"disagreement": plane}, "")]
    return made
