"""Mistakes in coordinates are named with the command that corrects them, which is run."""

from __future__ import annotations

import numpy as np
import pytest

from core.products.pair import open_pair
from tests.core import one_ground
from tests.core.one_ground import pan_in
from tests.core.refusals import commands, follow, refusal

folder, make = one_ground.folder, one_ground.make  # fixtures


def exchanged(transform, rows, cols):
    """With corners whose y comes before x."""
    x, dx, _, y, _, dy = transform
    return y, rows * dy / cols, 0.0, x, 0.0, cols * dx / rows


MISTAKES = {
    "wrong longitudes": (4326, 4326, lambda t, *_: (-t[0], *t[1:]), 4326, "the other sign of its longitudes"),
    "wrong latitudes": (32633, 4326, lambda t, *_: (*t[:3], -t[3], *t[4:]), 4326, "the other sign of its latitudes"),
    "latitudes first": (32633, 4326, exchanged, 4326, "its x and y exchanged"),
    "latitude of the corner first": (
        32633,
        4326,
        lambda t, *_: (t[3], *t[1:3], t[0], *t[4:]),
        4326,
        "x and y exchanged",
    ),
    "northings first": (32633, 32633, exchanged, 32633, "its x and y exchanged"),
    "kilometres": (
        32633,
        32633,
        lambda t, *_: tuple(0.001 * value for value in t),
        32633,
        "its coordinates times 1000",
    ),
    "the zone beside": (4326, 32633, lambda t, *_: t, 32632, "in EPSG:32633 (WGS 84 / UTM zone 33N)"),
    "of ETRS89": (4326, 25833, lambda t, *_: t, 25834, "in EPSG:25833 (ETRS89 / UTM zone 33N)"),
    "the other hemisphere": (4326, 32633, lambda t, *_: t, 32733, "in EPSG:32633 (WGS 84 / UTM zone 33N)"),
}


def test_a_zone_that_an_envi_header_states_is_named_by_its_code(make):
    plane, transform = pan_in(32633)
    make("pan.tif", plane, transform)
    cube = np.stack([plane, plane * 2, plane * 3])[:, ::4, ::4].copy().astype("<f4")
    cube.tofile("hsi.img")
    place = f"1, 1, {transform[0]}, {transform[3]}, {4 * transform[1]}, {-4 * transform[5]}, 33, South, WGS-84"
    with open("hsi.hdr", "w", encoding="ascii") as header:
        header.write(
            f"ENVI\nsamples = {cube.shape[2]}\nlines = {cube.shape[1]}\nbands = 3\nheader offset = 0\ndata type = 4\n"
            f"interleave = bsq\nbyte order = 0\nmap info = {{UTM, {place}, units=Meters}}\n"
        )
    said = refusal("hsi.img", "pan.tif")
    assert "EPSG:32733 (WGS 84 / UTM zone 33S)" in said
    assert "PROJCS" not in said
    assert commands(said)[0][1] == "-a_srs"


@pytest.mark.parametrize("wrong", ["pan", "hsi"])
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_coordinates_is_corrected_by_the_command(make, name, wrong):
    partner, own, spoil, stated, words = MISTAKES[name]
    for role, pixel in (("hsi", 30.0), ("pan", 7.43)):
        epsg = own if role == wrong else partner
        plane, transform = pan_in(epsg, pixel)
        if role == wrong:
            transform, epsg = spoil(transform, *plane.shape), stated
        make(f"{role}.tif", np.stack([plane, plane * 2, plane * 3]) if role == "hsi" else plane, transform, epsg)
    said = refusal("hsi.tif", "pan.tif")
    assert "do not overlap" in said
    assert words in said
    (edit,) = commands(said)
    assert edit[-1] == f"{wrong}.tif" or name == "wrong longitudes"  # of two signs, either may be wrong
    follow(edit)
    with open_pair("hsi.tif", "pan.tif") as scene:
        assert scene.low_valid.mean() > 0.8
