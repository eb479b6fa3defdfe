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


@pytest.mark.parametrize(
    "text", ["{", "[" * 100_000, '{"assets": {}}', '{"stac_version": "1", "assets": {"a": {"eo:bands": [{}, {}]}}}']
)
def test_other_json_does_no_harm(tmp_path, write_raster, text):
    path = write_raster(tmp_path / "a.tif", VALUES)
    (tmp_path / "a.json").write_text(text)
    with RasterReader(path) as reader:
        assert reader.metadata.wavelengths == (None,) * 3
