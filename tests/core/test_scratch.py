"""A raster that is kept for a while: reads what was written, in windows and panels, and leaves nothing."""

import numpy as np
import pytest

from core.io.grid import Window
from core.io.metadata import RasterMetadata
from core.io.scratch import ScratchRaster
from core.runtime.errors import InputError


@pytest.fixture
def pixels():
    """(9 rows, 5 bands, 8 columns) int16."""
    return np.random.default_rng(2).integers(-300, 300, (9, 5, 8)).astype(np.int16)


@pytest.mark.parametrize("bands", [None, [1, 2, 3], [4, 0, 3], [2]])
@pytest.mark.parametrize("cuts", [[(0, 8)], [(0, 3), (3, 8)]])
def test_windows_read_what_was_written_in_panels(tmp_path, make_grid, pixels, bands, cuts):
    with ScratchRaster(str(tmp_path / "result"), make_grid(9, 8), RasterMetadata.plain(5, "int16")) as raster:
        for left, right in cuts:
            for row in (0, 4):
                raster.write_stored(pixels[row : row + 5, :, left:right], row, left)
        block = raster.read(Window(2, 1, 6, 5), bands)
        expected = pixels[2:8, :, 1:6].transpose(1, 0, 2)[slice(None) if bands is None else bands]
        np.testing.assert_array_equal(block.values, expected)
        assert block.valid.all()
        assert raster.always_valid
        stored = raster.read_complete(Window(2, 1, 6, 5), range(5) if bands is None else bands)
        assert stored.dtype == np.int16
        np.testing.assert_array_equal(stored, expected)
    assert not list(tmp_path.iterdir())


def test_what_is_stored_as_nodata_is_not_valid(tmp_path, make_grid, pixels):
    with ScratchRaster(str(tmp_path / "result"), make_grid(9, 8), RasterMetadata.plain(5, "int16", 7.0)) as raster:
        pixels[pixels == 7] = 8
        pixels[3, 2, 6] = 7
        raster.write_stored(pixels, 0, 0)
        block = raster.read()
        assert np.argwhere(~block.valid).tolist() == [[2, 3, 6]]
        assert block.values[2, 3, 6] == 0


def test_a_wrong_type_is_refused_and_a_missing_folder_said(tmp_path, make_grid, pixels):
    grid, metadata = make_grid(9, 8), RasterMetadata.plain(5, "int16")
    with (
        ScratchRaster(str(tmp_path / "result"), grid, metadata) as raster,
        pytest.raises(ValueError, match="int16, got"),
    ):
        raster.write_stored(pixels.astype(np.float32), 0, 0)
    with pytest.raises(InputError, match=r"could not be kept in .*no such folder"):
        ScratchRaster(str(tmp_path / "no such folder" / "result"), grid, metadata)
