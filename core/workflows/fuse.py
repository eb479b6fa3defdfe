"""The job ``fuse``: sharpen a scene with a model that was trained before."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Callable

from ..fusion.engine import Fused
from ..fusion.prior import RegressionPrior
from ..io.grid import Window
from ..io.metadata import RasterMetadata
from ..models.trained import TrainedModel
from ..operators.consistency import check_iterations
from ..runtime.devices import choose_device, load_torch
from ..runtime.errors import InputError
from ..runtime.paths import StrPath, paths
from ..runtime.progress import Progress
from .opening import check_space, open_scene
from .output import check_compression, check_outputs, write_fused

if TYPE_CHECKING:
    pass


def fuse(
    hsi: StrPath,
    pan: StrPath,
    model: StrPath,
    output: StrPath,
    *,
    disagreement: StrPath = "",
    use: str = "mean",
    consistency: int | None = None,
    extent: tuple[float, float, float, float] | None = None,
    device: str = "auto",
    memory: float | None = None,
    bands: str = "",
    correct_shift: bool = False,
    overviews: bool = False,
    compress: str = "deflate",
    dask: str = "",
    progress: Progress | None = None,
) -> dict[str, object]:
    """Fuse an HSI and a PAN with a trained model.

    Args:
        hsi, pan, model: files to read. output: raster to write, on the PAN's grid.
        disagreement: raster to write, how far the two networks differ; "" for none.
        use: "mean" of both networks, "spectral" or "spatial".
        consistency: iterations of the consistency projection, 0 for none; None for as many as the model learned with.
        extent: (xmin, ymin, xmax, ymax) in map units: the part that is wanted; None for all.
        device: "auto", "cpu", "cuda" or "mps".
        memory: budget in GB, None for the usual one.
        bands: the bands of the HSI to use, as "1-100,120" or "430-900 nm"; "" for those that the model was trained on,
            where they were chosen of an image with as many bands, else for all.
        correct_shift: move the PAN's position by its shift against the HSI, as phase correlation measures it; else it
            is only warned of.
        overviews: add reduced copies to the output, so that it is shown fast.
        compress: how a GeoTIFF is compressed: "deflate", "zstd" or "none".
        dask: address of the scheduler of a Dask cluster whose workers compute strips of the result, or "local" for
            processes on this machine; "" to compute here. The pixels are the same to the last bit.

    Returns:
        ``output``, ``model``, ``network``, ``ratio``, ``bands``, ``rows``, ``cols``.

    Raises:
        InputError: a file or a parameter cannot be used.
        MissingDependencyError: PyTorch, or Dask where it is asked for, is not installed.
        Cancelled: the user stopped the job.
    """
    progress = progress or Progress()
    hsi, pan, model, output = paths(hsi=hsi, pan=pan, model=model, output=output)
    (disagreement,) = paths(disagreement=disagreement)
    load_torch(progress)
    from ..models.pair import USES

    if use not in USES:
        raise InputError(f"There is no result {use!r} of a pair of networks; choose one of {', '.join(USES)}.")
    if consistency is not None:
        check_iterations(consistency)
    check_compression(compress)
    check_outputs((hsi, pan, model), (output, disagreement))
    trained = TrainedModel.open(model)
    check_disagreement(trained.pair.name, disagreement)
    consistency = _iterations(consistency, trained, model, progress)
    if not bands.strip():
        bands = trained.bands_for(hsi)
        if bands:
            progress.info(f"The model was trained on bands {bands}; the same are taken here.")
    with contextlib.ExitStack() as stack:
        client = None
        if dask:
            from .cluster import StripJob, connect, fuse_on_cluster

            client = stack.enter_context(connect(dask, progress))
        progress.set(0.0, "Looking through the scene")
        scene = stack.enter_context(open_scene(hsi, pan, progress, bands=bands, correct_shift=correct_shift))
        trained.check_fits(scene, model)
        window = scene.output_window(extent)
        written = [(output, scene.hsi.bands, scene.hsi.metadata.dtype), (disagreement, 1, "float32")]
        check_space(scene, window, written, overviews)
        chosen, sentence = choose_device(device)
        progress.info(sentence)
        residual = trained.residual(chosen, use)
        if residual.engine:
            progress.info(residual.engine)
        fitted = RegressionPrior(trained.statistics, trained.header["mtf"], consistency, residual).fit(scene, progress)
        progress.set(0.1, "Fusing")
        part = progress.part(0.1, 1.0)

        strips: Callable[[Window, RasterMetadata], Iterator[Fused]] | None = None
        if client is not None:

            def on_cluster(window: Window, stored: RasterMetadata) -> Iterator[Fused]:
                job = StripJob(scene, fitted, window, stored, bool(disagreement))
                return fuse_on_cluster(client, job, memory, output, part)

            strips = on_cluster

        grid = write_fused(
            scene,
            fitted,
            output,
            extent=extent,
            memory=memory,
            compress=compress,
            disagreement=disagreement,
            overviews=overviews,
            strips=strips,
            progress=part,
        )
        return {
            "output": output,
            "model": model,
            "network": trained.pair.name,
            "ratio": scene.ratio,
            "bands": scene.hsi.bands,
            "rows": grid.rows,
            "cols": grid.cols,
        }


def check_disagreement(network: str, disagreement: str) -> None:
    """Make sure that there are two networks where their disagreement is asked for.

    Raises:
        InputError: there is one.
    """
    from ..models.pair import kind_of

    if len(kind_of(network).networks) < 2 and disagreement:
        raise InputError(f"{network} is a single network, which disagrees with no other; leave {disagreement} out.")


def _iterations(asked: int | None, trained: TrainedModel, model: str, progress: Progress) -> int:
    """How often to project: as often as the model learned with, unless another number is asked for."""
    learned = trained.iterations
    if asked is None or asked == learned:
        return learned
    progress.warning(
        f"{model} learned with {learned} iterations of the consistency projection, but {asked} are asked for: what it "
        f"adds to the prior is right for {learned}; leave the number out to use it."
    )
    return asked
