"""How remedies are worded: names of new files, numbers, codes, quotes, and lists that are not too long."""

from __future__ import annotations

import re

import pytest

from core.io.band_remedies import subdatasets_sentence
from core.io.grid import Grid
from core.io.overlap import overlap
from core.io.remedies import Source, crs_code, new_file, number, quoted
from core.runtime.errors import InputError
from tests.core import one_ground
from tests.core.one_ground import system

folder = one_ground.folder  # a fixture


def test_no_file_that_is_there_is_named_as_the_new_one(folder):
    assert new_file("pan.tif", "warped") == "pan_warped.tif"
    (folder / "pan_warped.tif").touch()
    assert new_file("pan.tif", "warped") == "pan_warped_2.tif"
    assert new_file("-pan.tif", "warped") == "./-pan_warped.tif"


def test_without_a_file_the_grid_is_told_in_words():
    hsi, pan = Grid(0.0, 600.0, 30.0, -30.0, 20, 20), Grid(0.0, 600.0, 8.0, -8.0, 75, 75)
    with pytest.raises(InputError) as error:
        overlap(hsi, pan, "first", "second")
    said = str(error.value)
    assert "resample second with cubic interpolation to pixels of 30 x 30, from x 0 to 600 and y 0 to 600" in said
    assert "gdalwarp" not in said


@pytest.mark.parametrize("epsg", [32633, 4326, 3035])
def test_a_code_that_a_file_does_not_state_is_found(epsg):
    made = system(epsg)
    bare = re.sub(r',\s*AUTHORITY\["[^"]*","[^"]*"\]', "", made.ExportToWkt())
    assert "EPSG" not in bare
    assert crs_code(bare) == f"EPSG:{epsg}"


@pytest.mark.parametrize(
    ("value", "text"), [(7.5, "7.5"), (4600000.0, "4600000"), (30 / 7, "4.28571428571"), (7.95e-05, "0.0000795")]
)
def test_numbers_have_twelve_digits_and_no_exponent(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        (r"C:\data\pan.tif", r"C:\data\pan.tif"),
        (r"C:\my data\pan.tif", r'"C:\my data\pan.tif"'),
        ("a&b.tif", '"a&b.tif"'),
        ('NETCDF:"x.nc":v', r'"NETCDF:\"x.nc\":v"'),
        ("-tr", "-tr"),
    ],
)
def test_windows_has_other_quotes(argument, text):
    assert quoted(argument, windows=True) == text


def test_many_subdatasets_are_not_all_listed():
    source = Source("a.nc", "a.nc")
    said = subdatasets_sentence(source, [(f"NETCDF:a.nc:v{n}", f"[9x9] v{n}") for n in range(20)])
    assert "NETCDF:a.nc:v11 [9x9] v11, and 8 more that gdalinfo a.nc lists." in said
    assert "NETCDF:a.nc:v12 " not in said
    assert (
        subdatasets_sentence(source, [])
        == "a.nc holds no bands itself, and no subdatasets (layers); choose another file."
    )
