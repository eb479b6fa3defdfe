"""The header of a model file: what it says of statistics and scenes, and whether its fields fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..operators.consistency import MOST_ITERATIONS
from ..runtime.errors import InputError
from ..scene.distribution import Distribution
from ..scene.statistics import Statistics

_MOST_BANDS = 4000  # of which distributions are kept, all scenes together: some 300 kB of the header
_LARGEST = 3.4e38  # as float32 holds
_MOST_GUIDES = 64
MOST_PAIRS = 16  # of networks in a model


def guides_of(header: Mapping[str, Any]) -> int:
    """The number of bands of the sharper image.

    Args:
        header: of a model file.

    Returns:
        M; 1 where the header does not say.
    """
    bands = header.get("pan_bands", 1)
    return bands if isinstance(bands, int) and 1 <= bands <= _MOST_GUIDES else 1


def is_consistent(statistics: Statistics, bands: int, guides: int) -> bool:
    """Whether statistics have the shapes and the signs of such a model.

    Args:
        statistics: of a model file.
        bands: of the HSI.
        guides: M, bands of the sharper image.

    Returns:
        True where they have.
    """
    components = statistics.components
    shapes = {
        "mean": (bands,),
        "std": (bands,),
        "gains": (bands, guides),
        "basis": (bands, components),
        "variance": (components,),
        **dict.fromkeys(("pan_mean", "pan_std", "detail_std"), (guides,)),
    }
    fits = all(getattr(statistics, name).shape == shape for name, shape in shapes.items())
    return fits and bool((statistics.std > 0).all() and (statistics.variance > 0).all())


def thinned(distributions: Sequence[Distribution], guides: int) -> dict[str, Any]:
    """The header's field of distributions, to 5 digits; of many scenes some that are spread over them.

    Args:
        distributions: one for each band of the PAN, scene after scene.
        guides: M, bands of the PAN.

    Returns:
        the field by its name; nothing where there are none.
    """
    if not distributions:
        return {}
    scenes = len(distributions) // guides
    count = int(np.clip(_MOST_BANDS // (guides * len(distributions[0].mean)), 1, scenes))
    indices = np.linspace(0, scenes - 1, count).astype(int)
    chosen = [distributions[guides * index + guide] for index in indices for guide in range(guides)]
    arrays = [one.arrays() for one in chosen]
    return {"distributions": [{"hsi": _rounded(hsi), "pan": _rounded(pan[None])[0]} for hsi, pan in arrays]}


def _rounded(rows: np.ndarray) -> list[list[float]]:
    return [[float(f"{value:.5g}") for value in row] for row in rows]


def stored_distributions(header: Mapping[str, Any], bands: int) -> tuple[Distribution, ...]:
    """Of the scenes of training, as the header holds them.

    Args:
        header: of a model file.
        bands: of the HSI.

    Returns:
        one for each band of the PAN, scene after scene.

    Raises:
        KeyError, TypeError, ValueError: the numbers do not fit the bands, or are none.
    """
    found = []
    for record in header.get("distributions", []):
        hsi, pan = np.array(record["hsi"], np.float64), np.array(record["pan"], np.float64)
        if len(hsi) != bands or not ((np.abs(hsi) < _LARGEST).all() and (np.abs(pan) < _LARGEST).all()):
            raise ValueError("distributions that do not fit")
        found.append(Distribution.from_arrays(hsi, pan))
    return tuple(found)


def check_fields(header: Mapping[str, Any], refusal: InputError) -> None:
    """Check the types of the header's other fields.

    Args:
        header: of a model file.
        refusal: raised where one does not fit.

    Raises:
        InputError: one does not fit.
    """
    bands, good, scaling = header["bands"], header.get("good"), header.get("scaling")
    waves = header.get("pan_wavelengths", [])
    if header.get("pan_bands", 1) != guides_of(header) or not isinstance(waves, list):
        raise refusal
    if not all(wave is None or isinstance(wave, (int, float)) for wave in waves):
        raise refusal
    if not isinstance(good, list) or len(good) != bands or not all(flag in (0, 1) for flag in good) or 1 not in good:
        raise refusal
    if scaling is not None:
        rows = scaling if isinstance(scaling, list) else []
        fits = len(rows) == 2 and all(isinstance(row, list) and len(row) == bands for row in rows)
        if not fits or not all(isinstance(value, (int, float)) for row in rows for value in row):
            raise refusal
    if "chosen_bands" in header:
        chosen = header["chosen_bands"]
        if not isinstance(chosen, str) or len(chosen) > 12 * bands or not isinstance(header.get("chosen_of"), int):
            raise refusal
    tolerance = header.get("mtf_tolerance", 0.0)
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not 0 <= tolerance <= 1:
        raise refusal
    for key in ("training_data", "history"):
        records = header.get(key, [])
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise refusal


def check_limits(limits: object, count: int, refusal: InputError) -> None:
    """Check the limits of the planes that networks take.

    Args:
        limits: as the header has them; None in files that were written without.
        count: of the planes.
        refusal: raised where they do not fit.

    Raises:
        InputError: they are no list of so many numbers that are not negative.
    """
    if limits is None:
        return
    if not isinstance(limits, list) or len(limits) != count:
        raise refusal
    if not all(type(limit) is float and 0 <= limit < math.inf for limit in limits):
        raise refusal


def check_consistency(iterations: object, path: str) -> None:
    """Check the number of iterations of the consistency projection.

    Args:
        iterations: as the header has them.
        path: of the file, for the message.

    Raises:
        InputError: they are no number, or out of bounds.
    """
    if isinstance(iterations, bool) or not isinstance(iterations, int) or not 0 <= iterations <= MOST_ITERATIONS:
        raise InputError(
            f"{path} says {str(iterations)[:20]!r} iterations of the consistency projection, but their number lies "
            f"between 0 and {MOST_ITERATIONS}; train the model again."
        )
