"""What stands beside a raster about its bands: ENVI headers in any spelling, STAC items."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.io.reader import RasterReader

VALUES = np.arange(1, 37, dtype=np.uint16).reshape(3, 3, 4)
HEAD = (
    "ENVI\nsamples = 4\nlines = 3\nbands = 3\nheader offset = 0\ndata type = 12\ninterleave = bsq\nbyte order = 0\n"
    "map info = {UTM, 1, 1, 500000, 5800000, 30, 30, 33, North, WGS-84, units=Meters}\n"
)
LISTS = "wavelength units = Nanometer\nwavelength = {402.3, 550.5, 700.1}\nfwhm = {6.5, 6.5, 7}\nbbl = {1, 0, 1}\n"
SPELLINGS = {
    "usual": LISTS,
    "plural": LISTS.replace("wavelength =", "wavelengths ="),
    "brackets": LISTS.replace("{", "[").replace("}", "]"),
    "on the next line": LISTS.replace("= {", "=\n {"),
    "over lines": LISTS.replace(", ", ",\n  "),
    "capitals": LISTS.replace("wavelength =", "Wavelength ="),
    "micrometres": "wavelength units = Micrometers\nwavelengths = {0.4023, 0.5505, 0.7001}\n"
    "fwhm = {0.0065, 0.0065, 0.007}\nbbl = {1, 0, 1}\n",
}


def check(path):
    with RasterReader(str(path)) as reader:
        assert reader.metadata.wavelengths == pytest.approx((402.3, 550.5, 700.1))
        assert reader.metadata.fwhm == pytest.approx((6.5, 6.5, 7.0))
        assert reader.metadata.bbl == (1, 0, 1)
        assert reader.notes == ()
        np.testing.assert_array_equal(reader.read().values, VALUES)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("kind", ["GTiff", "ENVI"])
def test_a_header_in_any_spelling_tells_the_bands(tmp_path, write_raster, kind, spelling):
    if kind == "GTiff":
        path = write_raster(tmp_path / "a.tif", VALUES)
    else:
        path = tmp_path / "a.img"
        VALUES.astype("<u2").tofile(path)
    (tmp_path / "a.hdr").write_text(HEAD + SPELLINGS[spelling])
    check(path)


def test_what_the_raster_says_itself_counts_first_and_a_scale_is_taken(tmp_path, write_raster):
    items = [{"wavelength": str(wave), "wavelength_units": "nm"} for wave in (410, 510, 610)]
    path = write_raster(tmp_path / "a.tif", VALUES, items=items)
    (tmp_path / "a.tif.hdr").write_text(HEAD + LISTS + "reflectance scale factor = 10000\n")
    with RasterReader(path) as reader:
        assert reader.metadata.wavelengths == (410.0, 510.0, 610.0)
        assert reader.metadata.bbl == (1, 0, 1)
        assert reader.metadata.scales == (1e-4,) * 3


@pytest.mark.parametrize(
    "text",
    [
        "no header",
        HEAD.replace("bands = 3", "bands = 4") + LISTS,
        HEAD.replace("lines = 3", "lines = 9") + LISTS,
        HEAD + "wavelength = {400, 500}\n",
        "ENVI\nwavelength = {" + "9" * 50,
    ],
)
def test_a_header_of_another_raster_is_not_used(tmp_path, write_raster, text):
    path = write_raster(tmp_path / "a.tif", VALUES)
    (tmp_path / "a.hdr").write_text(text)
    with RasterReader(path) as reader:
        assert reader.metadata.wavelengths == (None,) * 3


EO = [{"center_wavelength": wave, "full_width_half_max": 0.01} for wave in (0.44, 0.55, 0.66)]
RASTER = [{"scale": 0.0001, "offset": -0.1, "nodata": 0}] * 3
COMMON = [
    {"eo:center_wavelength": wave, "eo:full_width_half_max": 0.01, "raster:scale": 0.0001, "raster:offset": -0.1}
    for wave in (0.44, 0.55, 0.66)
]


COMMON_WAVES = [{"eo:center_wavelength": wave} for wave in (0.44, 0.55, 0.66)]


@pytest.mark.parametrize("name", ["a.json", "a_stac.json"])
@pytest.mark.parametrize(
    "item",
    [
        {"assets": {"thumbnail": {}, "data": {"eo:bands": EO, "raster:bands": RASTER}}},
        {"properties": {"eo:bands": EO}, "assets": {"data": {"raster:bands": RASTER}}},
        {"assets": {"data": {"bands": COMMON}}},
    ],
    ids=["asset", "properties", "1.1"],
)
def test_a_stac_item_beside_the_file_tells_the_bands(tmp_path, write_raster, name, item):
    path = write_raster(tmp_path / "a.tif", VALUES)
    (tmp_path / name).write_text(json.dumps({"stac_version": "1.0.0", "type": "Feature", **item}))
    with RasterReader(path) as reader:
        assert reader.metadata.wavelengths == pytest.approx((440.0, 550.0, 660.0))
        assert reader.metadata.fwhm == pytest.approx((10.0,) * 3)
        assert reader.metadata.scales == (1e-4,) * 3
        assert reader.metadata.offsets == (-0.1,) * 3
        assert reader.metadata.nodata == (None if "bands" in item["assets"]["data"] else 0)


@pytest.mark.parametrize("own", [None, 5])
def test_a_stac_item_tells_scale_and_nodata_of_a_file_that_knows_its_wavelengths(tmp_path, write_raster, own):
    items = [{"wavelength": str(wave), "wavelength_units": "nm"} for wave in (410, 510, 610)]
    path = write_raster(tmp_path / "a.tif", VALUES, nodata=own, items=items)
    bands = [{**band, "nodata": 7} for band in RASTER]
    text = {"stac_version": "1.0.0", "type": "Feature", "assets": {"data": {"eo:bands": EO, "raster:bands": bands}}}
    (tmp_path / "a.json").write_text(json.dumps(text))
    with RasterReader(path) as reader:
        assert reader.metadata.wavelengths == (410.0, 510.0, 610.0)
        assert (reader.metadata.scales, reader.metadata.offsets) == ((1e-4,) * 3, (-0.1,) * 3)
        assert reader.metadata.nodata == (own or 7)  # what the raster says itself counts
        np.testing.assert_array_equal(reader.read().valid, (own or 7) != VALUES)


@pytest.mark.parametrize(
    "text", ["{", "[" * 100_000, '{"assets": {}}', '{"stac_version": "1", "assets": {"a": {"eo:bands": [{}, {}]}}}']
)
def test_other_json_does_no_harm(tmp_path, write_raster, text):
    path = write_raster(tmp_path / "a.tif", VALUES)
    (tmp_path / "a.json").write_text(text)
    with RasterReader(path) as reader:
        assert reader.metadata.wavelengths == (None,) * 3


def earth_search(applied=True, **more):
    """An item of single-band assets, of which the first is no reflectance."""

    def asset(key, file, **said):
        return {key: {"href": f"https://archive/{file}?token=1", **said}}

    scale = {"nodata": 0, "scale": 0.0001, "offset": -0.1}
    return {
        "stac_version": "1.0.0",
        "properties": {"earthsearch:boa_offset_applied": applied, "s2:processing_baseline": "05.10"},
        "assets": {
            **asset("aot", "AOT.tif", **{"raster:bands": [{"scale": 0.001, "offset": 0}]}),
            **asset("red", "B04.tif", **{"eo:bands": [{"center_wavelength": 0.665}], "raster:bands": [scale]}),
            **asset("nir", "B08.tif", **{"eo:bands": [{"center_wavelength": 0.842}], "raster:bands": [scale]}),
            **more,
        },
    }


@pytest.mark.parametrize(("applied", "offset"), [(True, 0.0), (False, -0.1)])
def test_an_item_tells_of_the_asset_that_the_file_is_and_an_applied_offset_is_not_added_again(
    applied, offset, tmp_path, write_raster
):
    """The first asset with as many bands was taken: the scale of the optical thickness of aerosols."""
    values = VALUES[:1].copy()
    values[0, 0, 0] = 0
    (tmp_path / "S2B_33UUU_20220724_0_L2A.json").write_text(json.dumps(earth_search(applied)))
    for name, wavelength in (("B04.tif", 665.0), ("B08.tif", 842.0)):
        with RasterReader(write_raster(tmp_path / name, values)) as reader:
            assert reader.metadata.wavelengths == (wavelength,)
            assert (reader.metadata.scales, reader.metadata.offsets) == ((1e-4,), (offset,))
            assert reader.metadata.nodata == 0
            np.testing.assert_array_equal(reader.read().valid, values != 0)


@pytest.mark.parametrize("name", ["mine.tif", "S2B.tif"])
def test_where_no_asset_is_the_file_and_they_differ_none_is_taken(name, tmp_path, write_raster):
    (tmp_path / "S2B.json").write_text(json.dumps(earth_search()))
    with RasterReader(write_raster(tmp_path / name, VALUES[:1])) as reader:
        assert (reader.metadata.scales, reader.metadata.wavelengths) == ((1.0,), (None,))


def test_a_scale_of_all_bands_stands_in_the_asset(tmp_path, write_raster):
    """STAC 1.1: what is the same in all bands is said once."""
    asset = {"href": "./a.tif", "raster:scale": 0.5, "raster:offset": 1, "nodata": 7, "bands": COMMON_WAVES}
    (tmp_path / "item.json").write_text(json.dumps({"stac_version": "1.1.0", "assets": {"data": asset}}))
    with RasterReader(write_raster(tmp_path / "a.tif", VALUES)) as reader:
        assert (reader.metadata.scales, reader.metadata.offsets) == ((0.5,) * 3, (1.0,) * 3)
        assert (reader.metadata.nodata, int(reader.read().valid.sum())) == (7, 35)


def test_items_of_two_scenes_that_name_the_file_have_to_agree(tmp_path, write_raster):
    path = write_raster(tmp_path / "B08.tif", VALUES[:1])
    for name, applied in (("one.json", True), ("two.json", False)):
        (tmp_path / name).write_text(json.dumps(earth_search(applied)))
    with RasterReader(path) as reader:
        assert reader.metadata.scales == (1.0,)
    (tmp_path / "two.json").write_text(json.dumps(earth_search(True)))
    with RasterReader(path) as reader:
        assert (reader.metadata.scales, reader.metadata.offsets) == ((1e-4,), (0.0,))
