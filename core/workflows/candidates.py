"""The methods that a comparison runs: classical ones, networks that learn on the scene, a trained model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..fusion.classical import METHODS, ClassicalMethod
from ..fusion.method import FittedMethod, FusionMethod
from ..operators.resample import Gains
from ..runtime.atomic_files import working_folder
from ..runtime.devices import choose_device, require_torch
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .gains import ModelGain
from .options.fusion import SharpenOptions
from .options.menus import network_title
from .options.quality import CompareOptions
from .sharpen import learn_scene, regression_prior

if TYPE_CHECKING:
    from ..models.trained import TrainedModel

BASE = "exp"  # what scores are relative to; always among the methods


@dataclass(frozen=True)
class Candidate:
    """A method that takes part.

    Attributes:
        name: its id. title: for people.
        method: is fitted to the scene at either resolution.
        networks: whether it has two networks that may disagree.
        note: why its scores may not rank it, "" where they may.
        iterations: of the consistency projection that a trained model brings along; None for those that are chosen.
        history: checks while its networks learned, on the last scene that it was fitted to; empty for other methods.
    """

    name: str
    title: str
    method: FusionMethod
    networks: bool = False
    note: str = ""
    iterations: int | None = None
    history: Sequence[Mapping[str, Any]] = ()


def candidates(options: CompareOptions, mtf_gain: Gains, hsi: str, sure: bool = False) -> list[Candidate]:
    """The base first, then the chosen methods, all classical ones where none is chosen, then the model.

    Args:
        options: of the comparison.
        mtf_gain: of the HSI, at its Nyquist frequency.
        hsi: file that is compared on.
        sure: whether the gain is that of the pair, so that it counts more than that of a trained model.

    Returns:
        each method once.

    Raises:
        InputError: the model cannot be read.
        MissingDependencyError: a network takes part, and PyTorch is not installed.
    """
    made = []
    for name in dict.fromkeys([BASE, *(options.methods or METHODS)]):
        if name in METHODS:
            # Up-sampling is the base as it stands, without any projection.
            iterations = 0 if name == BASE else options.consistency
            made.append(Candidate(name, METHODS[name].title, ClassicalMethod(name, mtf_gain, iterations)))
        else:
            require_torch()
            title, method = f"{network_title(name)}, learned on the scene", _LearnedOnScene(name, options, mtf_gain)
            made.append(Candidate(name, title, method, networks=True, history=method.history))
    if options.model:
        made.append(_trained(options.model, hsi, options.device, mtf_gain if sure else None))
    return made


class _LearnedOnScene:
    """Networks that learn on the scene that they are fitted to."""

    def __init__(self, network: str, options: CompareOptions, mtf_gain: Gains) -> None:
        shared = {name: getattr(options, name) for name in ("consistency", "effort", "seed", "device")}
        self._options, self._mtf_gain = SharpenOptions(network=network, **shared), mtf_gain
        self.history: list[Mapping[str, Any]] = []

    def fit(self, scene: Scene, progress: Progress) -> FittedMethod:
        """Learns first."""
        device, _ = choose_device(self._options.device)
        with working_folder() as folder:
            checkpoint = os.path.join(folder, "model.checkpoint")
            trained = learn_scene(scene, self._options, self._mtf_gain, device, checkpoint, progress)
        self.history[:] = trained.header["history"]
        return regression_prior(trained, device).fit(scene, progress)


class _Trained:
    """A trained model, which fits the scenes of its sensor only; used with the gain of the pair where that differs by
    more than the model allows."""

    def __init__(self, model: str, device: str, mtf_gain: Gains | None) -> None:
        from ..models import trained

        self.trained, self._model, self._device = trained.TrainedModel.open(model), model, device
        own = ModelGain(model, self.trained.mtf_gain, self.trained.mtf_tolerance)
        self._mtf_gain = mtf_gain if mtf_gain is not None and own.differs(mtf_gain) else own.gain
        self._fitted: TrainedModel | None = None

    def fit(self, scene: Scene, progress: Progress) -> FittedMethod:
        """Sees whether it suits the scene; the views of one scene at both resolutions have the same units."""
        from ..models.units import fit_to_scene

        if self._fitted is None:
            self._fitted = fit_to_scene(self.trained, scene, self._model, progress)
        self._fitted.check_fits(scene, self._model)
        return regression_prior(self._fitted, choose_device(self._device)[0], self._mtf_gain).fit(scene, progress)


def _trained(model: str, hsi: str, device: str, mtf_gain: Gains | None) -> Candidate:
    require_torch()
    method = _Trained(model, device, mtf_gain)
    header, name, scene = method.trained.header, os.path.basename(model), os.path.basename(hsi)
    seen = any(data.get("hsi") == scene for data in header.get("training_data", []))
    note = (
        f"{name} was trained on {scene} itself: at reduced resolution it is scored on what it has learned from, so it "
        "is not ranked."
    )
    return Candidate(
        "model",
        f"Model {name} ({network_title(header['network'])})",
        method,
        networks=len(header["config"]) > 1,
        note=note if seen else "",
        iterations=method.trained.iterations,
        history=header.get("history", ()),
    )
