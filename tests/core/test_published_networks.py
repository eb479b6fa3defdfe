"""The published networks: sizes as published, nothing added before training, what they see, tiles."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from core.networks.published import PUBLISHED  # noqa: E402
from core.networks.registry import create_network, parameter_count  # noqa: E402

COMPONENTS = 6


@pytest.fixture(params=PUBLISHED)
def network(request):
    torch.manual_seed(0)
    return create_network(request.param, components=COMPONENTS)


def awake(network):
    """The network with a last layer that is no longer zero, so that it shows what it depends on."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network.double().eval()


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


def test_an_untrained_network_adds_nothing_to_the_prior(network):
    residual = network(torch.randn(2, COMPONENTS + 2, 20, 17))
    assert residual.shape == (2, COMPONENTS, 20, 17)
    assert torch.equal(residual, torch.zeros_like(residual))


def test_the_receptive_field_is_what_the_network_declares(network):
    network = awake(network)
    reach = network.receptive_field
    size = 2 * reach + 9
    planes = torch.randn(1, COMPONENTS + 2, size, size, dtype=torch.float64, requires_grad=True)
    middle = size // 2
    network(planes)[0, :, middle, middle].sum().backward()
    rows, cols = torch.nonzero(planes.grad[0].abs().amax(0) > 0, as_tuple=True)
    farthest = max(middle - rows.min(), rows.max() - middle, middle - cols.min(), cols.max() - middle)
    assert farthest <= reach
    assert farthest >= reach - 1


def test_a_window_with_margin_gives_what_the_whole_image_gives(network):
    network = awake(network)
    reach = network.receptive_field
    planes = torch.randn(1, COMPONENTS + 2, 3 * reach + 14, 40, dtype=torch.float64)
    whole = network(planes)
    part = network(planes[..., 5 : 5 + 10 + 2 * reach, :])
    torch.testing.assert_close(part[..., reach : reach + 10, :], whole[..., 5 + reach : 15 + reach, :])


def test_every_parameter_takes_part_in_learning(network):
    network = awake(network)
    planes = torch.randn(1, COMPONENTS + 2, 24, 24, dtype=torch.float64)
    network(planes).square().sum().backward()
    silent = [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0]
    assert silent == []
