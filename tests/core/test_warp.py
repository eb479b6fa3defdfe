"""A raster on another grid: positions, planes, impulses, areas, masks, and the same bits in every window."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest

from core.io.grid import Grid, Window
from core.io.reader import RasterReader
from core.operators.resample import cubic_line
from core.operators.sampling import SplineImage, cubic_taps, sample_cubic
from core.scene.warp import WarpedReader

SIZE = 160
MAP = (500000.0, 1.0, 0.0, 5800000.0, 0.0, -1.0)


@dataclass(frozen=True)
class Affine:
    """Turned by degrees, one pixel being so many of the raster down and right, about the middle, and moved."""

    degrees: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    moved: tuple[float, float] = (0.0, 0.0)
    middle: float = SIZE / 2

    def positions(self, rows, cols):
        turned = np.deg2rad(self.degrees)
        down, right = (rows - self.middle) * self.scale[0], (cols - self.middle) * self.scale[1]
        return (
            np.cos(turned) * down - np.sin(turned) * right + SIZE / 2 + self.moved[0],
            np.sin(turned) * down + np.cos(turned) * right + SIZE / 2 + self.moved[1],
        )


@dataclass(frozen=True)
class Waves:
    """Moved by a smooth field; without a position in some columns."""

    none: tuple[int, int] = (0, 0)

    def positions(self, rows, cols):
        field = 1.5 * np.sin(rows / 19 + cols / 31)
        gone = (cols > self.none[0]) & (cols < self.none[1])
        return np.where(gone, np.nan, rows + field), np.where(gone, np.nan, cols - field)


MAPPINGS = {
    "turned by 20 degrees": Affine(20.0),
    "turned by 45 degrees and moved": Affine(45.0, moved=(0.3, -0.45)),
    "moved": Affine(moved=(0.25, -0.4)),
    "finer": Affine(10.0, (0.4, 0.7), (0.1, 0.2)),
    "2.4 pixels in one": Affine(0.0, (2.4, 2.4), (0.1, 0.2)),
    "turned, not square": Affine(30.0, (1.3, 3.7), (0.3, 0.0)),
    "mirrored": Affine(0.0, (-1.0, 1.0), (0.5, 0.2)),
}


@pytest.fixture
def warped(make_raster, tmp_path):
    """A function: the reader of an image under a mapping."""
    readers = []

    def make(image, mapping, size=SIZE, nodata=None):
        source = RasterReader(make_raster(tmp_path / f"{len(readers)}.tif", image, MAP, nodata=nodata))
        readers.append(WarpedReader(source, mapping, Grid(0.0, 0.0, 1.0, -1.0, size, size)))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()


def noise(seed=0, bands=1, size=SIZE):
    return np.random.default_rng(seed).random((bands, size, size)).astype(np.float32)


def centres(size):
    return (axis + 0.5 for axis in np.mgrid[:size, :size])


@pytest.mark.parametrize("phase", [0.0, 0.1, 0.375, 0.9])
def test_the_kernel_is_that_of_up_sampling(phase):
    line = cubic_line(12, 1, 1, phase + 5.0)
    weights = np.zeros(12)
    weights[4:8] = [float(tap) for tap in cubic_taps(np.array(phase))]
    expected = np.zeros(12)
    expected[line.first[0] : line.first[0] + line.taps] = line.weights[0]
    np.testing.assert_allclose(weights, expected, atol=1e-14)


def test_a_spline_passes_through_the_samples_and_follows_a_cubic():
    y, x = centres(60)
    plane = 1e-4 * (y - 30) ** 3 - 2e-3 * (x - 20) ** 2 * (y - 9) + x
    image = SplineImage(plane[None], np.ones((1, 60, 60), bool))
    values, touched = image.at(y.ravel(), x.ravel())
    np.testing.assert_array_equal(values.reshape(60, 60), plane)
    assert not touched.any()
    rows, cols = np.random.default_rng(0).uniform(20, 40, (2, 100))
    expected = 1e-4 * (rows - 30) ** 3 - 2e-3 * (cols - 20) ** 2 * (rows - 9) + cols
    np.testing.assert_allclose(image.at(rows, cols)[0][0], expected, atol=1e-5)


def test_a_spline_keeps_nearly_all_of_a_wave_of_three_pixels():
    turn = 2 * np.pi / 2.8
    image = SplineImage(np.cos(turn * list(centres(80))[1])[None], np.ones((1, 80, 80), bool))
    cols = np.linspace(30.0, 50.0, 301)
    error = image.at(np.full(301, 40.25), cols)[0][0] - np.cos(turn * cols)
    assert np.sqrt((error**2).mean()) < 0.04  # of a cubic spline it is 0.09


def test_a_raster_on_its_own_grid_keeps_its_bits(warped):
    image = noise(bands=2)
    np.testing.assert_array_equal(warped(image, Affine()).read().values, image)


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
def test_a_plane_passes_unchanged(warped, mapping):
    """Error below 1e-4 of its step per pixel, away from the raster's edges."""
    y, x = centres(SIZE)
    block = warped((0.3 * y - 0.2 * x)[None].astype(np.float32), mapping, 100).read()
    at = mapping.positions(*centres(100))
    margin = 8 * max(1.0, *np.abs(mapping.scale))  # the pixels that a spline depends on are those of the new grid
    inside = np.logical_and.reduce([(axis > margin) & (axis < SIZE - margin) for axis in at])
    assert inside.sum() > 800
    assert block.valid[0][inside].all()
    np.testing.assert_allclose(block.values[0][inside], (0.3 * at[0] - 0.2 * at[1])[inside], atol=2e-5)


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
def test_an_impulse_stays_where_it_is_on_average_over_all_phases(warped, mapping):
    """By less than a hundredth of a pixel of the new grid."""
    image, size = np.zeros((1, SIZE, SIZE), np.float32), 440
    places = [(row, col) for row in range(22, 118, 19) for col in range(22, 118, 19)]
    image[0, [row for row, _ in places], [col for _, col in places]] = 1.0
    moments, total = np.zeros(2), 0.0
    for phase in np.arange(0, 6, 1.2):
        moved = replace(mapping, middle=size / 2, moved=(phase, 0.7 * phase))
        values = warped(image, moved, size).read().values[0].astype(np.float64)
        at = moved.positions(*centres(size))
        away = [(axis - 22.5 + 9.5) % 19 - 9.5 for axis in at]
        near = np.logical_and.reduce([(axis > 13) & (axis < 126) for axis in at])
        moments += [(values[near] * axis[near]).sum() for axis in away]
        total += values[near].sum()
    assert (np.abs(moments / total) < 0.01 * np.maximum(np.abs(mapping.scale), 1.0)).all()


@pytest.mark.parametrize(("tall", "wide"), [(2, 2), (3, 5), (4, 1)])
def test_finer_pixels_are_averaged_over_the_area(warped, tall, wide):
    image = noise()
    size = 24
    mapping = Affine(scale=(tall, wide), middle=size / 2)
    top, left = SIZE // 2 - size // 2 * tall, SIZE // 2 - size // 2 * wide
    part = image[0, top : top + size * tall, left : left + size * wide].astype(np.float64)
    mean = part.reshape(size, tall, size, wide).mean(axis=(1, 3))
    np.testing.assert_allclose(warped(image, mapping, size).read().values[0], mean, rtol=1e-5)


@pytest.mark.parametrize("scale", [1.3, 1.7, 2.5, 5.5])
@pytest.mark.parametrize("degrees", [0.0, 30.0])
def test_noise_falls_by_about_the_area_where_pixels_are_finer(warped, scale, degrees):
    """Aliasing would keep its variance."""
    block = warped(noise(1), Affine(degrees, (scale, scale), middle=12), 24).read()
    share = block.values[0][block.valid[0]].var() / noise(1).var()
    assert share < 1.6 / scale**2


@pytest.mark.parametrize("mapping", [*MAPPINGS.values(), Waves((30, 34))], ids=[*MAPPINGS, "waves"])
def test_every_window_has_the_same_bits(warped, mapping):
    image, size = noise(2, 2), 300
    image[1, 50:60, 20:90] = -1.0
    reader = warped(image, mapping, size, nodata=-1.0)
    whole = reader.read()
    for window in (Window(0, 0, 1, size), Window(63, 250, 5, 12), Window(129, 7, 90, 280)):
        here = slice(window.row, window.row + window.rows), slice(window.col, window.col + window.cols)
        part = warped(image, mapping, size, nodata=-1.0).read(window, [1, 0])
        for found, whole_band in zip((1, 0), whole.values[:, here[0], here[1]]):
            np.testing.assert_array_equal(part.values[found], whole_band)
        np.testing.assert_array_equal(part.valid, whole.valid[::-1, here[0], here[1]])


def test_a_smooth_field_is_undone(warped):
    y, x = centres(SIZE)
    smooth = np.sin(y / 5) + np.cos(x / 6)
    field = 1.5 * np.sin(y / 19 + x / 31)
    block = warped(smooth[None].astype(np.float32), Waves()).read()
    expected = np.sin((y + field) / 5) + np.cos((x - field) / 6)
    inside = block.valid[0] & (y > 4) & (y < SIZE - 4) & (x > 4) & (x < SIZE - 4)
    np.testing.assert_allclose(block.values[0][inside], expected[inside], atol=0.01)


def test_pixels_outside_of_the_raster_or_without_a_position_are_not_valid(warped):
    block = warped(noise(), Waves((30, 34)), 170).read()
    at = Waves((30, 34)).positions(*centres(170))
    expected = np.logical_and.reduce([(axis >= 0) & (axis <= SIZE) for axis in at])
    np.testing.assert_array_equal(block.valid[0], expected)
    assert (block.values[0][~expected] == 0).all()


@pytest.mark.parametrize(("moved", "invalid"), [(0.0, 1), (0.004, 1), (0.3, 4), (-0.5, 4)])
def test_a_pixel_whose_kernel_meets_an_invalid_one_is_not_valid(warped, moved, invalid):
    """Invalid are those whose weights lie by more than a hundredth on it; the others are as if it were not there."""
    image = np.full((1, SIZE, SIZE), 7.0, np.float32)
    image[0, 80, 80] = -1.0
    block = warped(image, Affine(moved=(moved, 0.0)), nodata=-1.0).read()
    assert (~block.valid[0]).sum() == invalid
    np.testing.assert_allclose(block.values[block.valid], 7.0, rtol=1e-6)


def test_a_block_of_finer_pixels_may_miss_less_than_half(warped):
    image = np.full((1, SIZE, SIZE), 7.0, np.float32)
    image[0, 80, 80:84], image[0, 40:43, 40:44] = -1.0, -1.0
    block = warped(image, Affine(scale=(4.0, 4.0), middle=20), 40, nodata=-1.0).read()
    assert (~block.valid[0]).sum() == 1
    assert not block.valid[0, 10, 10]
    np.testing.assert_allclose(block.values[block.valid], 7.0, rtol=1e-6)


def test_bands_have_masks_of_their_own(warped):
    image = noise(3, 2)
    image[1, 80, 80] = -1.0
    block = warped(image, Affine(), nodata=-1.0).read()
    assert block.valid[0].all()
    assert (~block.valid[1]).sum() == 1


@dataclass(frozen=True)
class Torn:
    """Of every eight pixels, the next eight lie far away."""

    def positions(self, rows, cols):
        return (rows + 53 * np.floor(rows / 8)) % SIZE, (cols + 71 * np.floor(cols / 8)) % SIZE


def test_what_is_read_at_once_is_bounded(warped, monkeypatch):
    monkeypatch.setattr("core.scene.warp._SAMPLES", 6000)
    image, sizes = noise(4), []
    reader, plain = warped(image, Torn(), 44), RasterReader.read

    def read(self, window=None, bands=None, read_ahead=False):
        sizes.append(window.rows * window.cols)
        return plain(self, window, bands, read_ahead)

    monkeypatch.setattr(RasterReader, "read", read)
    block = reader.read()
    assert max(sizes) < 6000
    assert block.valid.all()


def test_a_pickled_reader_gives_the_same_bits(warped):
    reader = warped(noise(), Affine(20.0))
    with pickle.loads(pickle.dumps(reader)) as other:
        np.testing.assert_array_equal(reader.read().values, other.read().values)
    assert other.name == reader.name


def test_a_window_outside_is_refused(warped):
    with pytest.raises(ValueError, match="outside"):
        warped(noise(), Affine()).read(Window(0, 0, SIZE + 1, 1))


def test_samples_at_positions_repeat_the_edges():
    plane = np.arange(12.0).reshape(1, 3, 4)
    far, near = (sample_cubic(plane, np.array([-x, 1.5]), np.array([-x, 4.0 + x])) for x in (9.0, 0.0))
    np.testing.assert_array_equal(far, near)
    np.testing.assert_allclose(sample_cubic(plane, np.array([1.5]), np.array([2.5])), [[6.0]])
