from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

torch = pytest.importorskip("torch")

from core.io.reader import RasterReader  # noqa: E402
from core.models.format import ModelFile, read_model, write_model  # noqa: E402
from core.models.trained import TrainedModel  # noqa: E402
from core.models.units import fit_to_scene  # noqa: E402
from core.operators.pair import Operators  # noqa: E402
from core.runtime.errors import InputError  # noqa: E402
from core.scene.scene import Scene  # noqa: E402
from core.workflows.compare import compare  # noqa: E402
from core.workflows.fuse import fuse  # noqa: E402
from core.workflows.train import train  # noqa: E402
from tests.core.said import Said  # noqa: E402

HIGH = (500000.0, 7.5, 0.0, 5800000.0, 0.0, -7.5)
LOW = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
WAVES = np.linspace(420, 2400, 20)
SIDE = 36
FACTORS = (1e-4, 1e4, 65535.0, 1 / 65535, 100.0, 0.1)


def ground(seed, bright=1.0):
    """(truth, hsi, pan) in reflectance: fields with sharp edges of five materials."""
    random, side = np.random.default_rng(seed), 4 * SIDE
    shares = np.full((5, side, side), 0.3)
    for share in shares:
        for _ in range(90):
            row, col, height, width = (int(n) for n in random.integers([0, 0, 3, 3], [side, side, 18, 18]))
            share[row : row + height, col : col + width] = 0.1 + random.random()
    along = np.linspace(0, 1, len(WAVES))
    spectra = np.stack([0.1 + 0.5 * np.exp(-(((along - centre) / 0.25) ** 2)) for centre in np.linspace(0, 0.8, 5)])
    truth = np.einsum("kyx,kb->byx", shares / shares.sum(0), spectra) * (0.7 + 0.3 * np.sin(np.arange(side) / 23.0))
    truth = (bright * truth + random.normal(0, 0.003, truth.shape)).clip(0.005).astype(np.float32)
    return truth, Operators((SIDE, SIDE), (side, side), 4).down(truth), truth[WAVES <= 900].mean(0)


@pytest.fixture(scope="module")
def images():
    return {"trained": ground(1), "other": ground(2), "bright": ground(3, 2.2), "dark": ground(4, 0.4)}


@pytest.fixture
def write(tmp_path, make_raster):
    def pair(name, hsi, pan, waves=WAVES, order=slice(None), **options):
        paths = tmp_path / f"{name}_hsi.tif", tmp_path / f"{name}_pan.tif"
        make_raster(paths[0], np.float32(hsi)[order], LOW)
        make_raster(paths[1], np.float32(pan), HIGH)
        dataset = gdal.Open(str(paths[0]), gdal.GA_Update)
        for number in range(1, dataset.RasterCount + 1):
            band = dataset.GetRasterBand(number)
            if waves is not None:
                band.SetMetadata({"wavelength": str(waves[order][number - 1]), "wavelength_units": "nm"})
            if "scale" in options:
                band.SetScale(options["scale"])
        dataset = None
        return str(paths[0]), str(paths[1])

    return pair


@pytest.fixture(scope="module")
def model(tmp_path_factory, images):
    """Trained on reflectance x 10,000."""
    folder = tmp_path_factory.mktemp("model")
    _, hsi, pan = images["trained"]
    paths = [str(folder / name) for name in ("hsi.tif", "pan.tif", "m.ssml")]
    for path, image, step in zip(paths, (hsi * 1e4, pan[None] * 1e4), (30.0, 7.5)):
        dataset = gdal.GetDriverByName("GTiff").Create(path, *image.shape[:0:-1], len(image), gdal.GDT_Float32)
        dataset.SetGeoTransform((500000.0, step, 0.0, 5800000.0, 0.0, -step))
        for number, plane in enumerate(image, start=1):
            band = dataset.GetRasterBand(number)
            band.WriteArray(plane)
            if len(image) > 1:
                band.SetMetadata({"wavelength": str(WAVES[number - 1]), "wavelength_units": "nm"})
        dataset = None
    train([paths[0]], [paths[1]], paths[2], steps=60, device="cpu")
    return paths[2]


@pytest.fixture
def without_distributions(model, tmp_path):
    """The model as a file that was written before distributions were kept."""
    file = read_model(model)
    header = {key: value for key, value in file.header.items() if key not in ("checksum", "distributions")}
    write_model(tmp_path / "old.ssml", ModelFile(header, file.tensors))
    return str(tmp_path / "old.ssml")


def fused(pair, model, folder, measured=False):
    """Pixels and log; gain and shift are told unless they are to be measured."""
    log, told = Said(), {} if measured else {"mtf": "0.3", "shift": "none"}
    fuse(*pair, model, str(folder / "fused.tif"), device="cpu", compress="none", progress=log, **told)
    return gdal.Open(str(folder / "fused.tif")).ReadAsArray().astype(np.float64), log


def rmse(values, truth):
    return float(np.sqrt(np.mean((values - truth) ** 2)))


@pytest.mark.parametrize("name", ["trained", "other", "bright", "dark"])
@pytest.mark.parametrize("which", ["hsi", "pan", "both"])
def test_plain_factors_are_recognised_and_the_result_is_in_the_scenes_own_units(
    images, write, model, tmp_path, name, which
):
    truth, hsi, pan = images[name]
    plain, log = fused(write("plain", hsi * 1e4, pan * 1e4), model, tmp_path)
    assert not log.warnings
    for factor in FACTORS if name in ("trained", "other") else FACTORS[:-1]:  # 0.1 x 2.2 may be a dark scene
        own, other = (factor if which in (one, "both") else 1.0 for one in ("hsi", "pan"))
        result, log = fused(write("scaled", hsi * 1e4 * own, pan * 1e4 * other), model, tmp_path)
        assert rmse(result / own / 1e4, truth) < 1.1 * rmse(plain / 1e4, truth), factor
        assert len(log.warnings) == 1, log.warnings
        assert "units" in log.warnings[0]
        assert ("scaled_hsi.tif and" in log.warnings[0]) == (which == "both")


@pytest.mark.parametrize("factor", [0.2, 0.4, 2.5, 5.0, 0.025])  # the last one: 8 bits of the user's own stretch
def test_a_scene_of_another_brightness_comes_out_as_that_of_training(images, write, model, tmp_path, factor):
    truth, hsi, pan = images["other"]
    plain, _ = fused(write("plain", hsi * 1e4, pan * 1e4), model, tmp_path)
    result, log = fused(write("scaled", hsi * 1e4 * factor, pan * 1e4 * factor), model, tmp_path)
    assert rmse(result / factor, truth * 1e4) < 1.02 * rmse(plain, truth * 1e4)
    assert any("times as bright as the scenes that" in text for text in log.infos)
    assert len(log.warnings) == (factor == 0.025)


@pytest.mark.parametrize(("factor", "least", "most"), [(1.3, 1, 1), (1.7, 1.1, 1.35), (2.0, 1.3, 1.7), (2.7, 2.6, 2.8)])
def test_only_what_is_too_bright_by_nature_is_scaled_in_full(images, write, model, factor, least, most):
    _, hsi, pan = images["trained"]
    trained = TrainedModel.open(model)
    readers = [RasterReader(path) for path in write("bright", hsi * 1e4 * factor, pan * 1e4 * factor)]
    found = fit_to_scene(trained, Scene.of(*readers, Said()), model)
    for name in ("std", "detail_std", "pan_std"):
        scaled = getattr(found.statistics, name) / getattr(trained.statistics, name)
        assert np.all((scaled >= least - 1e-3) & (scaled <= most + 1e-3)), (name, scaled)


def test_a_pan_keeps_its_units_where_only_the_hsi_is_brighter(images, write, model, tmp_path):
    truth, hsi, pan = images["other"]
    plain, _ = fused(write("plain", hsi * 1e4, pan * 1e4), model, tmp_path)
    result, _ = fused(write("scaled", hsi * 2.5e4, pan * 1e4), model, tmp_path)
    assert rmse(result / 2.5, truth * 1e4) < 1.02 * rmse(plain, truth * 1e4)


@pytest.mark.parametrize("factor", FACTORS)
def test_a_model_file_of_statistics_alone_recognises_factors_too(
    images, write, without_distributions, tmp_path, factor
):
    truth, hsi, pan = images["other"]
    assert not TrainedModel.open(without_distributions).distributions
    plain, log = fused(write("plain", hsi * 1e4, pan * 1e4), without_distributions, tmp_path)
    assert not log.warnings
    result, log = fused(write("scaled", hsi * 1e4 * factor, pan * 1e4 * factor), without_distributions, tmp_path)
    assert rmse(result / factor / 1e4, truth) < 1.1 * rmse(plain / 1e4, truth)
    assert len(log.warnings) == 1


@pytest.mark.parametrize("name", ["trained", "other"])
def test_a_negative_of_the_pan_is_refused_and_put_right_as_the_sentence_says(images, write, model, tmp_path, name):
    truth, hsi, pan = images[name]
    plain, _ = fused(write("plain", hsi * 1e4, pan * 1e4), model, tmp_path)
    turned = write("turned", hsi * 1e4, 12000 - pan * 1e4)
    with pytest.raises(InputError, match=r"turned_pan\.tif is dark where .* is bright.*gdal_translate -scale LEAST"):
        fused(turned, model, tmp_path)
    numbers = 12000 - pan * 1e4
    least, most = float(numbers.min()), float(numbers.max())
    gdal.Translate(str(tmp_path / "right.tif"), turned[1], scaleParams=[[least, most, most, least]])
    result, _ = fused((turned[0], str(tmp_path / "right.tif")), model, tmp_path)
    assert rmse(result, truth * 1e4) < 1.1 * rmse(plain, truth * 1e4)


@pytest.mark.parametrize(("gain", "offset"), [(0.025, 0), (1 / 16, 0), (40, 0), (0.2, 0), (1, 30000), (0.03, 500)])
def test_a_pan_of_another_depth_or_offset_is_matched_by_its_regression(images, write, model, tmp_path, gain, offset):
    truth, hsi, pan = images["other"]
    plain, _ = fused(write("plain", hsi * 1e4, pan * 1e4), model, tmp_path)
    result, log = fused(write("scaled", hsi * 1e4, pan * 1e4 * gain + offset), model, tmp_path)
    assert rmse(result, truth * 1e4) < 1.1 * rmse(plain, truth * 1e4)
    assert len(log.warnings) == 1
    assert "regression" in log.warnings[0]


def test_gains_follow_where_the_hsi_alone_has_a_factor_that_could_be_brightness(images, write, model, tmp_path):
    truth, hsi, pan = images["other"]
    plain, _ = fused(write("plain", hsi * 1e4, pan * 1e4), model, tmp_path, measured=True)
    result, log = fused(write("scaled", hsi * 1e4 * 0.2, pan * 1e4), model, tmp_path, measured=True)
    assert rmse(result / 0.2, truth * 1e4) < 1.1 * rmse(plain, truth * 1e4)
    assert len(log.warnings) == 1


def test_scales_of_metadata_say_the_units_without_a_warning(images, write, tmp_path):
    truth, hsi, pan = images["trained"]
    learned = write("learned", hsi * 1e4, pan * 1e4, scale=1e-4)
    train([learned[0]], [learned[1]], str(tmp_path / "m.ssml"), steps=20, device="cpu")
    plain, log = fused(learned, str(tmp_path / "m.ssml"), tmp_path)
    assert not log.warnings
    pair = write("scaled", hsi * 2e4, pan * 1e4, scale=5e-5)  # a factor that could be brightness
    result, log = fused(pair, str(tmp_path / "m.ssml"), tmp_path)
    assert rmse(result / 2, plain) < 0.01 * rmse(plain, truth * 1e4)
    assert not log.warnings
    assert any("scales and offsets of their metadata" in text for text in log.infos)
    result, log = fused(write("lost", hsi * 1e4, pan * 1e4), str(tmp_path / "m.ssml"), tmp_path)
    np.testing.assert_array_equal(result, plain)  # the same numbers, whose scale was dropped
    result, _ = fused(write("physical", hsi, pan * 1e4), str(tmp_path / "m.ssml"), tmp_path)
    assert rmse(result * 1e4, plain) < 0.01 * rmse(plain, truth * 1e4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda hsi: hsi * 1e4 * 31, "factor of 3"),
        (lambda hsi: hsi * 255, "factor of 0.0"),  # 8 bits: the PAN says that the scene is no brighter
        (lambda hsi: hsi * 0.255, "factor of 2"),
        (lambda hsi: hsi * 1e4 + 50000, "contrast"),
        (lambda hsi: hsi * np.geomspace(300, 1, len(hsi))[:, None, None], "larger in some bands"),
    ],
)
def test_units_that_no_plain_factor_explains_are_refused_in_one_sentence(images, write, model, tmp_path, change, words):
    _, hsi, pan = images["other"]
    with pytest.raises(InputError, match=words) as caught:
        fused(write("odd", change(hsi), pan * 1e4), model, tmp_path)
    text = str(caught.value)
    assert "odd_hsi.tif" in text
    assert "m.ssml" in text
    assert text.count(". ") == 0
    assert text.endswith(".")
    assert not (tmp_path / "fused.tif").exists()


def test_bands_reversed_with_their_wavelengths_are_right_without_a_word(images, write, model, tmp_path):
    _, hsi, pan = images["other"]
    plain, _ = fused(write("plain", hsi * 1e4, pan * 1e4), model, tmp_path)
    result, log = fused(write("turned", hsi * 1e4, pan * 1e4, order=slice(None, None, -1)), model, tmp_path)
    np.testing.assert_allclose(result[::-1], plain, rtol=1e-5, atol=0.05)
    assert not log.warnings


@pytest.mark.parametrize("waves", [None, WAVES[::-1]])
def test_bands_reversed_without_their_wavelengths_are_named(images, write, model, tmp_path, waves):
    _, hsi, pan = images["other"]
    _, log = fused(write("straight", hsi * 1e4, pan * 1e4, waves=None), model, tmp_path)
    assert not log.warnings
    pair = write("turned", hsi * 1e4, pan * 1e4, waves=waves, order=slice(None, None, -1))
    _, log = fused(pair, model, tmp_path)
    named = [text for text in log.warnings if "reversed order" in text]
    assert len(named) == 1
    assert "turned_hsi.tif" in named[0]


def test_bands_in_any_other_order_without_wavelengths_are_warned_of(images, write, model, tmp_path):
    _, hsi, pan = images["other"]
    order = np.random.default_rng(5).permutation(len(WAVES))
    _, log = fused(write("mixed", hsi * 1e4, pan * 1e4, waves=None, order=order), model, tmp_path)
    assert len([text for text in log.warnings if "another order" in text]) == 1


def test_a_comparison_converts_a_model_once(images, write, model, tmp_path):
    _, hsi, pan = images["other"]
    log, plain = Said(), Said()
    options = {"model": model, "methods": ["mtf-glp"], "device": "cpu"}
    first = compare(*write("plain", hsi * 1e4, pan * 1e4), progress=plain, **options)
    second = compare(*write("scaled", hsi, pan), progress=log, **options)
    assert len([text for text in log.warnings if "units" in text]) == 1
    assert not [text for text in plain.warnings if "units" in text]
    one, other = (next(m for m in result["methods"] if m["name"] == "model") for result in (first, second))
    assert other["reduced"]["sam"] == pytest.approx(one["reduced"]["sam"], rel=0.02)


def test_scenes_of_training_in_different_units_are_warned_of(images, write, tmp_path):
    pairs = [write("a", images["trained"][1] * 1e4, images["trained"][2] * 1e4)]
    pairs.append(write("b", *images["other"][1:]))
    log = Said()
    train([one[0] for one in pairs], [one[1] for one in pairs], str(tmp_path / "m.ssml"), steps=2, progress=log)
    assert any("a_hsi.tif" in text and "b_hsi.tif" in text and "same units" in text for text in log.warnings)
