"""Every command that a refusal prints is run: the next try must be accepted, and the right pixels must come out."""

from __future__ import annotations

import re
import shlex

import numpy as np
import pytest
from osgeo import gdal

from core.io.band_remedies import scale_command
from core.io.remedies import Source
from core.products.claims import Claims
from core.products.pair import open_pair
from core.runtime.errors import InputError
from core.workflows.assess import assess
from tests.core import one_ground
from tests.core.one_ground import HSI, SIZE, cube, error_of, image, pan_in, plain, points, rotated, system
from tests.core.refusals import commands, follow, refusal

folder, make = one_ground.folder, one_ground.make  # fixtures


@pytest.mark.parametrize(("lacking", "known"), [("pan", "hsi"), ("hsi", "pan")])
def test_a_raster_without_crs_is_told_to_get_that_of_the_other(make, lacking, known):
    epsg = {known: 32633, lacking: 0}
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI, epsg["hsi"])
    pan = make("pan.tif", image(plain(7.5), 192, 192), plain(7.5), epsg["pan"])
    said = refusal(hsi, pan)
    assert f"{lacking}.tif has no CRS, {known}.tif has EPSG:32633 (WGS 84 / UTM zone 33N)" in said
    assert "--assume-crs EPSG:32633" in said
    assumed = Claims(assume_crs="EPSG:32633")
    with open_pair(hsi, pan, claims=(assumed, assumed)) as scene:
        assert error_of(scene.pan) == 0.0
    [command] = commands(said)
    assert command[:3] == ["gdal_edit.py", "-a_srs", "EPSG:32633"]
    assert said.endswith("(Assign projection).")
    follow(command)
    with open_pair(hsi, pan) as scene:
        assert error_of(scene.pan) == 0.0


def test_coordinates_in_degrees_are_not_taken_for_metres(make):
    array, transform = pan_in(4326)
    hsi, pan = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI), make("pan.tif", array, transform, 0)
    [command] = commands(refusal(hsi, pan))
    assert command[:3] == ["gdal_edit.py", "-a_srs", "EPSG:4326"]
    follow(command)
    with open_pair(hsi, pan) as scene:
        assert error_of(scene.pan) < 0.03


@pytest.mark.parametrize(
    ("pixel", "words"),
    [
        (30.0, "the PAN is not sharper than the HSI, so nothing can be sharpened"),
        (30.0, "is 1 pixel of pan.tif (30 x 30 and 30 x 30 map units)"),
        (25.0, "is 1.2 pixels of pan.tif (30 x 30 and 25 x 25 map units)"),
        (90.0, "is coarser than the HSI hsi.tif (are the two swapped?)"),
    ],
)
def test_a_pan_that_is_not_sharper_is_refused(make, pixel, words):
    size = int(1440 / pixel)
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    pan = make("pan.tif", image(plain(pixel), size, size), plain(pixel))
    assert words in refusal(hsi, pan)


@pytest.mark.parametrize(
    ("hsi_crs", "pan_crs", "wrong"),
    [
        (32633, 32634, "pan.tif"),
        (32633, 4326, "pan.tif"),
        (4326, 32633, "hsi.tif"),
        (32633, 3857, "pan.tif"),
    ],
)
def test_a_wrong_reference_system_is_corrected_by_the_command(make, hsi_crs, pan_crs, wrong):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI, hsi_crs)
    pan = make("pan.tif", image(plain(7.5), 192, 192), plain(7.5), pan_crs)
    said = refusal(hsi, pan)
    assert "do not overlap" in said
    assert f"but {wrong} is marked as EPSG:" in said
    (edit,) = commands(said)
    assert edit[:3] == ["gdal_edit.py", "-a_srs", "EPSG:32633"]
    assert edit[-1].endswith(wrong)


def test_a_pan_of_another_place_gets_no_command(make):
    far = (700000.0, 7.5, 0.0, 5600000.0, 0.0, -7.5)
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    said = refusal(hsi, make("pan.tif", image(far, 192, 192, 32632), far, 32632))
    assert "do not overlap" in said
    assert commands(said) == []


def use(found, hsi, pan):
    """The pair after the commands; of alternatives, the first."""
    made = {}
    for command in found:
        source = command[-2] if command[0] != "gdal_edit.py" else command[-1]
        if source not in made:
            made[source] = follow(command)
    return made.get(hsi, hsi), made.get(pan, pan)


def test_what_has_no_crs_can_be_assumed_to_have_that_of_the_other(make):
    high = rotated(7.5, 11)
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    turned = make("turned.tif", image(high, 192, 192), high, 0)
    pointed = make("pointed.tif", image(high, 192, 192), None, 0)
    points(pointed, high, 32633)
    dataset = gdal.Open(pointed, gdal.GA_Update)
    dataset.SetGCPs(dataset.GetGCPs(), "")
    dataset = None
    assumed = Claims(assume_crs="EPSG:32633")
    for pan in (turned, pointed):
        assert "--assume-crs EPSG:32633" in refusal(hsi, pan)
        with open_pair(hsi, pan, claims=(assumed, assumed)) as scene:
            assert error_of(scene.pan) < 0.04


def test_coordinates_that_cannot_be_of_the_other_system_are_replaced_by_its_corners(make):
    counted = (0.0, 1.0, 0.0, 192.0, 0.0, -1.0)  # pixels, as formats have them that cannot be without coordinates
    high = image(plain(7.5), 192, 192)
    hsi, pan = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI), make("pan.tif", high, counted, 0)
    said = refusal(hsi, pan)
    assert "where pan.tif does not lie, as its coordinates are x 0 to 192 and y 0 to 192" in said
    [command] = commands(said)
    follow(command)
    with open_pair(hsi, pan) as scene:
        assert scene.ratio == 4
        assert error_of(scene.pan) == 0.0


FORMATS = [
    *(("Zarr", "zarr"), ("NITF", "ntf"), ("ERS", "ers"), ("ISIS3", "cub"), ("PDS4", "xml"), ("MRF", "mrf")),
    *(("netCDF", "nc"), ("ENVI", "dat"), ("HFA", "img"), ("PCIDSK", "pix"), ("PNG", "png"), ("JP2OpenJPEG", "jp2")),
]


def in_format(source, path, driver):
    """A raster in another format, without loss; returns its path."""
    if gdal.GetDriverByName(driver) is None:
        pytest.skip(f"GDAL has no {driver} here")
    exact = ["REVERSIBLE=YES", "QUALITY=100"] if driver == "JP2OpenJPEG" else []
    gdal.Translate(str(path), source, format=driver, creationOptions=exact)
    return str(path)


@pytest.mark.parametrize(("driver", "ending"), FORMATS)
def test_a_raster_of_any_format_is_placed_by_the_command(make, tmp_path, driver, ending):
    high = image(plain(7.5), 192, 192).astype(np.uint16)
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    pan = in_format(make("source.tif", high, None, 0), tmp_path / f"pan.{ending}", driver)
    [command] = commands(refusal(hsi, pan))
    with open_pair(hsi, follow(command)) as scene:
        np.testing.assert_array_equal(scene.pan.read().values[0], high)


@pytest.mark.parametrize(("driver", "ending"), FORMATS)
def test_a_raster_of_any_format_gets_its_scale_by_the_command(make, tmp_path, driver, ending):
    high = image(plain(7.5), 192, 192).astype(np.uint16)
    pan = in_format(make("source.tif", high, plain(7.5)), tmp_path / f"pan.{ending}", driver)
    [command] = commands(f"{scale_command(Source('pan', pan), 1e-4)}.")
    assert gdal.Open(follow(command)).GetRasterBand(1).GetScale() == 1e-4


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_control_points_and_points_on_a_line_place_nothing(make, count):
    pan = make("pan.tif", image(plain(7.5), 192, 192), None, 0)
    dataset = gdal.Open(pan, gdal.GA_Update)
    dataset.SetGCPs([gdal.GCP(5e5 + i, 4.6e6 - i, 0, i, i) for i in range(count)], system(32633).ExportToWkt())
    dataset = None
    said = refusal(make("hsi.tif", cube(HSI, SIZE, SIZE), HSI), pan)
    assert "has no georeference" in said


@pytest.mark.parametrize("epsg", [0, 32633])
def test_a_pair_without_georeference_lies_corner_on_corner_after_the_commands(make, epsg):
    low, high = cube(HSI, SIZE, SIZE + 2), image(plain(7.5), 4 * SIZE, 4 * SIZE + 8)
    hsi, pan = make("hsi.tif", low, None, epsg), make("pan.tif", high, None, epsg)
    found = commands(refusal(hsi, pan))
    assert [command[:2] for command in found] == [["gdal_edit.py", "-a_ullr"]] * 2
    use(found, hsi, pan)
    with open_pair(hsi, pan) as scene:
        assert (scene.ratio, scene.alignment.phase, scene.high_shape) == (4, (0.0, 0.0), (192, 200))
        np.testing.assert_array_equal(scene.pan.read().values[0], high)


def test_sizes_without_a_whole_ratio_tell_no_corners(make):
    hsi, pan = cube(HSI, SIZE, SIZE), make("pan.tif", image(plain(7.5), 190, 192), None, 0)
    for transform in (HSI, None):
        said = refusal(make("hsi.tif", hsi, transform, 32633 if transform else 0), pan)
        assert "no whole ratio" in said
        assert "Georeferencer" in said
        assert commands(said) == []


@pytest.mark.parametrize("driver", ["GTiff", "PNG"])
def test_a_pan_without_georeference_gets_the_corners_and_crs_of_the_hsi(make, driver):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    pan = make("pan.tif", image(plain(7.5), 192, 192).astype(np.uint16), None, 0)
    if driver == "PNG":
        gdal.Translate("pan.png", pan, format="PNG")
        pan = "pan.png"
    [command] = commands(refusal(hsi, pan))
    follow(command)
    with open_pair(hsi, pan) as scene:
        assert (scene.ratio, scene.alignment.phase) == (4, (0.0, 0.0))
        assert error_of(scene.pan) < 0.01


def test_swapped_inputs_are_recognised_by_their_bands(make):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    pan = make("pan.tif", image(plain(7.5), 192, 192), plain(7.5))
    assert "are HSI and PAN swapped?" in refusal(pan, hsi)


def test_files_of_one_band_each_become_an_hsi_in_the_order_of_their_numbers(make):
    plane = image(HSI, SIZE, SIZE)
    paths = {n: make(f"scene B{n}.tif", plane + n, HSI) for n in (1, 2, 10)}
    pan = make("scene B8.tif", image(plain(7.5), 192, 192), plain(7.5))
    said = refusal(paths[2], pan)
    assert "Build virtual raster" in said
    [command] = commands(said)
    assert command[:2] == ["gdalbuildvrt", "-separate"]
    assert command[3:] == [paths[1], paths[2], paths[10]]
    with open_pair(follow(command), pan) as scene:
        np.testing.assert_array_equal(scene.hsi.read().values, plane + np.float32([1, 2, 10])[:, None, None])


@pytest.mark.skipif(gdal.GetDriverByName("netCDF") is None, reason="this GDAL has no netCDF driver")
def test_subdatasets_are_listed_as_gdal_opens_them(folder):
    box = gdal.GetDriverByName("netCDF").CreateMultiDimensional("box.nc")
    root = box.GetRootGroup()
    kind = gdal.ExtendedDataType.Create(gdal.GDT_Float64)
    bands = root.CreateDimension("band", None, None, 3)
    for name, values in (("hsi", cube(HSI, SIZE, SIZE)), ("pan", image(plain(7.5), 192, 192))):
        axes = [root.CreateDimension(axis + name, None, None, values.shape[-1]) for axis in "yx"]
        root.CreateMDArray(name, [bands, *axes] if name == "hsi" else axes, kind).WriteArray(values.astype(float))
    del box, root, axes, bands
    said = refusal("box.nc", "box.nc")
    listed = [shlex.split(name)[0] for name in re.findall(r"'NETCDF:[^']*'", said)]
    assert listed == ['NETCDF:"box.nc":hsi', 'NETCDF:"box.nc":pan']
    assert "[192x192] pan (64-bit floating-point)" in said
    found = commands(refusal(*listed))  # these arrays have no coordinates
    assert [command[:2] for command in found] == [["gdal_translate", "-a_ullr"]] * 2
    with open_pair(*use(found, *listed)) as scene:
        assert scene.high_shape == (192, 192)


def test_complex_numbers_become_amplitudes(make):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    plane = image(plain(7.5), 192, 192)
    pan = make("pan.tif", (plane * np.exp(1j)).astype(np.complex64), plain(7.5))
    [command] = commands(refusal(hsi, pan))
    with open_pair(hsi, follow(command)) as scene:
        assert error_of(scene.pan) < 1e-6


@pytest.mark.parametrize("name", ["a b.tif", "it's.tif", 'the "best".tif', "$HOME;x&.tif", "-pan.tif", "größe.tif"])
def test_names_are_quoted_as_a_shell_reads_them(make, folder, name):
    hsi = make("hsi.tif", cube(HSI, SIZE, SIZE), HSI)
    make(name, image(plain(7.5), 192, 192), plain(7.5), 0)
    [command] = commands(refusal(hsi, name))
    follow(command)
    with open_pair(hsi, name) as scene:
        assert scene.ratio == 4


def test_a_result_on_another_grid_is_compared_after_one_command(make, folder):
    reference = make("truth.tif", cube(plain(7.5), 96, 96), plain(7.5))
    transform = (HSI[0] + 3, 7.2, 0.0, HSI[3] - 3, 0.0, -7.2)
    fused = make("fused.tif", cube(transform, 98, 98), transform)
    with pytest.raises(InputError) as error:
        assess(fused, reference=reference, json_path=str(folder / "o.json"))
    [command] = commands(str(error.value))
    made = assess(fused, reference=follow(command), json_path=str(folder / "o.json"))
    assert made is not None


def test_the_command_for_another_grid_mixes_no_undeclared_fill_with_data(make, folder):
    values = cube(plain(7.5), 96, 96)
    values[:, :, :30] = -9999
    reference = make("truth.tif", values, plain(7.5))
    transform = (HSI[0] + 3, 7.2, 0.0, HSI[3] - 3, 0.0, -7.2)
    fused = make("fused.tif", cube(transform, 98, 98), transform)
    with pytest.raises(InputError) as error:
        assess(fused, reference=reference)
    [command] = commands(str(error.value))
    assert command[command.index("-srcnodata") + 1] == "-9999"
    found = assess(fused, reference=follow(command))
    assert found["warnings"] == [text for text in found["warnings"] if "nodata" not in text]
    assert found["sam"] < 0.1
    assert found["rmse"] < 20
