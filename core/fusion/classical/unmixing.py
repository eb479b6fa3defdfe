"""Fusion by unmixing: spectra of endmembers from the HSI, their shares of each pixel from HSI and PAN together."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np

from ...runtime.errors import InputError
from ...runtime.progress import Progress
from ...scene.scene import Scene
from ..method import Part
from .fitted import LiftedFit
from .moments import Moments, low_sample, low_strips

_ENDMEMBERS = 12
_SAMPLE = 10_000  # HSI pixels that the endmembers are found in
_LOW_UPDATES, _HIGH_UPDATES, _RESPONSE_UPDATES = 100, 30, 500
_LEAST = 1e-9  # shares and spectra do not become 0, where a product could never leave it


class CoupledFactorisation(LiftedFit):
    """CNMF (Yokoya, Yairi and Iwasaki, 2012): ``X = E A_L`` on the HSI's grid and ``P = e A_H`` on the PAN's, all
    factors non-negative and the shares A of each pixel summing to 1, P one band or several, by multiplicative updates
    (Lee and Seung, 2001); ``Y = E A_H``.

    Endmembers start from the purest pixels of a sample (successive projections, Araujo et al., 2001); the PAN's
    response e to each is found by non-negative least squares; A_H starts from U A_L. One round of the coupled
    iteration; numbers of endmembers and updates are own choices.

    Args:
        scene: the pair of images.
        moments: of the scene.
        progress: of the fit.

    Raises:
        InputError: the HSI holds no value above 0.
    """

    def __init__(self, scene: Scene, moments: Moments, progress: Progress) -> None:
        good = moments.good
        self._zero = moments.zero
        sample = self._physical(low_sample(scene, moments, _SAMPLE, progress))[good]
        if not sample.any():
            raise InputError(
                f"{scene.hsi.name} holds no value above 0, so nothing can be unmixed; choose another method."
            )
        count = max(1, min(_ENDMEMBERS, int(good.sum()), sample.shape[1] // 2))
        sum_weight = float(np.sqrt(np.mean(sample**2) * len(sample)))  # a share counts as much as a usual spectrum
        spectra = _endmembers(sample, count, sum_weight, progress)
        shares = np.empty((count, *scene.low_shape), np.float32)
        for start, values in low_strips(scene, moments.mean.astype(np.float32), progress, moments.guide):
            pixels = self._physical(values.reshape(len(values), -1))[good]
            found = _shares(spectra, pixels, None, sum_weight, progress)
            shares[:, start : start + values.shape[1]] = found.reshape(count, *values.shape[1:])
        super().__init__(moments, count, stored=shares, work=3 * count + 4)
        stored = scene.pan.metadata
        self._pan_zero = -np.array(stored.offsets, np.float64) / np.array(stored.scales, np.float64)
        samples = moments.pan_low[:, moments.chosen].astype(np.float64) - self._pan_zero[:, None]
        known = shares[:, moments.chosen].astype(np.float64)
        self._response = np.stack([_response(known, np.maximum(band, 0.0), progress) for band in samples])
        self._sum_weight = float(np.sqrt(np.mean(samples**2) * len(samples)))
        self._spectra = np.zeros((len(good), count), np.float32)
        self._spectra[good] = spectra

    def planes(self, hsi: np.ndarray, pan: np.ndarray, part: Part, progress: Progress) -> np.ndarray:
        """See :meth:`..method.FittedMethod.planes`; A_H, one plane an endmember."""
        shares = np.maximum(self.lifted(hsi, part), np.float32(_LEAST))
        responses = self._response.astype(np.float32)[:, :, None, None]
        square, zeros = np.float32(self._sum_weight**2), self._pan_zero.astype(np.float32)
        light = [np.maximum(band - zero, np.float32(0.0)) for band, zero in zip(pan, zeros)]
        target = _summed(response * band for response, band in zip(responses, light)) + square
        for _ in range(_HIGH_UPDATES):
            progress.check()
            seen = _summed(response * (response * shares).sum(axis=0) for response in responses)
            shares *= target / (seen + square * shares.sum(axis=0))
        return shares

    def fuse_bands(self, values: np.ndarray, planes: np.ndarray, bands: slice) -> None:
        """See :meth:`..method.FittedMethod.fuse_bands`; ``E A_H``, and bad bands stay as they are."""
        good = self.moments.good[bands]
        mixed = np.tensordot(self._spectra[bands][good], planes, 1)
        values[good] = mixed + self._zero[bands][good].astype(np.float32)[:, None, None]

    def _physical(self, values: np.ndarray) -> np.ndarray:
        """(bands, n) float64 in units of stored numbers, 0 where there is no light."""
        return np.maximum(values.astype(np.float64) - self._zero[:, None], 0.0)


def _summed(images: Iterable[np.ndarray]) -> np.ndarray:
    """The sum of images of one shape."""
    return reduce(np.add, images)


def _purest(pixels: np.ndarray, count: int) -> np.ndarray:
    """Indices of the pixels that are found by successive projections, ``count`` of (bands, n)."""
    left, found = pixels.copy(), []
    for _ in range(count):
        norms = (left**2).sum(axis=0)
        index = int(norms.argmax())
        if norms[index] <= 1e-12 * (pixels**2).sum(axis=0).max():
            break
        found.append(index)
        direction = left[:, index] / np.sqrt(norms[index])
        left -= np.outer(direction, direction @ left)
    return np.array(found)


def _endmembers(pixels: np.ndarray, count: int, sum_weight: float, progress: Progress) -> np.ndarray:
    """(bands, count) spectra of a sample (bands, n), by non-negative factorisation."""
    spectra = np.maximum(pixels[:, _purest(pixels, count)], _LEAST)
    if spectra.shape[1] < count:
        spectra = np.concatenate([spectra, np.tile(pixels.mean(axis=1), (count - spectra.shape[1], 1)).T], axis=1)
    shares = _shares(spectra, pixels, None, sum_weight, progress)
    for _ in range(_LOW_UPDATES):
        progress.check()
        spectra = spectra * (pixels @ shares.T) / np.maximum(spectra @ (shares @ shares.T), _LEAST)
        shares = _shares(spectra, pixels, shares, sum_weight, progress, 1)
    return spectra


def _shares(
    spectra: np.ndarray,
    pixels: np.ndarray,
    start: np.ndarray | None,
    sum_weight: float,
    progress: Progress,
    updates: int = _LOW_UPDATES,
) -> np.ndarray:
    """(endmembers, n) shares of pixels (bands, n) in given spectra; their sum is held to 1 by one more row."""
    count = spectra.shape[1]
    shares = np.full((count, pixels.shape[1]), 1.0 / count) if start is None else start
    target = spectra.T @ pixels + sum_weight**2
    square = spectra.T @ spectra + sum_weight**2
    for _ in range(updates):
        progress.check()
        shares = np.maximum(shares * target / (square @ shares), _LEAST)
    return shares


def _response(shares: np.ndarray, pan: np.ndarray, progress: Progress) -> np.ndarray:
    """(endmembers,) e >= 0 with ``e A`` near the degraded PAN."""
    target, square = shares @ pan, shares @ shares.T
    response = np.full(len(shares), max(float(pan.mean()), _LEAST))
    for _ in range(_RESPONSE_UPDATES):
        progress.check()
        response = response * target / np.maximum(square @ response, 1e-30)
    return response
