"""Several pairs of networks, whose mean is the result: names, files, mean and disagreement, what is added of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.models.inference import PairResidual  # noqa: E402
from core.models.pair import Pair, branches_of  # noqa: E402
from core.models.trained import TrainedModel  # noqa: E402
from core.networks.base import create_network, network_names  # noqa: E402
from core.report.training import verdict  # noqa: E402
from core.runtime.errors import InputError  # noqa: E402
from core.runtime.progress import Progress  # noqa: E402
from core.scene.statistics import Statistics  # noqa: E402
from core.training.agreement import agreement, expected_gain, unexplained_share  # noqa: E402
from core.training.areas import UnlabelledArea, shared_operators  # noqa: E402
from core.training.settings import Settings  # noqa: E402
from core.workflows.train import train  # noqa: E402

CPU = torch.device("cpu")


def cohort(pairs: int, components: int = 3, seed: int = 0) -> Pair:
    """Pairs whose last layers are drawn, as after learning."""
    pair = Pair.fresh("ssml", components, seed, CPU, 4.0, 1, pairs)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for network in pair.networks:
            for parameter in network.tail.parameters():
                parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    return pair


def planes(components: int = 3, shape: tuple[int, int] = (24, 20)) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(components + 2, *shape)).astype(np.float32)


def test_the_first_pair_has_the_names_of_a_single_one_and_the_others_are_numbered():
    assert branches_of("ssml", {"spectral": {}, "spatial": {}}) == ("spectral", "spatial")
    pair = cohort(3)
    assert pair.branches == ("spectral", "spatial", "spectral-2", "spatial-2", "spectral-3", "spatial-3")
    assert [len(networks) for networks in pair.pairs] == [2, 2, 2]
    assert Pair.fresh("hyperpnn", 3, 0, pairs=2).branches == ("network", "network-2")


def test_pairs_begin_differently_and_the_first_as_a_single_one_does():
    one, two = Pair.fresh("ssml", 3, 7), Pair.fresh("ssml", 3, 7, pairs=2)
    first, second = (
        [parameter.flatten()[0].item() for parameter in networks[0].parameters()] for networks in two.pairs
    )
    assert [parameter.flatten()[0].item() for parameter in one.networks[0].parameters()] == first
    assert first != second


def test_what_is_stored_gives_the_same_networks_again():
    pair = cohort(2)
    again = Pair("ssml", pair.config)
    again.load(pair.tensors())
    for one, other in zip(pair.networks, again.networks):
        for first, second in zip(one.parameters(), other.parameters()):
            torch.testing.assert_close(first, second, rtol=0, atol=0)
    with pytest.raises(InputError, match="parameters of its own network"):
        Pair("ssml", pair.config).load({k: v for k, v in pair.tensors().items() if not k.startswith("spatial-2")})


def test_a_part_of_several_pairs_is_a_model_of_its_own():
    pair, image = cohort(3), torch.from_numpy(planes())[None]
    part = pair.part([0, 3, 4, 5])  # spectral networks of the first and the third, spatial ones of the second and third
    assert part.branches == ("spectral", "spatial", "spectral-2", "spatial-2")
    with torch.no_grad():
        for number, network in zip([0, 3, 4, 5], part.networks):
            torch.testing.assert_close(network(image), pair.networks[number](image), rtol=0, atol=0)
    again = Pair("ssml", part.config)
    again.load(part.tensors())


def test_networks_of_different_pairs_are_kept():
    def kept(pairs: int, kept: int) -> list[set[int]]:
        settings = Settings(pairs=pairs, kept=kept)
        return [{pair for pair in range(pairs) if settings.keeps(kind, pair)} for kind in (0, 1)]

    assert kept(2, 1) == [{0}, {1}]
    assert kept(4, 2) == [{0, 1}, {2, 3}]
    assert kept(3, 2) == [{0, 1}, {2, 0}]
    assert kept(2, 0) == kept(2, 2) == [{0, 1}, {0, 1}]
    assert kept(1, 1) == [{0}, {0}]
    for wrong in (-1, 3):
        with pytest.raises(InputError, match="to 2 are kept"):
            Settings(pairs=2, kept=wrong)


def test_a_model_keeps_the_spectral_network_of_one_and_the_spatial_one_of_another_pair(related_files, tmp_path):
    hsi, pan = map(str, related_files[:2])
    made = {}
    for kept, more in ((1, {}), (0, {"kept": 0})):
        path = str(tmp_path / f"{kept}.safetensors")
        train([hsi], [pan], path, steps=4, device="cpu", settings={"checks": 1, **more})
        made[kept] = TrainedModel.open(path)
    assert made[1].pair.branches == ("spectral", "spatial")
    assert set(made[1].header["parameters"]) == {"spectral", "spatial"}
    assert made[1].header["settings"]["pairs"] == 2
    assert made[0].pair.branches == ("spectral", "spatial", "spectral-2", "spatial-2")
    assert made[1].header["spread"] == made[0].header["spread"]
    one, all_four = made[1].pair.tensors(), made[0].pair.tensors()
    for name, array in one.items():
        np.testing.assert_array_equal(array, all_four[name.replace("spatial.", "spatial-2.", 1)])


@pytest.mark.parametrize(("use", "used"), [("mean", (0, 1, 2, 3)), ("spectral", (0, 2)), ("spatial", (1, 3))])
def test_the_result_is_the_mean_and_the_disagreement_the_mean_difference_of_all(use, used):
    pair, image = cohort(2), planes()
    with torch.no_grad():
        single = [network(torch.from_numpy(image)[None])[0].numpy() for network in pair.networks]
    result, disagreement = PairResidual(pair, CPU, use, bands=5)(image)
    np.testing.assert_allclose(result, np.mean([single[index] for index in used], 0), atol=2e-6)
    differences = [single[i] - single[j] for i in range(4) for j in range(i)]
    squares = np.pad(np.mean([(one**2).sum(0) / 5 for one in differences], 0), 1, mode="edge")
    expected = np.sqrt(np.lib.stride_tricks.sliding_window_view(squares, (3, 3)).mean((2, 3)))
    np.testing.assert_allclose(disagreement, expected, rtol=1e-4)


def test_margins_are_left_out_and_change_nothing_inside():
    pair, image = cohort(2), planes(shape=(48, 20))
    computed = PairResidual(pair, CPU, "mean", bands=5)
    field = computed.receptive_field
    whole, part = computed(image), computed(image, margins=(field, field))
    for one, other in zip(whole, part):
        np.testing.assert_array_equal(other[..., field:-field, :], one[..., field:-field, :])
        assert other[..., field:-field, :].any(-1).all()
        assert not other[..., :field, :].any()
        assert not other[..., -field:, :].any()


@pytest.mark.parametrize("name", network_names())
def test_each_component_of_a_residual_is_scaled_by_its_own_share(name):
    network = create_network(name, components=3)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.tail.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
        image = torch.from_numpy(planes().astype(network.planes_dtype))[None]
        before = network(image).clone()
        network.scale_output(torch.tensor([2.0, 0.0, -0.5]))
        after = network(image)
    expected = before * torch.tensor([2.0, 0.0, -0.5]).view(1, 3, 1, 1)
    torch.testing.assert_close(after, expected, rtol=1e-3, atol=1e-3 * float(before.abs().max()))


@pytest.fixture
def full_area() -> UnlabelledArea:
    """An area at full resolution, of which nothing is known."""
    operators = shared_operators((3, 3), (12, 12), 4, (0.0, 0.0), 0.3)
    images = [torch.zeros(5, 12, 12), torch.zeros(2, 12, 12), torch.zeros(2, 3, 3)]
    return UnlabelledArea(*images, torch.ones(3, 3), operators)


class Constant(torch.nn.Module):
    """A network whose residual does not depend on the image."""

    def __init__(self, values: list[float]) -> None:
        super().__init__()
        self.values = torch.tensor(values)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.values.view(1, -1, 1, 1).expand(1, -1, *image.shape[-2:]).clone()


def test_components_that_networks_agree_on_are_raised_and_those_they_differ_in_lowered(full_area):
    networks = 2 * [Constant([1.0, 1.0, 0.1]), Constant([1.0, 0.5, -0.1])]
    found = agreement(networks, [full_area, full_area], 0, 1.5, Progress())
    torch.testing.assert_close(found.power, torch.tensor([1.0, 0.5625, 0.0]))
    torch.testing.assert_close(found.variance, torch.tensor([0.0, 0.25 / 3, 0.04 / 3]))
    expected = 1.5 * torch.tensor([1.0, 1 - 0.25 / 3 / 4 / 0.5625, 0.0])  # a mean of four
    torch.testing.assert_close(found.shares, expected, rtol=1e-5, atol=1e-6)
    assert found.spread == pytest.approx(0.29 / 3 / 1.5625)


def test_what_a_single_pair_has_taught_each_other_promises_nothing(full_area):
    found = agreement([Constant([1.0, 1.0, 0.1]), Constant([1.0, 0.5, -0.1])], [full_area], 0, 1.5, Progress())
    torch.testing.assert_close(found.shares, torch.tensor([1.0, 1 - 0.0625 / 0.5625, 0.0]), rtol=1e-5, atol=1e-6)
    assert found.spread is None


def test_of_a_pair_that_learned_little_only_a_part_is_added(full_area):
    found = agreement([Constant([1.0, 1.0]), Constant([1.0, 1.0])], [full_area], 0, 0.8, Progress())
    torch.testing.assert_close(found.shares, torch.tensor([0.8, 0.8]), rtol=1e-5, atol=1e-6)


def test_of_a_single_network_all_is_added_and_nothing_is_known(full_area):
    found = agreement([Constant([1.0, 2.0, 3.0])], [full_area], 5, 1.5, Progress())
    assert found.shares.tolist() == [1.0, 1.0, 1.0]
    assert found.spread is None


def test_the_closer_networks_agree_and_the_better_the_hsi_explains_the_pan_the_more_is_expected():
    near, far, other = expected_gain(0.02, 0.0), expected_gain(0.2, 0.0), expected_gain(0.2, 0.01)
    for key in ("ergas", "sam"):
        assert near[key].low < near[key].gain < near[key].high
        assert near[key].gain > far[key].gain > other[key].gain > 0
        assert 10 < far[key].high - far[key].low <= 15.001  # points of per cent
        assert expected_gain(0.9, 0.5)[key].low == -1.0
    assert expected_gain(0.0, 0.0) == expected_gain(1e-9, 0.0)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3])
def test_what_the_hsi_does_not_explain_of_a_pan_is_found(full_area, share):
    rng, shape = np.random.default_rng(3), (240, 260)
    components = rng.normal(size=(3, *shape))
    mixture = np.tensordot([0.5, -2.0, 1.0], components, 1)
    level = mixture / mixture.std() * np.sqrt(1 - share) + rng.normal(size=shape) * np.sqrt(share)
    detail = rng.normal(size=shape)
    numbers = np.ones(1), np.ones(1), np.ones((1, 1)), np.ones((1, 3)), np.ones(3)
    statistics = Statistics(*numbers, pan_mean=np.array([7.0]), pan_std=np.array([4.0]), detail_std=np.array([0.5]))
    pan = 30 * level + detail + 100  # in the PAN's units, as are the numbers of the statistics
    planes = np.stack([*components, (pan - 7.0) / 4.0, detail / 0.5]).astype(np.float32)
    areas = [dataclasses.replace(full_area, planes=torch.from_numpy(part)) for part in np.array_split(planes, 3, 1)]
    assert unexplained_share(areas, statistics) == pytest.approx(share, rel=0.02, abs=1e-9)


def test_a_pan_without_contrast_leaves_nothing_unexplained(full_area):
    numbers = np.ones(1), np.ones(1), np.ones((1, 1)), np.ones((1, 3)), np.ones(3), *3 * (np.ones(1),)
    area = dataclasses.replace(full_area, planes=torch.ones(5, 8, 8))
    assert unexplained_share([area], Statistics(*numbers)) == 0.0


@pytest.mark.parametrize("pairs", [0, 17])
def test_a_number_of_pairs_out_of_range_is_refused(pairs):
    with pytest.raises(InputError, match="1 to 16 pairs"):
        Settings(pairs=pairs)


def test_the_verdict_states_the_promise_first_and_names_what_was_measured():
    scores = {"prior": {"ergas": 2.0, "sam": 4.0}, "mean": {"ergas": 1.5, "sam": 3.0}}
    expected = {"ergas": [4.9, 10.9, 16.9], "sam": [3.4, 10.9, 18.4]}
    promise, measured = verdict({"scores": scores, "expected_gain": expected}).split(". ", 1)
    assert "5 to 17 % (ERGAS) and 3 to 18 % (SAM)" in promise
    assert "reduced resolution" in measured
    assert "25.0 %" in measured
    assert "mostly smaller" in verdict({"scores": scores, "expected_gain": {}})
