"""White noise of an HSI's detectors: removed from a scene unless the user keeps it, and said."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..report.noise import noise_sentence
from ..runtime.progress import Progress
from ..scene.noise import DetectorNoise, find_noise, without_noise
from ..scene.scene import Scene
from .options.pixels import PixelOptions
from .options.shared import RasterOptions

_NOISIEST = 10  # per cent of the bands


def denoised(scene: Scene, options: RasterOptions, progress: Progress) -> tuple[Scene, DetectorNoise | None]:
    """Look for noise and remove it.

    Args:
        scene: the HSI and the PAN.
        options: of the job.
        progress: told of it; asked whether to stop.

    Returns:
        A view without it, and what was found; the scene itself and None where there is none, or the user keeps it.

    Raises:
        Cancelled: the user stopped the job.
    """
    if not isinstance(options, PixelOptions) or options.denoise != "auto":
        return scene, None
    noise = find_noise(scene, progress)
    facts = noise_facts(noise)
    if facts is not None:
        progress.info(noise_sentence(facts, scene.hsi.name))
    return without_noise(scene, noise), noise


def noise_facts(noise: DetectorNoise | None) -> dict[str, Any] | None:
    """What was found, as JSON and reports have it.

    Args:
        noise: that was removed; None for none.

    Returns:
        ``snr``, mean over noise in the median of the bands; ``snr_noisiest``, the same where a tenth of the bands is
        noisier; ``components`` of the spectra that are kept, of ``bands``; ``white``, the share of what lies outside
        of the first components that is noise. None where there is none.
    """
    if noise is None:
        return None
    noisiest, typical = np.percentile(noise.ratios, (_NOISIEST, 50))
    return {
        "snr": float(typical),
        "snr_noisiest": float(noisiest),
        "components": noise.basis.shape[1],
        "bands": len(noise.bands),
        "white": noise.white,
    }
