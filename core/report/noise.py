"""What logs and pages say of noise; apart from them, as logs need nothing that draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def noise_sentence(noise: Mapping[str, Any], hsi: str = "The HSI") -> str:
    """What is said of the noise of the HSI's detectors, in the log and on pages.

    Args:
        noise: ``snr``, ``snr_noisiest``, ``components`` and ``bands``, as jobs return them.
        hsi: what the image is called.

    Returns:
        Two sentences.
    """
    return (
        f"{hsi} has white noise of its detectors: its signal-to-noise ratio is {noise['snr']:.3g} in the median of its "
        f"bands, {noise['snr_noisiest']:.3g} in the noisiest tenth. What cannot be told from it is removed before the "
        f"fusion: {noise['components']} of {noise['bands']} components of the spectra are kept (--denoise off, "
        "DENOISE, keeps all)."
    )
