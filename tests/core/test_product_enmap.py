"""EnMAP's products: files of their structure, with the oddities of real ones."""

from __future__ import annotations

import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest

from core.io.grid import Window
from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.runtime.errors import InputError
from tests.core.said import Said

STEM = "ENMAP01-____{}-DT0000000001_20220724T104526Z_008_V010302_20230628T165614Z"
WAVES = [420.5, 560.25, 900.0, 990.0, 905.0, 1390.0, 2400.0]  # VNIR and SWIR overlap; in the file's order
EMPTY = 5
GAINS = [1e-4] * len(WAVES)


def stored(related):
    hsi, pan = related(len(WAVES))
    values = np.rint(hsi * 1e4).astype(np.int16)
    values[EMPTY] = -32768
    values[:, :2, :1] = -32768  # outside the image
    values[1, 5, 5] = -32768  # in one band
    return values, np.rint(pan * 1e4).astype(np.uint16)


def metadata(level="L2A", waves=WAVES, gains=GAINS, offsets=None, start="", extra=""):
    offsets = offsets or [0] * len(waves)
    bands = "".join(
        f'<bandID number="{i + 1}"><wavelengthCenterOfBand>{wave}</wavelengthCenterOfBand>'
        f"<FWHMOfBand>{6.5 + i}</FWHMOfBand><GainOfBand>{gain}</GainOfBand>"
        f"<OffsetOfBand>{offset}</OffsetOfBand></bandID>"
        for i, (wave, gain, offset) in enumerate(zip(waves, gains, offsets))
    )
    statistics = "".join(
        f'<bandID number="{i + 1}"><mean>{-1000000 if i == EMPTY else 0.2}</mean>'
        f"<stdDeviation>{0 if i == EMPTY else 0.1}</stdDeviation></bandID>"
        for i in range(len(waves))
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{start}<!-- made --><level_X xmlns:xsi="http://www.w3.org/2001/x">'
        f"<base><level>{level}</level><temporalCoverage><startTime>2022-07-24T10:45:26.1Z</startTime></temporalCoverage></base>"
        f"<product><bandStatistics>{statistics}</bandStatistics></product>"
        f"<specific><bandCharacterisation>{bands}</bandCharacterisation></specific>{extra}</level_X>"
    )


@pytest.fixture
def make(tmp_path, write_raster, related):
    """A function: the folder of a product; its image's format by ending."""

    def write(ending=".TIF", level="L2A", values=None, **xml):
        folder, stem = tmp_path / "product", STEM.format(level)
        folder.mkdir()
        values = stored(related)[0] if values is None else values
        image = folder / f"{stem}-SPECTRAL_IMAGE{ending}"
        if "TIF" in ending:
            write_raster(image, values)
        else:
            write_raster(image, values, driver="ENVI", options=[f"INTERLEAVE={ending[1:]}"])
        (folder / f"{stem}-METADATA.XML").write_text(metadata(level, **xml), encoding="utf-8")
        write_raster(folder / f"{stem}-QL_QUALITY_CLOUD.TIF", (values[:1] < 2000).astype(np.uint8))
        write_raster(folder / f"{stem}-QL_QUALITY_CLASSES.TIF", np.full((1, 12, 12), 1, np.uint8))
        return folder

    return write


def named(folder, way):
    """The product as a user may name it."""
    if way == "zip":
        archive = folder.parent / "delivered.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for name in os.listdir(folder):
                file.write(folder / name, f"{folder.name}/{name}")
        return archive
    marks = {"image": "SPECTRAL_IMAGE", "xml": "METADATA"}
    beside = [name for name in sorted(os.listdir(folder)) if not name.lower().endswith(".hdr")]
    return folder if way == "folder" else folder / next(name for name in beside if marks[way] in name)


@pytest.mark.parametrize("way", ["folder", "xml", "zip"])
def test_an_image_in_envi_format_may_be_larger_than_what_names_it(make, related, way):
    """The size of the folder, of the archive or of METADATA.XML was taken for the image's, which seemed cut off."""
    values = np.full((len(WAVES), 96, 96), 700, np.int16)
    folder = make(".BSQ", values=values)
    with open_raster(named(folder, way)) as reader:
        np.testing.assert_array_equal(reader.read().values, values)
    image = next(folder.glob("*SPECTRAL_IMAGE.BSQ"))
    image.write_bytes(image.read_bytes()[:-100])
    with pytest.raises(InputError, match="is cut off"):
        open_raster(folder)


@pytest.mark.parametrize("way", ["folder", "image", "xml", "zip"])
def test_all_that_the_metadata_says_is_known_however_the_product_is_named(make, related, way):
    said = Said()
    with open_raster(named(make(), way), "hsi", said) as hsi:
        assert hsi.metadata.wavelengths == tuple(WAVES)  # the step back stays
        assert hsi.metadata.fwhm == tuple(6.5 + i for i in range(len(WAVES)))
        assert hsi.metadata.bbl == (1, 1, 1, 1, 1, 0, 1)
        assert hsi.metadata.scales == (1e-4,) * len(WAVES)
        assert hsi.metadata.nodata == -32768
        assert (hsi.origin.product, hsi.origin.sensor, hsi.origin.acquired) == (
            "EnMAP L2A",
            "enmap",
            "2022-07-24T10:45:26.1Z",
        )
        assert (hsi.grid.x, hsi.grid.dx, hsi.grid.dy) == (500000.0, 30.0, -30.0)
        assert "32633" in hsi.grid.crs
        block = hsi.read()
    values = stored(related)[0]
    np.testing.assert_array_equal(block.valid, values != -32768)
    np.testing.assert_array_equal(block.values, np.where(values == -32768, 0, values))
    assert len(said.infos) == 1
    assert "METADATA.XML" in said.infos[0]
    assert said.warnings == []


@pytest.mark.parametrize("ending", [".TIF", ".GEOTIFF", "_COG.TIF", ".BSQ", ".BIL", ".BIP"])
def test_the_image_has_any_of_its_formats(make, related, ending):
    with open_raster(make(ending)) as hsi:
        assert hsi.metadata.wavelengths == tuple(WAVES)
        np.testing.assert_array_equal(hsi.read().valid, stored(related)[0] != -32768)


def test_radiance_has_gains_and_offsets_of_its_own_in_each_band_and_zero_for_no_data(make, related):
    values = stored(related)[0].clip(0)
    gains, offsets = [0.001 * (i + 1) for i in range(7)], [0.1 * i for i in range(7)]
    with open_raster(make(level="L1C", values=values, gains=gains, offsets=offsets)) as hsi:
        assert hsi.metadata.scales == tuple(gains)
        assert hsi.metadata.offsets == tuple(offsets)
        assert hsi.metadata.nodata == 0
        np.testing.assert_array_equal(hsi.read().valid, values != 0)


def test_windows_are_parts_of_the_whole_and_a_reader_travels_to_a_worker(make):
    with open_raster(make()) as hsi:
        whole, part = hsi.read(), hsi.read(Window(3, 2, 4, 5), [6, 0])
        np.testing.assert_array_equal(part.values, whole.values[[6, 0], 3:7, 2:7])
        with pickle.loads(pickle.dumps(hsi)) as other:
            np.testing.assert_array_equal(other.read().valid, whole.valid)


def test_the_quality_rasters_are_a_role_of_their_own(make, related):
    with open_raster(make(), "quality") as quality:
        assert quality.metadata.names == ("classes", "cloud")
        np.testing.assert_array_equal(quality.read().values[1], stored(related)[0][0] < 2000)


@pytest.mark.parametrize("way", ["folder", "zip"])
def test_a_job_takes_the_product_and_writes_beside_it(make, related, write_raster, run_jobs, way):
    folder = make()
    pan = write_raster(folder / "B04.tif", stored(related)[1], pixel=10.0)
    out = folder / "sharpened.tif"
    for _ in range(2):  # the first result lies in the product's folder when the second is made
        said = run_jobs(named(folder, way), pan, out)
    assert "read as EnMAP L2A of 2022-07-24T10:45:26.1Z" in said
    with RasterReader(str(out)) as fused:
        assert fused.metadata.wavelengths == tuple(WAVES)
        assert fused.metadata.bbl[EMPTY] == 0
        assert (fused.metadata.nodata, fused.grid.rows, fused.grid.cols) == (-32768, 36, 36)
        np.testing.assert_allclose(fused.metadata.scales, 1e-4)
        assert not fused.read().valid[:, :6, :3].any()


def test_no_file_of_a_product_is_overwritten(make, related, write_raster):
    from core.workflows.classical import classical

    folder = make()
    pan = write_raster(folder / "pan.tif", stored(related)[1], pixel=10.0)
    taken = folder / f"{STEM.format('L2A')}-QL_QUALITY_CLOUD.TIF"
    with pytest.raises(InputError, match=r"QL_QUALITY_CLOUD\.TIF"):
        classical(str(folder), pan, str(taken))


def test_a_lone_image_opens_with_a_word_about_what_is_missing(make):
    folder, said = make(), Said()
    os.remove(named(folder, "xml"))
    with open_raster(named(folder, "image"), "hsi", said) as hsi:
        assert not any(hsi.metadata.wavelengths)
    assert len(said.warnings) == 1
    assert "METADATA.XML is not beside it" in said.warnings[0]


@pytest.mark.parametrize(
    ("xml", "sentence"),
    [
        ({"waves": WAVES[:-1]}, "describes 6 bands, but .* has 7"),
        ({"waves": ["x", *WAVES[1:]]}, "wavelengths that are no numbers"),
        ({"waves": ["nan", *WAVES[1:]]}, "wavelengths that are no numbers"),
        ({"waves": [9e9] * 7}, "cannot be those of an optical sensor"),
        ({"waves": [0] * 7}, "cannot be those of an optical sensor"),
        ({"start": '<!DOCTYPE level_X [<!ENTITY a "b">]>'}, "declares a document type or entities"),
        ({"extra": "<a>" * 70 + "</a>" * 70}, "more than 64 deep"),
        ({"extra": "</level_X></level_X>"}, "no complete XML"),
        ({"extra": "<a>"}, "no complete XML"),
    ],
)
def test_metadata_that_cannot_be_used_gets_one_sentence(make, xml, sentence):
    with pytest.raises(InputError, match=sentence):
        open_raster(make(**xml))


def test_sensor_geometry_and_other_roles_are_refused(make, tmp_path, write_raster):
    with pytest.raises(InputError, match="sensor geometry"):
        open_raster(make(level="L1B"))
    shutil.rmtree(tmp_path / "product")
    with pytest.raises(InputError, match="has no panchromatic image"):
        open_raster(make(), "pan")


def test_of_two_products_in_a_folder_one_must_be_chosen(make, tmp_path):
    folder = make()
    other = str(named(folder, "xml")).replace("DT0000000001", "DT0000000002")
    shutil.copy(named(folder, "xml"), other)
    with pytest.raises(InputError, match="holds 2 products"):
        open_raster(folder)
    with open_raster(named(folder, "image")) as hsi:
        assert hsi.bands == 7


def test_a_folder_without_a_product_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no product that is known here \(.*EnMAP"):
        open_raster(tmp_path)
