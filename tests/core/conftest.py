from __future__ import annotations

import pytest

from core.io.grid import Grid


@pytest.fixture
def make_grid():
    """A function: a north-up grid of 30 m."""

    def make(rows, cols, crs=""):
        return Grid(500000.0, 5800000.0, 30.0, -30.0, rows, cols, crs)

    return make
