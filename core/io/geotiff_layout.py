"""How the GeoTIFFs are laid out that are written strip by strip: blocks and compression, as GDAL's creation options."""

from __future__ import annotations

import numpy as np
from osgeo import gdal

from ..runtime.threads import usable_cores

COMPRESSIONS = ("deflate", "zstd", "none")  # that the user may choose from
BLOCK_ROWS = 16  # rows of a GeoTIFF's blocks, at least: strips that start and end at multiples of it are written once
_MOST_ROWS, _ROW_BYTES = 64, 32e6  # of a block: larger ones compress better; bytes of all blocks in a row, at most
BLOCK_COLS = 512  # of them, at most
# GDAL's own, 6 and 9, take longer by half and more; deflate's makes integers no smaller, and floats by 2 per cent.
_LEVELS = {"DEFLATE": "ZLEVEL=1", "ZSTD": "ZSTD_LEVEL=1"}


def layout(cols: int, rows_of_blocks: int, compress: str, dtype: str) -> list[str]:
    """Bands one after another in blocks that are wide and low, so that writing strip by strip, however many bands
    there are, fills blocks and never takes them up again.

    Args:
        cols: columns of the raster.
        rows_of_blocks: see :func:`block_rows`.
        compress: compression, as GDAL calls it; "NONE" for none.
        dtype: numpy name of the type on disk.

    Returns:
        Creation options of GDAL's GeoTIFF driver.
    """
    # Of the cores one computes; where there are two, another thread compresses what it writes itself: handing blocks
    # to a pool of threads takes half as long again as compressing them.
    threads = [] if compress == "NONE" else [f"NUM_THREADS={max(1, usable_cores() - 1)}"]
    return [
        "TILED=YES",
        f"BLOCKXSIZE={block_cols(cols)}",
        f"BLOCKYSIZE={rows_of_blocks}",
        "INTERLEAVE=BAND",
        "BIGTIFF=IF_SAFER",
        # Four bands of bytes are four bands, not red, green, blue and transparency.
        "PHOTOMETRIC=MINISBLACK",
        "ALPHA=NO",
        *compression(compress, dtype),
        *threads,
    ]


def compression(compress: str, dtype: str) -> list[str]:
    """How blocks are compressed.

    Args:
        compress: compression, as GDAL calls it; "NONE" for none.
        dtype: numpy name of the type on disk.

    Returns:
        Creation options of GDAL's GeoTIFF driver.
    """
    if compress == "NONE":
        return []
    options = [f"COMPRESS={compress}"]
    if compress in _LEVELS:
        options.append(_LEVELS[compress])
    kind = np.dtype(dtype)
    if compress in ("DEFLATE", "LZW", "ZSTD") and (kind.kind == "f" or kind.itemsize <= 4):
        options.append(f"PREDICTOR={3 if kind.kind == 'f' else 2}")
    return options


def can_compress(compress: str) -> bool:
    """Whether this GDAL was built with a compression of GeoTIFFs.

    Args:
        compress: name of the compression, as GDAL calls it.

    Returns:
        Whether it can be used.
    """
    options = gdal.GetDriverByName("GTiff").GetMetadataItem("DMD_CREATIONOPTIONLIST") or ""
    return f"<Value>{compress.upper()}</Value>" in options


def block_rows(row_bytes: int) -> int:
    """Rows of the blocks of a compressed GeoTIFF: larger blocks compress better, but all blocks in a row are kept until
    they are complete.

    Args:
        row_bytes: of a row of all bands.

    Returns:
        Rows of a block, a multiple of :data:`BLOCK_ROWS`.
    """
    rows = _MOST_ROWS
    while rows > BLOCK_ROWS and rows * row_bytes > _ROW_BYTES:
        rows //= 2
    return rows


def block_cols(cols: int, most: int = BLOCK_COLS) -> int:
    """Columns of a GeoTIFF's blocks: ``most`` or fewer, a multiple of 16, and little left over at the right edge.

    Args:
        cols: columns of the raster.
        most: columns of a block, at most.

    Returns:
        Columns of a block.
    """
    return -(-cols // -(-cols // most) // 16) * 16
