"""Parts equal the whole, whatever the engine cuts a scene into; shares, memory and the time that remains."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from core.fusion import budget, eta, pipeline
from core.fusion.budget import Limits
from core.fusion.classical import ClassicalMethod
from core.fusion.engine import fuse, shares
from core.io.grid import Window
from core.io.metadata import RasterMetadata
from core.runtime.progress import Progress
from core.scene.scene import Scene
from tests.core import engine_scenes
from tests.core.engine_scenes import NODATA, BoxFilter, collect, method_for

open_scene = engine_scenes.open_scene  # a fixture

TINY = 1e-6  # GB: the smallest pieces there are


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, -1.25)])
@pytest.mark.parametrize("reach", [0, 3])
def test_strips_and_panels_equal_the_whole(open_scene, shift, reach):
    scene = open_scene((40, 50), 3, shift)
    method = method_for(scene, residual=BoxFilter(reach))
    whole, narrow = collect(scene, method, memory=4.0), Limits(panel_cols=48)
    pieces = [piece.window for piece in fuse(scene, method.fit(scene), memory=TINY, limits=narrow)]
    assert max(window.rows for window in pieces) == budget.BLOCK
    assert {window.col for window in pieces} == {0, 48, 96}
    cut = collect(scene, method, memory=TINY, limits=narrow)
    for one, other in zip(whole, cut):
        np.testing.assert_allclose(other, one, atol=1e-5 * 1000)


def test_a_window_is_cut_out_of_the_whole(open_scene):
    scene = open_scene((40, 50), 3, (0.5, -1.25))
    method = method_for(scene, residual=BoxFilter(2))
    whole = collect(scene, method)
    for window in (Window(37, 41, 23, 70), Window(0, 100, 5, 48), Window(80, 0, 1, 1)):
        for memory in (None, TINY):
            part = collect(scene, method, window, memory, Limits(panel_cols=32))
            place = slice(window.row, window.row + window.rows), slice(window.col, window.col + window.cols)
            np.testing.assert_allclose(part[0], whole[0][:, place[0], place[1]], atol=1e-5 * 1000)
            np.testing.assert_allclose(part[2], whole[2][place], atol=1e-5 * 1000)


@pytest.mark.parametrize("networks", [0, 30])
def test_the_time_that_a_fusion_will_take_is_said_once_and_is_that_of_the_pixels_to_come(
    open_scene, monkeypatch, networks
):
    """Whoever takes the pixels needs a second a row; that the first planes took longer does not hide it."""
    clock, said = [0.0], []
    for module in (eta, pipeline):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    class Listener(Progress):
        def info(self, text):
            said.append((text, clock[0]))

    wait_for = pipeline.wait_for

    def wait(planes, progress):
        clock[0] = max(clock[0], networks)
        return wait_for(planes, progress)

    monkeypatch.setattr(pipeline, "wait_for", wait)
    scene = open_scene((40, 20), 3)
    method = method_for(scene, residual=BoxFilter(1) if networks else None)
    for piece in fuse(scene, method.fit(scene), memory=TINY, progress=Listener()):
        clock[0] += piece.window.rows
    ((text, when),) = said
    assert when <= networks + 48
    assert text == f"Fusing 120 x 60 pixels: about {networks + 120 - when:.0f} s to go."


def some_gaps(hsi, pan):
    rng = np.random.default_rng(9)
    hsi[:, rng.random(hsi.shape[1:]) < 0.02] = NODATA
    pan[rng.random(pan.shape) < 0.01] = NODATA


@pytest.mark.parametrize(
    ("ratio", "shift", "iterations", "window", "rows", "gaps", "what"),
    [
        (3, (0.0, 0.0), 5, None, 1, None, 3),
        (3, (0.5, -1.25), 2, None, 64, some_gaps, 0),
        (2, (-3.0, 0.5), 1, None, 32, None, 5),
        (4, (0.0, 0.0), 0, None, 16, None, 2),
        (3, (0.5, 0.25), 3, Window(37, 21, 123, 70), 40, some_gaps, 4),
        (3, (0.5, 0.25), 3, Window(5, 0, 170, 90), 1, None, "gsa"),
        (2, (0.0, 0.25), 2, None, 30, some_gaps, "sfim"),
    ],
)
@pytest.mark.parametrize("memory", [1.0, TINY])
def test_a_share_done_alone_has_the_very_bits_of_the_whole(
    open_scene, ratio, shift, iterations, window, rows, gaps, what, memory
):
    """With the networks' part of real convolutions, and methods that are not linear; strips and panels of all sizes."""
    limits = Limits(panel_cols=48, plane_rows=16)
    scene = open_scene((60, 32), ratio, shift, gaps=gaps)
    if isinstance(what, str):
        method = ClassicalMethod(what, 0.3, iterations).fit(scene)
    else:
        method = method_for(scene, iterations=iterations, residual=BoxFilter(what) if what else None).fit(scene)
    window = window or Window(0, 0, *scene.high_shape)
    stored = RasterMetadata.plain(4, "float32", NODATA)
    whole = np.full((window.rows, 4, window.cols), np.nan, np.float32)
    for piece in fuse(scene, method, window, memory, stored=stored, limits=limits):
        place = piece.window.row - window.row, piece.window.col - window.col
        whole[place[0] : place[0] + piece.window.rows, :, place[1] : place[1] + piece.window.cols] = (
            piece.values.transpose(1, 0, 2)
        )
    parts = shares(scene, method, window, rows, memory, stored, limits)
    assert len(parts) > 1
    assert parts[0].rows[0] == window.row
    assert parts[-1].rows[1] == window.row + window.rows
    assert all(one.rows[1] == other.rows[0] for one, other in zip(parts, parts[1:]))
    for share in (parts[-1], parts[len(parts) // 2], parts[0]):
        done = 0
        for piece in fuse(scene, method, window, stored=stored, share=share):
            assert share.rows[0] <= piece.window.row <= piece.window.row + piece.window.rows <= share.rows[1]
            top, left = piece.window.row - window.row, piece.window.col - window.col
            np.testing.assert_array_equal(
                piece.values.transpose(1, 0, 2),
                whole[top : top + piece.window.rows, :, left : left + piece.window.cols],
            )
            done += piece.window.rows * piece.window.cols
        assert done == (share.rows[1] - share.rows[0]) * window.cols


def test_a_share_reads_no_more_than_it_depends_on(open_scene, monkeypatch):
    scene = open_scene((400, 30), 2)
    method = method_for(scene, iterations=1, residual=BoxFilter(1)).fit(scene)
    parts = shares(scene, method, Window(0, 0, 800, 60), 160, limits=Limits(plane_rows=48))
    read = []
    pan_rows = Scene.pan_rows
    monkeypatch.setattr(
        Scene,
        "pan_rows",
        lambda self, start, stop, *cols: read.append(stop - start) or pan_rows(self, start, stop, *cols),
    )
    list(fuse(scene, method, share=parts[2]))
    assert sum(read) <= (4 + 2 * 3) * 48  # its own runs of 48 rows, and those that its margins touch


def test_strips_that_do_not_fit_in_memory_are_halved(open_scene):
    scene = open_scene((40, 20), 3)

    class Hungry(BoxFilter):
        refused = 0

        def __call__(self, planes, progress=None, margins=(0, 0)):
            if planes.shape[1] > 60:
                Hungry.refused += 1
                raise MemoryError
            return super().__call__(planes, progress, margins)

    plain = collect(scene, method_for(scene, residual=BoxFilter(1)))
    careful = collect(scene, method_for(scene, residual=Hungry(1)))
    assert Hungry.refused
    np.testing.assert_allclose(careful[0], plain[0], atol=1e-5 * 1000)


@pytest.mark.parametrize(("free", "expected"), [(None, 1.0), (20e9, 1.0), (1.5e9, 0.5), (0.9e9, 0.25), (1e6, 0.125)])
def test_the_usual_budget_is_at_most_half_of_what_is_free(open_scene, monkeypatch, free, expected):
    asked = []

    def spy(*arguments):
        asked.append(arguments[3])
        return budget.choose_cut(*arguments)

    monkeypatch.setattr("core.fusion.engine.free_memory", lambda: free)
    monkeypatch.setattr("core.fusion.engine.choose_cut", spy)
    scene = open_scene((10, 10), 2)
    collect(scene, method_for(scene))
    assert asked == [expected * 1e9]
