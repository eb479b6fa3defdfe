"""DESIS' products: wavelengths in XML and header, bands described in two places."""

from __future__ import annotations

import numpy as np
import pytest

from core.io.envi_header import header_list, read_envi_header
from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.runtime.errors import InputError

STEM = "DESIS-HSI-{}-DT1203190212_025-20191203T021128-V0210"
WAVES = [401.3, 403.9, 550.2, 700.7, 998.1]
GAINS = [1e-4, 1e-4, 2e-4, 1e-4, 1e-4]


def stored(related):
    hsi, pan = related(len(WAVES))
    values = np.rint(hsi * 1e4).astype(np.int16)
    values[:, :2, :1] = -32768
    return values, np.rint(pan * 1e4).astype(np.uint16)


@pytest.fixture
def make(tmp_path, write_raster, related):
    def write(level="L2A", header=WAVES, waves=WAVES):
        folder, stem = tmp_path / "product", STEM.format(level)
        folder.mkdir()
        values = stored(related)[0]
        write_raster(folder / f"{stem}-SPECTRAL_IMAGE.tif", values)
        write_raster(folder / f"{stem}-QL_QUALITY-2.tif", np.stack([values[0] > 0, values[0] > 3000]).astype(np.uint8))
        lines = ",\n ".join(map(str, header))
        (folder / f"{stem}-SPECTRAL_IMAGE.hdr").write_text(
            f"ENVI\nsamples = 12\nlines = 12\nbands = 5\nwavelength units = nm\nwavelength = {{{lines}}}\n"
        )
        bands = "".join(
            f"<band><bandNumber>{i + 1}</bandNumber><wavelengthWidthOfBand>3.{i}</wavelengthWidthOfBand>"
            f"<wavelengthCenterOfBand>{wave}</wavelengthCenterOfBand><response>1, 2</response>"
            f"<gainOfBand>{gain}</gainOfBand><offsetOfBand>0.5</offsetOfBand></band>"
            for i, (wave, gain) in enumerate(zip(waves, GAINS))
        )
        (folder / f"{stem}-METADATA.xml").write_text(
            '<?xml version="1.0"?><hsi_doc xmlns="http://www.dlr.de/d"><base><temporalCoverage><startTime>'
            "2019-12-03T02:11:28Z</startTime></temporalCoverage></base><specific><interiorOrientation>"
            f"<band><bandNumber>1</bandNumber></band></interiorOrientation><bandCharacterisation>{bands}"
            "</bandCharacterisation></specific></hsi_doc>"
        )
        return folder

    return write


@pytest.mark.parametrize(
    "way", ["", f"{STEM}-METADATA.xml", f"{STEM}-SPECTRAL_IMAGE.tif", f"{STEM}-SPECTRAL_IMAGE.hdr"]
)
@pytest.mark.parametrize("level", ["L2A", "L1C"])
def test_all_that_the_metadata_says_is_known(make, related, way, level):
    with open_raster(make(level) / way.format(level)) as hsi:
        assert hsi.metadata.wavelengths == tuple(WAVES)
        assert hsi.metadata.fwhm == (3.0, 3.1, 3.2, 3.3, 3.4)
        assert hsi.metadata.scales == tuple(GAINS)
        assert hsi.metadata.offsets == (0.5,) * 5
        assert hsi.metadata.nodata == -32768
        assert hsi.origin.acquired == "2019-12-03T02:11:28Z"
        assert hsi.notes == ()
        block = hsi.read()
    np.testing.assert_array_equal(block.valid, stored(related)[0] != -32768)
    np.testing.assert_array_equal(block.values, stored(related)[0].clip(0))


def test_a_job_takes_the_product(make, related, write_raster, run_jobs, tmp_path):
    pan = write_raster(tmp_path / "pan.tif", stored(related)[1], pixel=10.0)
    run_jobs(make(), pan, tmp_path / "out.tif")
    with RasterReader(str(tmp_path / "out.tif")) as fused:
        assert fused.metadata.wavelengths == tuple(WAVES)
        np.testing.assert_allclose(fused.metadata.scales, GAINS)
        assert not fused.read().valid[:, :6, :3].any()


def test_a_header_that_contradicts_the_metadata_is_told(make):
    with open_raster(make(header=[wave + 2 for wave in WAVES])) as hsi:
        assert hsi.metadata.wavelengths == tuple(WAVES)
        assert any("has other wavelengths" in note for note in hsi.notes)


def test_the_quality_raster_is_a_role_of_its_own(make, related):
    with open_raster(make(), "quality") as quality:
        np.testing.assert_array_equal(quality.read().values[1], stored(related)[0][0] > 3000)


def test_sensor_geometry_and_missing_bands_are_refused(make, tmp_path):
    with pytest.raises(InputError, match="sensor geometry"):
        open_raster(make("L1B"))
    (tmp_path / "product").rename(tmp_path / "other")
    folder = make(waves=WAVES[:4])
    with pytest.raises(InputError, match=r"describes 4 bands, but .* has 5"):
        open_raster(folder)


@pytest.mark.parametrize(
    ("text", "key", "entries"),
    [
        ("ENVI\nwavelength = {1, 2,\n 3}\n", "wavelength", ["1", "2", "3"]),
        ("ENVI\nwavelength = {\n1,\n2\n}\nfwhm = {3}\n", "fwhm", ["3"]),
        ("ENVI\nWavelength  Units = Nanometers\n", "wavelength units", ["Nanometers"]),
        ("ENVI\nwavelengths = [1, 2]\n", "wavelengths", ["1", "2"]),
        ("ENVI\nband names = {a = 1, b}\n", "band names", ["a = 1", "b"]),
        ("ENVI\nwavelength = {1, 2\n", "wavelength", []),
    ],
)
def test_headers_in_the_spellings_in_use(tmp_path, text, key, entries):
    path = tmp_path / "a.hdr"
    path.write_text(text)
    assert header_list(read_envi_header(str(path)), key) == entries


def test_what_is_no_header_is_refused(tmp_path):
    (tmp_path / "a.hdr").write_text("BYTEORDER I\n")
    with pytest.raises(InputError, match="is no ENVI header"):
        read_envi_header(str(tmp_path / "a.hdr"))
