"""What a notebook shows: results as a verdict with pictures, figures, a progress bar."""

from __future__ import annotations

import html.parser
import sys

import numpy as np
import pytest

import core
from core.runtime.progress import ConsoleProgress
from core.runtime.progress_bar import TqdmProgress, progress_bar

NESTED = {"mtf": 0.3, "shift": "none", "contradictions": "off"}


@pytest.fixture
def files(related_files):
    return related_files


class Words(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.text, self.pictures = "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.pictures.append(dict(attrs)["src"])

    def handle_data(self, data):
        self.text += data


def test_a_result_shows_its_verdict_and_its_picture(files, tmp_path):
    made = core.classical(*files[:2], tmp_path / "a.tif", **NESTED)
    shown = Words(made._repr_html_())
    assert made["verdict"] in shown.text
    assert all(check["text"] in shown.text for check in made["checks"])
    assert [source[:22] for source in shown.pictures] == ["data:image/png;base64,"]
    (tmp_path / "a.tif").unlink()
    assert Words(made._repr_html_()).pictures == []
    inspected = core.inspect(*files[:2])
    assert inspected["verdict"] in Words(inspected._repr_html_()).text


def test_arrays_show_themselves(files):
    made = core.classical_arrays(files[2].astype(np.float32), files[3].astype(np.float32), 3, **NESTED)
    shown = Words(made._repr_html_())
    assert made.facts["verdict"] in shown.text
    assert len(shown.pictures) == 1


def test_arrays_show_themselves_in_true_colours_where_wavelengths_are_known(files):
    hsi, pan = files[2].astype(np.float32), files[3].astype(np.float32)
    waves = np.linspace(450, 650, len(hsi))  # from blue to red
    made = core.classical_arrays(hsi, pan, 3, wavelengths=waves, **NESTED)
    turned = core.classical_arrays(hsi[::-1], pan, 3, wavelengths=waves[::-1], **NESTED)
    np.testing.assert_allclose(made.wavelengths, waves, rtol=1e-6)
    assert Words(made._repr_html_()).pictures == Words(turned._repr_html_()).pictures


def test_figures_show_what_the_files_hold(files, tmp_path):
    pytest.importorskip("matplotlib")
    made = core.classical(*files[:2], tmp_path / "a.tif", **NESTED)["output"]
    figure = core.plot_images(files[0], made, files[1])
    assert [axis.get_title() for axis in figure.axes] == ["HSI", "PAN", "Result"]
    assert figure.axes[2].images[0].get_array().shape == (72, 72, 3)
    assert figure._repr_png_()[:4] == b"\x89PNG"  # which IPython shows where pyplot is not loaded
    figure = core.plot_spectra(files[0], made, [(10, 20), (50, 3)])
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    np.testing.assert_allclose(lines["HSI"], files[2][:, 3, 6], rtol=1e-6)
    np.testing.assert_allclose(lines["result - HSI"], lines["result"] - lines["HSI"])
    with pytest.raises(core.InputError, match="outside"):
        core.plot_spectra(files[0], made, [(72, 0)])
    assert len(core.plot_spectra(files[0], made, (10, 20)).axes) == 1  # a single place
    with pytest.raises(core.InputError, match=r"give .row, column. of pixels"):
        core.plot_spectra(files[0], made, [])


def test_figures_take_folders(tmp_path, make_raster):
    pytest.importorskip("matplotlib")
    folder = tmp_path / "product"
    folder.mkdir()
    for path in (folder / "image.tif", tmp_path / "result.tif"):
        make_raster(path, np.arange(240).reshape(6, 5, 8).astype(np.float32))
    assert len(core.plot_images(folder, tmp_path / "result.tif", folder).axes) == 3
    assert len(core.plot_spectra(folder, tmp_path / "result.tif", (4, 7)).axes) == 1


class Bar:
    def __init__(self):
        self.n, self.said, self.closed = 0, [], False

    def set_description(self, text, refresh=True):
        self.said.append(text)

    def write(self, text):
        self.said.append(text)

    def refresh(self):
        pass

    def close(self):
        self.closed = True


def test_a_bar_follows_the_job():
    bar = Bar()
    progress = TqdmProgress(bar)
    progress.set(0.25, "Fusing")
    progress.part(0.5, 1.0).set(0.5)
    progress.warning("w")
    assert (bar.n, bar.said, bar.closed) == (75.0, ["Fusing", "Warning: w"], False)
    progress.set(1.0)
    assert (bar.n, bar.closed) == (100.0, True)


def test_without_tqdm_the_bar_is_text(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    assert isinstance(progress_bar(), ConsoleProgress)
    monkeypatch.undo()
    pytest.importorskip("tqdm")
    progress = progress_bar()
    assert isinstance(progress, TqdmProgress)
    progress.set(1.0)
