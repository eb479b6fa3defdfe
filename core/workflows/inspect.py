"""The job ``inspect``: what a pair says of itself, in seconds and without PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..calibration.local_shift import LocalShift, no_displacement
from ..io.metadata import RasterMetadata
from ..io.writer import RasterWriter
from ..report.html import render, write_page
from ..report.inspection import inspection_report
from ..report.warned import warning_items
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .findings import findings
from .forecast import forecast
from .gains import choose_gain
from .opening import open_measured
from .options.advice import advice
from .options.call import on_files
from .options.gain import AUTO
from .options.inspection import InspectOptions
from .output import check_outputs, write_json
from .verdicts_of_scores import inspected_verdict


@on_files(InspectOptions)
def inspect(
    hsi: str,
    pan: str,
    *,
    report: str = "",
    json_path: str = "",
    shift_map: str = "",
    options: InspectOptions,
    progress: Progress,
) -> dict[str, Any]:
    """Say whether an HSI and a PAN fit together, and what is wrong with them.

    Args:
        hsi, pan: rasters to read.
        report: HTML file to write, "" for none.
        json_path: JSON file to write, "" for none.
        shift_map: raster to write, the local shift: dx, dy and confidence; "" for none.
        options: or its fields by name, as ``bands="430-900 nm"``.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        What :func:`.findings.findings` returns; ``sharpen``, what that job would do, see :func:`.forecast.forecast`;
        ``warnings``, ``mark`` and ``checks`` (see :func:`.sharpen.sharpen`).

    Raises:
        InputError: a file or an option cannot be used, or the two cannot be put on one grid.
        Cancelled: the user stopped the job.
    """
    check_outputs((hsi, pan, *options.besides), (shift_map,), (report, json_path))
    opened = open_measured(hsi, pan, options, progress)
    with opened.scene as scene:
        progress.set(0.5, "Measuring the blur")
        gain = choose_gain(scene, AUTO, progress)
        progress.set(0.7, "Looking for the bands that the PAN is made of")
        found, local = findings(opened, gain, progress), opened.local
        found["sharpen"] = forecast(scene, progress)
        found["warnings"] = progress.warned()
        found["advice"] = advice(progress.warned(), type(options))
        verdict = inspected_verdict(found)
        found.update(verdict.facts())
        progress.check()
        page = ""
        if report:
            progress.set(0.8, "Writing the report")
            said = warning_items(advice(progress.warned(), type(options)))
            page = render(inspection_report(found, scene, opened.contradictory, local, said, verdict), progress)
        if json_path:
            write_json(json_path, found)
        if shift_map:
            _write_shift_map(shift_map, scene, local, progress)
        if report:
            write_page(report, page)
    progress.set(1.0)
    return found


def _write_shift_map(path: str, scene: Scene, local: LocalShift | None, progress: Progress) -> None:
    field = no_displacement(scene) if local is None else local.field
    metadata = RasterMetadata.plain(3, "float32", float("nan")).replace(names=("dx", "dy", "confidence"))
    planes = np.stack([field.x, field.y, field.confidence])
    with RasterWriter(path, field.grid, metadata, progress=progress) as writer:
        writer.write(planes, np.ones(planes.shape[1:], bool))
