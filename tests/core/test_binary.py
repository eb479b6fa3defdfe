"""Binarized layers and networks."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from core.models.pair import Pair  # noqa: E402
from core.networks.base import create_network  # noqa: E402
from core.networks.binarized.binary import (  # noqa: E402
    BinaryConv,
    RPReLU,
    SpectralRedistribution,
    binary_sign,
    over_cells,
    weight_sign,
)
from core.networks.binarized.engines import ENGINES, FLOAT32, POPCOUNT  # noqa: E402
from core.networks.binarized.fixed_point import FixedPointConv, quantize  # noqa: E402
from core.networks.binarized.gabor import GaborAmplifier, gabor_bank, gabor_kernel  # noqa: E402
from core.networks.binarized.int8 import Int8Sums, int8_reason  # noqa: E402
from core.networks.binarized.popcount import PopcountUnit, popcount_reason  # noqa: E402
from core.networks.binarized.unit import Unit  # noqa: E402
from tests.core.binarized import awake  # noqa: E402

CPU = torch.device("cpu")
NORTH_UP = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)


# Layers


def test_the_sign_is_one_or_minus_one_and_its_gradient_that_of_a_scaled_tanh():
    x = torch.tensor([-2.0, -0.1, 0.0, 0.3, 1.5], dtype=torch.float64, requires_grad=True)
    beta = torch.tensor([1.7], dtype=torch.float64, requires_grad=True)
    signs = binary_sign(x, beta)
    assert signs.tolist() == [-1, -1, 1, 1, 1]
    weights = torch.arange(1.0, 6.0, dtype=torch.float64)
    (signs * weights).sum().backward()
    found = x.grad.clone(), beta.grad.clone()
    x.grad = beta.grad = None
    (torch.tanh(beta * x) * weights).sum().backward()
    torch.testing.assert_close(found, (x.grad, beta.grad))


def test_the_gradient_of_a_weight_s_sign_stops_beyond_one():
    weight = torch.tensor([-1.5, -0.5, 0.2, 1.1], requires_grad=True)
    weight_sign(weight).sum().backward()
    assert weight.grad.tolist() == [0, 1, 1, 0]


def test_rprelu_by_hand():
    activation = RPReLU(1)
    with torch.no_grad():
        activation.before.fill_(1.0)
        activation.after.fill_(10.0)
    assert activation(torch.tensor([-3.0, 2.0]).reshape(1, 1, 1, 2)).flatten().tolist() == [9.5, 13.0]


def test_a_binary_convolution_is_scaled_signs_with_plus_one_outside():
    torch.manual_seed(0)
    conv = BinaryConv(5, 7)
    x = torch.randn(2, 5, 6, 8)
    padded = functional.pad(torch.where(x < 0, -1.0, 1.0), [1] * 4, value=1.0)
    signs = torch.where(conv.weight < 0, -1.0, 1.0)
    expected = functional.conv2d(padded, signs) * conv.weight.abs().mean((1, 2, 3))[:, None, None]
    torch.testing.assert_close(conv(x), expected)


def test_the_redistribution_starts_at_identity_is_bounded_and_local():
    torch.manual_seed(0)
    redistribute = SpectralRedistribution(6, cell=2)
    x = torch.randn(1, 6, 8, 8)
    scale, bias = redistribute(x)
    assert torch.equal(scale, torch.ones(1, 6, 4, 4))
    assert torch.equal(bias, torch.zeros(1, 6, 4, 4))
    awake(redistribute)
    with torch.no_grad():
        redistribute.excite.weight.mul_(1000)
        redistribute.bias.zero_()
    scale, bias = redistribute(x)
    assert 0.5 <= float(scale.detach().min()) < float(scale.detach().max()) <= 1.5
    assert float(bias.detach().abs().max()) <= 0.5
    other = x.clone()
    other[..., 2:4, 4:6] += 1.0
    changed = (redistribute(other)[0] != scale).any(1)[0]
    assert changed.nonzero().tolist() == [[1, 2]]


def test_the_numbers_of_cells_hold_for_all_of_their_pixels():
    x, cells = torch.randn(2, 3, 4, 8), torch.randn(2, 3, 2, 4)
    expected = x * cells.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.equal(over_cells(x, cells, torch.mul), expected)


@pytest.mark.parametrize("inputs", [24, 88])
def test_sums_on_fixed_point_are_exact_in_any_order(inputs):
    torch.manual_seed(0)
    conv = FixedPointConv(inputs, 16)
    with torch.no_grad():
        conv.weight[0] = 1.0  # the largest sum that there can be
    x = quantize(torch.full((1, inputs, 9, 9), 100.0))
    single = conv(x)
    levels = (conv.weight.detach() / conv.step[:, None, None, None]).round().double()
    sums = functional.conv2d(x.double(), levels, padding=1)
    assert 2**22 < float(sums.abs().max()) <= 2**24
    assert torch.equal(single, sums.float() * (conv.step / 64)[:, None, None] + conv.bias[:, None, None])


def test_a_gabor_kernel_is_zero_mean_of_unit_norm_and_answers_its_own_wave():
    kernel = gabor_kernel(7, 1.2, 0.5, 0.0)
    assert abs(float(kernel.sum())) < 1e-6
    assert float(np.abs(kernel).sum()) == pytest.approx(1.0, abs=1e-6)
    y, x = np.mgrid[-3:4, -3:4]

    def answer(frequency, angle):
        return abs(float((kernel * np.cos(frequency * (x * math.cos(angle) + y * math.sin(angle)))).sum()))

    assert answer(1.2, 0.5) > 3 * answer(1.2, 0.5 + math.pi / 2)
    assert answer(1.2, 0.5) > 3 * answer(0.1, 0.5)


def test_gabor_banks_follow_their_seed_and_a_flat_image_gives_no_answer():
    assert np.array_equal(gabor_bank(4, 5, 3), gabor_bank(4, 5, 3))
    assert not np.array_equal(gabor_bank(4, 5, 3), gabor_bank(4, 5, 4))
    with pytest.raises(ValueError, match="odd"):
        gabor_bank(4, 3, 0)
    answers = GaborAmplifier(8, 7, 0)(torch.full((1, 1, 24, 24), 100.0))
    assert float(answers[..., 2:-2, 2:-2].abs().max()) <= 8  # what rounding the kernels leaves


# One bit


@pytest.mark.parametrize("shape", [(32, 32, 3), (48, 48, 3), (96, 96, 3), (17, 5, 3), (48, 48, 1)])
def test_the_8_bit_engine_gives_the_sums_of_the_simulation_to_the_last_bit(shape):
    if int8_reason():
        pytest.skip(f"no 8-bit engine here: {int8_reason()}")
    outputs, inputs, kernel = shape
    torch.manual_seed(0)
    signs = torch.where(torch.randn(outputs, inputs, kernel, kernel) < 0, -1.0, 1.0)
    x = torch.randn(1, inputs, 13, 21)
    x[..., 0, 0] = 0.0
    padded = functional.pad(torch.where(x < 0, -1.0, 1.0), [kernel // 2] * 4, value=1.0)
    assert torch.equal(Int8Sums(signs)(x), functional.conv2d(padded, signs))


@pytest.mark.parametrize(("channels", "cell"), [(64, 2), (64, 1), (128, 4), (17, 2)])
@pytest.mark.parametrize("redistribution", ["dynamic", "static", "none"])
def test_packed_bits_give_the_numbers_of_the_simulation_to_the_last_bit(channels, cell, redistribution):
    if popcount_reason():
        pytest.skip(f"no packed bits here: {popcount_reason()}")
    torch.manual_seed(0)
    unit = awake(Unit(channels, redistribution, cell, True))
    x = torch.randn(1, channels, 12, 20)
    x[..., 0, 0] = 0.0
    with torch.inference_mode():
        expected = unit(x)
        POPCOUNT.prepare(unit)
        assert torch.equal(unit(x), expected)


def test_packed_bits_need_as_many_channels_out_as_in():
    with pytest.raises(ValueError, match="is expected"):
        PopcountUnit(torch.ones(4, 8, 3, 3), torch.ones(4), RPReLU(4))


@pytest.mark.parametrize("name", ["s2bnet", "bisrnet"])
def test_all_engines_agree_to_the_last_bit_before_the_last_layer(name):
    pair = Pair.fresh(name, 4, 0)
    awake(pair.networks[0])
    planes = torch.randn(1, 6, 40, 52, dtype=torch.float64)

    def restored():
        again = Pair(name, pair.config)
        again.load(pair.tensors())
        return again.networks[0].eval()

    with torch.inference_mode():
        learned, simulated = pair.networks[0](planes), restored()(planes)
        reach = float(learned.max() - learned.min())
        assert float(simulated.std()) > 0.1
        assert float((simulated - learned).abs().max()) <= 1e-4 * reach
        for engine in ENGINES:
            if engine.unavailable():
                continue
            network = restored()
            network.engines = (engine,)
            assert engine.name in network.prepare(CPU)
            assert float((network(planes) - simulated).abs().max()) <= 1e-6 * reach


def test_an_engine_that_cannot_be_used_is_passed_over_and_the_reason_said():
    missing = FLOAT32._replace(unavailable=lambda: "no such processor")
    network = create_network("s2bnet", components=4)
    network.engines = (missing, FLOAT32)
    assert network.prepare(CPU) == "Binary convolutions are computed in float32 (no such processor)."


def test_binary_weights_take_one_bit_each():
    tensors = Pair.fresh("s2bnet", 4, 0).tensors()
    network = create_network("s2bnet", components=4)
    weights = sum(m.weight.numel() for m in network.modules() if isinstance(m, BinaryConv))
    bits = {name: array for name, array in tensors.items() if name.endswith(".bits")}
    assert all(array.dtype == np.uint8 for array in bits.values())
    assert sum(array.nbytes for array in bits.values()) == weights / 8
    counterpart = sum(array.nbytes for array in Pair.fresh("s2bnet_float", 4, 0).tensors().values())
    assert sum(array.nbytes for array in tensors.values()) < counterpart / 12


def test_costs_are_counted_strictly_and_in_the_papers_style():
    found = Pair.fresh("bisrnet", 4, 0).costs["network"]
    counterpart = Pair("s2bnet_float", {"network": {"components": 4, "redistribution": "static", "cues": 0}}).costs[
        "network"
    ]
    unit = 64 * 64 * 9
    assert found["binary_parameters"] == (2 + 2 + 2 + 4) * unit  # widening, narrowing, at half resolution; one of 128
    assert found["parameters"] == counterpart["parameters"]
    assert found["operations_per_pixel"] == counterpart["operations_per_pixel"] == counterpart["operations_strict"]
    # Per output pixel: a unit at half resolution costs a quarter of its weights, at a quarter a sixteenth.
    assert found["binary_operations_per_pixel"] == 2 * unit / 4 + (2 + 4 + 2) * unit / 16
    ends = (4 + 8) * 64 / 4 + 64 * 32 / 4
    assert found["operations_strict"] == round(found["binary_operations_per_pixel"] / 64 + ends)
    assert found["parameters_strict"] < found["parameters"] / 5
