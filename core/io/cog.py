"""Cloud-optimised GeoTIFF: made of a finished GeoTIFF, as GDAL's driver asks for."""

from __future__ import annotations

from osgeo import gdal

from ..runtime.errors import InputError
from ..runtime.progress import Progress
from .gdal_errors import gdal_messages

_BLOCK = 512  # rows and columns of a block
_MOST = 16_000_000  # bytes of a block, where it holds all bands
_SMALLEST = 64


def check_cog(name: str) -> None:
    """Make sure that this GDAL can write cloud-optimised GeoTIFFs.

    Args:
        name: of the file, for the error.

    Raises:
        InputError: it cannot.
    """
    if gdal.GetDriverByName("COG") is None:
        raise InputError(
            f"{name} cannot be written: this GDAL has no COG driver (it came with GDAL 3.1); name it .tif for a plain "
            "GeoTIFF."
        )


def write_cog(finished: str, path: str, compress: str, progress: Progress) -> str:
    """Write a cloud-optimised copy of a GeoTIFF, with overviews; bands one after another where GDAL can (3.11), else in
    blocks of all bands, which are small enough for memory.

    Args:
        finished: the GeoTIFF.
        path: to write.
        compress: as GDAL calls it.
        progress: asked whether to stop.

    Returns:
        "" where it is written, else what GDAL says.

    Raises:
        Cancelled: the user stopped the job.
    """
    driver = gdal.GetDriverByName("COG")
    known = driver.GetMetadataItem("DMD_CREATIONOPTIONLIST") or ""
    options = ["BIGTIFF=IF_SAFER", "OVERVIEWS=IGNORE_EXISTING", "RESAMPLING=AVERAGE", f"COMPRESS={compress}"]
    if compress != "NONE":
        options += ["LEVEL=1", "PREDICTOR=YES", "NUM_THREADS=ALL_CPUS"]

    def write() -> object:
        dataset = gdal.OpenEx(finished, gdal.OF_RASTER)
        block, size = _BLOCK, gdal.GetDataTypeSize(dataset.GetRasterBand(1).DataType) // 8 * dataset.RasterCount
        if "name='INTERLEAVE'" in known or 'name="INTERLEAVE"' in known:
            options.append("INTERLEAVE=BAND")
        else:
            while block > _SMALLEST and block * block * size > _MOST:
                block //= 2
        made = driver.CreateCopy(
            path,
            dataset,
            options=[*options, f"BLOCKSIZE={block}"],
            callback=lambda *_: 0 if progress.cancelled() else 1,
        )
        return None if made is None else made.FlushCache() or True

    with gdal_messages() as messages:
        written = messages.call(write)
        progress.check()
        return "" if written and not messages.write_failures else messages.words() or ": GDAL gives no reason"
