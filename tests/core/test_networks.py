from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.models.inference import PairResidual  # noqa: E402
from core.models.pair import PAIRS, Pair, kind_of, pair_name  # noqa: E402
from core.networks.base import FusionNetwork, create_network, network_names, parameter_count  # noqa: E402
from core.networks.layers.depthwise import DepthwiseConv2d  # noqa: E402
from core.networks.published import PUBLISHED  # noqa: E402
from core.runtime.errors import InputError  # noqa: E402

COMPONENTS = 6


@pytest.fixture(params=[*network_names(), "ssml-spectral, side 2", "ssml-spatial, side 1"])
def network(request):
    torch.manual_seed(0)
    name, _, side = request.param.partition(", side ")
    return create_network(name, components=COMPONENTS, **({"side": int(side)} if side else {}))


def awake(network):
    """The network with a last layer that is no longer zero, so that it shows what it depends on."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network.double().eval()


def test_an_untrained_network_adds_nothing_to_the_prior(network):
    planes = torch.randn(2, COMPONENTS + 2, 20, 17)
    residual = network(planes)
    assert residual.shape == (2, COMPONENTS, 20, 17)
    assert torch.equal(residual, torch.zeros_like(residual))


def test_the_receptive_field_is_what_the_network_declares(network):
    network = awake(network)
    reach = network.receptive_field
    size = 2 * reach + 9
    planes = torch.randn(1, COMPONENTS + 2, size, size, dtype=torch.float64, requires_grad=True)
    middle = size // 2
    network(planes)[0, :, middle, middle].sum().backward()
    seen = planes.grad[0].abs().amax(0) > 0
    rows, cols = torch.nonzero(seen, as_tuple=True)
    farthest = max(middle - rows.min(), rows.max() - middle, middle - cols.min(), cols.max() - middle)
    assert farthest <= reach
    assert farthest >= reach - 1 - network.alignment  # declared without much waste


def test_a_window_with_margin_gives_what_the_whole_image_gives(network):
    network = awake(network)
    reach = network.receptive_field
    step = network.alignment
    start = 5 * step
    stop = -(-(start + 10 + 2 * reach) // step) * step
    planes = torch.randn(1, COMPONENTS + 2, max(4 * reach, stop), 70, dtype=torch.float64)
    whole = network(planes)
    part = network(planes[..., start:stop, :])
    torch.testing.assert_close(part[..., reach : reach + 10, :], whole[..., start + reach : start + reach + 10, :])


@pytest.mark.parametrize("side", [1, 2])
@pytest.mark.parametrize("name", ["ssml-spectral", "ssml-spatial"])
def test_in_slabs_of_rows_the_result_is_the_same(name, side, monkeypatch):
    monkeypatch.setattr("core.networks.cpu.slabs._BYTES", 20_000)
    network = awake(create_network(name, components=COMPONENTS, side=side))
    planes = torch.randn(1, COMPONENTS + 2, 151, 43, dtype=torch.float64)
    whole = network(planes).detach()
    with torch.inference_mode():
        torch.testing.assert_close(network(planes), whole)


@pytest.mark.parametrize(
    ("name", "bands", "parameters"),
    [
        ("hyperpnn", 102, 132_902),
        ("hspenet", 102, 110_374),
        ("hyper-dsnet", 102, 181_777),
        ("darn", 102, 416_194),
        ("pca-z-pnn", 4, 51_396),
    ],
)
def test_a_published_network_has_as_many_parameters_as_its_authors_say(name, bands, parameters):
    assert parameter_count(create_network(name, components=bands)) == parameters


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_parameter_of_a_published_network_takes_part_in_learning(name):
    torch.manual_seed(0)
    network = awake(create_network(name, components=COMPONENTS))
    planes = torch.randn(1, COMPONENTS + 2, 24, 24, dtype=torch.float64)
    network(planes).square().sum().backward()
    silent = [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert silent == []


def test_each_network_has_at_most_250_thousand_parameters_whatever_the_bands():
    pair = Pair.fresh("ssml", 12, 0)
    assert all(count <= 250_000 for count in pair.parameters.values())
    counted = sum(p.numel() for network in pair.networks for p in network.parameters())
    assert sum(pair.parameters.values()) == counted == sum(parameter_count(n) for n in pair.networks)


def test_an_unknown_network_is_refused_with_the_names_that_exist():
    with pytest.raises(InputError, match="ssml-spatial"):
        create_network("no-such-network")
    with pytest.raises(InputError, match="ssml"):
        Pair.fresh("no-such-pair", 4, 0)
    assert set(PAIRS["ssml"].networks.values()) <= set(network_names())


def test_any_two_registered_networks_make_a_pair_and_any_one_a_model():
    assert pair_name("", "") == pair_name("ssml-spectral", "") == "ssml"
    assert pair_name("hyperpnn", "") == "hyperpnn+ssml-spatial"
    assert kind_of("hyperpnn+pannet").networks == {"spectral": "hyperpnn", "spatial": "pannet"}
    pair = Pair.fresh("hyperpnn+pannet", 4, 0)
    again = Pair(pair.name, pair.config)
    again.load(pair.tensors())
    assert again.parameters == pair.parameters
    assert set(pair.parameters) == {"spectral", "spatial"}
    assert set(Pair.fresh("hyperpnn", 4, 0).parameters) == {"network"}
    for wrong in ("hyperpnn+nothing", "hyperpnn+", "hyperpnn+pannet+darn"):
        with pytest.raises(InputError, match="choose one of"):
            kind_of(wrong)


def test_wrong_arguments_of_a_network_are_refused():
    with pytest.raises(InputError, match="settings"):
        create_network("ssml-spectral", components=4, depth=3)


def test_a_seed_fixes_the_parameters_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second, other = (Pair.fresh("ssml", 4, seed).tensors() for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert any(not np.array_equal(first[name], other[name]) for name in first)


def test_parameters_survive_the_way_through_arrays_and_misfits_are_refused():
    pair = Pair.fresh("ssml", 4, 1)
    other = Pair.fresh("ssml", 4, 2)
    arrays = pair.tensors()
    other.load(arrays)
    assert all(np.array_equal(a, other.tensors()[name]) for name, a in arrays.items())
    broken = dict(arrays)
    name = next(iter(broken))
    broken[name] = broken[name].reshape(-1)[:-1]
    with pytest.raises(InputError, match="train the model again"):
        other.load(broken)


def test_the_disagreement_is_the_rms_of_the_difference_over_bands_and_the_pixels_around():
    pair = Pair.fresh("ssml", COMPONENTS, 3)
    for network in pair.networks:
        awake(network).float()
    planes = np.random.default_rng(0).normal(size=(COMPONENTS + 2, 12, 300)).astype(np.float32)
    bands = 9
    basis = np.linalg.qr(np.random.default_rng(1).normal(size=(bands, COMPONENTS)))[0]
    device = torch.device("cpu")
    results = {use: PairResidual(pair, device, use, bands)(planes) for use in ("spectral", "spatial", "mean")}
    spectral, spatial = results["spectral"][0], results["spatial"][0]
    np.testing.assert_allclose(results["mean"][0], (spectral + spatial) / 2, rtol=1e-5, atol=1e-6)
    difference = np.tensordot(basis, spectral - spatial, 1)
    squares = np.pad((difference**2).mean(0), 1, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(squares, (3, 3)).mean((2, 3))
    np.testing.assert_allclose(results["mean"][1], np.sqrt(around), rtol=1e-4, atol=1e-6)


class Greedy(FusionNetwork):
    """Needs more memory than there is for tiles wider than a limit; else doubles the first planes."""

    receptive_field = 3

    def __init__(self, widest):
        super().__init__()
        self.widest, self.weight = widest, torch.nn.Parameter(torch.ones(1))

    def forward(self, planes):
        if planes.shape[-1] > self.widest:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
        return 2 * self.weight * planes[:, :COMPONENTS]


def test_a_tile_that_does_not_fit_into_memory_is_halved_and_tried_again():
    pair = Pair.fresh("ssml", COMPONENTS, 0)
    pair.networks = [Greedy(100), Greedy(100)]
    planes = np.random.default_rng(0).normal(size=(COMPONENTS + 2, 8, 400)).astype(np.float32)
    residual, disagreement = PairResidual(pair, torch.device("cpu"))(planes)
    np.testing.assert_allclose(residual, 2 * planes[:COMPONENTS], rtol=1e-6)
    assert not disagreement.any()
    pair.networks = [Greedy(10), Greedy(10)]
    with pytest.raises(MemoryError):
        PairResidual(pair, torch.device("cpu"))(planes)


def test_tiles_keep_to_a_part_of_the_budget_and_give_the_same():
    pair, cpu = Pair.fresh("ssml", COMPONENTS, 0), torch.device("cpu")
    for network in pair.networks:
        awake(network).float()
    free, ample, tight, none = (PairResidual(pair, cpu, memory=memory) for memory in (None, 100.0, 0.4, 0.001))
    assert free.tile == ample.tile > tight.tile > 0
    taken, most = (one.bytes_at_work + one.tile * one.tile_bytes for one in (tight, free))
    assert taken < 0.4e9 < most
    assert none.tile >= none.LEAST_TILE
    planes = np.random.default_rng(0).normal(size=(COMPONENTS + 2, 80, 3200)).astype(np.float32)
    assert none.tile < planes[0].size < free.tile
    for expected, found in zip(free(planes), none(planes)):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_at_ratio_2_the_spatial_network_sees_every_pixel():
    at_two, at_four = (Pair.fresh("ssml", COMPONENTS, 0, ratio=ratio) for ratio in (2, 4))
    assert [network.alignment for network in at_two.networks] == [1, 1]
    assert [network.alignment for network in at_four.networks] == [1, 2]
    again = Pair("ssml", at_two.config)
    again.load(at_two.tensors())


def test_nothing_is_computed_of_rows_that_are_not_wanted():
    pair = Pair.fresh("ssml", COMPONENTS, 0)
    for network in pair.networks:
        awake(network).float()
    planes = np.random.default_rng(0).normal(size=(COMPONENTS + 2, 140, 40)).astype(np.float32)
    residual = PairResidual(pair, torch.device("cpu"))
    reach = residual.receptive_field
    whole, part = residual(planes), residual(planes, margins=(reach + 3, reach))
    inner = slice(reach + 3, 140 - reach)
    for everything, some in zip(whole, part):
        np.testing.assert_allclose(some[..., inner, :], everything[..., inner, :], rtol=1e-4, atol=1e-5)
        assert not some[..., : reach + 3, :].any()
        assert not some[..., 140 - reach :, :].any()
        assert everything[..., : reach + 3, :].any()


@pytest.mark.parametrize("shape", [(2, 3, 10, 8), (1, 3, 7, 11), (1, 3, 1, 2)])
def test_a_depthwise_layer_with_holes_is_pytorchs_with_its_gradients(shape):
    torch.manual_seed(0)
    layer = DepthwiseConv2d(3, dilation=2).double()
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    found = layer(x)
    plain = torch.nn.functional.conv2d(x, layer.weight, layer.bias, padding=2, dilation=2, groups=3)
    torch.testing.assert_close(found, plain)
    torch.testing.assert_close(layer(x.detach()), plain)
    with torch.no_grad():
        torch.testing.assert_close(layer(x), plain)
    weights = torch.randn_like(plain)
    inputs = (x, layer.weight, layer.bias)
    torch.testing.assert_close(*(torch.autograd.grad((y * weights).sum(), inputs) for y in (found, plain)))
