"""Reports in a headless browser: readable in both widths, light, dark and on paper, and the slider moves."""

from __future__ import annotations

import pytest

from core.report.html import Report, Section, Text, render, write_page
from core.workflows.inspect import inspect
from tests.core import page_checks
from tests.core.browser import Browser


@pytest.fixture(scope="module")
def browser():
    with Browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory, make_raster):
    """The report of a pair with a place where the PAN contradicts the HSI, and a warning."""
    import numpy as np

    folder, generator = tmp_path_factory.mktemp("page"), np.random.default_rng(4)
    fields = np.kron(generator.uniform(0.1, 0.9, (12, 12)), np.ones((6, 6)))
    pan = fields + generator.uniform(-0.05, 0.05, fields.shape)
    low = pan.reshape(24, 3, 24, 3).mean((1, 3))
    pan[30:33, 30:33] += 6.0
    hsi = np.stack([low * (0.3 + 0.1 * band) + 0.02 for band in range(6)]).astype(np.float32)
    place = (500000.0, 30.0, 0.0, 5800000.0, 0.0, -30.0)
    fine = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
    files = make_raster(folder / "hsi.tif", hsi, place), make_raster(folder / "pan.tif", pan.astype(np.float32), fine)
    found = inspect(*files, report=folder / "report.html")
    assert found["contradictions"]
    return folder / "report.html"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1400, 700])
def test_all_can_be_read(browser, page, width, dark):
    browser.open(page, width, dark)
    assert page_checks.low_contrast(browser) == []
    assert page_checks.small_texts(browser) == []
    assert page_checks.overflow(browser) <= 0
    assert browser.errors == []


def test_the_slider_moves_by_mouse_and_keyboard(browser, page):
    browser.open(page)
    assert page_checks.slider_faults(browser) == []
    assert browser.errors == []


def test_links_lead_somewhere(browser, page):
    browser.open(page)
    assert browser.run("document.querySelectorAll('a.spot').length") > 0
    assert page_checks.broken_links(browser, page) == []


def test_on_paper_the_pictures_stand_side_by_side(browser, page):
    browser.open(page)
    browser.run("document.querySelector('.slider input').value = 10")
    assert browser.pdf().startswith(b"%PDF")
    browser.send("Emulation.setEmulatedMedia", media="print")
    try:
        boxes = browser.run(
            "[...document.querySelectorAll('.slider figure')].map(f => [f.getBoundingClientRect().x, "
            "f.getBoundingClientRect().width, getComputedStyle(f).clipPath])"
        )
        (left, wide, clip), (right, _, other) = boxes
        assert right >= left + wide
        assert (clip, other) == ("none", "none")
        assert browser.run("getComputedStyle(document.querySelector('.slider .tools')).display") == "none"
    finally:
        browser.send("Emulation.setEmulatedMedia", media="")


def test_the_checks_see_what_is_wrong(browser, tmp_path):
    """Grey on grey, tiny letters, a link to nowhere and a fault of a script."""
    text = render(Report("t", "l", [Section("s", [Text("plain")])]))
    bad = '<p style="color: #999">faint</p><p style="font-size: 9px">tiny</p><a href="#nowhere">x</a>'
    bad += "<script>undefinedName()</script>"
    write_page(tmp_path / "bad.html", text.replace("</main>", f"{bad}</main>"))
    browser.open(tmp_path / "bad.html", 700)
    assert [row.split(":")[0] for row in page_checks.low_contrast(browser)] == ["faint"]
    assert [row.split(":")[0] for row in page_checks.small_texts(browser)] == ["tiny"]
    assert page_checks.broken_links(browser, tmp_path / "bad.html") == ["#nowhere"]
    assert any("undefinedName" in error for error in browser.errors)
    browser.errors.clear()
