"""What a pair says of itself: sections of the pages of ``inspect``, ``sharpen`` and ``compare``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..scene.scene import Scene
from .band_axis import BandAxis
from .charts import Chart
from .html import Facts, Item, Picture, Pictures, Section, Table, Text
from .noise import noise_sentence
from .pictures import colour_map

PICTURE_SIZE = 480  # pixels
_OF_PRODUCTS = (("Product", "product"), ("Acquired", "acquired"))
_RUNS = 12  # of band numbers that are written out
_FREQUENCIES = np.linspace(0.0, 0.5, 26)  # cycles per HSI pixel
_DEFECTS = {  # kind: what it is, what is counted
    "lines": ("Dead columns or rows, which count as missing", "line"),
    "zeros": ("Zeros (or -1) of failed retrievals, which count as missing", "sample"),
    "stripes": ("Stripes, which are used as they are", "column"),
    "hot": ("Hot pixels, which are used as they are", "row"),
    "saturated": ("Saturated samples, which are used as they are", "sample"),
}


def pair_sections(found: Mapping[str, Any], scene: Scene, contradictory: np.ndarray | None = None) -> list[Section]:
    """What was found of a pair.

    Args:
        found: what :func:`..workflows.findings.findings` returned.
        scene: the open HSI and PAN.
        contradictory: (rows, columns) bool, the HSI pixels that the PAN contradicts; None where none were looked for.

    Returns:
        The sections.
    """
    return [
        Section("How the two lie on each other", _placed(found)),
        Section("How blurred the HSI is", _blur(found["mtf"], bool(found["guide"]))),
        *_contradictions(found, contradictory),
        *_guide(found["guide"]),
        Section("What the PAN is made of", _response(found["response"], scene)),
        Section("Bands and samples of the HSI", _samples(found)),
        Section("The files", [_files(found)]),
    ]


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
        "PAN pixels there without values": f"{100 * found['uncovered']:.3g} %",
    }
    if shift["measured"]:
        facts["The PAN must be moved by"] = _pixels(found["shift_x"], found["shift_y"])
        facts["Sure"] = shift["sure"]
        facts["It is moved by"] = _pixels(*shift["corrected"]) if any(shift["corrected"]) else "nothing"
        facts["Correlation of PAN and HSI as their files lie"] = shift["correlation_as_they_lie"]
        facts["Correlation when the PAN is moved"] = shift["correlation"]
    else:
        facts["The PAN must be moved by"] = "cannot be measured, as the two are not alike enough or have no contrast"
    facts["Correlation of values, as they are used"] = correlation["level"]
    facts["Correlation of details, as they are used"] = correlation["detail"]
    return [
        Text(found["verdict"], found["fit"] != "yes"),
        Facts(facts),
        Text(
            "The correlations are those of the degraded PAN with the sum of bands that explains it best, areas that "
            "only one of the images shows left out; details are what is left when the mean of 5 × 5 HSI pixels is "
            "taken off."
        ),
    ]


def _pixels(cols: float, rows: float) -> str:
    return f"{cols:+.2f} columns, {rows:+.2f} rows (PAN pixels)"


def _blur(mtf: Mapping[str, Any], several: bool) -> list[Item]:
    """The gain that is used, and the measured response over frequency of each group of bands."""
    items: list[Item] = [Facts({"MTF gain that is used, at the HSI's Nyquist frequency": mtf["said"]})]
    if not mtf["measured"]:
        items.append(Text("It was not measured of this pair."))
        return items
    rows = []
    for group in mtf["measured"]:
        first, last = group["bands"]
        verdict = "sure" if group["sure"] else "not sure"
        if group["taken_from"]:
            what = "what it is measured with" if several else "the PAN"
            verdict = f"taken from {group['taken_from']}: {what} says too little about these"
        axes = (f"{a['gain']:.2f} ({a['low']:.2f} to {a['high']:.2f})" for a in (group["rows"], group["columns"]))
        rows.append((group["group"], f"{first} to {last}", *axes, f"{100 * group['explained']:.3g} %", verdict))
    heads = "Bands", "Numbers", "Vertically", "Horizontally", "PAN's detail explained", "Measurement"
    items.append(Table(heads, rows, caption="Measured gain at the Nyquist frequency, with its 90 % interval."))
    items += [_response_curve(group) for group in mtf["measured"] if not group["taken_from"]]
    return items


def _response_curve(group: Mapping[str, Any]) -> Chart:
    """The Gaussian response over frequency that goes through the gain, and where the interval ends."""
    curves = {
        title: [max(axis[key], 1e-6) ** ((_FREQUENCIES / 0.5) ** 2) for key in ("gain", "low", "high")]
        for title, axis in (("vertically", group["rows"]), ("horizontally", group["columns"]))
    }
    return Chart(
        f"Blur of the HSI against the PAN, {group['group']}",
        "Frequency (cycles per HSI pixel)",
        "Response (no unit)",
        {title: (_FREQUENCIES, gain) for title, (gain, _, _) in curves.items()},
        note="At 0.5, the Nyquist frequency, it is the gain. Shaded: the 90 % intervals.",
        intervals={title: (low, high) for title, (_, low, high) in curves.items()},
    )


def _contradictions(found: Mapping[str, Any], contradictory: np.ndarray | None) -> list[Section]:
    if contradictory is None:
        return []
    count, size = int(contradictory.sum()), contradictory.size
    items: list[Item] = [
        Text(
            f"In {count} of {size} HSI pixels ({100 * count / size:.2g} %) the PAN is far from what the bands explain: "
            "a cloud in one of the images, something that has moved, a hot pixel or a glint. Nothing is learned from "
            "these pixels, and no detail of the PAN is added there."
            if count
            else f"In none of {size} HSI pixels is the PAN far from what the bands explain."
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
    span, several = response["range"], scene.guides > 1
    inside = f" It sees from {span[0]:.0f} to {span[1]:.0f} nm." if span and not several else ""
    of_several = (
        "the sharp band, or the sum of sharp bands, that they explain best, which shift and blur are measured with"
    )
    what = f"of {of_several}" if several else "of the degraded PAN's variance"
    beyond = "Bands that no sharp band sees" if several else "Bands beyond the PAN"
    return [
        Text(
            f"The HSI's bands, with weights that are not negative, explain {100 * response['r2']:.3g} % {what}."
            f"{inside} Neighbouring bands are alike, so a weight may stand for those around it."
        ),
        axis.chart("Weight of each band in the PAN", "Share (no unit)", series),
        Facts({f"{beyond}, whose detail is inferred": band_runs(sorted(response["inferred"]))}),
    ]


def _guide(bands: Sequence[Mapping[str, Any]]) -> list[Section]:
    """The table of a sharper image of several bands."""
    if not bands:
        return []
    rows = [
        (
            one["band"],
            "unknown" if one["wavelength"] is None else f"{one['wavelength']:.0f}",
            one["sensor"] or "found",
            band_runs(sorted(one["bands"])),
            f"{100 * one['r2']:.1f} %",
            f"{one['gain']:.3f}",
            f"{one['offset']:+.4g}",
            f"{one['level']:.4g}",
            ("agrees" if one["agrees"] else "has an offset") if one["published"] else "",
        )
        for one in bands
    ]
    head = ("Band", "Wavelength (nm)", "Response", "Bands of the HSI", "Explained", "Gain", "Offset", "Mean", "")
    text = (
        "Each band of the sharper image, degraded, against the HSI's bands weighted by its published response, or "
        "against those that explain it where that is unknown, in physical units: a gain of 1 and an offset of 0 are "
        "full agreement. Sharpening takes details alone, with gains of its own. Shift, blur and contradictions are "
        "measured with the band, or the sum of bands, that the HSI explains best, which the next section is about."
    )
    return [Section("The bands of the sharper image", [Table(head, rows), Text(text)])]


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
    noise = found["noise"]
    if noise is not None:
        items.append(Text(noise_sentence(noise)))
    return items


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _files(found: Mapping[str, Any]) -> Table:
    names = (("Rows", "rows"), ("Columns", "cols"), ("Bands", "bands"), ("Data type", "dtype"))
    both = found["hsi"], found["pan"]
    rows: list[tuple[object, ...]] = [("File", *(" with ".join([facts["file"], *facts["others"]]) for facts in both))]
    if any(facts["product"] for facts in both):
        rows += [(title, *(facts[name] or "-" for facts in both)) for title, name in _OF_PRODUCTS]
    rows += [(title, *(facts[name] for facts in both)) for title, name in names]
    rows.append(("Pixel (map units)", *(" × ".join(f"{size:g}" for size in facts["pixel"]) for facts in both)))
    rows.append(("Upper-left corner", *(", ".join(f"{place:.10g}" for place in facts["corner"]) for facts in both)))
    rows.append(("Reference system", *(facts["crs"] or "none" for facts in both)))
    rows.append(("Wavelengths (nm)", *(_span(facts["wavelengths"]) for facts in both)))
    rows.append(("Fill values not declared", *(_fills(facts["undeclared_fills"]) for facts in both)))
    return Table(("", "HSI", "PAN"), rows)


def _span(waves: Sequence[float] | None) -> str:
    return f"{waves[0]:.0f} to {waves[1]:.0f}" if waves else "unknown"


def _fills(fills: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{fill['value']} ({fill['pixels']} pixels)" for fill in fills) or "none"
