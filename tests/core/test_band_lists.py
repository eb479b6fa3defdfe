"""Lists in a header that do not fit the bands are not used, or not in full, and that is said once."""

from __future__ import annotations

import pytest

from core.io.reader import RasterReader
from core.products.opening import open_raster
from core.runtime.errors import InputError
from core.workflows.classical import classical
from tests.core import banded
from tests.core.banded import copied
from tests.core.said import Said

envi, pair = banded.envi, banded.pair  # fixtures


@pytest.mark.parametrize("end", ["", ",", " , ", ",\n "])
def test_a_comma_at_the_end_of_a_list_is_no_entry(envi, end):
    lists = f"wavelength = {{402.3, 550.5, 700{end}}}\nfwhm = {{6.5, 6.5, 7{end}}}\nbbl = {{1, 0, 1{end}}}\n"
    with RasterReader(envi("wavelength units = nm\n" + lists)) as reader:
        assert reader.metadata.wavelengths == (402.3, 550.5, 700.0)
        assert reader.metadata.fwhm == (6.5, 6.5, 7.0)
        assert reader.metadata.bbl == (1, 0, 1)
        assert reader.notes == ()


@pytest.mark.parametrize("entries", ["1, 0", "1, 0, 1, 1", "0"])
def test_a_bbl_of_another_length_is_not_used_and_that_is_said_once(envi, entries):
    path, said = envi(f"bbl = {{{entries}}}\n"), Said()
    with open_raster(path, progress=said) as reader:
        assert reader.metadata.bbl == (1, 1, 1)
    (sentence,) = said.warnings
    assert sentence.startswith(
        f"The list bbl of h.img has {len(entries.split(','))} entries for 3 bands and is not used"
    )
    assert "--bands" in sentence
    assert "BANDS" in sentence


def test_a_list_of_widths_of_another_length_is_said(envi):
    said = Said()
    with open_raster(envi("wavelength units = nm\nfwhm = {6.5, 6.5}\n"), progress=said) as reader:
        assert reader.metadata.fwhm == (None,) * 3
    assert [sentence[:46] for sentence in said.warnings] == ["The list fwhm of h.img has 2 entries for 3 ban"]


def test_wavelengths_of_the_first_bands_only_are_said(envi):
    said = Said()
    with open_raster(envi("wavelength units = nm\nwavelength = {402.3, 550.5}\n"), progress=said) as reader:
        assert reader.metadata.wavelengths == (402.3, 550.5, None)
    (sentence,) = said.warnings
    assert "The list wavelength of h.img has 2 entries for 3 bands and counts for the first bands only" in sentence


@pytest.mark.parametrize("gains", ["1e-4, 1e-4", "a, b"])
def test_gains_of_another_number_than_bands_are_said(envi, gains):
    said = Said()
    with open_raster(envi(f"data gain values = {{{gains}}}\n"), progress=said) as reader:
        assert reader.metadata.scales == (1.0,) * 3
    (sentence,) = said.warnings
    assert "The list data gain values of h.img has 2 entries for 3 bands and is not used" in sentence


def test_a_gain_of_0_is_said_and_not_used(envi):
    said = Said()
    with open_raster(envi("data gain values = {0, 1e-4, 0}\n"), progress=said) as reader:
        assert reader.metadata.scales == (1.0, 1e-4, 1.0)
    (sentence,) = said.warnings
    assert "h.img has bands whose scale (gain) is 0, which cannot be" in sentence


def test_of_a_header_the_image_is_named(envi):
    with pytest.raises(InputError, match=r"^h\.hdr is the header of an image; choose the image itself: h\.img\.$"):
        open_raster(str(envi("")).replace(".img", ".hdr"))


def test_complete_lists_are_not_warned_of(envi):
    said = Said()
    with open_raster(envi("wavelength = {402, 550, 700}\nbbl = {1, 0, 1}\n"), progress=said):
        assert said.warnings == []


def test_a_job_says_once_which_list_it_does_not_use(pair, tmp_path):
    hsi, pan = pair("uint16")
    envi = str(tmp_path / "h.img")
    copied(hsi, envi)
    header = tmp_path / "h.hdr"
    header.write_text(header.read_text() + "bbl = {1, 0}\n")
    said = Said()
    classical(envi, pan, str(tmp_path / "o.tif"), method="gsa", progress=said)
    assert len([sentence for sentence in said.warnings if "list bbl of h.img has 2 entries for 3" in sentence]) == 1
