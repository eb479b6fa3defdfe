"""Bands of two detectors that see the same wavelengths, and the order of bands.

One rule for all images. Unless the user says otherwise, bands stay in the file's order, and those of both detectors
stay; only where a product's reader says so (PRISMA), they are sorted and the overlap is dropped.

* ``keep``: all bands of both detectors.
* ``drop``: from the shortest band of the detector of longer wavelengths on, those of the other one are left out.
* a wavelength in nm: below it the bands of the one detector, from it on those of the other.

Which detector a band is of, the product says; else a new one begins where the wavelength steps back.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..io.band_selection import SelectedBands
from ..io.reader import RasterReader
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .band_rule import BandRule

KEEP, DROP = "keep", "drop"


def arranged(reader: RasterReader, rule: BandRule, progress: Progress | None = None) -> RasterReader:
    """An image with the bands that a rule leaves, in its order.

    Args:
        reader: the open image.
        rule: what the user says.
        progress: told which bands are left out.

    Returns:
        ``reader`` itself where nothing changes, else a view of it.

    Raises:
        InputError: the rule cannot be followed with this image.
    """
    default = reader.origin.band_rule
    overlap, sort = rule.overlap.strip().lower() or default[0], default[1] if rule.sort is None else rule.sort
    waves = reader.metadata.wavelengths
    asked = bool(rule.overlap.strip()) or bool(rule.sort)
    if (overlap != KEEP or sort) and None in waves:
        if asked:
            raise InputError(f"{reader.name} has bands without a wavelength, so they cannot be sorted or joined.")
        return reader
    known = [float(wave or 0.0) for wave in waves]
    chosen = list(range(len(known)))
    if overlap != KEEP:
        chosen = joined(known, reader.origin.detectors or by_steps(known), overlap, reader.name)
    left_out = len(known) - len(chosen)
    if sort:
        chosen.sort(key=lambda band: known[band])
    if chosen == list(range(len(known))):
        return reader
    if progress is not None and asked:
        what = f"{left_out} bands where detectors overlap are left out" if left_out else "no band is left out"
        progress.info(f"{reader.name}: {what}{', the rest is sorted by wavelength' if sort else ''}.")
    return SelectedBands(reader, chosen)


def joined(waves: Sequence[float], detectors: Sequence[str], overlap: str, name: str) -> list[int]:
    """The bands that stay where detectors overlap.

    Args:
        waves: of the bands in nm.
        detectors: of the bands.
        overlap: "drop", or a wavelength in nm.
        name: of the image, for errors.

    Returns:
        Bands, from 0, in the order of the file.

    Raises:
        InputError: the text is neither, or no two detectors overlap at that wavelength.
    """
    groups: dict[str, list[int]] = {}
    for band, detector in enumerate(detectors):
        groups.setdefault(detector, []).append(band)
    ordered = sorted(groups.values(), key=lambda bands: sum(waves[band] for band in bands) / len(bands))
    at = None if overlap == DROP else _wavelength(overlap)
    dropped: set[int] = set()
    found = []
    for short, long in zip(ordered, ordered[1:]):
        low, high = min(waves[band] for band in long), max(waves[band] for band in short)
        if low > high:
            continue
        found.append(f"{low:.0f} to {high:.0f} nm")
        if at is None:
            dropped.update(band for band in short if waves[band] >= low)
        elif low <= at <= high:
            dropped.update(band for band in short if waves[band] >= at)
            dropped.update(band for band in long if waves[band] < at)
    if at is not None and not dropped:
        where = f"they overlap from {', '.join(found)}" if found else "it has no two detectors that overlap"
        raise InputError(f"The detectors of {name} cannot be joined at {at:g} nm: {where}; choose another wavelength.")
    return [band for band in range(len(waves)) if band not in dropped]


def by_steps(waves: Sequence[float]) -> list[str]:
    """Detectors told apart by where the wavelength steps back.

    Args:
        waves: of the bands in nm, in the order of the file.

    Returns:
        A name for each band.
    """
    descending = sum(b < a for a, b in zip(waves, waves[1:])) > len(waves) / 2
    names, number = [], 1
    for i, wave in enumerate(waves):
        if i and (wave > waves[i - 1] if descending else wave < waves[i - 1]):
            number += 1
        names.append(f"detector {number}")
    return names


def _wavelength(text: str) -> float:
    try:
        return float(text.removesuffix("nm"))
    except ValueError:
        raise InputError(
            f"--detectors (DETECTORS) is {text!r}, but it must be keep, drop, or the wavelength in nm at which "
            "detectors are joined, as 960."
        ) from None
