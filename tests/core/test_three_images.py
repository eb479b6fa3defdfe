"""PRISMA with its own PAN and a Sentinel-2 product, as products, from the files to the finished image: the ground is a
real scene, all else is found by default settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.workflows.classical import classical
from tests.core.said import Said

pytest.importorskip("h5py")

from benchmarks.partner_prisma import OFF, Ground, scores, write_prisma, write_sentinel_2

SCENE = Path(__file__).resolve().parents[2] / "examples" / "indian_pines" / "indian_pines.tif"


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    """The ground, a PRISMA product and a Sentinel-2 product that lies 5 m off."""
    folder, ground = tmp_path_factory.mktemp("products"), Ground.of_file(SCENE, SCENE)
    ground = Ground(ground.values[::3], ground.waves[::3])
    return ground, write_prisma(ground, folder / "PRS_L2D_STD_20220724.he5"), write_sentinel_2(ground, folder)


@pytest.mark.parametrize("swapped", [False, True])
def test_sentinel_2_beside_prismas_own_pan_lowers_the_error_at_default_settings(products, swapped, tmp_path):
    ground, hsi, partner = products
    alone, both, told = tmp_path / "alone.tif", tmp_path / "both.tif", Said()
    classical(hsi, hsi, str(alone))
    pan, pan2 = (partner, hsi) if swapped else (hsi, partner)
    made = classical(hsi, pan, str(both), pan2=pan2, progress=told)
    with_pan, with_three = (scores(ground, hsi, path) for path in (alone, both))
    assert with_three["sam"] < 0.9 * with_pan["sam"]
    assert with_three["ergas"] < 0.9 * with_pan["ergas"]
    assert made["mtf_gain"]["source"] == "measured"
    rows, cols = (metres / 5 for metres in OFF)
    assert any(f"is moved by {cols:+.2f} columns and {rows:+.2f} rows" in line for line in told.infos)
