"""UIQI, Q2n and RSNR: values by hand and by independent products, properties, masks, streaming."""

import math

import numpy as np
import pytest

from core.quality.blocks import BlockStream
from core.quality.q2n import hypercomplex_covariance
from core.quality.reference import ReferenceIndices, reference_indices
from core.quality.uiqi import PairwiseQuality


@pytest.fixture
def pair():
    """A fused image and its reference, (5, 70, 100) float32: 2 x 3 whole blocks."""
    random = np.random.default_rng(11)
    reference = random.uniform(100, 400, (5, 70, 100)) + np.linspace(0, 300, 100) * np.arange(1, 6)[:, None, None]
    return (reference + random.normal(0, 40, reference.shape)).astype(np.float32), reference.astype(np.float32)


def uiqi(x, y):
    """Wang and Bovik's formula on one block, with numpy's own statistics."""
    covariance = np.cov(x.ravel().astype(float), y.ravel().astype(float))
    means = x.mean(dtype=float), y.mean(dtype=float)
    top = 4 * covariance[0, 1] * means[0] * means[1]
    return top / ((covariance[0, 0] + covariance[1, 1]) * (means[0] ** 2 + means[1] ** 2))


def blocks(image):
    rows, cols = image.shape[1] // 32, image.shape[2] // 32
    return [
        image[:, 32 * i : 32 * (i + 1), 32 * j : 32 * (j + 1)].astype(float) for i in range(rows) for j in range(cols)
    ]


def multiply(p, q):
    """The Cayley-Dickson product by its recursive definition; components on the first axis."""
    if len(p) == 1:
        return p * q
    half = len(p) // 2
    (a, b), (c, d) = (p[:half], p[half:]), (q[:half], q[half:])
    return np.concatenate(
        [multiply(a, c) - multiply(conjugate(d), b), multiply(d, a) + multiply(b, conjugate(c))],
    )


def conjugate(p):
    return np.concatenate([p[:1], -p[1:]])


def q2n(fused, reference):
    return reference_indices(fused, reference, None)["q2n"]


def direct_q2n(fused, reference):
    """Q2n pixel by pixel, with hypercomplex products."""
    components = 1
    while components < len(fused):
        components *= 2
    values = []
    for x, y in zip(blocks(fused), blocks(reference)):
        pad = [(0, components - len(x)), (0, 0)]
        z1, z2 = (np.pad(part.reshape(len(part), -1), pad) for part in (x, y))
        mean1, mean2 = z1.mean(axis=1, keepdims=True), z2.mean(axis=1, keepdims=True)
        covariance = multiply(z1 - mean1, conjugate(z2 - mean2)).mean(axis=1)
        total = ((z1 - mean1) ** 2).sum(axis=0).mean() + ((z2 - mean2) ** 2).sum(axis=0).mean()
        size1, size2 = np.linalg.norm(mean1), np.linalg.norm(mean2)
        values.append(4 * np.linalg.norm(covariance) * size1 * size2 / (total * (size1**2 + size2**2)))
    return np.mean(values)


def test_uiqi_is_its_formula_in_each_block(pair):
    scores = reference_indices(*pair, ratio=4)
    expected = np.mean(
        [[uiqi(x[band], y[band]) for band in range(5)] for x, y in zip(*map(blocks, pair))],
        axis=0,
    )
    np.testing.assert_allclose(scores["per_band"]["uiqi"], expected, rtol=1e-9)
    assert scores["uiqi"] == pytest.approx(expected.mean())


def test_uiqi_of_one_block_by_hand():
    reference = np.tile([1.0, 3.0], (32, 16))[None]  # mean 2, variance 1
    assert reference_indices(reference * 2, reference, 4)["uiqi"] == pytest.approx((2 * 2 / 5) * (2 * 2 * 4 / 20))
    assert reference_indices(4 - reference, reference, 4)["uiqi"] == pytest.approx(-1)
    assert reference_indices(reference + 2, reference, 4)["uiqi"] == pytest.approx(2 * 2 * 4 / (4 + 16))


def test_a_window_of_torchmetrics_that_is_one_block_gives_the_same_uiqi(pair):
    torch = pytest.importorskip("torch")
    image = pytest.importorskip("torchmetrics.functional.image")
    x, y = (torch.from_numpy(array[None, :, :31, :31].astype(np.float64)) for array in pair)
    # a window that is as good as flat, 31 x 31, around the centre pixel; ours is asked for blocks of that size
    windows = image.universal_image_quality_index(x, y, (31, 31), (1e6, 1e6), reduction="none")
    stream = BlockStream(31).update(pair[0][:, :31, :31], pair[1][:, :31, :31], np.ones((31, 31), bool))
    (block,) = stream
    from core.quality.uiqi import band_quality

    np.testing.assert_allclose(band_quality(block), windows[0, :, 0, 0].numpy(), rtol=1e-6)


@pytest.mark.parametrize("bands", [1, 2, 3, 4, 5])
def test_q2n_is_the_mean_of_hypercomplex_products(pair, bands):
    fused, reference = (array[:bands] for array in pair)
    assert q2n(fused, reference) == pytest.approx(direct_q2n(fused, reference), rel=1e-9)


def test_q2n_of_many_bands():
    random = np.random.default_rng(0)
    reference = random.normal(10, 3, (37, 32, 32)).cumsum(axis=0)
    fused = reference[::-1] + random.normal(0, 1, reference.shape)
    assert q2n(fused, reference) == pytest.approx(direct_q2n(fused, reference), rel=1e-9)


def test_q2n_of_one_band_is_the_modulus_of_uiqi(pair):
    fused, reference = (array[:1] for array in pair)
    assert q2n(600 - fused, reference) == pytest.approx(
        np.mean([abs(uiqi(x, y)) for x, y in zip(blocks(600 - fused), blocks(reference))])
    )


def test_q2n_of_two_bands_is_complex_arithmetic(pair):
    values = []
    for x, y in zip(blocks(pair[0][:2]), blocks(pair[1][:2])):
        first, second = x[0] + 1j * x[1], y[0] + 1j * y[1]
        means = first.mean(), second.mean()
        covariance = ((first - means[0]) * np.conj(second - means[1])).mean()
        spread = (np.abs(first - means[0]) ** 2 + np.abs(second - means[1]) ** 2).mean()
        sizes = abs(means[0]), abs(means[1])
        values.append(4 * abs(covariance) * sizes[0] * sizes[1] / (spread * (sizes[0] ** 2 + sizes[1] ** 2)))
    assert q2n(pair[0][:2], pair[1][:2]) == pytest.approx(np.mean(values), rel=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "product"),
    [(1, 2, (3, 1)), (2, 3, (1, 1)), (3, 1, (2, 1)), (2, 1, (3, -1)), (1, 1, (0, -1)), (0, 3, (3, 1))],
)
def test_four_components_are_hamiltons_quaternions(first, second, product):
    covariance = np.zeros((4, 4))
    covariance[first, second] = 1.0 if second == 0 else -1.0  # the second factor is conjugated
    expected = np.zeros(4)
    expected[product[0]] = product[1]
    np.testing.assert_array_equal(hypercomplex_covariance(covariance), expected)


@pytest.mark.parametrize("bands", [1, 3, 8, 21, 200])
def test_equal_images_have_quality_one(bands):
    image = np.random.default_rng(bands).uniform(0, 9, (bands, 32, 33)) * np.arange(1, bands + 1)[:, None, None]
    scores = reference_indices(image, image, 4)
    assert scores["q2n"] == pytest.approx(1)
    assert scores["uiqi"] == pytest.approx(1)
    assert scores["rsnr"] == math.inf


def test_a_common_gain_costs_its_contrast_and_brightness(pair):
    _, reference = pair
    loss = (2 * 1.25 / (1 + 1.25**2)) ** 2
    scores = reference_indices(reference * np.float32(1.25), reference, 4)
    assert scores["q2n"] == pytest.approx(loss)
    assert scores["uiqi"] == pytest.approx(loss)
    assert scores["rsnr"] == pytest.approx(20 * math.log10(4))


def test_units_do_not_matter(pair):
    scores, scaled = (reference_indices(*(factor * array.astype(float) for array in pair), 4) for factor in (1, 1e-4))
    for key in ("uiqi", "q2n", "rsnr"):
        assert scaled[key] == pytest.approx(scores[key], rel=1e-9)


def test_rsnr_by_hand():
    reference = np.array([[[3.0, 4.0]], [[5.0, 0.0]]])
    error = np.array([[[1.0, 0.0]], [[0.0, 2.0]]])
    scores = reference_indices(reference + error, reference, 4)
    assert scores["rsnr"] == pytest.approx(10 * math.log10(50 / 5))
    np.testing.assert_allclose(scores["per_band"]["rsnr"], [10 * math.log10(25), 10 * math.log10(25 / 4)])


def test_constant_blocks_are_judged_by_their_means():
    reference = np.full((3, 32, 32), 1.1)
    fused = np.full((3, 32, 32), 2.2)
    scores = reference_indices(fused, reference, 4)
    assert scores["uiqi"] == pytest.approx(0.8)
    assert scores["q2n"] == pytest.approx(0.8)
    assert reference_indices(np.zeros((1, 32, 32)), np.zeros((1, 32, 32)), 4)["uiqi"] == 1
    varied = fused + np.arange(32)
    assert reference_indices(varied, reference, 4)["uiqi"] == 0


def test_a_block_with_an_invalid_pixel_is_left_out_whole(pair):
    fused, reference = (array.copy() for array in pair)
    valid = np.ones((70, 100), bool)
    valid[40, 33] = False  # in the middle block of the lower three
    valid[69, 99] = False  # in no whole block
    fused[:, ~valid], reference[:, ~valid] = np.nan, np.inf
    scores = reference_indices(fused, reference, 4, valid)
    keep = [0, 1, 2, 3, 5]
    pairs = [list(zip(*map(blocks, pair)))[at] for at in keep]
    assert scores["q2n"] == pytest.approx(np.mean([direct_q2n(x, y) for x, y in pairs]))
    assert scores["uiqi"] == pytest.approx(np.mean([[uiqi(a, b) for a, b in zip(x, y)] for x, y in pairs]))
    assert any("leave out 1 of 6 blocks" in note for note in scores["notes"])


@pytest.mark.parametrize("heights", [(70,), (1,) * 70, (32, 32, 6), (31, 2, 30, 7), (5, 60, 5)])
def test_streamed_equals_whole(pair, heights):
    fused, reference = pair
    valid = np.ones((70, 100), bool)
    valid[40, 33] = False
    whole = reference_indices(fused, reference, 4, valid)
    indices = ReferenceIndices(5, 4, np.ones(5))
    row = 0
    for height in heights:
        part = slice(row, row + height)
        indices.update(fused[:, part], reference[:, part], valid[part])
        row += height
    parts = indices.result()
    for key in ("uiqi", "q2n", "rsnr"):
        assert parts[key] == pytest.approx(whole[key], rel=1e-12), key


def test_moments_survive_a_large_offset():
    random = np.random.default_rng(5)
    x, y = random.normal(size=(2, 1, 32, 32))
    stream = BlockStream()
    found = [
        block
        for row in range(0, 32, 4)
        for block in stream.update(x[:, row : row + 4] + 1e6, y[:, row : row + 4] + 1e6, np.ones((4, 32), bool))
    ]
    assert found[0].covariance[0, 0] == pytest.approx(np.cov(x.ravel(), y.ravel(), bias=True)[0, 1], rel=1e-6)


def test_pairs_of_bands(pair):
    fused, _ = pair
    quality = PairwiseQuality(5)
    quality.update(fused, np.ones((70, 100), bool))
    expected = np.mean([[[uiqi(a, b) for a in block] for b in block] for block in blocks(fused)], axis=0)
    np.testing.assert_allclose(quality.result(), expected, rtol=1e-9)


def test_wrong_shapes_are_refused(pair):
    with pytest.raises(ValueError, match="of 3 bands"):
        q2n(pair[0], pair[1][:3])


def test_blocks_of_a_wide_image_that_are_worked_through_side_by_side_are_those_of_its_parts():
    random = np.random.default_rng(8)
    reference = random.uniform(0.1, 0.6, (3, 70, 600)).astype(np.float32)
    fused = reference + random.normal(0, 0.05, reference.shape).astype(np.float32)
    wide = reference_indices(fused, reference, 4)
    parts = [reference_indices(fused[..., some], reference[..., some], 4) for some in np.split(np.arange(576), 3)]
    for key in ("uiqi", "q2n"):
        assert wide[key] == pytest.approx(np.mean([part[key] for part in parts]), rel=1e-12), key
    np.testing.assert_allclose(wide["per_band"]["uiqi"], np.mean([part["per_band"]["uiqi"] for part in parts], axis=0))
