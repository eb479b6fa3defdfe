from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.io.metadata import RasterMetadata, read_metadata, write_metadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter

GRID_ROWS, GRID_COLS = 3, 4


@pytest.fixture
def tagged(tmp_path, make_raster):
    """A function: a GeoTIFF whose bands carry the items given, read back as metadata."""

    def tag(*items, domain="", whole=None, whole_domain=""):
        path = make_raster(tmp_path / "tagged.tif", np.ones((len(items), GRID_ROWS, GRID_COLS), np.int16))
        dataset = gdal.Open(path, gdal.GA_Update)
        for number, item in enumerate(items, 1):
            dataset.GetRasterBand(number).SetMetadata(item, domain)
        if whole:
            dataset.SetMetadata(whole, whole_domain)
        dataset = None
        return read_metadata(gdal.Open(path))

    return tag


@pytest.mark.parametrize(
    ("text", "unit", "nanometres"),
    [
        ("418.24", "Nanometers", 418.24),
        ("418.24", "nm", 418.24),
        ("0.41824", "Micrometers", 418.24),
        ("0.41824", "µm", 418.24),
        ("20000", "Wavenumber", 500.0),
        ("600000", "GHz", 499.654097),  # 299,792,458 m/s over 600 THz
        ("6e8", "MHz", 499.654097),
        ("4182.4", "Angstroms", 418.24),
        ("7", "Index", None),
        ("0", "Nanometers", None),
        ("nonsense", "Nanometers", None),
        ("nan", "Nanometers", None),
    ],
)
def test_units_become_nanometres_and_what_is_no_length_is_unknown(tagged, text, unit, nanometres):
    assert tagged({"wavelength": text, "wavelength_units": unit}).wavelengths == (nanometres,)


def test_without_units_only_unambiguous_numbers_are_taken(tagged):
    assert tagged({"wavelength": "0.5"}, {"wavelength": "2.4"}).wavelengths == (500.0, 2400.0)
    assert tagged({"wavelength": "450"}, {"wavelength": "2400"}).wavelengths == (450.0, 2400.0)
    assert tagged({"wavelength": "50"}, {"wavelength": "450"}).wavelengths == (None, None)


@pytest.mark.parametrize(
    ("stated", "unit", "nanometres", "factor"),
    [
        (("420", "2400"), "Micrometers", (420.0, 2400.0), 1e-3),
        (("420000", "2400000"), "Nanometers", (420.0, 2400.0), 1e-3),
        (("0.42", "2.4"), "Nanometers", (420.0, 2400.0), 1e3),
        (("8000", "12000"), "Nanometers", (8000.0, 12000.0), 1.0),
        (("420000", "500"), "Nanometers", (420000.0, 500.0), 1.0),
        (("42", "240"), "Nanometers", (42.0, 240.0), 1.0),
    ],
)
def test_wavelengths_that_cannot_be_are_corrected_where_the_factor_is_plain(tagged, stated, unit, nanometres, factor):
    metadata = tagged(*({"wavelength": wave, "fwhm": "10", "wavelength_units": unit} for wave in stated))
    assert metadata.wavelengths == nanometres
    assert metadata.wavelength_factor == factor


@pytest.mark.parametrize(("width", "unit", "nanometres"), [("10", "Micrometers", 10.0), ("0.01", "Nanometers", 10.0)])
def test_widths_are_corrected_with_their_wavelengths(tagged, width, unit, nanometres):
    wave = "420" if unit == "Micrometers" else "0.42"
    metadata = tagged({"wavelength": wave, "fwhm": width, "wavelength_units": unit})
    assert metadata.wavelengths == (420.0,)
    assert metadata.fwhm == (nanometres,)


def test_widths_that_are_right_stay_where_wavelengths_are_corrected(tagged):
    assert tagged({"wavelength": "420000", "fwhm": "10", "wavelength_units": "nm"}).fwhm == (10.0,)


def test_width_and_bad_bands_are_read_band_by_band(tagged):
    metadata = tagged(
        {"wavelength": "0.5", "fwhm": "0.01", "wavelength_units": "Micrometers", "bbl": "1"},
        {"wavelength": "0.6", "wavelength_units": "Micrometers", "bbl": "0"},
    )
    assert metadata.fwhm == (10.0, None)
    assert metadata.bbl == (1, 0)


def test_imagery_domain_is_in_micrometres(tagged):
    metadata = tagged({"CENTRAL_WAVELENGTH_UM": "0.665", "FWHM_UM": "0.031"}, {}, domain="IMAGERY")
    assert metadata.wavelengths == (665.0, None)
    assert metadata.fwhm == (31.0, None)


def test_envi_lists_in_a_geotiff_are_read(tagged):
    whole = {"wavelength": "{450, 550.5}", "wavelength_units": "Nanometers", "fwhm": "{ 9,10 }", "bbl": "{0, 1}"}
    metadata = tagged({}, {}, whole=whole, whole_domain="ENVI")
    assert metadata.wavelengths == (450.0, 550.5)
    assert metadata.fwhm == (9.0, 10.0)
    assert metadata.bbl == (0, 1)


def test_a_list_of_the_wrong_length_is_not_used(tagged):
    assert tagged({}, {}, whole={"wavelength": "{450, 550, 650}"}, whole_domain="ENVI").wavelengths == (None, None)


def test_a_hand_written_envi_header_is_read(tmp_path):
    np.arange(12, dtype="<i2").tofile(tmp_path / "cube")
    (tmp_path / "cube.hdr").write_text(
        "ENVI\nsamples = 3\nlines = 2\nbands = 2\nheader offset = 0\ndata type = 2\ninterleave = bsq\nbyte order = 0\n"
        "map info = {UTM, 1, 1, 500000, 5800000, 30, 30, 33, North, WGS-84, units=Meters}\n"
        "wavelength units = Micrometers\nwavelength = {\n 0.45,\n 0.55}\nfwhm = {0.01, 0.012}\nbbl = {1, 0}\n"
        "band names = {blue, green}\ndata ignore value = -1\ndata gain values = {0.1, 0.2}\n"
        "data offset values = {0, 5}\n"
    )
    with RasterReader(tmp_path / "cube") as reader:
        metadata = reader.metadata
        assert reader.grid.geotransform == pytest.approx((500000, 30, 0, 5800000, 0, -30))
    assert metadata.wavelengths == (450.0, 550.0)
    assert metadata.fwhm == (10.0, 12.0)
    assert metadata.bbl == (1, 0)
    assert metadata.scales == (0.1, 0.2)
    assert metadata.offsets == (0.0, 5.0)
    assert metadata.nodata == -1.0
    assert metadata.dtype == "int16"
    assert [name.split(" (")[0] for name in metadata.names] == ["blue", "green"]


def test_a_name_tells_the_wavelength_where_nothing_else_does(tmp_path, make_raster):
    path = make_raster(tmp_path / "named.tif", np.ones((2, 3, 4), np.int16))
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetDescription("band 1 (0.45 Micrometers)")
    dataset.GetRasterBand(2).SetDescription("cloud (2 classes)")
    dataset = None
    assert read_metadata(gdal.Open(path)).wavelengths == (450.0, None)


def test_the_first_band_that_has_a_nodata_value_speaks_for_all(tmp_path):
    path = tmp_path / "source.vrt"  # the format that keeps one for each band
    dataset = gdal.GetDriverByName("VRT").Create(str(path), 2, 2, 3, gdal.GDT_Int16)
    dataset.GetRasterBand(2).SetNoDataValue(-5)
    dataset.GetRasterBand(3).SetNoDataValue(-9)
    dataset = None
    assert read_metadata(gdal.Open(str(path))).nodata == -5.0


def test_a_nodata_value_that_the_type_cannot_hold_counts_as_none(tmp_path, make_raster):
    path = make_raster(tmp_path / "a.tif", np.ones((2, 2), np.uint16), nodata=-9999)
    assert read_metadata(gdal.Open(path)).nodata is None


def test_enmap_metadata(scenes):
    with RasterReader(scenes / "enmap_potsdam" / "hsi.tif") as reader:
        metadata = reader.metadata
    assert metadata.bands == 224
    assert metadata.wavelengths[0] == 418.24
    assert metadata.fwhm[0] == 6.99561
    assert metadata.bbl[130:135] == (0,) * 5
    assert sum(metadata.bbl) == 218
    assert set(metadata.scales) == {0.0001}
    assert metadata.nodata == -32768.0
    assert metadata.wavelengths[91] < metadata.wavelengths[90], "file order is kept where VNIR and SWIR overlap"


@pytest.mark.parametrize("suffix", [".tif", ".img", ".bil", ".bip"])
def test_enmap_metadata_survive_in_either_format(scenes, tmp_path, suffix):
    with RasterReader(scenes / "enmap_potsdam" / "hsi.tif") as reader:
        metadata, grid, block = reader.metadata, reader.grid, reader.read()
    with RasterWriter(tmp_path / f"out{suffix}", grid, metadata) as writer:
        writer.write(block.values, block.valid)
    with RasterReader(tmp_path / f"out{suffix}") as reader:
        again = reader.read()
        assert reader.metadata == metadata
        assert reader.grid.geotransform == grid.geotransform
        np.testing.assert_array_equal(again.values, block.values)
        np.testing.assert_array_equal(again.valid, block.valid)


def sample(dtype="int16", nodata=-1.0) -> RasterMetadata:
    return RasterMetadata(
        names=("blue, deep {x}", "", "band 3 (0.655 Micrometers)"),
        wavelengths=(450.125, None, 655.0),
        fwhm=(10.5, None, None),
        bbl=(1, 0, 1),
        scales=(0.5, 1.0, 2.0),
        offsets=(0.0, -1.0, 3.25),
        nodata=nodata,
        dtype=dtype,
    )


def test_geotiff_items_are_where_gdal_and_other_software_look(tmp_path):
    path = str(tmp_path / "out.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 4, 3, 3, gdal.GDT_Int16)
    write_metadata(dataset, sample())
    dataset = None
    dataset = gdal.Open(path)
    band = dataset.GetRasterBand(1)
    assert band.GetMetadataItem("wavelength") == "450.125"
    assert band.GetMetadataItem("wavelength_units") == "Nanometers"
    assert band.GetMetadataItem("fwhm") == "10.5"
    assert band.GetMetadataItem("bbl") == "1"
    assert float(band.GetMetadataItem("CENTRAL_WAVELENGTH_UM", "IMAGERY")) == pytest.approx(0.450125)
    assert float(band.GetMetadataItem("FWHM_UM", "IMAGERY")) == pytest.approx(0.0105)
    assert band.GetDescription() == "blue, deep {x}"
    assert not Path(path + ".aux.xml").exists()
    assert read_metadata(gdal.Open(path)) == sample()


def test_envi_header_reads_like_one(tmp_path, make_grid):
    with RasterWriter(tmp_path / "out.img", make_grid(3, 4), sample()) as writer:
        writer.write(np.ones((3, 3, 4)), np.ones((3, 4), bool))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.hdr", "out.img"]
    header = (tmp_path / "out.hdr").read_text()
    fields = {}
    for entry in header.replace("{\n", "{").replace(",\n", ", ").splitlines():
        key, _, value = entry.partition(" = ")
        fields[key] = value
    assert fields["description"] == "{out.img}"
    assert fields["wavelength"] == "{450.125, 0, 655.0}"
    assert fields["wavelength units"] == "Nanometers"
    assert fields["fwhm"] == "{10.5, 0, 0}"
    assert fields["bbl"] == "{1, 0, 1}"
    assert fields["data ignore value"] == "-1"
    assert fields["data gain values"] == "{0.5, 1, 2}"
    assert fields["data offset values"] == "{0, -1, 3.25}"
    assert fields["band names"] == "{blue; deep (x), Band 2, band 3}"
    with RasterReader(tmp_path / "out.img") as reader:
        again = reader.metadata
    for field in ("wavelengths", "fwhm", "bbl", "scales", "offsets", "nodata", "dtype"):
        assert getattr(again, field) == getattr(sample(), field), field


def test_a_raster_of_which_nothing_is_known_gets_no_items(tmp_path):
    path = str(tmp_path / "out.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 4, 3, 2, gdal.GDT_UInt16)
    write_metadata(dataset, RasterMetadata.plain(2, "uint16"))
    dataset = None
    dataset = gdal.Open(path)
    band = dataset.GetRasterBand(1)
    assert band.GetMetadata() == {}
    assert band.GetScale() is None
    assert band.GetNoDataValue() is None
    assert read_metadata(gdal.Open(path)) == RasterMetadata.plain(2, "uint16")


def test_select_keeps_the_order_asked_for():
    chosen = sample().select([2, 0])
    assert chosen.wavelengths == (655.0, 450.125)
    assert chosen.names == ("band 3 (0.655 Micrometers)", "blue, deep {x}")
    assert chosen.bands == 2
    assert chosen.nodata == -1.0


def test_replace_changes_one_thing():
    assert sample().replace(dtype="float32").dtype == "float32"
    assert sample().replace(dtype="float32").names == sample().names


def test_tuples_of_different_lengths_are_a_mistake():
    with pytest.raises(ValueError, match="one entry a band"):
        sample().replace(bbl=(1, 1))


def test_metadata_of_other_bands_are_a_mistake(tmp_path):
    dataset = gdal.GetDriverByName("MEM").Create("", 4, 3, 2, gdal.GDT_Int16)
    with pytest.raises(ValueError, match="has 2 bands"):
        write_metadata(dataset, sample())
