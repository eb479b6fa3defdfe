"""Trained networks as a model file: everything that fusing another scene needs, and its provenance."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..io.band_selection import SelectedBands
from ..io.ratio import ratio_text, same_ratio
from ..io.wavelengths import first_apart
from ..operators.consistency import DEFAULT_ITERATIONS
from ..operators.resample import Gains
from ..products.opening import open_raster
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, as_path
from ..runtime.versions import versions
from ..scene.distribution import Distribution
from ..scene.guide import GUIDE_TOLERANCE, guides_in_order
from ..scene.scene import Scene
from ..scene.statistics import Statistics
from .format import ModelFile, check_header, checksum_of, read_model, verify_checksum, write_model
from .header import (
    check_consistency,
    check_fields,
    check_limits,
    guides_of,
    is_consistent,
    stored_distributions,
    thinned,
)

if TYPE_CHECKING:
    import torch

    from .inference import PairResidual
    from .pair import Pair

LICENCE = "The weights may be used under the terms of the images that they were trained on."
_DAMAGE_ERRORS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)  # of damaged files
_NAME = re.compile(r"[\w+-]{1,60}")
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
        from .pair import Pair, branches_of
        from .untrusted import check_config

        path = as_path(path)
        file = read_model(path)
        check_header(file.header, path)
        config, bands = file.header["config"], file.header["bands"]
        if not _NAME.fullmatch(file.header["network"]):
            raise InputError(f"{path} is of a network that this software does not know; update it, or train again.")
        branches = branches_of(file.header["network"], config if isinstance(config, dict) else {})
        verify_checksum(file, path)
        refusal = InputError(f"{path} does not hold the parameters of its own network; train the model again.")
        if not isinstance(config, dict) or not all(isinstance(config.get(branch), dict) for branch in branches):
            raise refusal
        arrays = {
            name[len("statistics.") :]: array for name, array in file.tensors.items() if name.startswith("statistics.")
        }
        check_fields(file.header, refusal)
        check_consistency(file.header.get("consistency", DEFAULT_ITERATIONS), path)
        guides = guides_of(file.header)
        try:
            statistics = Statistics.from_arrays(arrays)
            components = statistics.components
            distributions = stored_distributions(file.header, bands)
            if len(distributions) % guides:
                raise ValueError("distributions that do not fit")
            check_config(file.header["network"], config, file.tensors)
        except (InputError, *_DAMAGE_ERRORS):
            raise refusal from None
        check_limits(file.header.get("limits"), components + 2 * guides, refusal)
        if not is_consistent(statistics, bands, guides) or any(
            config[branch].get("components") != components or config[branch].get("guides", 1) != guides
            for branch in branches
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
        kept = thinned(self.distributions, self.statistics.guides)
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
        return trained_bands(self.header, hsi)

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
        self._check_guides(scene, name)
        apart = first_apart(header["wavelengths"], hsi.metadata.wavelengths, WAVELENGTH_TOLERANCE)
        if apart is not None:
            band, own, other = apart
            raise InputError(
                f"{name} was trained with band {band + 1} at {own:g} nm but in {hsi.name} it is at {other:g} nm; "
                "choose a model trained on this sensor."
            )
        missing = [band + 1 for band, flag in enumerate(header["good"]) if flag and not scene.good[band]]
        if missing:
            raise InputError(
                f"{name} needs band {missing[0]}, which is bad or empty in {hsi.name}; train a model on this image."
            )

    def _check_guides(self, scene: Scene, name: str) -> None:
        """Refuse a sharper image of other bands."""
        pan, guides = scene.pan, guides_of(self.header)
        known = self.header.get("pan_wavelengths", [])
        numbers = guides_in_order(known, pan)
        in_order = numbers and f"choose its bands in that order (--pan-bands-used {numbers}, PAN_BANDS_USED)"
        if pan.bands != guides:
            more = pan.bands > guides
            any_bands = "its bands (--pan-bands-used, PAN_BANDS_USED)" if more else "an image of these bands"
            choice = in_order or f"choose {any_bands}"
            raise InputError(
                f"{name} was trained with a sharper image of {guides} band{'s' * (guides > 1)} but {pan.name} has "
                f"{pan.bands}; {choice}, or a model trained with them."
            )
        apart = first_apart(known, pan.metadata.wavelengths, GUIDE_TOLERANCE)
        if apart is not None:
            band, own, other = apart
            choice = in_order or "choose an image of the same bands, or a model trained with these"
            raise InputError(
                f"{name} was trained with band {band + 1} of the sharper image at {own:g} nm but in {pan.name} it "
                f"is at {other:g} nm; {choice}."
            )

    def residual(self, device: torch.device, use: str, memory: float | None = None) -> PairResidual:
        """The residual that the networks add to the prior.

        Args:
            device: where they are computed.
            use: whose residual, one of :data:`.pair.USES`.
            memory: budget of the fusion in GB, of which tiles keep to a part; None for no limit.

        Returns:
            The residual, computed when it is called.
        """
        from .inference import PairResidual

        return PairResidual(self.pair, device, use, sum(self.header["good"]), memory, self.header.get("limits"))


def trained_bands(header: Mapping[str, Any], hsi: str) -> str:
    """As :meth:`TrainedModel.bands_for`, of the header of a model file alone.

    Args:
        header: of a model file.
        hsi: path of the HSI.

    Returns:
        The bands, as text; "" for all.

    Raises:
        InputError: the file cannot be read.
    """
    if "chosen_bands" not in header:
        return ""
    with open_raster(hsi, "hsi") as reader:
        return header["chosen_bands"] if reader.bands == header.get("chosen_of") else ""


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
    sharper = {"pan_bands": first.guides, "pan_wavelengths": list(first.pan.metadata.wavelengths)}
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
        **(sharper if first.guides > 1 else {}),
        "mtf": list(mtf_gain) if isinstance(mtf_gain, tuple) else mtf_gain,
        "mtf_tolerance": MTF_TOLERANCE,
        "consistency": iterations,
        "training_data": [
            {
                "hsi": scene.hsi.file,
                "pan": scene.pan.file,
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
