"""Images to be assessed, the files that hold them, and a degradation that is independent of ours."""

import math

import numpy as np
import pytest

from core.io.grid import Grid
from core.io.metadata import RasterMetadata
from core.io.writer import RasterWriter

X, Y, STEP = 500000.0, 4000000.0, 10.0


@pytest.fixture
def write(tmp_path):
    def write(name, values, *, corner=(0, 0), step=STEP, valid=None, **metadata):
        path = str(tmp_path / name)
        bands, rows, cols = values.shape
        grid = Grid(X + corner[1] * STEP, Y - corner[0] * STEP, step, -step, rows, cols, metadata.pop("crs", ""))
        facts = RasterMetadata.plain(bands, "float32", -999.0).replace(**metadata)
        valid = np.ones(values.shape, bool) if valid is None else np.broadcast_to(valid, values.shape)
        with RasterWriter(path, grid, facts) as writer:
            writer.write(values.astype(np.float32), valid)
        return path

    return write


@pytest.fixture
def images():
    random = np.random.default_rng(7)
    reference = random.uniform(50, 200, (4, 36, 48)).astype(np.float32)
    return reference + random.normal(0, 5, reference.shape).astype(np.float32), reference


def gaussian_degrade(image, ratio, gain):
    """An independent degradation: dense sums over an edge-replicated plane, for grids with one corner."""
    sigma = ratio * math.sqrt(-2 * math.log(gain)) / math.pi
    margin = 5 * ratio
    padded = np.pad(image.astype(float), [(0, 0), (margin, margin), (margin, margin)], mode="edge")
    rows, cols = image.shape[1] // ratio, image.shape[2] // ratio
    result = np.zeros((len(image), rows, cols))

    def weights(position, count):
        distance = np.arange(count) - position
        weight = np.where(np.abs(distance) <= 4 * ratio, np.exp(-(distance**2) / (2 * sigma**2)), 0)
        return weight / weight.sum()

    across = np.stack([weights(margin + (i + 0.5) * ratio - 0.5, padded.shape[2]) for i in range(cols)])
    down = np.stack([weights(margin + (i + 0.5) * ratio - 0.5, padded.shape[1]) for i in range(rows)])
    for band, plane in enumerate(padded):
        result[band] = down @ plane @ across.T
    return result
