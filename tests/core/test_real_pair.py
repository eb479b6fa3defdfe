"""The one real pair of an HSI and a PAN: EO-1 over Paris, ratio 3."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from core.io.reader import RasterReader  # noqa: E402
from core.workflows.assess import assess  # noqa: E402
from core.workflows.sharpen import sharpen  # noqa: E402


def test_the_real_pair_comes_out_on_the_pans_grid_with_its_wavelengths_and_gives_back_the_hsi(scenes, tmp_path):
    hsi, pan, out = str(scenes / "eo1_paris/hsi.tif"), str(scenes / "eo1_paris/pan.tif"), str(tmp_path / "fused.tif")
    sharpen(hsi, pan, out, settings={"steps": 40})
    with RasterReader(hsi) as before, RasterReader(pan) as panchromatic, RasterReader(out) as after:
        assert after.grid == panchromatic.grid
        assert after.bands == before.bands == 128
        assert after.metadata.wavelengths == before.metadata.wavelengths
        assert None not in after.metadata.wavelengths
        assert after.dtype == before.dtype
    assert assess(out, hsi=hsi, pan=pan)["consistency"] < 0.01
