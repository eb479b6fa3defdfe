"""How an image is cut into tiles of columns that are computed with a margin."""

from __future__ import annotations


def tile_cols(cols: int, rows: int, pixels: int, margin: int) -> int:
    """Columns of a tile: of equal tiles, the widest whose pixels, margins included, are not too many.

    Args:
        cols: of the image.
        rows: of a tile, with its margins.
        pixels: of a tile, at most, where it is not very narrow.
        margin: columns to either side.

    Returns:
        Columns without margins, 16 or more where the image has as many.
    """
    most = max(16, pixels // rows - 2 * margin)
    return -(-cols // -(-cols // most))
