"""The page of an inspection: whether a pair fits together, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..calibration.local_shift import LocalShift
from ..io.grid import Window
from ..runtime.versions import versions
from ..scene.scene import Scene
from .band_axis import BandAxis
from .field_pictures import local_shift_section
from .html import Facts, Item, Picture, Pictures, Report, Section, Table, Text
from .pictures import colour_map, describe_bands, overview, png, stretch_limits, true_colour_bands

PICTURE_SIZE = 480  # pixels
_RUNS = 12  # of band numbers that are written out
_DEFECTS = {  # kind: what it is, what is counted
    "lines": ("Dead columns or rows, which count as missing", "line"),
    "zeros": ("Zeros of failed retrievals, which count as missing", "sample"),
    "stripes": ("Stripes, which are used as they are", "column"),
    "hot": ("Hot pixels, which are used as they are", "row"),
    "saturated": ("Saturated samples, which are used as they are", "sample"),
}


def inspection_report(
    found: Mapping[str, Any],
    scene: Scene,
    contradictory: np.ndarray | None = None,
    local: LocalShift | None = None,
) -> Report:
    """The page of an inspection.

    Args:
        found: what the workflow ``inspect`` returned.
        scene: the open HSI and PAN.
        contradictory: (rows, columns) bool, the HSI pixels that the PAN contradicts; None where none were looked for.
        local: the local shift of the PAN; None where it was not measured.

    Returns:
        the report, to be written with :func:`.html.write_page`.
    """
    warnings = [Text(text, True) for text in found["warnings"]] or [Text("Nothing was warned of.")]
    sections = [
        Section("Warnings", warnings),
        Section("How the two lie on each other", _placed(found)),
        *local_shift_section(local),
        Section("Pictures", _pictures(scene)),
        *_contradictions(found, contradictory),
        Section("What the PAN is made of", _response(found["response"], scene)),
        Section("Bands and samples of the HSI", _samples(found)),
        Section("The files", _files(found)),
    ]
    title = f"Inspection of {scene.hsi.name} and {scene.pan.name}"
    return Report(title, found["verdict"], sections)


def band_runs(numbers: Sequence[int]) -> str:
    """Band numbers for reading.

    Args:
        numbers: in ascending order.

    Returns:
        such as "1-7, 9, 20-31"; "none" without any.
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [str(first) if first == last else f"{first}-{last}" for first, last in runs[:_RUNS]]
    return ", ".join(words) + (f" and {len(runs) - _RUNS} more groups" if len(runs) > _RUNS else "") or "none"


def _placed(found: Mapping[str, Any]) -> list[Item]:
    shift, correlation = found["shift"], found["correlation"]
    facts: dict[str, object] = {
        "Ratio of the pixel sizes": found["ratio"],
        "Placement of the PAN": found["placement"] or "as it is",
        "HSI pixels under the PAN": f"{100 * found['overlap']:.3g} %",
    }
    if shift["measured"]:
        facts["The PAN must be moved by"] = (
            f"{found['shift_x']:+.2f} columns, {found['shift_y']:+.2f} rows (PAN pixels)"
        )
        facts["Sure"] = shift["sure"]
        facts["Correlation of PAN and HSI as they lie"] = shift["correlation_as_they_lie"]
        facts["Correlation when the PAN is moved"] = shift["correlation"]
    else:
        facts["The PAN must be moved by"] = "cannot be measured, as the two are not alike enough or have no contrast"
    facts["Correlation of values as they lie"] = correlation["level"]
    facts["Correlation of details as they lie"] = correlation["detail"]
    return [
        Facts(facts),
        Text(
            "The correlations are those of the degraded PAN with the sum of bands that explains it best, areas that "
            "only one of the images shows left out; details are what is left when the mean of 5 × 5 HSI pixels is "
            "taken off."
        ),
    ]


def _pictures(scene: Scene) -> list[Item]:
    metadata = scene.hsi.metadata
    bands = true_colour_bands(metadata)
    images = (scene.hsi, bands, scene.alignment.hsi, "HSI"), (scene.pan, (0,), scene.alignment.pan, "PAN")
    pictures = [_picture(*image) for image in images]
    colours = describe_bands(metadata, bands)
    return [
        Pictures(pictures),
        Text(f"What the two share, the HSI in {colours}; each stretched from its 2nd to its 98th percentile."),
    ]


def _picture(reader: Any, bands: Sequence[int], window: Window, title: str) -> Picture:
    values, valid = overview(reader, bands, PICTURE_SIZE, window)
    caption = f"{title}: {reader.name}, {window.rows} × {window.cols} pixels"
    return Picture(caption, png(values, valid, stretch_limits(values, valid)))


def _contradictions(found: Mapping[str, Any], contradictory: np.ndarray | None) -> list[Section]:
    if contradictory is None:
        return []
    count, size = int(contradictory.sum()), contradictory.size
    items: list[Item] = [
        Text(
            f"In {count} of {size} HSI pixels ({100 * count / size:.2g} %) the PAN is far from what the bands explain: "
            "a cloud in one of the images, something that has moved, a hot pixel or a glint. Nothing is learned from "
            "these pixels, and linear methods and networks add no detail of the PAN there."
        )
    ]
    if count:
        step = max(1, -(-max(contradictory.shape) // PICTURE_SIZE))
        rows, cols = (-(-length // step) * step for length in contradictory.shape)
        padded = np.zeros((rows, cols), bool)
        padded[: contradictory.shape[0], : contradictory.shape[1]] = contradictory
        shown = padded.reshape(rows // step, step, cols // step, step).any(axis=(1, 3)).astype(np.float32)
        caption = "HSI pixels that the PAN contradicts, in yellow"
        items.append(Pictures([Picture(caption, colour_map(shown, np.ones(shown.shape, bool), 0.0, 1.0))]))
    return [Section("Where the two contradict each other", items)]


def _response(response: Mapping[str, Any], scene: Scene) -> list[Item]:
    bands = np.array([scene.hsi.band_numbers.index(number) for number in response["band"]])
    order = np.argsort(bands)
    inferred = np.isin(response["band"], response["inferred"])[order]
    weights = np.array(response["weight"])[order]
    axis = BandAxis(scene.hsi.metadata, [int(band) for band in bands[order]])
    series = {
        "within the range of the PAN": np.where(inferred, np.nan, weights),
        "beyond: inferred": np.where(inferred, weights, np.nan),
    }
    span = response["range"]
    inside = f" It sees from {span[0]:.0f} to {span[1]:.0f} nm." if span else ""
    return [
        Text(
            f"The HSI's bands, with weights that are not negative, explain {100 * response['r2']:.3g} % of the "
            f"degraded PAN's variance.{inside} Neighbouring bands are alike, so a weight may stand for those around it."
        ),
        axis.chart("Weight of each band in the PAN", "Share (no unit)", series),
        Facts({"Bands beyond the PAN, whose detail is inferred": band_runs(sorted(response["inferred"]))}),
    ]


def _samples(found: Mapping[str, Any]) -> list[Item]:
    bands, samples = found["bands"], found["samples"]
    items: list[Item] = [
        Facts(
            {
                "Good bands": band_runs(bands["good"]),
                "Bad bands, which are only up-sampled": band_runs(bands["bad"]),
                "Bands without any value": band_runs(bands["empty"]),
                "HSI pixels that take part": f"{samples['taking_part']} of {samples['pixels']}",
                "HSI pixels without values": samples["without_values"],
                "Good bands that miss single samples": len(samples["missing"]),
            }
        )
    ]
    rows = [
        (_DEFECTS[kind][0], band_runs([int(band) for band in by]), _counted(sum(by.values()), _DEFECTS[kind][1]))
        for kind, by in found["defects"].items()
    ]
    if rows:
        items.append(Table(("Defect", "Bands", "Count"), rows))
    else:
        items.append(Text("No dead detectors, stripes, hot or saturated samples were found."))
    return items


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _files(found: Mapping[str, Any]) -> list[Item]:
    names = (("Rows", "rows"), ("Columns", "cols"), ("Bands", "bands"), ("Data type", "dtype"))
    both = found["hsi"], found["pan"]
    rows: list[tuple[object, ...]] = [("File", *(facts["file"] for facts in both))]
    rows += [(title, *(facts[name] for facts in both)) for title, name in names]
    rows.append(("Pixel (map units)", *(" × ".join(f"{size:g}" for size in facts["pixel"]) for facts in both)))
    rows.append(("Upper-left corner", *(", ".join(f"{place:.10g}" for place in facts["corner"]) for facts in both)))
    rows.append(("Reference system", *("yes" if facts["crs"] else "none" for facts in both)))
    rows.append(("Wavelengths (nm)", *(_span(facts["wavelengths"]) for facts in both)))
    rows.append(("Fill values not declared", *(_fills(facts["undeclared_fills"]) for facts in both)))
    return [Table(("", "HSI", "PAN"), rows), Facts(versions())]


def _span(waves: Sequence[float] | None) -> str:
    return f"{waves[0]:.0f} to {waves[1]:.0f}" if waves else "unknown"


def _fills(fills: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{fill['value']} ({fill['pixels']} pixels)" for fill in fills) or "none"
