"""The job ``openproduct``: the images of a product as ordinary rasters."""

from __future__ import annotations

import contextlib
import os

from ..io.reader import RasterReader
from ..io.writer import RasterWriter
from ..products.opening import open_raster, unknown_product
from ..products.table import find_product
from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .options.call import on_files
from .options.products import OpenProductOptions
from .output import check_outputs

_TITLES = {"hsi": "hyperspectral image", "pan": "sharper image", "quality": "quality raster"}
_SHARES = {"hsi": 0.8, "pan": 0.15, "quality": 0.05}  # of the work


@on_files(OpenProductOptions)
def openproduct(
    product: str,
    hsi_out: str = "",
    pan_out: str = "",
    quality_out: str = "",
    *,
    options: OpenProductOptions,
    progress: Progress,
) -> dict[str, object]:
    """Write the images of a product, as they are stored, with scale and offset, wavelengths, widths, bad bands, nodata
    and georeference. What the product's flags call invalid becomes nodata.

    Args:
        product: its file, folder or archive.
        hsi_out, pan_out, quality_out: rasters to write; "" for those that are not wanted.
        options: which images, and which bands.
        progress: receives progress and messages; asked whether to stop.

    Returns:
        ``hsi``, ``pan`` and ``quality``, the files that were written, "" for others; ``product``, its name; ``bands``,
        ``bad_bands`` (number of those marked as bad), ``rows``, ``cols`` of the first of these images.

    Raises:
        InputError: the product cannot be used, has none of the images, or an output cannot be written.
        Cancelled: the user stopped the job.
    """
    found = find_product(product, "hsi" if options.role == "all" else options.role)
    name = os.path.basename(product.rstrip("/\\"))
    if found is None and not os.path.exists(product):
        raise InputError(f"{name} does not exist ({product}); choose another file or folder.")
    if found is None:
        raise InputError(unknown_product(product))
    outputs = {"hsi": hsi_out, "pan": pan_out, "quality": quality_out}
    wanted = _wanted(found.product.roles, options.role, outputs, name)
    check_outputs((product,), tuple(outputs[image] for image in wanted))
    lacking = [image for image in outputs if outputs[image] and image not in wanted and options.role == "all"]
    if lacking:
        titles = " and ".join(f"no {_TITLES[image]}" for image in lacking)
        more = f"; --role {lacking[0]} (ROLE) looks for another product in the folder" if os.path.isdir(product) else ""
        progress.warning(f"{name} is read as {found.product.name}, which has {titles}: none is written{more}.")
    made: dict[str, object] = {image: outputs[image] if image in wanted else "" for image in outputs}
    done, whole = 0.0, sum(_SHARES[image] for image in wanted)
    with contextlib.ExitStack() as stack:  # all or none: what is complete before another fails is removed, too
        writers, said = [], set[str]()
        for image, role in wanted.items():
            step = _SHARES[image] / whole
            progress.set(done, f"Writing {os.path.basename(outputs[image])}")
            try:
                reader = open_raster(product, role, None if said else progress, rule=options.band_rule)
            except InputError as error:
                if image != "quality" or options.role != "all" or len(wanted) == 1:
                    raise
                progress.info(f"No quality raster is written: {error}")  # not all products of one kind have it
                made[image] = ""
                continue
            _say_more(reader, outputs[image], said, progress)
            with reader:
                writer = stack.enter_context(
                    RasterWriter(outputs[image], reader.grid, reader.metadata, progress=progress)
                )
                writer.copy(reader, progress.part(done, done + step))
                writers.append(writer)
                made = {**_facts(reader), **made}
            done += step
        for writer in writers:
            writer.complete()
    return {"product": found.product.name, **made}


def _wanted(roles: tuple[str, ...], role: str, outputs: dict[str, str], name: str) -> dict[str, str]:
    """The role in the product of each image that is written."""
    asked = {image: image for image in outputs if role in ("all", image)} or {"pan": role}
    found = {image: own for image, own in asked.items() if outputs[image] and (own in roles or role != "all")}
    if not found and not any(outputs[image] for image in asked):
        flags = " or ".join(f"--out-{image} ({image.upper()})" for image in asked)
        raise InputError(f"Nothing would be written of {name}: name a file for {flags}.")
    if not found:
        raise InputError(f"{name} has none of the images asked for; it has: {', '.join(roles)}.")
    return found


def _say_more(reader: RasterReader, output: str, said: set[str], progress: Progress) -> None:
    """What was taken from where is said of the first image as it is opened; of others, what is not known yet."""
    facts = [fact for fact in reader.origin.provenance if fact not in said]
    notes = [note for note in reader.notes if note not in said]
    if said and facts:
        progress.info(f"{os.path.basename(output)}: {'; '.join(facts)}.")
    for note in notes if said else ():
        progress.warning(note)
    said |= {reader.origin.product, *facts, *notes}


def _facts(reader: RasterReader) -> dict[str, object]:
    bad = reader.metadata.bbl.count(0)
    return {"bands": reader.bands, "bad_bands": bad, "rows": reader.grid.rows, "cols": reader.grid.cols}
