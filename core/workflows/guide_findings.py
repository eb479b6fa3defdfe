"""What is found of each band of a sharper image of several bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..calibration.guide_response import GuideResponse, guide_responses
from ..runtime.progress import Progress
from ..scene.scene import Scene

_EXPLAINED, _ALIKE = 0.5, (2 / 3, 3 / 2)  # share of the variance from which a gain counts, and gains that are usual
_S2_OFFSET, _S2_SCALE = 1000.0, 1e4  # DN that Sentinel-2 adds since baseline 04.00, and DN per reflectance
_NEAR_OFFSET = 0.35  # share by which an offset may differ from that


def guide_findings(scene: Scene, shift: tuple[float, float], progress: Progress) -> list[dict[str, Any]]:
    """How the bands of a sharper image relate to those of the HSI; warns of offsets and of bands that do not vary.

    Args:
        scene: the HSI and the sharper image.
        shift: (rows, columns) in PAN pixels, by which the image must still be moved.
        progress: receives warnings; asked whether to stop.

    Returns:
        One record for each band of several: ``band``, ``wavelength``, ``published`` (whether it is compared with the
        HSI's bands by its published response), ``sensor`` (whose), ``bands`` and ``weights``, ``r2``, ``gain``,
        ``offset`` and ``level`` (physical units) and ``agrees``; none for a PAN of one band.
    """
    if scene.guides == 1:
        return []
    found = guide_responses(scene, shift, progress)
    still = sorted(set(scene.pan.band_numbers) - {one.band for one in found})
    if still and found:
        progress.warning(
            f"Band {', '.join(map(str, still))} of {scene.pan.name} has one number wherever the HSI lies and tells "
            "nothing; get a fresh copy if it should show something."
        )
    off = [one for one in found if one.published and not one.agrees]
    if off:
        some = ", ".join(str(one.band) for one in off)
        progress.warning(
            f"Band {some} of {scene.pan.name} differs from the HSI's bands of the same wavelengths by an offset of "
            f"{off[0].offset:+.3g} (mean of the band {off[0].level:.3g}): {_cause(off)}; sharpening takes its details "
            "alone and is not changed by it."
        )
    units = [one.gain for one in found if one.published and one.r2 > _EXPLAINED]
    if units and not _ALIKE[0] < float(np.median(units)) < _ALIKE[1]:
        progress.info(
            f"The numbers of {scene.pan.name} are {float(np.median(units)):.3g} times those of {scene.hsi.name} at the "
            "same wavelengths: other units, as reflectance and DN, or another light; sharpening has gains of its own."
        )
    return [
        {
            "band": one.band,
            "wavelength": one.wavelength,
            "published": one.published,
            "sensor": one.sensor,
            "bands": [scene.hsi.band_numbers[band] for band in one.bands],
            "weights": [round(float(weight), 5) for weight in one.weights],
            "r2": one.r2,
            "gain": one.gain,
            "offset": one.offset,
            "level": one.level,
            "agrees": one.agrees,
        }
        for one in found
    ]


def _cause(off: Sequence[GuideResponse]) -> str:
    """What an offset may come of: Sentinel-2's is the same in all bands, and a falling line is of other bands."""
    falling = [str(one.band) for one in off if one.gain < 0 and one.r2 > _EXPLAINED]
    if falling:
        return (
            f"in band {', '.join(falling)} numbers fall where those of the HSI rise, so that the wavelengths may be "
            "those of other bands"
        )
    offsets = [one.offset / one.gain for one in off if one.gain > 0 and one.sensor.startswith("Sentinel-2")]
    for expected in (_S2_OFFSET, _S2_OFFSET / _S2_SCALE):
        if offsets and all(abs(offset / expected - 1) < _NEAR_OFFSET for offset in offsets):
            return (
                f"it is about the {expected:g} that Sentinel-2 adds to its numbers since January 2022 (baseline "
                "04.00) and that was not taken off, as the product itself (.SAFE) has it"
            )
    return "an offset that its metadata does not tell, or haze"
