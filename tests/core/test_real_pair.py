"""The one real pair of an HSI and a PAN: EO-1 over Paris, ratio 3."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from core.io.reader import RasterReader  # noqa: E402
from core.workflows.assess import assess  # noqa: E402
from core.workflows.sharpen import sharpen  # noqa: E402


@pytest.mark.parametrize("shift", ["none", "auto"])
def test_the_real_pair_comes_out_on_the_pans_grid_with_its_wavelengths_and_gives_back_the_hsi(scenes, tmp_path, shift):
    hsi, pan, out = str(scenes / "eo1_paris/hsi.tif"), str(scenes / "eo1_paris/pan.tif"), str(tmp_path / "fused.tif")
    sharpen(hsi, pan, out, settings={"steps": 40}, shift=shift)
    with RasterReader(hsi) as before, RasterReader(pan) as panchromatic, RasterReader(out) as after:
        if shift == "none":
            assert after.grid == panchromatic.grid
        else:  # the PAN is 0.7 of its pixels off, which is corrected
            grid = panchromatic.grid
            assert (after.grid.dx, after.grid.dy) == (grid.dx, grid.dy)
            assert 0.1 < abs(after.grid.x - grid.x) / grid.dx < 1.5
        assert after.bands == before.bands == 128
        assert after.metadata.wavelengths == before.metadata.wavelengths
        assert None not in after.metadata.wavelengths
        assert after.dtype == before.dtype
    assert assess(out, hsi=hsi, pan=pan)["consistency"] < 0.01
