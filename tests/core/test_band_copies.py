"""What a file says of its bands is the same in a copy, of whichever format, and in a copy of that."""

from __future__ import annotations

import numpy as np
import pytest
from osgeo import gdal

from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.workflows.classical import classical
from tests.core import banded
from tests.core.banded import copied
from tests.core.said import Said

envi, pair = banded.envi, banded.pair  # fixtures


def scales(path):
    dataset = gdal.Open(path)
    return [dataset.GetRasterBand(n).GetScale() for n in range(1, dataset.RasterCount + 1)]


def test_a_reflectance_scale_factor_is_a_scale_and_stays_one_in_envi(envi, tmp_path):
    path = envi("reflectance scale factor = 10000\n")
    with RasterReader(path) as reader:
        assert reader.metadata.scales == (1e-4,) * 3
    assert scales(copied(path, tmp_path / "o.tif")) == [1e-4] * 3
    again = copied(path, tmp_path / "o.img")
    header = (tmp_path / "o.hdr").read_text()
    assert "reflectance scale factor = 10000\n" in header
    assert "data gain values" not in header, "a reader that knows both would scale twice"
    with RasterReader(again) as reader:
        assert reader.metadata.scales == (1e-4,) * 3


def test_a_reflectance_scale_factor_does_not_go_before_a_declared_scale(envi, tmp_path):
    path = envi("reflectance scale factor = 10000\ndata gain values = {0.1, 0.2, 0.3}\n")
    with RasterReader(path) as reader:
        assert reader.metadata.scales == (0.1, 0.2, 0.3)
    copied(path, tmp_path / "o.img")
    assert "reflectance scale factor" not in (tmp_path / "o.hdr").read_text()


@pytest.mark.parametrize("text", ["0", "1", "-1", "nan", "many"])
def test_a_reflectance_scale_factor_that_is_none_is_no_scale(envi, text):
    with RasterReader(envi(f"reflectance scale factor = {text}\n")) as reader:
        assert reader.metadata.scales == (1.0,) * 3


def test_a_scale_that_was_replaced_is_written_in_place_of_the_factor(envi, tmp_path):
    with RasterReader(envi("reflectance scale factor = 10000\n")) as reader:
        grid, metadata = reader.grid, reader.metadata.replace(scales=(0.5,) * 3)
    with RasterWriter(tmp_path / "o.img", grid, metadata) as writer:
        writer.write(np.ones((3, 3, 4)), np.ones((3, 4), bool))
    with RasterReader(tmp_path / "o.img") as reader:
        assert reader.metadata.scales == (0.5,) * 3


def test_what_gdal_copies_of_an_envi_file_keeps_the_bad_bands(envi, tmp_path):
    path = envi("wavelength units = nm\nwavelength = {402.3, 550.5, 700}\nfwhm = {6.5, 6.5, 7}\nbbl = {1, 0, 1}\n")
    target = str(tmp_path / "copy.tif")
    gdal.Translate(target, path)
    if "good_band" not in gdal.Info(target):
        pytest.skip("this GDAL copies no bad bands of ENVI")
    with RasterReader(target) as reader:
        assert reader.metadata.bbl == (1, 0, 1)
        assert reader.metadata.wavelengths == (402.3, 550.5, 700.0)


@pytest.mark.parametrize(
    "header",
    [
        "wavelength units = Nanometers\nwavelength = {400, 550.5, 700}\n",
        "wavelength units = nm\nwavelength = {400, 550.5, 700}\n",
        "wavelength units = Micrometers\nwavelength = {0.4, 0.5505, 0.7}\n",
        "wavelength units = nm\nwavelength = {400, 550.5, 700}\nband names = {400 nm, green, B3 (700 nm)}\n",
        "wavelength units = nm\nwavelength = {400, 550.5, 700}\nband names = {400 nm (400.0 Nanometers), g, r}\n",
        "band names = {400 nm, green, B3 (700 nm)}\n",
    ],
)
@pytest.mark.parametrize("order", [[".img"], [".tif"], [".img", ".tif"], [".tif", ".img"], [".bip", ".tif", ".bil"]])
def test_band_names_are_the_same_after_five_passes_as_after_the_first(envi, tmp_path, header, order):
    path, names, waves = envi(header), [], []
    for number in range(5):
        path = copied(path, tmp_path / f"pass{number}{order[number % len(order)]}")
        with RasterReader(path) as reader:
            names.append(reader.metadata.names)
            waves.append(reader.metadata.wavelengths)
    assert len(set(names[len(order) :])) == 1
    assert len(set(waves)) == 1
    for name in names[-1]:
        assert sum(name.count(unit) for unit in ("Nanometers", " nm", "Micrometers")) <= 1, name


def test_bands_that_are_called_by_their_wavelength_are_so_for_gdal_too(envi, tmp_path):
    path = envi("wavelength units = Nanometers\nwavelength = {402.3, 550.5, 700.5}\n")
    for number in range(5):
        path = copied(path, tmp_path / f"pass{number}.img")
    dataset = gdal.Open(path)
    assert [dataset.GetRasterBand(n).GetDescription() for n in (1, 3)] == ["402.3 Nanometers", "700.5 Nanometers"]


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("suffix", [".img", ".bil", ".bip"])
def test_64_bit_integers_written_to_envi_keep_their_values(tmp_path, make_grid, dtype, suffix):
    if not hasattr(gdal, "GDT_Int64"):
        pytest.skip("this GDAL has no such type")
    values = np.array([0, 255, 256, 70_000, 2**40, 2**52 + 1], np.float64).reshape(1, 2, 3)
    said = Said()
    with RasterWriter(
        tmp_path / f"o{suffix}", make_grid(2, 3), RasterMetadata.plain(1, dtype), progress=said
    ) as writer:
        writer.write(values, np.ones((2, 3), bool))
        stored = writer.metadata.dtype
    assert stored in (dtype, "float64")
    assert [f"written as {stored}" in text for text in said.infos] == ([] if stored == dtype else [True])
    dataset = gdal.Open(str(tmp_path / f"o{suffix}"))
    np.testing.assert_array_equal(dataset.ReadAsArray().astype(np.float64), values[0])


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_a_job_on_64_bit_integers_writes_envi_with_the_numbers_of_the_geotiff(pair, tmp_path, dtype):
    hsi, pan = pair(dtype)
    said = Said()
    for name in ("o.tif", "o.img"):
        classical(hsi, pan, str(tmp_path / name), method="gsa", progress=said)
    expected, written = (gdal.Open(str(tmp_path / name)).ReadAsArray() for name in ("o.tif", "o.img"))
    assert expected.dtype == dtype
    assert written.dtype in (np.dtype(dtype), np.float64)
    assert any("o.img is written as float64" in text for text in said.infos) == (written.dtype == np.float64)
    assert expected.max() > 255
    # As float64 they are not rounded, and not limited to the range of the integers.
    low = 0.0 if dtype == "uint64" else -np.inf
    np.testing.assert_array_equal(np.rint(written.astype(np.float64)).clip(low), expected.astype(np.float64))
