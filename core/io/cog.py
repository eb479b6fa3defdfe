"""Cloud-optimised GeoTIFF: made of a finished GeoTIFF with overviews, which GDAL copies into the order that it wants:
all directories first, then the overviews from the smallest on. Not by GDAL's driver COG, which before 3.11 interleaves
bands pixel by pixel: with hundreds of bands it takes seven times as long, and a band cannot be read without the others.
"""

from __future__ import annotations

from typing import Any

from osgeo import gdal

from ..runtime.progress import Progress
from .gdal_errors import gdal_messages
from .overviews import add_overviews, small_block_cache

_BLOCK = 512  # rows and columns of a block


def write_cog(finished: str, path: str, options: list[str], progress: Progress, name: str) -> str:
    """Write a cloud-optimised copy of a GeoTIFF, bands one after another.

    Args:
        finished: the GeoTIFF, which gets overviews.
        path: to write.
        options: of its compression, as GDAL's GeoTIFF driver has them.
        progress: asked whether to stop.
        name: of the file, for errors.

    Returns:
        "" where it is written, else what GDAL says.

    Raises:
        InputError: overviews cannot be written.
        Cancelled: the user stopped the job.
    """
    add_overviews(finished, progress, name)
    layout = [
        "TILED=YES",
        f"BLOCKXSIZE={_BLOCK}",
        f"BLOCKYSIZE={_BLOCK}",
        "INTERLEAVE=BAND",
        "COPY_SRC_OVERVIEWS=YES",
        "BIGTIFF=IF_SAFER",
        "PHOTOMETRIC=MINISBLACK",
        "ALPHA=NO",
        *options,
    ]

    def write() -> Any:
        dataset = gdal.OpenEx(finished, gdal.OF_RASTER)
        made = gdal.GetDriverByName("GTiff").CreateCopy(
            path, dataset, options=layout, callback=lambda *_: 0 if progress.cancelled() else 1
        )
        if made is None:
            return False
        made.FlushCache()
        return True

    with small_block_cache(), gdal_messages() as messages:
        written = messages.call(write)
        progress.check()
        return "" if written and not messages.write_failures else messages.words() or ": GDAL gives no reason"
