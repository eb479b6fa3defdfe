from __future__ import annotations

import numpy as np
import pytest

from core.io.row_stream import RowStream

IMAGE = np.arange(2 * 23 * 3).reshape(2, 23, 3)


def stream(step, first=0):
    calls = []

    def produce(start, stop):
        calls.append((start, stop))
        return IMAGE[:, start:stop]

    return RowStream(23, produce, step, first), calls


@pytest.mark.parametrize("step", [1, 4, 5, 23, 50])
def test_rows_come_out_as_they_are_whatever_the_step(step):
    rows, _ = stream(step)
    for start, stop in ((0, 3), (2, 9), (8, 10), (9, 23)):
        rows.forget(start)
        np.testing.assert_array_equal(rows.get(start, stop), IMAGE[:, start:stop])


def test_each_row_is_computed_once():
    rows, calls = stream(4)
    for start, stop in ((0, 6), (1, 7), (5, 23), (10, 23)):
        rows.get(start, stop)
    assert calls == [(n, min(n + 4, 23)) for n in range(0, 23, 4)]


def test_forgotten_rows_are_let_go_and_cannot_be_had():
    rows, _ = stream(4)
    rows.get(0, 12)
    rows.forget(9)
    assert sum(piece.shape[-2] for piece in rows._pieces) == 4
    np.testing.assert_array_equal(rows.get(9, 12), IMAGE[:, 9:12])
    with pytest.raises(ValueError, match="asked for"):
        rows.get(3, 12)


def test_nothing_outside_the_image_can_be_had():
    rows, calls = stream(5, first=7)
    with pytest.raises(ValueError, match="asked for"):
        rows.get(6, 9)
    with pytest.raises(ValueError, match="asked for"):
        rows.get(20, 24)
    np.testing.assert_array_equal(rows.get(7, 9), IMAGE[:, 7:9])
    assert calls == [(7, 12)]


@pytest.mark.parametrize("first", [0, 7])
def test_skipping_leaves_the_later_runs_as_they_would_have_been(first):
    whole, expected = stream(5, first)
    whole.get(first, 23)
    for before in range(first, 23):
        rows, calls = stream(5, first)
        rows.skip(before)
        assert rows.runs(before, 23)[0] <= before
        np.testing.assert_array_equal(rows.get(before, 23), IMAGE[:, before:23])
        assert calls == expected[-len(calls) :]
        assert calls[0][1] > before
        assert rows.runs(before, before + 1) == calls[0]
