"""What files say of their bands, in each of the styles that software writes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from osgeo import gdal

from core.io.data_array import image_of
from core.io.metadata import GDAL_OF_DTYPE, RasterMetadata, read_metadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.workflows.classical import classical
from tests.core.said import Said

ENVI = (
    "ENVI\nsamples = 4\nlines = 3\nbands = 3\nheader offset = 0\nfile type = ENVI Standard\ndata type = 12\n"
    "interleave = bsq\nbyte order = 0\n"
    "map info = {UTM, 1, 1, 500000, 5800000, 30, 30, 33, North, WGS-84, units=Meters}\n"
)


@pytest.fixture
def envi(tmp_path):
    """A function: an ENVI file of three bands with more lines in its header; its path."""

    def write(lines, name="h.img"):
        np.arange(1, 37, dtype="<u2").tofile(tmp_path / name)
        (tmp_path / name).with_suffix(".hdr").write_text(ENVI + lines)
        return str(tmp_path / name)

    return write


@pytest.fixture
def tagged(tmp_path, make_raster):
    """A function: a GeoTIFF whose bands have items (also of the IMAGERY domain) and names; its metadata."""

    def tag(*items, imagery=None, names=None, whole=None):
        path = make_raster(tmp_path / "tagged.tif", np.ones((len(items), 3, 4), np.int16))
        dataset = gdal.Open(path, gdal.GA_Update)
        for i, item in enumerate(items):
            band = dataset.GetRasterBand(i + 1)
            band.SetMetadata(item)
            if imagery is not None:
                band.SetMetadata(imagery[i], "IMAGERY")
            if names is not None:
                band.SetDescription(names[i])
        if whole is not None:
            dataset.SetMetadata(whole)
        dataset = None
        return read_metadata(gdal.Open(path))

    return tag


def copied(path, target):
    """A raster read and written as jobs do; the path of the copy."""
    with RasterReader(path) as reader:
        block = reader.read()
        with RasterWriter(target, reader.grid, reader.metadata) as writer:
            writer.write(block.values, block.valid)
    return str(target)


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


@pytest.mark.parametrize(("good", "bad"), [("1", "0"), ("true", "false"), ("True", "False"), ("yes", "no")])
def test_good_band_items_say_which_bands_are_bad(tagged, good, bad):
    assert tagged({"good_band": good}, {"good_band": bad}, {}).bbl == (1, 0, 1)


@pytest.mark.parametrize("key", ["good_band", "good_bands", "good_wavelengths", "bbl"])
def test_good_bands_as_a_list_of_the_whole_file(tagged, key):
    assert tagged({}, {}, {}, whole={key: "{1, 0, 1}"}).bbl == (1, 0, 1)


def test_what_gdal_copies_of_an_envi_file_keeps_the_bad_bands(envi, tmp_path):
    path = envi("wavelength units = nm\nwavelength = {402.3, 550.5, 700}\nfwhm = {6.5, 6.5, 7}\nbbl = {1, 0, 1}\n")
    target = str(tmp_path / "copy.tif")
    gdal.Translate(target, path)
    if "good_band" not in gdal.Info(target):
        pytest.skip("this GDAL copies no bad bands of ENVI")
    with RasterReader(target) as reader:
        assert reader.metadata.bbl == (1, 0, 1)
        assert reader.metadata.wavelengths == (402.3, 550.5, 700.0)


def test_wavelengths_of_a_dimension_of_netcdf(tagged):
    metadata = tagged(
        {"NETCDF_DIM_wavelength": "402.3"}, {"NETCDF_DIM_wavelength": "550"}, whole={"wavelength#units": "nm"}
    )
    assert metadata.wavelengths == (402.3, 550.0)
    metadata = tagged(
        {"NETCDF_DIM_wavelength": "0.4023"}, {"NETCDF_DIM_wavelength": "0.55"}, whole={"wavelength#units": "um"}
    )
    assert metadata.wavelengths == (402.3, 550.0)
    assert tagged({"NETCDF_DIM_wavelength": "402.3"}, {"NETCDF_DIM_wavelength": "550"}).wavelengths == (402.3, 550.0)
    whole = {"NETCDF_DIM_wavelength_VALUES": "{402.3,550}", "wavelength#units": "nm"}
    assert tagged({}, {}, whole=whole).wavelengths == (402.3, 550.0)


def test_wavelengths_of_a_dimension_of_a_multidimensional_array(tagged):
    def item(value, name="wavelength", unit="um"):
        return {f"DIM_{name}_INDEX": "0", f"DIM_{name}_VALUE": value, f"DIM_{name}_UNIT": unit}

    assert tagged(item("0.4023"), item("0.55")).wavelengths == (402.3, 550.0)
    assert tagged(item("402.3", "bands", "nm"), item("550", "bands", "nm")).wavelengths == (402.3, 550.0)
    assert tagged(item("400", "height", "m"), item("550", "height", "m")).wavelengths == (None, None)
    assert tagged(item("400", "time", ""), item("550", "time", "")).wavelengths == (None, None)


def test_a_netcdf_file_tells_its_wavelengths(tmp_path):
    if gdal.GetDriverByName("netCDF") is None:
        pytest.skip("this GDAL has no netCDF")
    source = gdal.GetDriverByName("MEM").Create("", 4, 3, 3, gdal.GDT_Float32)
    source.SetGeoTransform((500000, 30, 0, 5800000, 0, -30))
    source.SetMetadata(
        {
            "NETCDF_DIM_EXTRA": "{wavelength}",
            "NETCDF_DIM_wavelength_DEF": "{3,6}",
            "NETCDF_DIM_wavelength_VALUES": "{0.4023,0.5505,0.7}",
            "wavelength#units": "micrometers",
        }
    )
    for number, wave in enumerate(("0.4023", "0.5505", "0.7"), 1):
        source.GetRasterBand(number).SetMetadataItem("NETCDF_DIM_wavelength", wave)
    path = str(tmp_path / "cube.nc")
    gdal.GetDriverByName("netCDF").CreateCopy(path, source)
    dataset = gdal.Open(path)
    assert dataset.GetRasterBand(2).GetMetadataItem("NETCDF_DIM_wavelength") == "0.5505"
    assert read_metadata(dataset).wavelengths == (402.3, 550.5, 700.0)


@pytest.mark.parametrize(
    ("name", "nanometres"),
    [
        ("402.3 nm", 402.3),
        ("402.3nm", 402.3),
        ("402.3 Nanometers", 402.3),
        ("0.4023 µm", 402.3),
        ("Band 12 (0.45 micrometers)", 450.0),
        ("Band 12 (0.45 um)", 450.0),
        ("Band 12: 450.5 nm", 450.5),
        ("B12_450.5nm", 450.5),
        ("402.3 nm (FWHM 6.5 nm)", 402.3),
        ("Reflectance at 2.2 microns", 2200.0),
        ("400 Nanometers (400.0 Nanometers)", 400.0),
        ("B2 (10 m)", None),
        ("SWIR 20 m", None),
        ("NIR", None),
        ("Band 450", None),
        ("400 - 500 nm", None),
        ("400 nm to 500 nm", None),
        ("ratio 550 nm / 700 nm", None),
        ("12 nmol", None),
        ("5 um", 5000.0),
        ("0.02 um", None),
    ],
)
def test_names_with_a_wavelength(tagged, name, nanometres):
    assert tagged({}, names=[name]).wavelengths == (nanometres,)


def test_names_come_last(tagged):
    assert tagged({"wavelength": "700", "wavelength_units": "nm"}, names=["402.3 nm"]).wavelengths == (700.0,)
    assert tagged({}, names=["402.3 nm"], imagery=[{"CENTRAL_WAVELENGTH_UM": "0.7"}]).wavelengths == (700.0,)


def test_exact_numbers_go_before_those_that_gdal_rounds_to_whole_nanometres(tagged):
    imagery = [{"CENTRAL_WAVELENGTH_UM": "0.402", "FWHM_UM": "0.006"}]
    exact = {"wavelength": "402.3", "fwhm": "6.5", "wavelength_units": "Nanometers"}
    metadata = tagged(exact, imagery=imagery)
    assert (metadata.wavelengths, metadata.fwhm) == ((402.3,), (6.5,))
    assert tagged({}, names=["402.3 nm"], imagery=imagery).wavelengths == (402.3,)
    rounded = {"wavelength": "402", "fwhm": "6", "wavelength_units": "Nanometers"}
    metadata = tagged(rounded, imagery=[{"CENTRAL_WAVELENGTH_UM": "0.4023", "FWHM_UM": "0.0064"}])
    assert (metadata.wavelengths, metadata.fwhm) == ((402.3,), (6.4,))


@pytest.mark.parametrize("unit", ["nm", "NM", "Nanometer", "nanometers", "Nanometres"])
def test_units_of_envi_in_nanometres(envi, unit):
    path = envi(f"wavelength units = {unit}\nwavelength = {{402.3, 550.5, 700}}\nfwhm = {{6.5, 6.5, 7}}\n")
    with RasterReader(path) as reader:
        assert reader.metadata.wavelengths == (402.3, 550.5, 700.0)
        assert reader.metadata.fwhm == (6.5, 6.5, 7.0)


@pytest.mark.parametrize("unit", ["um", "micrometers", "Micrometer", "Microns", "µm"])
def test_units_of_envi_in_micrometres(envi, unit):
    path = envi(f"wavelength units = {unit}\nwavelength = {{0.4023, 0.5505, 0.7}}\nfwhm = {{0.0065, 0.0065, 0.007}}\n")
    with RasterReader(path) as reader:
        assert reader.metadata.wavelengths == (402.3, 550.5, 700.0)
        assert reader.metadata.fwhm == (6.5, 6.5, 7.0)


@pytest.mark.parametrize("end", ["", ",", " , ", ",\n "])
def test_a_comma_at_the_end_of_a_list_is_no_entry(envi, end):
    lists = f"wavelength = {{402.3, 550.5, 700{end}}}\nfwhm = {{6.5, 6.5, 7{end}}}\nbbl = {{1, 0, 1{end}}}\n"
    with RasterReader(envi("wavelength units = nm\n" + lists)) as reader:
        assert reader.metadata.wavelengths == (402.3, 550.5, 700.0)
        assert reader.metadata.fwhm == (6.5, 6.5, 7.0)
        assert reader.metadata.bbl == (1, 0, 1)
        assert reader.notes == ()


@pytest.mark.parametrize("entries", ["1, 0", "1, 0, 1, 1", "0"])
def test_a_bbl_of_another_length_is_not_used_and_that_is_said_once(envi, entries):
    path, said = envi(f"bbl = {{{entries}}}\n"), Said()
    with open_raster(path, progress=said) as reader:
        assert reader.metadata.bbl == (1, 1, 1)
    (sentence,) = said.warnings
    assert sentence.startswith(
        f"The list bbl of h.img has {len(entries.split(','))} entries for 3 bands and is not used"
    )
    assert "--bands" in sentence
    assert "BANDS" in sentence


def test_a_list_of_widths_of_another_length_is_said(envi):
    said = Said()
    with open_raster(envi("wavelength units = nm\nfwhm = {6.5, 6.5}\n"), progress=said) as reader:
        assert reader.metadata.fwhm == (None,) * 3
    assert [sentence[:46] for sentence in said.warnings] == ["The list fwhm of h.img has 2 entries for 3 ban"]


def test_wavelengths_of_the_first_bands_only_are_said(envi):
    said = Said()
    with open_raster(envi("wavelength units = nm\nwavelength = {402.3, 550.5}\n"), progress=said) as reader:
        assert reader.metadata.wavelengths == (402.3, 550.5, None)
    (sentence,) = said.warnings
    assert "The list wavelength of h.img has 2 entries for 3 bands and counts for the first bands only" in sentence


@pytest.mark.parametrize("gains", ["1e-4, 1e-4", "a, b"])
def test_gains_of_another_number_than_bands_are_said(envi, gains):
    said = Said()
    with open_raster(envi(f"data gain values = {{{gains}}}\n"), progress=said) as reader:
        assert reader.metadata.scales == (1.0,) * 3
    (sentence,) = said.warnings
    assert "The list data gain values of h.img has 2 entries for 3 bands and is not used" in sentence


def test_a_gain_of_0_is_said_and_not_used(envi):
    said = Said()
    with open_raster(envi("data gain values = {0, 1e-4, 0}\n"), progress=said) as reader:
        assert reader.metadata.scales == (1.0, 1e-4, 1.0)
    (sentence,) = said.warnings
    assert "h.img has bands whose scale (gain) is 0, which cannot be" in sentence


def test_of_a_header_the_image_is_named(envi):
    with pytest.raises(InputError, match=r"^h\.hdr is the header of an image; choose the image itself: h\.img\.$"):
        open_raster(str(envi("")).replace(".img", ".hdr"))


def test_complete_lists_are_not_warned_of(envi):
    said = Said()
    with open_raster(envi("wavelength = {402, 550, 700}\nbbl = {1, 0, 1}\n"), progress=said):
        assert said.warnings == []


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


@pytest.fixture
def pair(tmp_path, make_raster):
    """A function: an HSI of numbers that a byte cannot hold and a PAN of ratio 3; their paths."""

    def write(dtype):
        rng = np.random.default_rng(3)
        hsi = (rng.random((3, 12, 12)) * 9000 + 1000).astype(dtype)
        low, high = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0), (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
        pan = np.kron(hsi.mean(0), np.ones((3, 3))).astype(np.float32) + rng.random((36, 36), np.float32)
        kind = GDAL_OF_DTYPE[dtype]
        return make_raster(tmp_path / "hsi.tif", hsi, low, kind=kind), make_raster(tmp_path / "pan.tif", pan, high)

    return write


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


def test_a_job_says_once_which_list_it_does_not_use(pair, tmp_path):
    hsi, pan = pair("uint16")
    envi = str(tmp_path / "h.img")
    copied(hsi, envi)
    header = tmp_path / "h.hdr"
    header.write_text(header.read_text() + "bbl = {1, 0}\n")
    said = Said()
    classical(envi, pan, str(tmp_path / "o.tif"), method="gsa", progress=said)
    assert len([sentence for sentence in said.warnings if "list bbl of h.img has 2 entries for 3" in sentence]) == 1


@pytest.mark.parametrize("key", ["bbl", "good_band", "good_wavelengths"])
def test_a_data_array_tells_its_good_bands_and_the_wavelengths_in_its_names(key):
    xarray = pytest.importorskip("xarray")
    coords = {
        "y": [5.5, 4.5],
        "x": [0.5, 1.5],
        key: ("band", np.array([True, False])),
        "name": ("band", ["402.3 nm", "Band 2 (0.55 Micrometers)"]),
    }
    array = xarray.DataArray(np.ones((2, 2, 2), np.float32), coords, ("band", "y", "x"))
    metadata = image_of(array, "hsi").metadata
    assert metadata.bbl == (1, 0)
    assert metadata.wavelengths == (402.3, 550.0)
    named = array.drop_vars("name").assign_attrs(long_name=("402.3 nm", "0.55 um"))
    assert image_of(named, "hsi").metadata.wavelengths == (402.3, 550.0)


def test_an_infinite_wavelength_is_taken_as_it_is_stated(make_raster, tmp_path):
    path = make_raster(tmp_path / "h.tif", np.ones((2, 4, 4), np.float32))
    dataset = gdal.Open(path, gdal.GA_Update)
    for band in (1, 2):
        dataset.GetRasterBand(band).SetMetadataItem("wavelength", "inf")
    dataset = None
    with RasterReader(path) as reader:
        assert all(wave is None or not math.isfinite(wave) for wave in reader.metadata.wavelengths)


def test_tags_that_are_no_utf_8_do_no_harm(tmp_path):
    path = tmp_path / "tags.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 4, 4, 1)
    dataset.SetGeoTransform((0, 1, 0, 4, 0, -1))
    dataset.GetRasterBand(1).SetMetadataItem("wavelength_unitZ", "XYZXYZ")
    dataset.GetRasterBand(1).SetMetadataItem("wavelength", "550")
    dataset = None
    data = path.read_bytes()
    assert data.count(b"XYZXYZ") == data.count(b"wavelength_unitZ") == 1
    path.write_bytes(data.replace(b"XYZXYZ", b"X\xffZX\xffZ").replace(b"wavelength_unitZ", b"wavelength_unit\xff"))
    with RasterReader(str(path)) as reader:
        assert reader.metadata.wavelengths == (550.0,)
