"""What is found of each band of a sharper image of several bands."""

from __future__ import annotations

from typing import Any

from ..calibration.guide_response import guide_responses
from ..runtime.progress import Progress
from ..scene.scene import Scene


def guide_findings(scene: Scene, shift: tuple[float, float], progress: Progress) -> list[dict[str, Any]]:
    """How the bands of a sharper image relate to those of the HSI; warns of offsets.

    Args:
        scene: the HSI and the sharper image.
        shift: (rows, columns) in PAN pixels, by which the image must still be moved.
        progress: receives a warning; asked whether to stop.

    Returns:
        One record for each band of several: ``band``, ``wavelength``, ``published`` (whether it is compared with the
        HSI's bands in its published width), ``bands``, ``r2``, ``gain``, ``offset`` and ``level`` (physical units) and
        ``agrees``; none for a PAN of one band.
    """
    if scene.guides == 1:
        return []
    found = guide_responses(scene, shift, progress)
    off = [one for one in found if one.published and not one.agrees]
    if off:
        some = ", ".join(str(one.band) for one in off)
        progress.warning(
            f"Band {some} of {scene.pan.name} differs from the HSI's bands of the same wavelengths by an offset of "
            f"{off[0].offset:+.3g} (mean of the band {off[0].level:.3g}): an offset that its metadata does not tell, "
            "as the -1000 of Sentinel-2 since 2022, or haze; sharpening takes its details alone and is not changed by "
            "it."
        )
    return [
        {
            "band": one.band,
            "wavelength": one.wavelength,
            "published": one.published,
            "bands": [scene.hsi.band_numbers[band] for band in one.bands],
            "r2": one.r2,
            "gain": one.gain,
            "offset": one.offset,
            "level": one.level,
            "agrees": one.agrees,
        }
        for one in found
    ]
