"""Learning with a sharper image of several bands, and the model files that come of it."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

torch = pytest.importorskip("torch")

from core.models.format import read_model, write_model  # noqa: E402
from core.models.inference import PairResidual  # noqa: E402
from core.models.pair import Pair  # noqa: E402
from core.models.trained import TrainedModel  # noqa: E402
from core.networks.base import create_network, network_class, network_names, parameter_count  # noqa: E402
from core.operators.pair import Operators  # noqa: E402
from core.runtime.errors import InputError  # noqa: E402
from core.training import settings as learning_settings  # noqa: E402
from core.workflows.fuse import fuse  # noqa: E402
from core.workflows.sharpen import sharpen  # noqa: E402
from core.workflows.train import train  # noqa: E402

HIGH = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
LOW = (500000.0, 40.0, 0.0, 5800000.0, 0.0, -40.0)
BANDS, GUIDES = 9, 3
KNOWN = {"mtf": 0.3, "shift": "none", "contradictions": "off"}


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    monkeypatch.setattr(learning_settings, "EFFORTS", {"fast": 12, "normal": 30, "thorough": 60})


def name_wavelengths(path, waves):
    dataset = gdal.Open(path, gdal.GA_Update)
    for band, wave in enumerate(waves, 1):
        dataset.GetRasterBand(band).SetMetadataItem("wavelength", str(wave))
        dataset.GetRasterBand(band).SetMetadataItem("wavelength_units", "nm")


@pytest.fixture
def scene(make_raster, materials, tmp_path):
    """(hsi, pan) at ratio 4, the sharper image of three bands with wavelengths."""
    truth = materials(96, 96, BANDS).astype(np.float32)
    hsi = Operators((24, 24), (96, 96), 4).down(truth)
    pan = make_raster(tmp_path / "pan.tif", np.stack([truth[0:3].mean(0), truth[3:6].mean(0), truth[8]]), HIGH)
    name_wavelengths(pan, (490.0, 560.0, 665.0))
    return make_raster(tmp_path / "hsi.tif", hsi, LOW), pan


def values(path):
    return gdal.Open(str(path)).ReadAsArray()


def test_a_model_keeps_the_sharper_images_bands_and_fuses_the_scene_as_it_was_sharpened(scene, tmp_path):
    out, model, again = (str(tmp_path / name) for name in ("out.tif", "model.safetensors", "again.tif"))
    sharpen(*scene, out, model=model, report=str(tmp_path / "r.html"), effort="fast", **KNOWN)
    header = read_model(model).header
    assert header["pan_bands"] == GUIDES
    assert header["pan_wavelengths"] == [490.0, 560.0, 665.0]
    assert TrainedModel.open(model).statistics.gains.shape == (BANDS, GUIDES)
    fuse(*scene, model, again, shift="none", contradictions="off")
    np.testing.assert_allclose(values(again), values(out), atol=1e-4 * np.ptp(values(out)))


def test_a_model_of_one_band_says_nothing_of_several(scene, make_raster, tmp_path):
    pan = make_raster(tmp_path / "one.tif", values(scene[1])[:1], HIGH)
    model = str(tmp_path / "model.safetensors")
    sharpen(scene[0], pan, str(tmp_path / "out.tif"), model=model, effort="fast", **KNOWN)
    file = read_model(model)
    assert "pan_bands" not in file.header
    assert all("guides" not in config for config in file.header["config"].values())
    assert file.tensors["statistics.gains"].shape == (BANDS,)
    assert file.tensors["statistics.pan_mean"].shape == ()


def test_a_sharper_image_that_does_not_fit_the_model_is_refused_in_one_sentence(scene, make_raster, tmp_path):
    model, out = str(tmp_path / "model.safetensors"), str(tmp_path / "out.tif")
    train([scene[0]], [scene[1]], model, effort="fast", mtf=0.3, shift="none")
    two = make_raster(tmp_path / "two.tif", values(scene[1])[:2], HIGH)
    with pytest.raises(InputError, match=r"sharper image of 3 bands but two.tif has 2"):
        fuse(scene[0], two, model, out)
    with pytest.raises(InputError, match=r"band 1 of the sharper image at 490 nm but in pan.tif it is at 665 nm"):
        fuse(*scene, model, out, pan_bands_used="3,2,1")
    fuse(*scene, model, out, pan_bands_used="1-3", shift="none")
    four = make_raster(tmp_path / "four.tif", values(scene[1])[[2, 1, 1, 0]], HIGH)
    with pytest.raises(InputError, match=r"four.tif lie in another order.*\(--pan-bands-used 4,2,1, PAN_BANDS_USED\)"):
        fuse(scene[0], four, model, out, pan_bands_used="1,2,4")
    name_wavelengths(four, (664.0, 562.0, 620.0, 492.0))
    with pytest.raises(InputError, match=r"four.tif has 4; choose its bands in that order \(--pan-bands-used 4,2,1,"):
        fuse(scene[0], four, model, out)
    with pytest.raises(InputError, match=r"at 490 nm but in four.tif it is at 664 nm; .*--pan-bands-used 4,2,1,"):
        fuse(scene[0], four, model, out, pan_bands_used="1,2,4")
    with pytest.raises(InputError, match="choose an image of the same bands"):
        fuse(scene[0], four, model, out, pan_bands_used="1-3")


def test_scenes_of_training_whose_bands_differ_or_lie_in_another_order_are_refused(scene, make_raster, tmp_path):
    hsi, pan = scene
    other = make_raster(tmp_path / "other.tif", values(pan)[[2, 1, 0]], HIGH)
    hsis = [hsi, make_raster(tmp_path / "again.tif", values(hsi), LOW)]
    with pytest.raises(InputError, match=r"other.tif lie in another order than those of pan.tif.*the order 3,2,1 \("):
        train(hsis, [pan, other], str(tmp_path / "m.safetensors"), effort="fast", **KNOWN)
    name_wavelengths(other, (665.0, 560.0, 490.0))
    with pytest.raises(InputError, match=r"Band 1 of other\.tif is at 665 nm but that of pan.tif at 490 nm"):
        train(hsis, [pan, other], str(tmp_path / "m.safetensors"), effort="fast", **KNOWN)
    name_wavelengths(hsis[0], [500.0 + 10 * band for band in range(BANDS)])
    name_wavelengths(hsis[1], [520.0 + 10 * band for band in range(BANDS)])
    with pytest.raises(InputError, match=r"Band 1 of again\.tif is at 520 nm but that of hsi.tif at 500 nm"):
        train(hsis, [pan, pan], str(tmp_path / "m.safetensors"), effort="fast", **KNOWN)


def test_a_header_that_disagrees_with_the_arrays_is_refused(scene, tmp_path):
    model = str(tmp_path / "model.safetensors")
    train([scene[0]], [scene[1]], model, effort="fast", mtf=0.3, shift="none")
    file = read_model(model)
    for changed in ({"pan_bands": 2}, {"pan_bands": 0}, {"pan_bands": "3"}, {"pan_wavelengths": "490"}):
        write_model(model, file.__class__({**file.header, **changed}, file.tensors))
        with pytest.raises(InputError, match="train the model again"):
            TrainedModel.open(model)


def test_units_of_each_sharp_band_are_told_apart(scene, make_raster, tmp_path):
    model, plain, other = (str(tmp_path / name) for name in ("m.safetensors", "plain.tif", "other.tif"))
    train([scene[0]], [scene[1]], model, effort="fast", mtf=0.3, shift="none")
    fuse(*scene, model, plain, shift="none", contradictions="off")
    factors = np.array([1.0, 1e4, 1.0])[:, None, None]
    scaled = make_raster(tmp_path / "scaled.tif", (values(scene[1]) * factors).astype(np.float32), HIGH)
    fuse(scene[0], scaled, model, other, shift="none", contradictions="off")
    np.testing.assert_allclose(values(other), values(plain), atol=2e-3 * np.ptp(values(plain)))


def test_a_binarized_network_refuses_several_bands(scene, tmp_path):
    with pytest.raises(InputError, match="s2bnet takes a sharper image of one band"):
        sharpen(*scene, str(tmp_path / "out.tif"), network="s2bnet", effort="fast", **KNOWN)


@pytest.mark.parametrize("name", [name for name in network_names() if network_class(name).several_guides])
def test_every_network_takes_several_bands_with_few_more_parameters(name):
    network = create_network(name, components=6, guides=GUIDES)
    planes = torch.randn(1, 6 + 2 * GUIDES, 32, 24)
    assert network(planes).shape == (1, 6, 32, 24)
    assert not network(planes).any()  # it begins with the prior
    assert parameter_count(network) < 2.2 * parameter_count(create_network(name, components=6))


def test_tiles_with_several_bands_equal_the_whole():
    pair = Pair.fresh("ssml", 5, 0, ratio=4, guides=GUIDES)
    with torch.no_grad():
        for network in pair.networks:
            for parameter in network.tail.parameters():
                parameter.normal_(std=0.1)
    planes = np.random.default_rng(0).normal(size=(5 + 2 * GUIDES, 96, 80)).astype(np.float32)
    whole = PairResidual(pair, torch.device("cpu"))(planes)[0]
    tiled = PairResidual(pair, torch.device("cpu"))
    tiled.tile = PairResidual.SMALLEST_TILE
    np.testing.assert_allclose(tiled(planes)[0], whole, atol=1e-5)
    assert np.abs(whole).max() > 0.01
    assert whole.shape == (5, 96, 80)
    with torch.no_grad():  # slabs on the CPU equal what the layers say
        plain = [network(torch.from_numpy(planes)[None])[0].numpy() for network in pair.networks]
    torch.set_grad_enabled(True)
    graph = [network(torch.from_numpy(planes)[None])[0].detach().numpy() for network in pair.networks]
    for one, other in zip(plain, graph):
        np.testing.assert_allclose(one, other, atol=1e-5)
