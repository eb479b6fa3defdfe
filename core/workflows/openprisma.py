"""The job ``openprisma``: the HSI and the PAN of a PRISMA L2D product as ordinary rasters."""

from __future__ import annotations

import os

from ..io.writer import RasterWriter
from ..products.opening import open_raster
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .options.declare import Options, on_files
from .output import check_outputs


@on_files(Options)
def openprisma(product: str, hsi_out: str, pan_out: str, *, options: Options, progress: Progress) -> dict[str, object]:
    """Write the two images of a product, as 16-bit numbers with scale and offset, wavelengths, fwhm and bad bands.

    Args:
        product: the .he5 file of level L2D.
        hsi_out, pan_out: rasters to write.
        options: there are none.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``hsi``, ``pan``, ``bands``, ``bad_bands`` (number of those marked as bad), ``rows``, ``cols`` (of the HSI).

    Raises:
        InputError: the product cannot be used, or an output cannot be written.
        Cancelled: the user stopped the job.
    """
    if not product.lower().endswith(".he5"):
        raise InputError(f"{os.path.basename(product)} is no PRISMA product; choose a PRS_L2D file (.he5).")
    check_outputs((product,), (hsi_out, pan_out))
    with open_raster(product, "hsi") as hsi, open_raster(product, "pan") as pan:
        with (
            RasterWriter(hsi_out, hsi.grid, hsi.metadata) as hsi_writer,
            RasterWriter(pan_out, pan.grid, pan.metadata) as pan_writer,
        ):
            progress.set(0.0, "Writing the HSI")
            hsi_writer.copy(hsi, progress.part(0.0, 0.8))
            progress.set(0.8, "Writing the PAN")
            pan_writer.copy(pan, progress.part(0.8, 1.0))
            hsi_writer.complete()
            pan_writer.complete()
        bad = hsi.metadata.bbl.count(0)
        progress.info(
            f"{hsi.bands} bands from {hsi.metadata.wavelengths[0]:.0f} to {hsi.metadata.wavelengths[-1]:.0f} nm; {bad} "
            "of them lie in water vapour absorptions and are marked as bad."
        )
        rows, cols = hsi.grid.rows, hsi.grid.cols
        return {"hsi": hsi_out, "pan": pan_out, "bands": hsi.bands, "bad_bands": bad, "rows": rows, "cols": cols}
