"""What the indices mean."""

from __future__ import annotations

from collections.abc import Sequence

from .html import Section, Table, Text

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
PART = "what-the-numbers-mean"  # id of the section


def meanings_section(keys: Sequence[str]) -> Section:
    """The indices of a page, explained.

    Args:
        keys: of the indices.

    Returns:
        The section.
    """
    rows = [(name, unit, best, meaning) for key, name, unit, best, meaning in MEANINGS if key in keys]
    text = (
        "At reduced resolution (Wald's protocol) both images are degraded by the ratio of their pixels, fused, and "
        "compared with the HSI itself, which is the truth there. At full resolution there is no truth: what can be "
        "measured is whether the result, degraded again, gives back the HSI. The documentation has more on the pages "
        "“Is my result good enough?” and “Indices”."
    )
    return Section("What the numbers mean", [Table(("Index", "Unit", "Ideal", "Meaning"), rows), Text(text)])
