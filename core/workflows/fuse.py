"""The job ``fuse``: sharpen a scene with a model that was trained before."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import replace

from ..calibration.relation import pan_relation
from ..fusion.engine import memory_budget
from ..fusion.prior import RegressionPrior
from ..models.format import read_model
from ..models.trained import TrainedModel, trained_bands
from ..models.units import fit_to_scene
from ..runtime.devices import choose_device, require_torch
from ..runtime.progress import Progress
from ..runtime.threads import Beside
from ..scene.scene import Scene
from .cluster import connect, fuse_on_cluster
from .gains import ChosenGain, ModelGain, choose_beside_model
from .looks import PRIOR, Attempt, up_sampling, write_looked_at
from .opening import check_space, open_scene
from .options.call import on_files
from .options.fusion import FuseOptions
from .options.menus import network_title
from .output import Outputs
from .trial import scene_prior, tried
from .verdicts import fused_verdict


@on_files(FuseOptions)
def fuse(
    hsi: str, pan: str, model: str, output: str, *, disagreement: str = "", options: FuseOptions, progress: Progress
) -> dict[str, object]:
    """Fuse an HSI and a PAN with a trained model.

    Args:
        hsi, pan, model: files to read.
        output: raster to write, on the PAN's grid.
        disagreement: raster to write, how far the two networks differ; "" for none.
        options: or its fields by name, as ``use="spectral"``.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``verdict``, ``mark`` and ``checks`` (see :func:`.sharpen.sharpen`), ``output``, ``model``, ``disagreement`` (""
        where it is not written), ``mtf_gain`` (see :meth:`.gains.ChosenGain.facts`), ``network``, ``ratio``, ``bands``,
        ``rows``, ``cols``; ``look``, ``range``, ``result``, ``pan_correlation`` and ``moved``, see
        :func:`.looks.write_looked_at`; ``trial``, the scores by which the model was judged, see
        :meth:`.trial.Trial.facts`, None where the scene is too small for them.

    Raises:
        InputError: a file or an option cannot be used.
        MissingDependencyError: PyTorch, or Dask where it is asked for, is not installed.
        Cancelled: the user stopped the job.
    """
    with Beside(functools.partial(_opened_model, model), progress) as loading:
        outputs = Outputs(output, disagreement)
        outputs.check((hsi, pan, *options.besides), options.compress, (model,))
        if not options.bands.strip():
            options = replace(options, bands=trained_bands(read_model(model).header, hsi))
            if options.bands:
                progress.info(f"The model was trained on bands {options.bands}; the same are taken here.")
        with open_scene(hsi, pan, options, loading) as scene:
            trained = loading.result()
            outputs = with_disagreement(trained.pair.name, outputs, progress)
            if options.consistency not in (None, trained.iterations):
                progress.warning(
                    f"{model} learned with {trained.iterations} iterations of the consistency projection, but "
                    f"{options.consistency} are asked for: what it adds to the prior is right for "
                    f"{trained.iterations}; leave the number out to use it."
                )
            trained = fit_to_scene(trained, scene, model, progress)
            own = ModelGain(model, trained.mtf_gain, trained.mtf_tolerance)
            chosen = choose_beside_model(scene, own, options.mtf, progress)
            return {**fuse_scene(scene, trained, model, chosen, options, outputs, progress), "model": model}


def _opened_model(path: str) -> TrainedModel:
    """Loads PyTorch, which takes seconds the first time; meanwhile the scene is looked through."""
    require_torch()
    return TrainedModel.open(path)


def fuse_scene(
    scene: Scene,
    trained: TrainedModel,
    model: str,
    chosen: ChosenGain,
    options: FuseOptions,
    outputs: Outputs,
    progress: Progress,
) -> dict[str, object]:
    """Fuse an open scene with a model that fits it; where the model fails on a part of the scene at reduced resolution,
    the scene's own regression prior is the result.

    Args:
        scene: the open HSI and PAN.
        trained: the model.
        model: its file, as it is called.
        chosen: the gain to fuse with.
        options: of :func:`fuse`.
        outputs: the rasters to write.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        as :func:`fuse`, but for ``model``.

    Raises:
        InputError: an option cannot be used, or there is too little disk space.
        Cancelled: the user stopped the job.
    """
    with connect(options.dask, progress) if options.dask else contextlib.nullcontext() as client:
        check_space(scene, outputs, options)
        device, sentence = choose_device(options.device)
        progress.info(sentence)
        residual = trained.residual(device, options.use, memory_budget(options.memory))
        if residual.engine:
            progress.info(residual.engine)
        iterations = trained.iterations if options.consistency is None else options.consistency
        gain = chosen.gain
        progress.set(0.1, "Fusing")
        part = progress.part(0.1, 1.0)
        plain = RegressionPrior(trained.statistics, gain, iterations).fit(scene, progress)
        method = RegressionPrior(trained.statistics, gain, iterations, residual)
        trial = None
        if pan_relation(scene, progress).unrelated:
            attempt = up_sampling(scene, gain, iterations, progress)
        elif (trial := tried(scene, method, progress)) is not None and trial.failed:
            progress.warning(trial.sentence(model, scene.hsi.name))
            attempt = Attempt(PRIOR, scene_prior(scene, gain, iterations, progress).fit(scene, progress))
        else:
            fitted, strips = method.fit(scene, progress), None
            if client is not None:
                strips = functools.partial(fuse_on_cluster, client, scene, fitted, outputs, options.memory, part)
            attempt = Attempt("networks'", fitted, strips)
        written = write_looked_at(scene, [attempt], outputs, options, part, plain)
        judged = {"mtf_gain": chosen.facts(), "trial": None if trial is None else trial.facts()}
        more = {"disagreement": outputs.disagreement, **judged}
        facts = {**written, "network": trained.pair.name, **more}
        verdict = fused_verdict(facts, network_title(trained.pair.name))
        return {**facts, "verdict": verdict.sentence, **verdict.facts()}


def with_disagreement(network: str, outputs: Outputs, progress: Progress) -> Outputs:
    """The rasters that can be written: where a single network is asked for a disagreement, that is said and left out.

    Args:
        network: name of what learns.
        outputs: that are asked for.
        progress: is told.

    Returns:
        The same, or without the disagreement.

    Raises:
        InputError: there is no such network.
    """
    from ..models.pair import kind_of

    if len(kind_of(network).networks) > 1 or not outputs.disagreement:
        return outputs
    progress.warning(
        f"{network} is a single network, which disagrees with no other: {outputs.disagreement} is not written."
    )
    return replace(outputs, disagreement="")
