"""Binarized layers and networks."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

from core.fusion.budget import Limits  # noqa: E402
from core.fusion.engine import fuse  # noqa: E402
from core.fusion.prior import RegressionPrior  # noqa: E402
from core.models.format import ModelFile, read_model, write_model  # noqa: E402
from core.models.inference import PairResidual  # noqa: E402
from core.models.pair import Pair  # noqa: E402
from core.models.trained import TrainedModel  # noqa: E402
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
from core.products.pair import open_pair  # noqa: E402
from core.runtime.errors import InputError  # noqa: E402
from core.scene.statistics import scene_statistics  # noqa: E402
from core.workflows.fuse import fuse as fuse_files  # noqa: E402
from core.workflows.sharpen import sharpen  # noqa: E402

CPU = torch.device("cpu")
NORTH_UP = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)


def awake(network):
    """The network with parameters moved off their first values, the last layer's zeros above all."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


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


# Fusion


@pytest.fixture
def files(make_raster, tmp_path):
    """A multispectral scene at ratio 4, 36 x 60 pixels, PAN shifted by a pixel: (hsi, pan)."""
    rng = np.random.default_rng(0)
    steps = np.arange(240)
    pan = 400 + 100 * np.sin(steps[:144, None] / 5) * np.cos(steps[None] / 7) + 30 * rng.normal(size=(144, 240))
    low = pan.reshape(36, 4, 60, 4).mean((1, 3))
    hsi = np.stack([low * gain + 20 * rng.normal(size=low.shape) for gain in (0.5, 0.8, 1.0, 1.3)])
    shifted = (NORTH_UP[0] + 7.5, 7.5, 0.0, NORTH_UP[3] - 7.5, 0.0, -7.5)
    return (
        make_raster(tmp_path / "ms.tif", hsi.astype(np.float32)),
        make_raster(tmp_path / "pan.tif", pan.astype(np.float32), shifted),
    )


def fused(files, pair, memory, limits=None):
    with open_pair(*files) as scene:
        residual = PairResidual(pair, CPU, "mean", 4)
        residual.tile = 80_000 if memory > 1 else 2_000  # pixels
        method = RegressionPrior(scene_statistics(scene, 0.3, 4), 0.3, 2, residual).fit(scene)
        values = np.full((4, *scene.high_shape), np.nan, np.float32)
        for piece in fuse(scene, method, None, memory, limits=limits):
            rows, cols = piece.values.shape[1:]
            place = slice(piece.window.row, piece.window.row + rows), slice(piece.window.col, piece.window.col + cols)
            values[:, place[0], place[1]] = piece.values
    return values


@pytest.mark.parametrize("name", ["s2bnet", "s2bnet_float"])
def test_tiles_equal_the_whole(files, name):
    pair = Pair.fresh(name, 4, 0)
    awake(pair.networks[0])
    whole, pieces = fused(files, pair, 8.0), fused(files, pair, 1e-6, Limits(panel_cols=48))
    assert np.isfinite(whole).all()
    assert float(np.abs(whole - pieces).max()) <= 1e-5 * float(whole.max() - whole.min())


@pytest.fixture(scope="module")
def quick():
    return {"steps": 4, "size": 24, "checks": 1}


def test_sharpen_trains_fuses_and_gives_the_same_from_its_file(files, tmp_path, quick):
    paths = {key: str(tmp_path / name) for key, name in (("model", "m.safetensors"), ("report", "r.html"))}
    result = sharpen(*files, str(tmp_path / "a.tif"), network="s2bnet", settings=quick, device="cpu", **paths)
    assert set(result["scores"]) == {"prior", "mean"}
    fuse_files(*files, paths["model"], str(tmp_path / "b.tif"), device="cpu")
    from core.io.reader import RasterReader

    with RasterReader(str(tmp_path / "a.tif")) as first, RasterReader(str(tmp_path / "b.tif")) as second:
        np.testing.assert_array_equal(first.read().values, second.read().values)
    asked = str(tmp_path / "d.tif")
    made = fuse_files(*files, paths["model"], str(tmp_path / "c.tif"), disagreement=asked, device="cpu")
    assert any("single network" in warning and asked in warning for warning in made["warnings"])
    assert made["disagreement"] == ""
    assert (tmp_path / "c.tif").exists()
    assert not (tmp_path / "d.tif").exists()
    with pytest.raises(InputError, match="no spatial network"):
        fuse_files(*files, paths["model"], str(tmp_path / "c.tif"), use="spatial")


def test_an_image_of_two_bands_or_of_many_is_refused(make_raster, tmp_path, quick):
    rng = np.random.default_rng(0)
    sharp = rng.random((96, 96)).astype(np.float32)
    low = sharp.reshape(24, 4, 24, 4).mean((1, 3))
    hsi = make_raster(tmp_path / "h.tif", np.stack([low, 2 * low]))
    pan = make_raster(tmp_path / "p.tif", sharp, (500000, 7.5, 0, 5800000, 0, -7.5))
    with pytest.raises(InputError, match="3 to 16 bands"):
        sharpen(hsi, pan, str(tmp_path / "o.tif"), network="s2bnet", settings=quick, device="cpu")


def refusal(path):
    with pytest.raises(InputError) as caught:
        TrainedModel.open(str(path))
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    return str(caught.value)


def test_packed_weights_that_were_cut_edited_or_come_from_elsewhere_are_refused(files, tmp_path, quick):
    path, other = tmp_path / "m.safetensors", tmp_path / "o.safetensors"
    sharpen(*files, str(tmp_path / "a.tif"), model=str(path), network="s2bnet", settings=quick, device="cpu")
    model = read_model(str(path))
    assert TrainedModel.open(str(path)).pair.name == "s2bnet"
    data = path.read_bytes()
    other.write_bytes(data[:-40])
    assert "cut off" in refusal(other)
    name = next(name for name in model.tensors if name.endswith(".bits"))
    edited = {**model.tensors, name: model.tensors[name] ^ np.uint8(16)}
    write_model(str(other), ModelFile(model.header, edited))
    assert "altered" in refusal(other)
    shorter = {**model.tensors, name: model.tensors[name][:-1]}
    for header in (model.header, {k: v for k, v in model.header.items() if k != "checksum"}):
        write_model(str(other), ModelFile(header, shorter))
        refusal(other)
    ancestor = {**model.header, "network": "bisrnet"}  # weights of another network under this name
    write_model(str(other), ModelFile(ancestor, model.tensors))
    assert "parameters of its own network" in refusal(other)
