"""Trained networks as a model file: everything that fusing another scene needs, and its provenance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..io.band_selection import SelectedBands
from ..io.ratio import ratio_text, same_ratio
from ..operators.consistency import DEFAULT_ITERATIONS, MOST_ITERATIONS
from ..operators.resample import Gains
from ..products.opening import open_raster
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, as_path
from ..runtime.versions import versions
from ..scene.distribution import Distribution
from ..scene.scene import Scene
from ..scene.statistics import Statistics
from .format import ModelFile, check_header, checksum_of, read_model, verify_checksum, write_model

if TYPE_CHECKING:
    import torch

    from .inference import PairResidual
    from .pair import Pair

LICENCE = "The weights may be used under the terms of the images that they were trained on."
_DAMAGE_ERRORS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)  # of damaged files
_NAME = re.compile(r"[\w+-]{1,60}")
_MOST_BANDS = 4000  # of which distributions are kept, all scenes together: some 300 kB of the header
_LARGEST = 3.4e38  # as float32 holds
WAVELENGTH_TOLERANCE = 5.0  # nm, between a band and the one of training
RATIO_TOLERANCE = 0.1  # share by which ratios may differ from that of training
MTF_TOLERANCE = 0.05  # between the gain of a pair and that of training


@dataclass(frozen=True)
class TrainedModel:
    """The content of a model file.

    Attributes:
        header: see :func:`describe`.
        pair: the networks.
        statistics: of the scenes of training.
        distributions: of each of them; none in files that were written without.
    """

    header: Mapping[str, Any]
    pair: Pair
    statistics: Statistics
    distributions: tuple[Distribution, ...] = ()

    @property
    def iterations(self) -> int:
        """Iterations of the consistency projection in training."""
        return self.header.get("consistency", DEFAULT_ITERATIONS)

    @property
    def mtf_gain(self) -> Gains:
        """The HSI's MTF gain in training."""
        return tuple(self.header["mtf"]) if isinstance(self.header["mtf"], list) else self.header["mtf"]

    @property
    def ratios(self) -> tuple[float, float]:
        """The ratio in training, along rows' and columns' axis."""
        y, x = self.header.get("ratios", (self.header["ratio"],) * 2)
        return y, x

    @property
    def mtf_tolerance(self) -> float:
        """By how much the gain of a pair may differ from that of training along either axis."""
        return float(self.header.get("mtf_tolerance", MTF_TOLERANCE))

    @classmethod
    def open(cls, path: StrPath) -> TrainedModel:
        """Read a model file.

        Args:
            path: of the file.

        Returns:
            The model.

        Raises:
            InputError: it is no model file, or damaged, or its networks are unknown.
        """
        from .pair import Pair, kind_of
        from .untrusted import check_config

        path = as_path(path)
        file = read_model(path)
        check_header(file.header, path)
        config, bands = file.header["config"], file.header["bands"]
        if not _NAME.fullmatch(file.header["network"]):
            raise InputError(f"{path} is of a network that this software does not know; update it, or train again.")
        branches = kind_of(file.header["network"]).networks
        verify_checksum(file, path)
        refusal = InputError(f"{path} does not hold the parameters of its own network; train the model again.")
        if not isinstance(config, dict) or not all(isinstance(config.get(branch), dict) for branch in branches):
            raise refusal
        arrays = {
            name[len("statistics.") :]: array for name, array in file.tensors.items() if name.startswith("statistics.")
        }
        _check_fields(file.header, refusal)
        _check_consistency(file.header.get("consistency", DEFAULT_ITERATIONS), path)
        try:
            statistics = Statistics.from_arrays(arrays)
            components = statistics.components
            distributions = _distributions(file.header, bands)
            check_config(file.header["network"], config, file.tensors)
        except (InputError, *_DAMAGE_ERRORS):
            raise refusal from None
        shapes = {"mean": (bands,), "std": (bands,), "gains": (bands,), "basis": (bands, components)}
        if (
            any(getattr(statistics, name).shape != shape for name, shape in shapes.items())
            or statistics.variance.shape != (components,)
            or not (statistics.std > 0).all()
            or not (statistics.variance > 0).all()
            or any(config[branch].get("components") != components for branch in branches)
        ):
            raise refusal
        try:
            pair = Pair(file.header["network"], config)
            pair.load(file.tensors, path)
        except _DAMAGE_ERRORS:
            raise refusal from None
        return cls(file.header, pair, statistics, distributions)

    def save(self, path: StrPath) -> None:
        """Write the model file.

        Args:
            path: of the file; an existing one is replaced.
        """
        kept = _thinned(self.distributions)
        tensors = {
            **self.pair.tensors(),
            **{f"statistics.{name}": array for name, array in self.statistics.arrays().items()},
        }
        write_model(path, ModelFile({**self.header, **kept, "checksum": checksum_of(tensors)}, tensors))

    def bands_for(self, hsi: str) -> str:
        """The bands of an HSI that the model takes.

        Args:
            hsi: path of the HSI.

        Returns:
            The bands that were selected for training, as text, where the image has as many bands as that of training;
            else "", all.

        Raises:
            InputError: the file cannot be read.
        """
        if "chosen_bands" not in self.header:
            return ""
        with open_raster(hsi, "hsi") as reader:
            return self.header["chosen_bands"] if reader.bands == self.header["chosen_of"] else ""

    def check_fits(self, scene: Scene, name: str) -> None:
        """Check that the model can be used on a scene.

        Args:
            scene: to fuse.
            name: of the model file, for messages.

        Raises:
            InputError: the scene has other bands or another ratio.
        """
        header, hsi = self.header, scene.hsi
        if header["bands"] != hsi.bands:
            chosen = f" ({header['chosen_bands']} of {header['chosen_of']})" if "chosen_bands" in header else ""
            raise InputError(
                f"{name} was trained on {header['bands']} bands{chosen} but {hsi.name} has {hsi.bands}; choose a model "
                "trained on this sensor's bands."
            )
        if not same_ratio(self.ratios, scene.ratios, RATIO_TOLERANCE):
            raise InputError(
                f"{name} was trained at ratio {ratio_text(self.ratios)} but {hsi.name} and {scene.pan.name} have ratio "
                f"{ratio_text(scene.ratios)}, and more than {100 * RATIO_TOLERANCE:g} per cent are too much; choose a "
                "model trained at this ratio."
            )
        for band, (own, other) in enumerate(zip(header["wavelengths"], hsi.metadata.wavelengths)):
            if own is not None and other is not None and abs(own - other) > WAVELENGTH_TOLERANCE:
                raise InputError(
                    f"{name} was trained with band {band + 1} at {own:g} nm but in {hsi.name} it is at {other:g} nm; "
                    "choose a model trained on this sensor."
                )
        missing = [band + 1 for band, flag in enumerate(header["good"]) if flag and not scene.good[band]]
        if missing:
            raise InputError(
                f"{name} needs band {missing[0]}, which is bad or empty in {hsi.name}; train a model on this image."
            )

    def residual(self, device: torch.device, use: str) -> PairResidual:
        """The residual that the networks add to the prior.

        Args:
            device: where they are computed.
            use: whose residual, one of :data:`.pair.USES`.

        Returns:
            The residual, computed when it is called.
        """
        from .inference import PairResidual

        return PairResidual(self.pair, device, use, sum(self.header["good"]))


def _thinned(distributions: Sequence[Distribution]) -> dict[str, Any]:
    """The header's field of distributions, to 5 digits; of many scenes some that are spread over them."""
    if not distributions:
        return {}
    count = int(np.clip(_MOST_BANDS // len(distributions[0].mean), 1, len(distributions)))
    chosen = [distributions[index] for index in np.linspace(0, len(distributions) - 1, count).astype(int)]
    arrays = [one.arrays() for one in chosen]
    return {"distributions": [{"hsi": _rounded(hsi), "pan": _rounded(pan[None])[0]} for hsi, pan in arrays]}


def _rounded(rows: np.ndarray) -> list[list[float]]:
    return [[float(f"{value:.5g}") for value in row] for row in rows]


def _distributions(header: Mapping[str, Any], bands: int) -> tuple[Distribution, ...]:
    """Of the scenes of training, as the header holds them.

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


def _check_fields(header: Mapping[str, Any], refusal: InputError) -> None:
    """Check the types of the header's other fields."""
    bands, good, scaling = header["bands"], header.get("good"), header.get("scaling")
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
    tolerance = header.get("mtf_tolerance", MTF_TOLERANCE)
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not 0 <= tolerance <= 1:
        raise refusal
    for key in ("training_data", "history"):
        records = header.get(key, [])
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise refusal


def _check_consistency(iterations: object, path: str) -> None:
    if isinstance(iterations, bool) or not isinstance(iterations, int) or not 0 <= iterations <= MOST_ITERATIONS:
        raise InputError(
            f"{path} says {str(iterations)[:20]!r} iterations of the consistency projection, but their number lies "
            f"between 0 and {MOST_ITERATIONS}; train the model again."
        )


def scaling_of(scene: Scene) -> list[list[float]]:
    """Scales and offsets of an HSI, as the header of a model file has them.

    Args:
        scene: whose HSI.

    Returns:
        Two lists of one number a band.
    """
    metadata = scene.hsi.metadata
    return [list(map(float, metadata.scales)), list(map(float, metadata.offsets))]


def _chosen_bands(scenes: Sequence[Scene]) -> dict[str, object]:
    """The bands that were selected and their image's number of bands, where they are the same in all scenes."""
    chosen = {(hsi.numbers, hsi.of) if isinstance(hsi, SelectedBands) else None for hsi in (s.hsi for s in scenes)}
    only = chosen.pop() if len(chosen) == 1 else None
    return {} if only is None else {"chosen_bands": only[0], "chosen_of": only[1]}


def describe(
    pair: Pair,
    scenes: Sequence[Scene],
    good: np.ndarray,
    mtf_gain: Gains,
    iterations: int,
    learning: Mapping[str, Any],
    device: str,
) -> dict[str, Any]:
    """The header of a model file.

    Args:
        pair: the networks.
        scenes: of training.
        good: (bands,) bool, the bands that are learned.
        mtf_gain: at the low-resolution Nyquist frequency, between 0 and 1.
        iterations: of the consistency projection in training.
        learning: settings, scores and history of training.
        device: of training.

    Returns:
        JSON values by field; :class:`.ModelFile` names those that every model file has.
    """
    import torch

    first = scenes[0]
    return {
        "network": pair.name,
        "config": pair.config,
        "parameters": pair.parameters,
        "costs": pair.costs,
        "bands": first.hsi.bands,
        **_chosen_bands(scenes),
        "good": [int(flag) for flag in good],
        "wavelengths": list(first.hsi.metadata.wavelengths),
        "fwhm": list(first.hsi.metadata.fwhm),
        "scaling": scaling_of(first),
        "ratio": first.ratio,
        **({} if first.ratios[0] == first.ratios[1] else {"ratios": list(first.ratios)}),
        "mtf": list(mtf_gain) if isinstance(mtf_gain, tuple) else mtf_gain,
        "mtf_tolerance": MTF_TOLERANCE,
        "consistency": iterations,
        "training_data": [
            {
                "hsi": scene.hsi.name,
                "pan": scene.pan.name,
                "hsi_pixels": list(scene.low_shape),
                "pan_pixels": list(scene.high_shape),
            }
            for scene in scenes
        ],
        **learning,
        "device": device,
        "threads": torch.get_num_threads(),  # last digits depend on it
        "versions": versions(),
        "licence": LICENCE,
    }
