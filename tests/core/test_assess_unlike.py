"""What does not fit together is told before it is compared: units, bands, pixels, places; each remedy is followed."""

from __future__ import annotations

import shlex
import subprocess
import sys

import numpy as np
import pytest
from osgeo import gdal

from core.runtime.errors import InputError
from core.workflows.assess import assess
from tests.core import assessed
from tests.core.assessed import STEP
from tests.core.said import Said

write, images = assessed.write, assessed.images  # fixtures


@pytest.mark.parametrize(("scale", "other"), [(1e4, 1.0), (1.0, 1e4)])
def test_units_that_differ_are_put_right_by_the_command_that_is_warned_of(write, scale, other):
    reference = np.random.default_rng(7).uniform(0.1, 0.9, (4, 48, 48)).astype(np.float32)
    coarse = reference.reshape(4, 12, 4, 12, 4).mean((2, 4))
    hsi = {"hsi": write("hsi.tif", coarse * other, step=40.0), "pan": write("pan.tif", reference[:1])}
    truth, made = {"reference": write("truth.tif", reference * other)}, write("made.tif", reference * scale)
    for partner in (truth, hsi):
        found, said = assess(made, **partner, ratio=4, mtf=0.5, shift="none"), Said()
        assert found["unit_factor"] == pytest.approx(other / scale)
        (warning,) = [text for text in found["warnings"] if "10,000 times" in text]
        command = shlex.split(warning.split("scale: ")[1].split(" (")[0])
        subprocess.run([sys.executable, "-m", "osgeo_utils.gdal_edit", *command[1:]], check=True)
        put_right = assess(made, **partner, ratio=4, mtf=0.5, shift="none", progress=said)
        assert put_right["unit_factor"] is None
        assert not [text for text in said.warnings if "scale" in text]
        made = write("made.tif", reference * scale)


def waves(start, step=100.0):
    return tuple(start + step * band for band in range(4))


@pytest.mark.parametrize(
    ("own", "others", "words"),
    [
        (waves(500.0), waves(503.0), ""),
        (waves(500.0), (None,) * 4, ""),
        (waves(500.0), waves(560.0), "choose images of the same bands"),
        (waves(500.0), waves(500.0)[::-1], "--band-order wavelength (BAND_ORDER) sorts those of truth.tif"),
        (waves(500.0)[::-1], waves(500.0), "bring those of made.tif into the order of truth.tif"),
    ],
)
def test_bands_of_other_wavelengths_are_warned_of(write, images, own, others, words):
    fused, reference = images
    made, truth = write("made.tif", fused, wavelengths=own), write("truth.tif", reference, wavelengths=others)
    found = [text for text in assess(made, reference=truth, ratio=3)["warnings"] if "compared by their numbers" in text]
    assert bool(found) == bool(words)
    assert all(words in text and "Band 1 is at" in text for text in found)
    if "band-order" in words:
        upright = assess(made, reference=write("sorted.tif", reference[::-1], wavelengths=others[::-1]), ratio=3)
        turned = assess(made, reference=truth, ratio=3, band_order="wavelength")
        assert (turned["sam"], turned["warnings"]) == (upright["sam"], [])


def test_an_image_of_larger_pixels_is_no_reference_and_no_result(write, images):
    fused, reference = images
    coarse = write("coarse.tif", reference[:, :12, :16], step=3 * STEP)
    made, pan = write("made.tif", fused), write("pan.tif", reference[:1])
    with pytest.raises(InputError, match=r"A pixel of coarse\.tif is 3 pixels of made\.tif.*--hsi and --pan"):
        assess(made, reference=coarse)
    with pytest.raises(InputError, match=r"A pixel of coarse\.tif is 3 pixels of pan\.tif, but a result"):
        assess(coarse, hsi=coarse, pan=pan, mtf=0.3, shift="none")


def take_georeference(path):
    """In a function of its own: an error that a test keeps holds the test's variables, and these an open dataset."""
    bare = gdal.GetDriverByName("MEM").CreateCopy("", gdal.Open(path))
    bare.SetGeoTransform((0, 1, 0, 0, 0, 1))
    gdal.GetDriverByName("GTiff").CreateCopy(path, bare)


@pytest.mark.parametrize("lacking", ["made.tif", "truth.tif"])
def test_a_file_without_georeference_is_put_on_the_other_as_its_remedy_says(write, images, lacking, tmp_path):
    fused, reference = images
    files = {"made.tif": write("made.tif", fused), "truth.tif": write("truth.tif", reference)}
    expected = assess(files["made.tif"], reference=files["truth.tif"], ratio=3)["sam"]
    take_georeference(files[lacking])
    with pytest.raises(InputError, match="has no georeference") as refused:
        assess(files["made.tif"], reference=files["truth.tif"], ratio=3)
    command = shlex.split(str(refused.value).split(": ", 1)[1].split(" (")[0])
    subprocess.run([sys.executable, "-m", "osgeo_utils.gdal_edit", *command[1:]], check=True)
    assert assess(files["made.tif"], reference=files["truth.tif"], ratio=3)["sam"] == expected


@pytest.mark.parametrize("both", [False, True])
def test_bands_without_values_that_the_reference_has_are_named(write, images, both):
    fused, reference = images
    valid = np.ones(fused.shape, bool)
    valid[2] = False
    made = write("made.tif", fused, valid=valid)
    found = assess(made, reference=write("truth.tif", reference, valid=valid if both else None), ratio=3)
    assert found["bands"] == 3
    words = "made.tif holds no values in 1 of its bands (3), which truth.tif has"
    assert [words in text for text in found["warnings"] if "no values" in text] == [True] * (not both)


def test_a_result_that_is_compared_with_itself_is_warned_of(write, images):
    made = write("made.tif", images[0])
    found = assess(made, reference=made, ratio=3)
    assert any("the scores say nothing" in text for text in found["warnings"])
    assert not assess(made, reference=write("truth.tif", images[1]), ratio=3)["warnings"]
