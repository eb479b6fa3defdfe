"""A fill value that is added to a view of a raster stands for "no value" at the same places of both."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.grid import Window
from core.io.masks import Fill
from core.io.reader import RasterReader
from core.scene.joined import CroppedReader, JoinedReader
from core.scene.reader_view import AveragedReader, FlippedReader
from tests.core.filled_scenes import LOW


def raster(make_raster, tmp_path):
    return make_raster(tmp_path / "a.tif", np.arange(1, 161, dtype=np.int16).reshape(2, 8, 10), LOW)


def test_rows_in_opposite_order_have_it_at_the_same_ground(make_raster, tmp_path):
    region = np.zeros((8, 10), bool)
    region[0, :3] = True
    with FlippedReader(RasterReader(raster(make_raster, tmp_path))) as view:
        view.add_fill(Fill(0.0, 3, 0.0, region))
        np.testing.assert_array_equal(view.read().valid, np.broadcast_to(~region, (2, 8, 10)))
        np.testing.assert_array_equal(view._reader.read().valid[0], ~region[::-1])
        assert view.metadata.nodata == 0.0


@pytest.mark.parametrize(
    "view",
    [
        lambda reader: CroppedReader(reader, Window(1, 0, 4, 10)),
        lambda reader: CroppedReader(reader, Window(4, 5, 4, 5)),
        lambda reader: AveragedReader(reader, (2, 2)),
        lambda reader: JoinedReader([reader, reader]),
    ],
)
def test_a_view_of_other_pixels_or_bands_refuses_it(make_raster, tmp_path, view):
    with view(RasterReader(raster(make_raster, tmp_path))) as made:
        mask = np.ones((made.grid.rows, made.grid.cols), bool)
        with pytest.raises(ValueError, match="not to a view of other pixels or bands"):
            made.add_fill(Fill(0.0, 3, 0.0, mask))
        assert made.read().valid.all()
