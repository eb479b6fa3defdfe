"""Small PNG pictures of rasters: true colour, grey, and colour maps of one quantity."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from ..io.grid import Window, decimation
from ..io.metadata import RasterMetadata
from ..io.reader import RasterReader

TRUE_COLOUR = (640.0, 550.0, 460.0)  # nm: red, green, blue
FALSE_COLOUR = (860.0, 650.0, 550.0)  # nm: near infrared, red, green
FARTHEST = 60.0  # nm: a band further from its colour is no true colour
STRETCH = (2.0, 98.0)  # percentiles
COLOUR_STOPS = (  # viridis at nine equal steps: ordered by lightness, distinct with any colour vision
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
)
_USUAL = {4: (2, 1, 0), 8: (4, 2, 1)}  # red, green and blue of images of so many bands, counted from 0
_LEVELS = 255  # of a colour map; the last palette entry is transparent


def true_colour_bands(metadata: RasterMetadata) -> tuple[int, int, int]:
    """The bands to show as red, green and blue.

    The good bands nearest to 640, 550 and 460 nm. Where wavelengths are unknown, an image of four bands is taken for
    blue, green, red and near infrared, one of eight for WorldView's (the fifth is red, the third green, the second
    blue); else, or where none is within 60 nm, good bands spread evenly over the image, the last of them as red.

    Args:
        metadata: wavelengths in nm and flags of good bands.

    Returns:
        three bands, counted from 0.
    """
    usual = _USUAL.get(metadata.bands)
    if usual and all(metadata.bbl) and not any(metadata.wavelengths):
        return usual
    return _nearest_bands(metadata, TRUE_COLOUR, (3, 2, 1))


def guide_bands(metadata: RasterMetadata) -> tuple[int, ...]:
    """The bands to show of a sharper image.

    Args:
        metadata: of it.

    Returns:
        its first band where it has fewer than three, else three as red, green and blue; counted from 0.
    """
    return (0,) if metadata.bands < 3 else true_colour_bands(metadata)


def false_colour_bands(metadata: RasterMetadata) -> tuple[int, int, int]:
    """The bands of the usual false colours: near infrared (860 nm), red and green, so that vegetation is red; where
    that cannot be, the last, the middle and the first good band.

    Args:
        metadata: wavelengths in nm and flags of good bands.

    Returns:
        three bands, counted from 0.
    """
    return _nearest_bands(metadata, FALSE_COLOUR, (4, 2, 0))


def _nearest_bands(metadata: RasterMetadata, targets: Sequence[float], quarters: Sequence[int]) -> tuple[int, int, int]:
    good = [band for band, flag in enumerate(metadata.bbl) if flag] or list(range(metadata.bands))
    spread = [good[min(len(good) * quarter // 4, len(good) - 1)] for quarter in quarters]
    waves = [(wave, band) for band in good if (wave := metadata.wavelengths[band])]
    nearest = [min((abs(wave - target), band) for wave, band in waves) for target in targets] if waves else []
    near_enough = nearest and max(nearest)[0] <= FARTHEST
    red, green, blue = (band for _, band in nearest) if near_enough else spread
    return red, green, blue


def describe_bands(metadata: RasterMetadata, bands: Sequence[int]) -> str:
    """What a picture of three bands shows, for a caption.

    Args:
        metadata: wavelengths in nm.
        bands: shown as red, green and blue, counted from 0.

    Returns:
        such as "red 641 nm, green 550 nm, blue 460 nm".
    """
    names = [
        f"{colour} {metadata.wavelengths[band]:.0f} nm" if metadata.wavelengths[band] else f"{colour} band {band + 1}"
        for colour, band in zip(("red", "green", "blue"), bands)
    ]
    return ", ".join(names)


def overview(
    reader: RasterReader, bands: Sequence[int], max_size: int = 512, window: Window | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Every n-th pixel of some bands, read row by row, so that memory is bounded by the picture.

    Args:
        reader: an open raster.
        bands: bands counted from 0.
        max_size: rows and columns at most.
        window: the part of the raster to show; all by default.

    Returns:
        values (B, r, c) float32 in physical units (scale and offset applied) and valid (B, r, c).
    """
    window = window or Window(0, 0, reader.grid.rows, reader.grid.cols)
    step = decimation((window.rows, window.cols), max_size)
    cols, height = slice(step // 2, None, step), window.rows if step == 1 else 1
    values, valid = [], []
    for row in range(step // 2, window.rows, max(step, height)):
        block = reader.read(Window(window.row + row, window.col, height, window.cols), bands)
        values.append(block.values[:, :, cols])
        valid.append(block.valid[:, :, cols])
    picture = np.concatenate(values, axis=1)
    scales = np.array([reader.metadata.scales[band] for band in bands], np.float32)[:, None, None]
    offsets = np.array([reader.metadata.offsets[band] for band in bands], np.float32)[:, None, None]
    return picture * scales + offsets, np.concatenate(valid, axis=1)


def stretch_limits(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The 2nd and 98th percentile of each band.

    Args:
        values: (B, r, c) of any dtype.
        valid: (r, c) or (B, r, c) bool.

    Returns:
        (B, 2) float64, the second above the first; 0 and 1 for a band without valid pixels.
    """
    limits = np.empty((len(values), 2))
    for band, plane in enumerate(values):
        inside = plane[np.broadcast_to(valid, values.shape)[band]]
        low, high = np.percentile(inside, STRETCH) if inside.size else (0.0, 1.0)
        limits[band] = low, high if high > low else low + 1.0
    return limits


def png(rgb: np.ndarray, valid: np.ndarray, limits: np.ndarray) -> bytes:
    """A PNG of three bands, or of one in grey, stretched between limits; invalid pixels are transparent.

    Args:
        rgb: (3, r, c) or (1, r, c) of any dtype.
        valid: (r, c) or (B, r, c) bool; a pixel is shown where all its bands are valid.
        limits: (B, 2) float64, what is shown as black and as full colour (:func:`stretch_limits`).

    Returns:
        the file's content.
    """
    shown = np.broadcast_to(valid, rgb.shape).all(axis=0)
    low, high = limits[:, 0, None, None], limits[:, 1, None, None]
    scaled = np.where(shown, (rgb - low) / (high - low), 0.0)
    samples = (np.clip(scaled, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    if not shown.all():
        samples = np.concatenate([samples, np.where(shown, 255, 0).astype(np.uint8)[None]])
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[len(samples)]
    return _encode(np.moveaxis(samples, 0, -1), colour_type)


def colour_map(values: np.ndarray, valid: np.ndarray, low: float, high: float) -> bytes:
    """A PNG of one quantity in colours from dark blue (``low``) over green to yellow (``high``).

    Args:
        values: (r, c) of any dtype.
        valid: (r, c) bool; elsewhere the picture is transparent.
        low: value of the first colour.
        high: value of the last colour.

    Returns:
        the file's content.
    """
    shown = valid & np.isfinite(values)
    span = high - low if high > low else 1.0
    level = np.clip(np.where(shown, (values - low) / span, 0.0), 0.0, 1.0) * (_LEVELS - 1) + 0.5
    index = np.where(shown, level.astype(np.uint8), _LEVELS).astype(np.uint8)
    return _encode(index[:, :, None], 3, _palette())


def _palette() -> np.ndarray:
    """(256, 3) uint8."""
    stops = np.array(COLOUR_STOPS, float)
    position = np.linspace(0, len(stops) - 1, _LEVELS)
    channels = [np.interp(position, np.arange(len(stops)), channel).round() for channel in stops.T]
    return np.pad(np.stack(channels, axis=1).astype(np.uint8), ((0, 1), (0, 0)))


def _encode(samples: np.ndarray, colour_type: int, palette: np.ndarray | None = None) -> bytes:
    """(r, c, channels) uint8 as PNG (ISO/IEC 15948), each row as its difference to the one above where that is
    smaller."""
    rows, cols, channels = samples.shape
    flat = samples.reshape(rows, cols * channels)
    above = np.vstack([np.zeros((1, flat.shape[1]), np.uint8), flat[:-1]])
    packed = []
    for kind, lines in ((0, flat), (2, flat - above)):  # modulo 256
        marked = np.concatenate([np.full((rows, 1), kind, np.uint8), lines], axis=1)
        packed.append(zlib.compress(marked.tobytes(), 9))
    parts = [_chunk(b"IHDR", struct.pack(">IIBBBBB", cols, rows, 8, colour_type, 0, 0, 0))]
    if palette is not None:
        parts.append(_chunk(b"PLTE", palette.tobytes()))
        parts.append(_chunk(b"tRNS", b"\xff" * _LEVELS + b"\x00"))
    parts += [_chunk(b"IDAT", min(packed, key=len)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
