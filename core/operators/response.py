"""The spectral response of a panchromatic band, read from a file, and what it makes of the bands of an HSI."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..runtime.errors import InputError
from ..runtime.paths import StrPath, as_path

_LARGEST = 10_000_000  # bytes of a file that can be a response
_OUTSIDE = 0.05  # share of the response that may lie where the HSI has no bands


class Response(NamedTuple):
    """A spectral response: linear between its wavelengths, and 0 outside of them.

    Attributes:
        wavelengths: (n,) float64, nm, ascending.
        response: (n,) float64, relative, not negative.
    """

    wavelengths: np.ndarray
    response: np.ndarray


def read_response(path: StrPath) -> Response:
    """Read a response from text: two columns, wavelength and response, parted by blanks, tabs, commas or semicolons.

    Lines without two numbers (headings, comments, empty lines) are passed over. Wavelengths are in nm, or in
    micrometres where all are below 100; their order does not matter.

    Args:
        path: a text file.

    Returns:
        The response.

    Raises:
        InputError: the file cannot be read, or is no response.
    """
    name = os.path.basename(as_path(path))
    try:
        if os.path.getsize(path) > _LARGEST:
            raise InputError(f"{name} is too large for a spectral response; choose a text file with two columns.")
        with open(path, encoding="utf-8", errors="replace") as file:
            rows = [_numbers(line) for line in file]
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror or error}); choose another file.") from None
    table = np.array(sorted(row for row in rows if row is not None), float).reshape(-1, 2)
    if len(table) < 2 or not (table[:, 1] > 0).any():
        raise InputError(
            f"{name} holds no spectral response; write two columns, wavelength in nm and response, one line for each."
        )
    waves, response = table[:, 0] * (1e3 if table[:, 0].max() < 100 else 1.0), np.maximum(table[:, 1], 0.0)
    if (np.diff(waves) <= 0).any():
        raise InputError(f"{name} gives a wavelength twice; a response has one value for each.")
    return Response(waves, response)


def _numbers(line: str) -> tuple[float, float] | None:
    parts = [part for part in re.split(r"[\s,;]+", line.strip()) if part]
    try:
        wave, response = float(parts[0]), float(parts[1])
    except (ValueError, IndexError):
        return None
    return (wave, response) if np.isfinite([wave, response]).all() and wave > 0 else None


def band_weights(response: Response, wavelengths: Sequence[float | None], name: str) -> dict[int, float]:
    """The weight of each band in the panchromatic band (own).

    A spectrum is taken as linear between the centres of neighbouring bands, which makes the response's integral over
    it a weighted sum of the bands; the weights sum to 1.

    Args:
        response: of the panchromatic band.
        wavelengths: centres of the bands in nm; None takes no part.
        name: of the image, for errors.

    Returns:
        Weight by band, counted from 0; bands of no weight are left out.

    Raises:
        InputError: more than 5 % of the response lies where the image has no bands.
    """
    bands = sorted((wave, band) for band, wave in enumerate(wavelengths) if wave is not None)
    if len(bands) < 2:
        raise InputError(f"{name} has no wavelengths; give the PAN's bands by their numbers, as in 6-36.")
    centres = np.array([wave for wave, _ in bands])
    fine = np.unique(np.concatenate([response.wavelengths, centres, np.arange(centres[0], centres[-1], 0.5)]))
    fine = fine[(fine >= response.wavelengths[0]) & (fine <= response.wavelengths[-1])]
    value = np.interp(fine, response.wavelengths, response.response)
    steps = np.diff(fine)
    each = value * (np.concatenate([steps, [0.0]]) + np.concatenate([[0.0], steps])) / 2  # trapezoids
    inside = (fine >= centres[0]) & (fine <= centres[-1])
    total = each.sum()
    if not total > 0 or each[~inside].sum() > _OUTSIDE * total:
        raise InputError(
            f"The bands of {name} lie from {centres[0]:g} to {centres[-1]:g} nm, and more than {_OUTSIDE:.0%} of the "
            "PAN's response outside; choose an image with more bands, or another response."
        )
    place = np.interp(fine[inside], centres, np.arange(len(centres)))
    below = np.minimum(place.astype(int), len(centres) - 2)
    weights = np.zeros(len(centres))
    np.add.at(weights, below, each[inside] * (1.0 - (place - below)))
    np.add.at(weights, below + 1, each[inside] * (place - below))
    weights /= weights.sum()
    return {band: float(weight) for (_, band), weight in zip(bands, weights) if weight > 0}
