"""Reduced copies of a raster, for quick views."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from osgeo import gdal

from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .gdal_errors import gdal_messages
from .raster_files import driver_of

_SMALLEST = 256
_CACHE = 256_000_000  # bytes


@contextlib.contextmanager
def small_block_cache() -> Iterator[None]:
    """Keep GDAL's block cache small while GDAL works through a raster: it would grow to a share of the memory."""
    before = gdal.GetCacheMax()
    gdal.SetCacheMax(min(before, _CACHE))
    try:
        yield
    finally:
        gdal.SetCacheMax(before)


def add_overviews(path: str, progress: Progress | None = None, name: str = "") -> None:
    """Give a finished raster reduced copies of itself, down to 256 pixels; nodata takes no part in their means.

    Args:
        path: GeoTIFF or ENVI file. progress: asked whether to stop.
        name: what to call it in an error, where that is not its file name.

    Raises:
        InputError: they cannot be written.
        Cancelled: the user stopped the job; the raster may hold some of them.
    """
    progress = progress or Progress()
    inside = driver_of(path) == "GTiff"

    def build() -> object:
        dataset = gdal.OpenEx(path, gdal.OF_RASTER | (gdal.OF_UPDATE if inside else 0))
        if dataset is None:
            raise RuntimeError("it cannot be opened again")
        longest = max(dataset.RasterXSize, dataset.RasterYSize)
        factors = [2**power for power in range(1, 20) if longest / 2 ** (power - 1) > _SMALLEST]
        return factors and dataset.BuildOverviews(
            "AVERAGE", factors, callback=lambda *_: 0 if progress.cancelled() else 1
        )

    with small_block_cache(), gdal_messages() as messages:
        failed = messages.call(build)
        progress.check()
        if failed or messages.write_failures:
            raise InputError(
                f"No overviews of {name or os.path.basename(path)} could be written{messages.words()}; see "
                "whether the disk is full, or do without them."
            )
