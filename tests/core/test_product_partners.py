"""Sentinel-2 and Landsat products as the sharper image of a pair."""

from __future__ import annotations

import gc
import shutil
from dataclasses import replace

import numpy as np
import pytest
from osgeo import gdal

from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.opening import open_scene
from core.workflows.options.fusion import ClassicalOptions
from tests.core.open_datasets import open_datasets

TILE = "T33UUU_20220724T101559"
SHARP = ("B02", "B03", "B04", "B08")


class Told(Progress):
    """Keeps what is said."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def info(self, text):
        self.lines.append(text)


def partner(related):
    return np.rint(related(4)[1] * 1e4).astype(np.uint16)


def msi(level, baseline, offsets):
    name = "BOA_ADD_OFFSET" if level == "2A" else "RADIO_ADD_OFFSET"
    listed = "".join(f'<{name} band_id="{i}">{value}</{name}>' for i, value in enumerate(offsets))
    quantity = (
        '<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>'
        '<AOT_QUANTIFICATION_VALUE unit="none">1000.0</AOT_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST>'
        if level == "2A"
        else '<QUANTIFICATION_VALUE unit="none">10000</QUANTIFICATION_VALUE>'
    )
    bands = "".join(
        f'<Spectral_Information bandId="{i}" physicalBand="{band}"><RESOLUTION>10</RESOLUTION><Wavelength>'
        f'<MIN unit="nm">400</MIN><CENTRAL unit="nm">{wave}</CENTRAL></Wavelength></Spectral_Information>'
        for i, band, wave in ((1, "B2", 492.4), (2, "B3", 559.8), (3, "B4", 664.6), (7, "B8", 832.8), (8, "B8A", 864.7))
    )
    return (
        f'<?xml version="1.0"?><n1:Level-{level}_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD">'
        f"<n1:General_Info><Product_Info><PRODUCT_START_TIME>2022-07-24T10:15:59.024Z</PRODUCT_START_TIME>"
        f"<PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE></Product_Info><Product_Image_Characteristics>{quantity}"
        f"{listed}<Spectral_Information_List>{bands}</Spectral_Information_List></Product_Image_Characteristics>"
        f"</n1:General_Info></n1:Level-{level}_User_Product>"
    )


@pytest.fixture
def safe(tmp_path, write_raster, related):
    """A function: a .SAFE of Sentinel-2; JPEG 2000 where this GDAL writes it."""

    def write(level="2A", baseline="05.10", offsets=(-1000,) * 13, coarse=()):
        root = tmp_path / f"S2A_MSIL{level}_20220724T101559_N0510_R065_T33UUU_20220724T162000.SAFE"
        images = root / "GRANULE" / f"L{level}_T33UUU_A037017_20220724T101806" / "IMG_DATA"
        (root / "GRANULE" / f"L{level}_T33UUU_A037017_20220724T101806" / "QI_DATA").mkdir(parents=True)
        folder = images / "R10m" if level == "2A" else images
        folder.mkdir(parents=True)
        (root / f"MTD_MSIL{level}.xml").write_text(msi(level, baseline, offsets))
        for i, band in enumerate(SHARP):
            values = partner(related) + i
            values[0, :3] = 0, 65535, 7
            name = f"{TILE}_{band}_10m.jp2" if level == "2A" else f"{TILE}_{band}.jp2"
            plain = write_raster(tmp_path / "plain.tif", values, pixel=10.0)
            if gdal.GetDriverByName("JP2OpenJPEG") is None:
                shutil.copy(plain, folder / name)
            else:
                options = ["QUALITY=100", "REVERSIBLE=YES", "YCBCR420=NO"]
                gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(str(folder / name), gdal.Open(plain), 0, options)
        if level == "2A":
            (images / "R20m").mkdir()
            classes = np.full((18, 18), 4, np.uint8)
            write_raster(images / "R20m" / f"{TILE}_SCL_20m.jp2", classes, pixel=20.0)
        for i, band in enumerate(coarse):
            values = partner(related).reshape(18, 2, 18, 2).mean((1, 3)) * (0.5 + 0.1 * i)
            write_raster(images / "R20m" / f"{TILE}_{band}_20m.jp2", np.rint(values).astype(np.uint16), pixel=20.0)
        return root

    return write


@pytest.mark.parametrize("level", ["2A", "1C"])
def test_the_four_bands_of_10_m_are_the_sharper_image_and_their_offset_counts(safe, related, level):
    with open_raster(safe(level), "pan") as pan:
        assert (pan.bands, pan.grid.dx) == (4, 10.0)
        assert pan.metadata.names == SHARP
        assert pan.metadata.wavelengths == (492.4, 559.8, 664.6, 832.8)
        assert pan.metadata.scales == (1e-4,) * 4
        assert pan.metadata.offsets == (-0.1,) * 4
        assert pan.metadata.nodata == 0
        assert pan.origin.acquired == "2022-07-24T10:15:59.024Z"
        block = pan.read()
    assert block.valid[2, 0, :4].tolist() == [False, False, True, True]  # no data, saturated
    np.testing.assert_array_equal(block.values[2, 1:], partner(related)[1:] + 2)


def test_a_bands_file_chooses_that_band_and_the_guide_has_all_four(safe, related):
    root = safe()
    file = next(root.rglob("*_B08_10m.jp2"))
    with open_raster(file, "pan") as pan, open_raster(root, "guide") as guide:
        assert pan.metadata.names == ("B08",)
        assert pan.metadata.offsets == (-0.1,)
        assert guide.metadata.names == SHARP
        assert guide.metadata.wavelengths == (492.4, 559.8, 664.6, 832.8)
        np.testing.assert_array_equal(guide.read().values[3], pan.read().values[0])
    with open_raster(root / "MTD_MSIL2A.xml", "quality") as classes:
        assert (classes.grid.dx, classes.read().values.max()) == (20.0, 4)


def test_classes_named_as_the_sharper_image_are_refused(safe):
    """Their name opened the four bands of 10 m."""
    classes = next(safe().rglob("*_SCL_20m.jp2"))
    with pytest.raises(InputError, match=r"SCL_20m\.jp2 shows the scene classification \(SCL\) and no brightness"):
        open_raster(classes, "pan")
    with open_raster(classes, "quality") as reader:
        assert reader.metadata.names == ("SCL",)


def test_files_of_several_bands_are_no_tiles_of_one_image(safe, related, write_raster, tmp_path):
    hsi, root = write_raster(tmp_path / "hsi.tif", np.rint(related(4)[0] * 1e4).astype(np.uint16)), safe()
    files = [next(root.rglob(f"*_{band}_10m.jp2")) for band in SHARP]
    with pytest.raises(InputError, match="give the product itself"):
        classical(str(hsi), files, tmp_path / "out.tif")


def test_offsets_follow_the_baseline_where_none_are_listed_and_each_band_has_its_own(safe, tmp_path):
    with open_raster(safe(baseline="03.01", offsets=()), "pan") as pan:
        assert (pan.metadata.offsets, pan.notes) == ((0.0,) * 4, ())
    shutil.rmtree(next(tmp_path.glob("*.SAFE")))
    with open_raster(safe(baseline="04.00", offsets=()), "pan") as pan:
        assert pan.metadata.offsets == (-0.1,) * 4
        assert any("lists no offsets" in note for note in pan.notes)
    shutil.rmtree(next(tmp_path.glob("*.SAFE")))
    with open_raster(safe(offsets=[-10 * i for i in range(13)]), "guide") as guide:
        np.testing.assert_allclose(guide.metadata.offsets, [-0.001, -0.002, -0.003, -0.007])


def test_sentinel_2_is_no_hsi_and_needs_its_metadata(safe):
    root = safe()
    with pytest.raises(InputError, match="has no hyperspectral image"):
        open_raster(root)
    (root / "MTD_MSIL2A.xml").write_text("<a><PROCESSING_BASELINE>05.10</PROCESSING_BASELINE></a>")
    with pytest.raises(InputError, match="no QUANTIFICATION_VALUE"):
        open_raster(root, "pan")


def test_a_job_takes_a_safe_as_the_pan(safe, related, write_raster, run_jobs, tmp_path):
    hsi = write_raster(tmp_path / "hsi.tif", np.rint(related(4)[0] * 1e4).astype(np.uint16))
    said = run_jobs(hsi, safe(), tmp_path / "out.tif")
    assert "Sentinel-2 L2A of 2022-07-24T10:15:59.024Z: bands B02, B03, B04, B08" in said
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert (fused.bands, fused.grid.rows) == (4, 36)


def test_a_safe_brings_its_bands_of_20_m_which_are_sharpened_first(safe, related, write_raster, tmp_path):
    hsi = write_raster(tmp_path / "hsi.tif", np.rint(related(4)[0] * 1e4).astype(np.uint16))
    coarse = ("B05", "B06", "B07", "B8A", "B11", "B12")
    told = Told()
    options = ClassicalOptions(mtf=0.3, shift="none")
    with open_scene(hsi, str(safe(coarse=coarse)), options, told) as scene:
        assert scene.pan.metadata.names == (*SHARP, *coarse)
        assert scene.pan.metadata.offsets == (-0.1,) * 10
        assert abs(scene.pan.grid.dx) == 10.0
        assert np.isfinite(scene.pan_rows(0, scene.high_shape[0]).values).all()
    assert any("(6 bands) is sharpened by" in line for line in told.lines)
    chosen = replace(options, pan_bands_used="1-4")
    with open_scene(hsi, str(next(tmp_path.glob("*.SAFE"))), chosen, told) as scene:
        assert scene.pan.metadata.names == SHARP


def test_bands_that_were_sharpened_first_are_closed(safe, related, write_raster, tmp_path):
    hsi = write_raster(tmp_path / "hsi.tif", np.rint(related(4)[0] * 1e4).astype(np.uint16))
    root = str(safe(coarse=("B05", "B06", "B07", "B8A", "B11", "B12")))
    before = open_datasets()
    gc.disable()  # they are closed, not left to the collector
    try:
        open_scene(hsi, root, ClassicalOptions(mtf=0.3, shift="none"), Told()).close()
        assert open_datasets() <= before
    finally:
        gc.enable()


def test_a_safe_that_is_given_twice_is_refused(safe, related, write_raster, tmp_path):
    hsi, root = write_raster(tmp_path / "hsi.tif", np.rint(related(4)[0] * 1e4).astype(np.uint16)), str(safe())
    with pytest.raises(InputError, match="Sentinel-2 L2A was given as the PAN and as the second"):
        classical(hsi, root, tmp_path / "out.tif", pan2=root)


def test_bands_of_20_m_that_are_no_sharper_than_the_hsi_are_not_used(safe, related, write_raster, tmp_path):
    hsi = write_raster(tmp_path / "hsi.tif", np.rint(related(4, n=18, ratio=2)[0] * 1e4).astype(np.uint16), pixel=20.0)
    root = str(safe(coarse=("B05", "B06", "B07", "B8A", "B11", "B12")))
    with open_scene(hsi, root, ClassicalOptions(shift="none"), Told()) as scene:
        assert scene.guides == 4


SCENES = {"8": "LC08_L1TP_193023_20220724_20220802_02_T1", "7": "LE07_L1TP_193023_20020724_20200916_02_T1"}


def mtl(level=1):
    lines = ["GROUP = LANDSAT_METADATA_FILE", "  GROUP = IMAGE_ATTRIBUTES", "    DATE_ACQUIRED = 2022-07-24"]
    lines += ['    SCENE_CENTER_TIME = "10:02:36.1Z"', "  END_GROUP = IMAGE_ATTRIBUTES"]
    groups = {"LEVEL1_RADIOMETRIC_RESCALING": (2e-5, -0.1)}
    if level == 2:
        groups = {"LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": (2.75e-5, -0.2), **groups}
    for group, (scale, offset) in groups.items():
        lines.append(f"  GROUP = {group}")
        lines += [
            f"    REFLECTANCE_MULT_BAND_{i} = {scale}\n    REFLECTANCE_ADD_BAND_{i} = {offset}" for i in range(1, 10)
        ]
        lines.append(f"  END_GROUP = {group}")
    return "\n".join([*lines, "END_GROUP = LANDSAT_METADATA_FILE", "END"])


@pytest.fixture
def landsat(tmp_path, write_raster, related):
    def write(satellite="8", level=1):
        scene = SCENES[satellite].replace("L1TP", "L2SP" if level == 2 else "L1TP")
        folder = tmp_path / scene
        folder.mkdir()
        hsi, pan = related(7, ratio=2)
        middle = "SR_B" if level == 2 else "B"
        for i in range(7):
            if satellite == "8" or i != 5:
                values = np.rint(hsi[i] * 3e4).astype(np.uint16)
                write_raster(folder / f"{scene}_{middle}{i + 1}.TIF", values)
        if level == 1:
            values = np.rint(pan * 3e4).astype(np.uint16)
            values[:2, :2] = 0
            write_raster(folder / f"{scene}_B8.TIF", values, pixel=15.0)
        write_raster(folder / f"{scene}_QA_PIXEL.TIF", np.full((12, 12), 21824, np.uint16))
        (folder / f"{scene}_MTL.txt").write_text(mtl(level))
        (folder / f"{scene}_MTL.xml").write_text("<a/>")
        return folder

    return write


def test_a_landsat_folder_is_pan_and_bands_at_once(landsat, related, run_jobs, tmp_path):
    folder = landsat()
    with open_raster(folder, "pan") as pan, open_raster(folder, "guide") as bands:
        assert (pan.metadata.names, pan.grid.dx) == (("B8",), 15.0)
        assert (pan.metadata.scales, pan.metadata.offsets) == ((2e-5,), (-0.1,))
        assert (pan.origin.sensor, pan.origin.acquired) == ("landsat-8", "2022-07-24 10:02:36.1Z")
        assert not pan.read().valid[0, :2, :2].any()
        assert bands.metadata.names == tuple(f"B{i}" for i in range(1, 8))
        assert bands.metadata.wavelengths[3] == 655.0
        np.testing.assert_array_equal(bands.read().values[6], np.rint(related(7, ratio=2)[0][6] * 3e4))
    run_jobs(folder, folder, tmp_path / "out.tif")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert (fused.bands, fused.grid.dx) == (7, 15.0)


def test_a_bands_file_of_landsat_chooses_it_and_numbers_mean_other_bands_on_landsat_7(landsat):
    folder = landsat("7")
    with open_raster(folder / f"{SCENES['7']}_B4.TIF", "pan") as pan, open_raster(folder, "guide") as bands:
        assert (pan.metadata.names, pan.metadata.wavelengths) == (("B4",), (835.0,))
        assert bands.metadata.names == ("B1", "B2", "B3", "B4", "B5", "B7")
        assert pan.origin.sensor == "landsat-7"
    with pytest.raises(InputError, match=r"QA_PIXEL\.TIF shows flags of quality and no brightness"):
        open_raster(folder / f"{SCENES['7']}_QA_PIXEL.TIF", "pan")


def test_level_2_has_its_own_scales_and_no_pan_but_its_bands_are_the_sharper_image_of_larger_pixels(
    landsat, write_raster, related, tmp_path
):
    folder = landsat(level=2)
    with open_raster(folder, "guide") as bands, open_raster(folder, "quality") as quality:
        assert bands.metadata.scales == (2.75e-5,) * 7
        assert bands.metadata.offsets == (-0.2,) * 7
        assert quality.metadata.names == ("PIXEL",)
    hsi = write_raster(tmp_path / "hsi.tif", np.rint(related(7, 8, 3)[0] * 3e4).astype(np.uint16), pixel=45.0)
    told = Told()
    with open_scene(hsi, str(folder), ClassicalOptions(shift="none"), told) as scene:
        assert (scene.guides, scene.ratio) == (7, 1.5)
    assert any("the PAN of 15 m, comes with Level 1" in line for line in told.lines)
    with pytest.raises(InputError, match="not sharper than the HSI"):
        classical(str(folder), str(folder), tmp_path / "out.tif")


@pytest.mark.parametrize("way", ["", "{}_MTL.txt", "{}_B4.TIF"])
def test_no_file_of_a_landsat_product_is_overwritten_and_a_result_beside_it_is(landsat, way):
    folder = landsat()
    named = folder / way.format(SCENES["8"])
    hsi, own = str(folder), str(folder / f"{SCENES['8']}_sharpened.tif")
    with pytest.raises(InputError, match=r"_B3\.TIF"):
        classical(hsi, str(named), str(folder / f"{SCENES['8']}_B3.TIF"))
    for _ in range(2):
        classical(hsi, str(folder / f"{SCENES['8']}_B8.TIF"), own, method="exp")


def test_landsats_pan_and_its_multispectral_bands_are_used_together(landsat, related, write_raster, tmp_path):
    root = str(landsat())
    hsi = write_raster(tmp_path / "hsi.tif", np.rint(related(5, ratio=2)[0] * 1e4).astype(np.uint16))
    with open_scene(hsi, root, ClassicalOptions(shift="none", mtf=0.3, pan2=root), Told()) as scene:
        assert scene.pan.metadata.names[1:] == ("B1", "B2", "B3", "B4", "B5", "B6", "B7")
        assert abs(scene.pan.grid.dx) == 15.0
