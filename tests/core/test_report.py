"""The HTML report: self-contained, escaped, readable numbers; pictures decoded by GDAL, charts as SVG."""

import base64
import html.parser
import re
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from osgeo import gdal

from core.io.grid import Grid, Window
from core.io.metadata import RasterMetadata
from core.io.reader import RasterReader
from core.io.writer import RasterWriter
from core.report.charts import Chart, legend, svg
from core.report.html import (
    ColourScale,
    Facts,
    Picture,
    Pictures,
    Report,
    Section,
    Table,
    Text,
    number,
    render,
    write_page,
)
from core.report.links import link_to
from core.report.pictures import (
    COLOUR_STOPS,
    colour_map,
    describe_bands,
    overview,
    png,
    stretch_limits,
    true_colour_bands,
)
from core.runtime.errors import InputError


def decoded(data):
    """(channels, r, c) uint8 and the colour table, as an independent PNG reader sees them."""
    gdal.FileFromMemBuffer("/vsimem/report-test.png", data)
    dataset = gdal.Open("/vsimem/report-test.png")
    assert dataset is not None
    pixels = dataset.ReadAsArray()
    table = dataset.GetRasterBand(1).GetColorTable()
    colours = [table.GetColorEntry(entry) for entry in range(table.GetCount())] if table else None
    del dataset
    gdal.Unlink("/vsimem/report-test.png")
    return pixels if pixels.ndim == 3 else pixels[None], colours


class Tags(html.parser.HTMLParser):
    """Every tag must be closed; collects tags, attributes and text."""

    VOID = ("meta", "img")

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.attributes, self.text = [], [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def chart():
    x = np.arange(400.0, 1000.0, 10)
    y = np.sin(x / 90)
    y[20:25] = np.nan
    return Chart("Error", "Wavelength (nm)", "RMSE (DN)", {"alone": (x, y), "mutual": (x, y + 1)}, [(600, 650)])


@pytest.fixture
def report(chart):
    pixels = np.arange(12, dtype=float).reshape(1, 3, 4)
    valid = np.ones((3, 4), bool)
    picture = Picture("A <map>", colour_map(pixels[0], valid, 0, 11), ColourScale(0, 11, "degrees"))
    table = Table(("Method", "SAM"), [("a&b", 2.5), ("c", 1.25), ("d", None)], {"SAM": "min"})
    items = [Text("x < y"), Facts({"File": '"a".tif'}), table, Pictures([picture]), chart]
    return Report("Title <1>", "All & more.", [Section("One", items)])


def test_the_page_is_well_formed_and_escaped(report):
    tags = Tags(render(report))
    assert "Title <1>" in tags.text
    assert "a&b" in tags.text
    assert "x < y" in tags.text
    assert '"a".tif' in tags.text
    assert "map" not in tags.seen


def test_the_page_loads_nothing_and_runs_nothing(report):
    text = render(report)
    tags = Tags(text)
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(tags.seen)
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    for name, value in tags.attributes:
        if name in ("src", "href", "xlink:href", "action", "data"):
            assert value.startswith(("data:image/png;base64,", "#")), value
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)


def test_light_and_dark_are_both_styled(report):
    text = render(report)
    assert "prefers-color-scheme: dark" in text
    assert "color-scheme: light dark" in text


def test_the_best_value_is_bold():
    rows = [("a", 2.0, 0.9), ("b", 1.0, 0.8), ("c", float("nan"), None), ("d", 1.0, 0.95)]
    page = render(Report("t", "l", [Section("s", [Table(("m", "low", "high"), rows, {"low": "min", "high": "max"})])]))
    assert re.findall("<strong>(.*?)</strong>", page) == ["1", "1", "0.95"]


def test_numbers_are_readable():
    assert number(None) == "–"
    assert number(float("nan")) == "–"
    assert number(float("inf")) == "∞"
    assert number(np.float32(0.012345678)) == "0.01235"
    assert number(-1.5) == "−1.5"
    assert number(123456) == "123456"
    assert number(True) == "yes"
    assert number("text") == "text"


def test_pictures_are_embedded_as_they_are():
    data = png(np.zeros((3, 2, 2)), np.ones((2, 2), bool), np.array([[0.0, 1.0]] * 3))
    page = render(Report("t", "l", [Section("s", [Pictures([Picture("c", data)])])]))
    assert base64.b64decode(re.search(r"base64,([^\"]*)", page).group(1)) == data


def test_an_unknown_item_is_refused():
    with pytest.raises(TypeError, match="a report holds"):
        render(Report("t", "l", [Section("s", ["text"])]))


def test_writing_replaces_in_one_step_and_leaves_nothing_else(report, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    write_page(path, render(report))
    assert path.read_text(encoding="utf-8") == render(report)
    broken = Report("t", "l", [Section("s", [object()])])
    with pytest.raises(TypeError):
        write_page(path, render(broken))
    assert path.read_text(encoding="utf-8") == render(report)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_missing_folder_is_one_sentence(report, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        write_page(tmp_path / "nowhere" / "report.html", render(report))


def test_a_chart_is_valid_svg_that_follows_the_page(chart):
    pytest.importorskip("matplotlib")
    drawing = svg(chart)
    root = ElementTree.fromstring(drawing)
    assert root.tag.endswith("svg")
    texts = "".join(root.itertext()) + legend(chart)
    for label in ("Wavelength (nm)", "RMSE (DN)", "alone", "mutual"):
        assert label in texts
    assert "currentColor" in drawing
    assert "var(--series-1" in drawing
    assert "var(--series-2" in drawing
    identifiers = re.findall(r' id="([^"]*)"', drawing)
    assert len(identifiers) == len(set(identifiers))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]*)', drawing)) <= set(identifiers)
    assert svg(chart) == drawing


def test_an_interval_is_a_shaded_area_in_the_colour_of_its_line():
    pytest.importorskip("matplotlib")
    lines = {"one": ([0, 1, 2], [1, 2, 1]), "other": ([0, 1, 2], [2, 3, 2])}
    shaded = svg(Chart("t", "a", "b", lines, intervals={"other": ([1, 2, 1], [3, 4, 3])}))
    areas = re.findall(r"fill: (var\([^)]*\)); fill-opacity: 0.18", shaded)
    assert len(areas) == 1
    assert areas[0].startswith("var(--series-2")


def test_a_name_is_no_formula(chart):
    pytest.importorskip("matplotlib")
    odd = Chart("t", "a_$b$", "c", {"$x_1": ([0, 1], [0, 1]), "_hidden": ([0, 1], [1, 0])})
    texts = "".join(ElementTree.fromstring(svg(odd)).itertext()) + legend(odd)
    assert "$x_1" in texts
    assert "hidden" in texts


def test_drawing_changes_no_global_setting(chart):
    matplotlib = pytest.importorskip("matplotlib")
    before = dict(matplotlib.rcParams)
    pyplot = "matplotlib.pyplot" in sys.modules
    svg(chart)
    assert dict(matplotlib.rcParams) == before
    assert ("matplotlib.pyplot" in sys.modules) == pyplot


def test_without_matplotlib_a_chart_becomes_numbers(report, chart, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert svg(chart) is None
    tags = Tags(render(report))
    assert "matplotlib is not installed" in tags.text
    assert "svg" not in tags.seen
    assert "mutual" in tags.text


def test_a_stretched_picture_has_the_values_by_hand():
    values = np.array([[[0.0, 5.0, 10.0, 20.0]], [[1.0, 1.0, 2.0, 2.0]], [[0.0, 0.0, 0.0, 3.0]]])
    limits = np.array([[0.0, 10.0], [1.0, 2.0], [0.0, 3.0]])
    pixels, _ = decoded(png(values, np.ones((1, 4), bool), limits))
    np.testing.assert_array_equal(pixels[:, 0], [[0, 128, 255, 255], [0, 0, 255, 255], [0, 0, 0, 255]])


def test_invalid_pixels_are_transparent():
    values = np.full((3, 2, 2), 0.5)
    values[:, 0, 1] = np.nan
    valid = np.array([[True, False], [True, True]])
    pixels, _ = decoded(png(values, valid, np.array([[0.0, 1.0]] * 3)))
    np.testing.assert_array_equal(pixels[3], [[255, 0], [255, 255]])
    grey, _ = decoded(png(values[:1], valid, np.array([[0.0, 1.0]])))
    np.testing.assert_array_equal(grey[1], [[255, 0], [255, 255]])


def test_a_large_picture_survives_its_compression():
    random = np.random.default_rng(0).integers(0, 256, (3, 61, 47)).astype(float)
    pixels, _ = decoded(png(random, np.ones((61, 47), bool), np.array([[0.0, 255.0]] * 3)))
    np.testing.assert_array_equal(pixels, random)
    smooth = np.broadcast_to(np.arange(61.0)[:, None] * 4, (1, 61, 47))
    pixels, _ = decoded(png(smooth, np.ones((61, 47), bool), np.array([[0.0, 255.0]])))
    np.testing.assert_array_equal(pixels, smooth)


def test_a_colour_map_runs_from_the_first_to_the_last_colour():
    values = np.array([[-1.0, 0.0, 4.0, 9.0, np.nan, 2.0]])
    valid = np.array([[True, True, True, True, True, False]])
    pixels, colours = decoded(colour_map(values, valid, 0.0, 4.0))
    shown = [colours[level] for level in pixels[0, 0]]
    assert [colour[:3] for colour in shown[:4]] == [
        COLOUR_STOPS[0],
        COLOUR_STOPS[0],
        COLOUR_STOPS[-1],
        COLOUR_STOPS[-1],
    ]
    assert [colour[3] for colour in shown] == [255, 255, 255, 255, 0, 0]
    lightness = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b, _ in colours[:255]]
    assert all(np.diff(lightness) >= -0.5)


def test_stretch_limits_are_percentiles_of_valid_pixels():
    values = np.arange(101.0).reshape(1, 1, 101)
    assert stretch_limits(values, np.ones((1, 101), bool)).tolist() == [[2.0, 98.0]]
    valid = np.zeros((1, 101), bool)
    valid[0, 50] = True
    assert stretch_limits(values, valid).tolist() == [[50.0, 51.0]]
    assert stretch_limits(values, np.zeros((1, 101), bool)).tolist() == [[0.0, 1.0]]


def metadata(wavelengths, bbl=None):
    plain = RasterMetadata.plain(len(wavelengths), "float32")
    return plain.replace(wavelengths=tuple(wavelengths), bbl=tuple(bbl or [1] * len(wavelengths)))


def test_true_colour_by_wavelength_and_without():
    assert true_colour_bands(metadata([450.0, 470.0, 545.0, 640.0, 700.0])) == (3, 2, 0)
    assert true_colour_bands(metadata([450.0, 470.0, 545.0, 640.0, 650.0], [0, 1, 1, 0, 1])) == (4, 2, 1)
    assert true_colour_bands(metadata([None] * 4)) == (2, 1, 0)  # blue, green, red, near infrared
    assert true_colour_bands(metadata([None] * 8)) == (4, 2, 1)  # WorldView's
    assert true_colour_bands(metadata([None] * 5)) == (3, 2, 1)
    assert true_colour_bands(metadata([1000.0, 1500.0, 2000.0, 2300.0])) == (3, 2, 1)
    assert true_colour_bands(metadata([None])) == (0, 0, 0)
    assert describe_bands(metadata([641.0, None]), (0, 1, 1)) == "red 641 nm, green band 2, blue band 2"


def test_an_overview_takes_every_nth_pixel(tmp_path):
    path = str(tmp_path / "a.tif")
    values = np.arange(2 * 30 * 41, dtype=np.float32).reshape(2, 30, 41)
    bands = RasterMetadata.plain(2, "float32").replace(scales=(2.0, 1.0), offsets=(0.0, 5.0))
    with RasterWriter(path, Grid(500000, 4000000, 10, -10, 30, 41), bands) as writer:
        writer.write(values, np.ones(values.shape, bool))
    with RasterReader(path) as reader:
        small, valid = overview(reader, (1, 0), 10)
        part, _ = overview(reader, (0,), 100, Window(3, 4, 5, 6))
    assert small.shape == (2, 6, 8)
    assert valid.all()
    np.testing.assert_array_equal(small[0], values[1, 2::5, 2::5] + 5)
    np.testing.assert_array_equal(small[1], values[0, 2::5, 2::5] * 2)
    np.testing.assert_array_equal(part[0], values[0, 3:8, 4:10] * 2)


def test_links_lead_to_files_beside_the_page(tmp_path):
    link = link_to(str(tmp_path / "a b#ü.tif"), tmp_path / "reports")
    assert link.target == "../a%20b%23%C3%BC.tif"
    assert link.text == "a b#ü.tif"
    page = render(Report("t", "l", [Section("s", [Facts({"Result": link, "Size": 4}), Table(("x",), [(link,)])])]))
    assert page.count(link.markup()) == 2
