"""What is said of samples that a scene misses in single bands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from ..io.reader import RasterReader
from ..products.claims import nodata_option
from ..runtime.progress import Progress
from ..scene.scene import Scene

_MUCH = 0.01  # share of the pixels: a band that misses more is warned of
_RUNS = 8  # of bands that are named


def describe_pixels(scene: Scene) -> str:
    """How many pixels take part, and what bands with few missing samples cost.

    Args:
        scene: the scene.

    Returns:
        A clause for the line that describes a scene.
    """
    valid, count = int(np.count_nonzero(scene.low_valid)), scene.low_valid.size
    words = f"all {count} HSI pixels take part"
    if valid < count:
        share = sum(fill.share for fill in scene.hsi.fills)
        filled = f", {100 * share:.3g} % of the whole image are an undeclared fill value" if share else ""
        words = f"{valid} of {count} HSI pixels take part ({100 * valid / count:.3g} %{filled})"
    few = [band for band in np.flatnonzero(scene.missing) if scene.missing[band] <= _much(scene)]
    return f"{words}, single samples are missing in {_missing(scene, few)}" if few else words


def warn_of_missing_samples(scene: Scene, defects: Mapping[int, int], progress: Progress) -> None:
    """Name the bands that miss many samples where others hold values.

    Args:
        scene: the scene.
        defects: by band number in the file, how many samples have been named already.
        progress: receives the warnings.
    """
    named = np.array([defects.get(number, 0) for number in scene.hsi.band_numbers])
    much = [int(band) for band in np.flatnonzero(scene.missing - named > _much(scene))]
    if much:
        progress.warning(
            f"{scene.hsi.name} misses samples in single bands, of {np.count_nonzero(scene.low_present)} pixels: "
            f"{_missing(scene, much)}; they are estimated from the other bands for learning and come out as nodata in "
            "those bands only (if they are values and no gaps, declare the nodata value: --hsi-nodata, HSI_NODATA)."
        )
    listed = np.array([flag != 0 for flag in scene.hsi.metadata.bbl])
    sparse = [int(band) for band in np.flatnonzero(listed & ~scene.good & ~scene.empty)]
    if sparse:
        progress.warning(
            f"{scene.hsi.name} holds values of {_runs_text(scene.hsi, sparse)} at fewer than half of its pixels, and "
            "hardly a pixel has all bands: these bands are only up-sampled; leave them out (--bands, BANDS) or mark "
            "them in the bad-band list (bbl)."
        )


def warn_of_strays(
    hsi: RasterReader, strays: Mapping[float, Mapping[int, int]], progress: Progress, result: bool = False
) -> None:
    """Name fill values that were found inside a raster.

    Args:
        hsi: the raster.
        strays: by number, by band, counted from 0, how many samples have it.
        progress: receives the warnings.
        result: whether the raster is a fused image.
    """
    for number, counts in strays.items():
        if any(fill.value == number and fill.region is not None for fill in hsi.fills):
            progress.warning(_shared_sentence(hsi, number, max(counts.values()), result))
            continue
        value, bands = f"{number:.10g}", _named(hsi, sorted(counts), counts, "sample")
        progress.warning(
            f"{hsi.name} has {value}, a number that no data has, in {bands}, and does not declare it as nodata; it is "
            f"taken as nodata here: {nodata_option(hsi, value, result)} confirms that, --hsi-nodata none keeps these "
            "samples as data."
        )


def _shared_sentence(hsi: RasterReader, number: float, pixels: int, result: bool) -> str:
    value = f"{number:.10g}"
    return (
        f"{hsi.name} has {value} in all bands of {pixels} pixels, as no data have it, and does not declare it as "
        f"nodata; it is taken as nodata there: {nodata_option(hsi, value, result)} takes it so wherever a band has it, "
        "--hsi-nodata none keeps these samples as data."
    )


def warn_of_defects(scene: Scene, progress: Progress) -> dict[int, int]:
    """Say in one sentence which samples count as missing though no nodata value is declared, and which are saturated.

    Args:
        scene: as it was opened.
        progress: receives the warning.

    Returns:
        by band number in the file, how many samples count as missing for it.
    """
    if not scene.defects:
        return {}
    warn_of_strays(scene.hsi, scene.defects.strays, progress)
    kinds = [
        (scene.defects.lines, "line", "dead columns or rows in {}, which count as missing"),
        (scene.defects.zeros, "sample", "zeros (or -1) of failed retrievals in {}, which count as missing"),
        (scene.defects.stripes, "column", "stripes in {}, which are used as they are"),
        (scene.defects.hot, "row", "hot pixels in {}, which are used as they are"),
        (scene.defects.saturated, "sample", f"saturated samples in {{}}, which are used as they are{_no_value(scene)}"),
    ]
    found = [words.format(_named(scene.hsi, sorted(counts), counts, unit)) for counts, unit, words in kinds if counts]
    if found:
        progress.warning(
            f"{scene.hsi.name} has {'; '.join(found)}; leave bands out with --bands (BANDS) if they are poor."
        )
    named = Counter({band: len(places) for band, places in scene.defects.places.items()})
    for counts in scene.defects.strays.values():
        named.update(counts)
    return {scene.hsi.band_numbers[band]: count for band, count in named.items()}


def _no_value(scene: Scene) -> str:
    """What to do where the highest number of the type stands for no value."""
    kind = np.dtype(scene.hsi.dtype)
    top = np.iinfo(kind).max if kind.kind in "iu" else 0
    return f" (if {top} stands for no value: --hsi-nodata {top}, HSI_NODATA)"


def _missing(scene: Scene, bands: Sequence[int]) -> str:
    return _named(scene.hsi, bands, dict(enumerate(scene.missing.tolist())), "pixel")


def _much(scene: Scene) -> float:
    return _MUCH * float(np.count_nonzero(scene.low_present))


def _named(hsi: RasterReader, bands: Sequence[int], counts: Mapping[int, int], unit: str) -> str:
    """ "band 3 (12 pixels), bands 7-9 (4 to 8 pixels each)"."""
    runs = _runs(hsi, bands)
    words = []
    for run in runs[:_RUNS]:
        numbers = sorted({int(counts[band]) for band in run})
        span = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
        units = unit if numbers[-1] == 1 else f"{unit}s"
        words.append(f"{_run_text(hsi, run)} ({span} {units}{' each' * (len(run) > 1)})")
    rest = sum(len(run) for run in runs[_RUNS:])
    return ", ".join(words) + (f" and {rest} more bands" if rest else "")


def _runs_text(hsi: RasterReader, bands: Sequence[int]) -> str:
    return ", ".join(_run_text(hsi, run) for run in _runs(hsi, bands))


def _run_text(hsi: RasterReader, run: Sequence[int]) -> str:
    first, last = (hsi.band_numbers[run[end]] for end in (0, -1))
    return f"band {first}" if len(run) == 1 else f"bands {first}-{last}"


def _runs(hsi: RasterReader, bands: Sequence[int]) -> list[list[int]]:
    """Bands whose numbers in the file follow each other."""
    numbers = hsi.band_numbers
    runs: list[list[int]] = []
    for band in bands:
        if runs and numbers[band] == numbers[runs[-1][-1]] + 1:
            runs[-1].append(int(band))
        else:
            runs.append([int(band)])
    return runs
