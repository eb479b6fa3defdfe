"""Bands of larger pixels whose pixels were repeated to lie in one file with finer ones are read as what they are."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.reader import RasterReader
from core.workflows.classical import classical
from core.workflows.opening import open_scene
from core.workflows.options.fusion import ClassicalOptions
from core.workflows.repeated import parts_of
from tests.core import several_sizes
from tests.core.said import Said
from tests.core.several_sizes import KNOWN, RATIO, SIDE, degraded, write

WAVES = (490.0, 560.0, 665.0, 705.0, 740.0, 1610.0)


def repeated(values, size):
    return np.kron(values, np.ones((1, size, size), np.float32))


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """The truth, an HSI of 60 m, three sharp bands of 10 m, and three that are known at 20 m and at 60 m."""
    truth, fine, other = several_sizes.ground(3)
    path = tmp_path_factory.mktemp("repeated") / "hsi.tif"
    hsi = write(path, degraded(truth, RATIO), 60.0, several_sizes.WAVES)
    return {"truth": truth, "hsi": hsi, "fine": fine, "coarse": degraded(other, 2)}


def result(hsi, pan, out, **options):
    classical(hsi, pan, str(out), method="mtf-glp", **KNOWN, **options)
    with RasterReader(str(out)) as reader:
        return reader.read().values


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [3, 0, 4, 1, 5, 2]])
def test_a_stack_gives_what_the_files_give_that_it_was_made_of(ground, tmp_path, order):
    fine = write(tmp_path / "fine.tif", ground["fine"], 10.0, WAVES[:3])
    coarse = write(tmp_path / "coarse.tif", ground["coarse"], 20.0, WAVES[3:])
    stack = np.concatenate([ground["fine"], repeated(ground["coarse"], 2)])[order]
    pan = write(tmp_path / "stack.tif", stack, 10.0, tuple(np.array(WAVES)[order]))
    found = result(ground["hsi"], pan, tmp_path / "out.tif")
    np.testing.assert_allclose(found, result(ground["hsi"], fine, tmp_path / "b.tif", pan2=coarse), atol=0.02)
    alone = result(ground["hsi"], fine, tmp_path / "alone.tif")
    assert np.sqrt(np.mean((found - ground["truth"]) ** 2)) < 0.8 * np.sqrt(np.mean((alone - ground["truth"]) ** 2))


def test_bands_keep_their_numbers_and_are_said(ground, tmp_path):
    coarse = repeated(ground["coarse"], 2)
    pan = write(tmp_path / "stack.tif", np.concatenate([coarse[:1], ground["fine"], coarse[1:]]), 10.0, WAVES)
    options, said = ClassicalOptions(pan_bands_used="1,3,6", shift="none"), Said()
    with open_scene(ground["hsi"], pan, options, said) as scene:
        assert scene.pan.band_numbers == [1, 3, 6]
        assert scene.pan.metadata.wavelengths == (490.0, 665.0, 1610.0)
        np.testing.assert_allclose(scene.pan.read().values[1], ground["fine"][1], rtol=1e-6)
    assert any("bands 1, 5, 6 of stack.tif are repeated in blocks of 2 x 2" in line for line in said.infos)


def test_blocks_of_two_sizes_and_of_one_band_whose_first_ones_are_cut_are_known(ground, tmp_path):
    wide = repeated(degraded(ground["fine"][:1], 6), 6)
    stack = np.concatenate([ground["fine"], repeated(ground["coarse"], 2), wide])[:, :, 1:]
    said = Said()
    with RasterReader(write(tmp_path / "stack.tif", stack, 10.0, left=1)) as reader:
        fine, two, six = parts_of(reader, said)
        assert [part.places for part in (fine, two, six)] == [(0, 1, 2), (3, 4, 5), (6, None)]
        assert (two.image.grid.x, six.image.grid.x) == (500020.0, 500060.0)
        np.testing.assert_allclose(two.image.read().values, ground["coarse"][:, :, 1:], rtol=1e-5)
        np.testing.assert_allclose(six.image.read().values[0], degraded(ground["fine"][:1], 6)[0][:, 1:], rtol=1e-5)
        two.image.close()
        six.image.close()
        assert fine.image.read().values.shape == (3, SIDE, SIDE - 1)
    assert len(said.infos) == 2
    pan, low = str(tmp_path / "stack.tif"), ground["hsi"]
    said = Said()
    assert result(low, pan, tmp_path / "out.tif", progress=said).shape[0] == 12
    sharpened = [line for line in said.infos if "is sharpened by" in line]
    assert [line.split(" is ")[0] for line in sharpened] == ["stack.tif (3 bands)", "stack.tif (1 band)"]


@pytest.mark.parametrize("kind", ["fine", "all repeated", "with a constant band", "flat fields", "bytes"])
def test_other_images_are_left_as_they_are(ground, tmp_path, kind):
    values = {
        "fine": ground["fine"],
        "all repeated": repeated(ground["coarse"], 2),
        "with a constant band": np.concatenate([ground["fine"], np.full((1, SIDE, SIDE), 4.0)]),
        "flat fields": np.concatenate([ground["fine"], np.kron(np.arange(4.0).reshape(1, 2, 2), np.ones((48, 48)))]),
        "bytes": np.round(ground["fine"] / 10),
    }[kind]
    said = Said()
    with RasterReader(write(tmp_path / "image.tif", values, 10.0)) as reader:
        (part,) = parts_of(reader, said)
        assert part.image is reader
    assert said.infos == []


def test_blocks_are_found_where_the_corners_hold_no_values(ground, tmp_path):
    stack = np.tile(np.concatenate([ground["fine"], repeated(ground["coarse"], 2)]), (1, 4, 4))
    rows, cols = np.indices(stack.shape[1:])
    stack[:, abs(rows + cols - 4 * SIDE) > 1.5 * SIDE] = np.nan  # the first and the last corner
    with RasterReader(write(tmp_path / "scene.tif", stack, 10.0)) as reader:
        _, coarse = parts_of(reader, Said())
        assert coarse.places == (3, 4, 5)
        coarse.image.close()
