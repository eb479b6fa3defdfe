"""A PAN's spectral response from a file, and the PAN that `simulate` makes with it."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from core.cli.main import main
from core.operators.response import Response, band_weights, read_response
from core.runtime.errors import InputError
from core.workflows.simulate import simulate

WAVES = [400.0, 500.0, 600.0, 700.0, 800.0]


def response(*pairs):
    return Response(*np.array(pairs, float).T)


def test_columns_headings_and_units_are_read_as_they_come(tmp_path):
    path = tmp_path / "pan.csv"
    path.write_text("wavelength (um);response\n# measured\n0.70;0,9\n\n0.50; 0.25\n0.60\t1\n", encoding="utf-8")
    found = read_response(path)
    np.testing.assert_allclose(found.wavelengths, [500, 600, 700])
    np.testing.assert_allclose(found.response, [0.25, 1.0, 0.0])  # "0,9": the comma parts columns


def test_a_flat_response_gives_the_trapezoid_rule():
    weights = band_weights(response((400, 1), (800, 1)), WAVES, "a.tif")
    np.testing.assert_allclose([weights[band] for band in range(5)], [1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8], rtol=1e-6)


def test_a_narrow_response_between_two_bands_weights_them_by_nearness():
    weights = band_weights(response((524.9, 0), (525, 1), (525.1, 0)), WAVES, "a.tif")
    assert set(weights) == {1, 2}
    assert weights[1] == pytest.approx(0.75, abs=1e-3)


def test_a_linear_spectrum_is_integrated_exactly():
    curve = response((450, 0), (520, 1), (640, 0.4), (710, 0))
    spectrum = lambda wave: 3.0 + 0.01 * wave  # noqa: E731
    fine = np.linspace(450, 710, 200001)
    value = np.interp(fine, *curve)
    expected = (value * spectrum(fine)).sum() / value.sum()
    for order in (WAVES, WAVES[::-1], [*WAVES[2:], *WAVES[:2], None]):
        weights = band_weights(curve, order, "a.tif")
        assert sum(weights.values()) == pytest.approx(1.0)
        assert sum(w * spectrum(order[band]) for band, w in weights.items()) == pytest.approx(expected, rel=1e-4)


def test_a_response_outside_of_the_bands_is_refused():
    with pytest.raises(InputError, match=r"from 400 to 800 nm, and more than 5% of the PAN's response outside"):
        band_weights(response((700, 1), (900, 1)), WAVES, "a.tif")
    with pytest.raises(InputError, match="has no wavelengths"):
        band_weights(response((500, 1), (600, 1)), [None, None, None], "a.tif")


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "holds no spectral response"), ("a b\nc d\n", "holds no"), ("500 1\n500 2\n", "a wavelength twice")],
)
def test_what_is_no_response_is_refused(tmp_path, text, words):
    path = tmp_path / "pan.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_response(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_response(tmp_path / "missing.txt")


@pytest.fixture
def reference(make_raster, tmp_path):
    values = np.random.default_rng(0).uniform(100, 1000, (5, 32, 32)).astype(np.float32)
    path = make_raster(tmp_path / "ref.tif", values)
    dataset = gdal.Open(path, gdal.GA_Update)
    for band, wave in enumerate(WAVES):
        dataset.GetRasterBand(band + 1).SetMetadata({"wavelength": str(wave), "wavelength_units": "nm"})
    dataset = None
    return path, values


def test_the_simulated_pan_is_the_weighted_sum(reference, tmp_path, monkeypatch, capsys):
    path, values = reference
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pan.txt").write_text("400 1\n800 1\n", encoding="utf-8")
    options = ["--ratio", "4", "--out-hsi", "h.tif", "--out-pan", "p.tif"]
    assert main(["simulate", path, "--pan-response", "pan.txt", *options]) == 0
    expected = np.tensordot([1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8], values, 1)
    np.testing.assert_allclose(gdal.Open("p.tif").ReadAsArray(), expected, rtol=1e-5)
    assert "made of 5 bands" in capsys.readouterr().out


def test_a_response_and_a_range_together_are_refused(reference, tmp_path):
    with pytest.raises(InputError, match="one of three ways"):
        simulate(reference[0], 4, "h.tif", "p.tif", pan_range="480-690", pan_response="pan.txt")
