"""What files say of their bands, in each of the styles that software writes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from osgeo import gdal

from core.io.data_array import image_of
from core.io.metadata import read_metadata
from core.io.reader import RasterReader
from core.workflows.stored_numbers import warn_of_numbers
from tests.core import banded
from tests.core.said import Said

envi = banded.envi  # a fixture


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


@pytest.mark.parametrize(("good", "bad"), [("1", "0"), ("true", "false"), ("True", "False"), ("yes", "no")])
def test_good_band_items_say_which_bands_are_bad(tagged, good, bad):
    assert tagged({"good_band": good}, {"good_band": bad}, {}).bbl == (1, 0, 1)


@pytest.mark.parametrize("key", ["good_band", "good_bands", "good_wavelengths", "bbl"])
def test_good_bands_as_a_list_of_the_whole_file(tagged, key):
    assert tagged({}, {}, {}, whole={key: "{1, 0, 1}"}).bbl == (1, 0, 1)


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


@pytest.mark.parametrize(
    ("unit", "stated", "words"),
    [
        ("[nm]", "402.3, 550.5, 700", ""),
        ("Nanometers (nm)", "402.3, 550.5, 700", ""),
        ("Nano meters", "402.3, 550.5, 700", ""),
        ("Å", "4023, 5505, 7000", ""),
        ("cm^-1", "24857.0718, 18165.3043, 14285.7143", ""),
        ("fathoms", "402.3, 550.5, 700", "'fathoms', is not known"),
    ],
)
def test_other_words_for_units_are_known_or_said_to_be_not(envi, unit, stated, words):
    with RasterReader(envi(f"wavelength units = {unit}\nwavelength = {{{stated}}}\n")) as reader:
        known = pytest.approx((402.3, 550.5, 700.0))
        assert reader.metadata.wavelengths == ((None,) * 3 if words else known)
        assert bool(words) == bool(reader.notes)
        assert all(words in note for note in reader.notes)


@pytest.mark.parametrize(
    ("stated", "nanometres", "assumed"),
    [
        ("3500.5, 4200, 9800", (350.05, 420.0, 980.0), True),
        ("4000, 12000, 24000", (400.0, 1200.0, 2400.0), True),
        ("7500, 9800, 12000", (7500.0, 9800.0, 12000.0), False),  # of long waves
        ("3000, 4000, 5400", (3000.0, 4000.0, 5400.0), False),  # of medium waves
        ("2900, 5000, 13500", (2900.0, 5000.0, 13500.0), False),
    ],
)
@pytest.mark.parametrize("key", ["wavelength", "wavelengths"])
def test_wavelengths_without_a_unit_that_can_only_be_angstroms_are_taken_for_these(
    envi, key, stated, nanometres, assumed
):
    said = Said()
    with RasterReader(envi(f"{key} = {{{stated}}}\nfwhm = {{100, 100, 100}}\n")) as reader:
        assert reader.metadata.wavelengths == nanometres
        assert reader.metadata.fwhm == ((10.0 if assumed else 100.0),) * 3
        warn_of_numbers([reader], said)
    assert ["are taken for angstroms" in text for text in said.warnings] == [True] * assumed


@pytest.mark.parametrize(
    ("stated", "invalid", "noted"),
    [
        ("5", {5}, False),
        ("{5}", {5}, False),
        ("[ 5 ]", {5}, False),
        ("\n{5}", {5}, False),
        ('"5"', {5}, False),
        ("{5, 5, 5}", {5}, False),
        ("{5, 20, 36}", {5, 20, 36}, False),
        ("{20, 20, 20}", {20}, False),
        ("", set(), False),
        ("none", set(), False),
        ("5,000", set(), True),
        ("{5, 6}", set(), True),
        ("five", set(), True),
    ],
)
def test_nodata_of_envi_is_what_its_header_means(envi, stated, invalid, noted):
    with RasterReader(envi(f"data ignore value = {stated}\n")) as reader:
        block = reader.read()
        stored = np.arange(1, 37).reshape(3, 3, 4)
        assert set(stored[~block.valid].tolist()) == invalid
        assert reader.metadata.nodata == (min(invalid) if invalid else None)
        assert [("neither a number nor one a band" in note) for note in reader.notes] == [True] * noted


def test_a_nodata_value_beside_an_envi_header_counts(envi):
    path = envi("data ignore value = {5}\n")
    dataset = gdal.Open(path)
    dataset.GetRasterBand(1).SetNoDataValue(7)  # into the file .aux.xml
    dataset = None
    with RasterReader(path) as reader:
        assert reader.metadata.nodata == 7
