"""The job ``classical``: fuse with a classical method, without PyTorch."""

from __future__ import annotations

from ..calibration.relation import pan_relation
from ..fusion.classical import METHODS, ClassicalMethod
from ..runtime.progress import Progress
from ..scene.scene import Scene
from .gains import choose_gain
from .looks import Attempt, up_sampling, write_looked_at
from .opening import check_space, open_scene
from .options.call import on_files
from .options.fusion import ClassicalOptions
from .output import Outputs
from .verdicts import fused_verdict


@on_files(ClassicalOptions)
def classical(hsi: str, pan: str, output: str, *, options: ClassicalOptions, progress: Progress) -> dict[str, object]:
    """Fuse an HSI and a PAN with a classical method.

    Args:
        hsi, pan: rasters to read.
        output: raster to write, on the PAN's grid.
        options: or its fields by name, as ``method="gsa"``.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``verdict``, ``mark`` and ``checks`` (see :func:`.sharpen.sharpen`), ``output``, ``method``,
        ``mtf_gain`` (see :meth:`.gains.ChosenGain.facts`), ``ratio``, ``bands``, ``rows``,
        ``cols``; ``look``, ``range``, ``result``, ``pan_correlation`` and ``moved``, see
        :func:`.looks.write_looked_at`.

    Raises:
        InputError: a file or an option cannot be used.
        Cancelled: the user stopped the job.
    """
    outputs = Outputs(output)
    outputs.check((hsi, pan, *options.besides), options.compress)
    with open_scene(hsi, pan, options, progress) as scene:
        return classical_scene(scene, options, outputs, progress)


def classical_scene(scene: Scene, options: ClassicalOptions, outputs: Outputs, progress: Progress) -> dict[str, object]:
    """Fuse an open scene.

    Args:
        scene: the open HSI and PAN.
        options: of :func:`classical`.
        outputs: the raster to write.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        as :func:`classical`.

    Raises:
        InputError: an option cannot be used, or there is too little disk space.
        Cancelled: the user stopped the job.
    """
    check_space(scene, outputs, options)
    chosen = choose_gain(scene, options.mtf, progress)
    gain = chosen.gain
    progress.set(0.1, "Computing statistics")
    if pan_relation(scene, progress).unrelated:
        attempt = up_sampling(scene, gain, options.consistency, progress)
    else:
        fitted = ClassicalMethod(options.method, gain, options.consistency).fit(scene, progress)
        attempt = Attempt(METHODS[options.method].title, fitted)
    progress.set(0.25, "Fusing")
    written = write_looked_at(scene, [attempt], outputs, options, progress.part(0.25, 1.0))
    facts = {**written, "method": options.method, "mtf_gain": chosen.facts()}
    verdict = fused_verdict(facts, METHODS[options.method].title)
    return {**facts, "verdict": verdict.sentence, **verdict.facts()}
