"""The report of an assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..io.grid import Window
from ..io.metadata import RasterMetadata
from ..io.reader import RasterReader
from ..quality.reference import PixelMaps
from ..runtime.versions import versions
from .band_axis import BandAxis
from .html import Facts, Item, Picture, Pictures, Report, Section, Table, Text
from .maps import map_pictures
from .pictures import describe_bands, guide_bands, overview, png, stretch_limits, true_colour_bands

PICTURE_SIZE = 480  # pixels
MEANINGS = (  # key, name, unit, best value, meaning
    (
        "ergas",
        "ERGAS",
        "",
        "0",
        "Error relative to the bands' means, all bands together; below 3 is usually called good.",
    ),
    ("sam", "SAM", "degrees", "0", "Mean angle between the spectra: distortion of spectral shape."),
    ("psnr", "PSNR", "dB", "∞", "Signal to noise, mean over bands; the peak is the reference band's maximum."),
    ("cc", "CC", "", "1", "Correlation with the reference, mean over bands: spatial detail."),
    ("ssim", "SSIM", "", "1", "Structural similarity in 11 × 11 Gaussian windows, mean over bands."),
    ("rmse", "RMSE", "image units", "0", "Root mean square error over all bands and pixels, scale and offset applied."),
    ("uiqi", "UIQI", "", "1", "Correlation, contrast and brightness in blocks of 32 × 32 pixels, mean over bands."),
    ("q2n", "Q2n", "", "1", "The same for whole spectra as hypercomplex numbers: spectra and space at once."),
    ("rsnr", "RSNR", "dB", "∞", "Energy of the reference over that of the error, all bands and pixels together."),
    ("d_lambda", "D_lambda", "", "0", "How much the relations between bands differ from those in the HSI."),
    ("d_lambda_k", "D_lambda^K", "", "0", "1 - Q2n of the result, degraded again with the MTF, and the HSI (Khan)."),
    ("d_s", "D_s", "", "0", "How much the bands' relation to the PAN differs between the two resolutions."),
    ("d_s_reg", "D_s,reg", "", "0", "Share of the PAN's variance that no combination of the bands explains."),
    ("d_rho", "D_rho", "", "0", "1 - correlation with the PAN in windows of an HSI pixel's size, mean over bands."),
    ("qnr", "QNR", "", "1", "(1 - D_lambda) (1 - D_s)."),
    ("hqnr", "HQNR", "", "1", "(1 - D_lambda^K) (1 - D_s)."),
    ("rqnr", "RQNR", "", "1", "(1 - D_lambda^K) (1 - D_s,reg)."),
    (
        "consistency",
        "Consistency",
        "%",
        "0",
        "Relative RMSE of the result, degraded again with the MTF, against the HSI.",
    ),
)
TITLES = {"fused": "Result", "reference": "Reference", "hsi": "HSI", "pan": "PAN"}


class Shown(NamedTuple):
    """An image of the report.

    Attributes:
        key: what it is: "fused", "reference", "hsi" or "pan".
        reader: the open raster.
        window: the part of it that is shown.
    """

    key: str
    reader: RasterReader
    window: Window


def assessment_report(scores: Mapping[str, Any], shown: Sequence[Shown], maps: PixelMaps | None) -> Report:
    """The report of an assessment.

    Args:
        scores: what the workflow ``assess`` returned.
        shown: the images, the fused one first.
        maps: maps of the differences to the reference, None without one.

    Returns:
        the report, to be written with :func:`.html.write_page`.
    """
    fused = shown[0].reader
    sections = [Section("Quality indices", [_indices(scores), *(Text(text, True) for text in scores["warnings"])])]
    sections.append(Section("Pictures", _pictures(shown)))
    if maps is not None and np.isfinite(maps.rmse).any():
        sections.append(Section("Where the differences lie", _maps(maps)))
    charts = _charts(scores["per_band"], fused.metadata)
    if charts:
        sections.append(Section("Band by band", charts))
    sections.append(Section("How this was computed", [_facts(scores, shown)]))
    return Report(f"Assessment of {fused.name}", _lead(scores, shown), sections)


def _lead(scores: Mapping[str, Any], shown: Sequence[Shown]) -> str:
    names = {image.key: image.reader.name for image in shown}
    parts = []
    if "rmse" in scores:
        values = [
            f"{name} {scores[key]:.4g}{' ' + unit if unit else ''}"
            for key, name, unit, *_ in MEANINGS
            if key in ("ergas", "sam", "psnr") and scores.get(key) is not None
        ]
        parts.append(f"Against {names['reference']}: {', '.join(values) or 'no index could be computed'}.")
    if scores.get("consistency") is not None:
        parts.append(f"Degraded again, it differs from {names['hsi']} by {100 * scores['consistency']:.3g}\u00a0%.")
    return " ".join(parts)


def _indices(scores: Mapping[str, Any]) -> Table:
    rows = []
    for key, name, unit, best, meaning in MEANINGS:
        if key in scores:
            value = scores[key]
            rows.append((name, 100 * value if value is not None and unit == "%" else value, unit, best, meaning))
    return Table(("Index", "Value", "Unit", "Ideal", "Meaning"), rows)


def _pictures(shown: Sequence[Shown]) -> list[Item]:
    by_key = {image.key: image for image in shown}
    model = by_key.get("reference") or by_key.get("hsi") or by_key["fused"]
    bands = true_colour_bands(by_key["fused"].reader.metadata)
    views = {
        image.key: overview(
            image.reader,
            guide_bands(image.reader.metadata) if image.key == "pan" else bands,
            PICTURE_SIZE,
            image.window,
        )
        for image in shown
    }
    limits = stretch_limits(*views[model.key])
    pictures = []
    for image in shown:
        values, valid = views[image.key]
        stretch = stretch_limits(values, valid) if image.key == "pan" else limits
        size = f"{image.window.rows} × {image.window.cols} pixels"
        pictures.append(Picture(f"{TITLES[image.key]}: {image.reader.name}, {size}", png(values, valid, stretch)))
    model_name = TITLES[model.key] if model.key == "hsi" else TITLES[model.key].lower()
    colours = describe_bands(by_key["fused"].reader.metadata, bands)
    sentence = f"Shown in {colours}; one stretch for all, from the 2nd to the 98th percentile of the {model_name}."
    if "pan" in by_key:
        sentence += " The PAN has a stretch of its own."
    return [Pictures(pictures), Text(sentence)]


def _maps(maps: PixelMaps) -> list[Item]:
    pictures = [
        *map_pictures({"Root mean square error over the bands of each pixel": maps.rmse}, "image units"),
        *map_pictures({"Spectral angle of each pixel to the reference": maps.angle}, "degrees"),
    ]
    return [Pictures(pictures), Text("The colours end at the 98th percentile; what lies above has the last colour.")]


def _charts(per_band: Mapping[str, Sequence[Any]], metadata: RasterMetadata) -> list[Item]:
    axis = BandAxis(metadata, [number - 1 for number in per_band["band"]])
    return [
        axis.chart(title, y_label, {key: per_band[key]}, factor)
        for key, title, y_label, factor in (
            ("rmse", "Error of each band", "RMSE (image units)", 1.0),
            ("cc", "Correlation of each band", "CC (no unit)", 1.0),
            ("uiqi", "UIQI of each band", "UIQI (no unit)", 1.0),
            ("d_s", "Spatial distortion of each band", "D_s (no unit)", 1.0),
            ("d_rho", "1 - local correlation with the PAN", "D_rho (no unit)", 1.0),
            ("consistency", "Consistency of each band", "Relative RMSE (%)", 100.0),
        )
        if any(value is not None for value in per_band.get(key, ()))
    ]


def _facts(scores: Mapping[str, Any], shown: Sequence[Shown]) -> Facts:
    facts: dict[str, object] = {TITLES[image.key]: image.reader.path for image in shown}
    facts["Bands scored"] = f"{scores['bands']} of {shown[0].reader.bands} (bad bands and empty bands left out)"
    if "pixels" in scores:
        facts["Pixels scored"] = scores["pixels"]
    if "hsi_pixels" in scores:
        facts["HSI pixels compared"] = scores["hsi_pixels"]
        facts["MTF gain at the Nyquist frequency"] = scores["mtf_gain"]["said"]
    facts["Ratio"] = scores["ratio"] if scores["ratio"] is not None else "not given"
    facts["Crop"] = f"{scores['crop']} pixels at each side"
    return Facts({**facts, **versions()})
