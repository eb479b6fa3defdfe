#!/usr/bin/env bash
# What: SciPy's zoom moves an image by up to 1.5 fine pixels at ratio 4, and the mode its warning advises spoils the edges
# Version: scipy 1.11.4 and 1.15.3, numpy 1.26.4 and 2.2.6
# Behaviour: by default zoom lays the middle of the first fine pixel on that of the first coarse one, and the last on the
#   last, so that the image is stretched (ratio 1/4: shrunk) and lies right in its middle only. grid_mode=True lays it right,
#   but with the default mode writes 0 at the edges, and warns: "It is recommended to use mode = grid-constant instead of
#   constant". grid-constant then mixes 0 in, and by the default cubic spline overshoots. Right is grid_mode=True with
#   mode='nearest', 'reflect' or 'mirror', of which the warning says nothing.
# Output seen (2026-11-28): at ratios 4 and 1/4 1.5 fine pixels off at one edge, 1.5 the other way at the other. Of 64 x 64
#   pixels of an image of ones by grid_mode: default mode 496 wrong, down to 0; grid-constant 1,976, of 0.42 to 1.23 (linear:
#   496, from 0.39); nearest all 1
# Expected by most: a pixel becomes 4 x 4 in its place, ones stay ones, and advice of a warning helps
# Source: own measurement; SciPy's reference of ndimage.zoom, grid_mode; https://github.com/scipy/scipy/pull/13095
# Run: findings/scipy-zoom-edges.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Displacement of a zoomed ramp, and values of zoomed ones."""

import sys
import warnings

import numpy as np
import scipy
from scipy.ndimage import zoom

RATIO, SIZE = 4, 16


def displaced(ratio, **options):
    """Value less place of the first, middle and last pixels of a row, in fine pixels; the ramp's value is its place."""
    size = SIZE if ratio > 1 else SIZE * RATIO
    row = zoom(np.tile(np.arange(size) + 0.5, (size, 1)), ratio, order=1, **options)[0]
    errors = row - (np.arange(row.size) + 0.5) / ratio
    return [round(float(errors[place] * max(ratio, 1)), 2) for place in (0, row.size // 2, -1)]


def ones(**options):
    """(lowest, highest, pixels off by more than 0.01) of what was 1 everywhere."""
    found = zoom(np.ones((SIZE, SIZE)), RATIO, grid_mode=True, **options)
    return round(float(found.min()), 2), round(float(found.max()), 2), int((np.abs(found - 1) > 0.01).sum())


with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    by_default = ones()
advised = [str(warning.message) for warning in told]
edges = {mode: ones(mode=mode) for mode in ("grid-constant", "nearest", "reflect", "mirror")}
linear = ones(mode="grid-constant", order=1)
up, down = displaced(RATIO), displaced(1 / RATIO)
right = displaced(1 / RATIO, grid_mode=True, mode="nearest")
print("SciPy", scipy.__version__, "displacement up", up, "down", down, "down by grid_mode", right)
print("ones: default mode", by_default, edges, "linear grid-constant", linear, advised)
as_stated = (
    (up[0], up[2], down[0], down[2]) == (1.5, -1.5, -1.5, 1.5)
    and abs(up[1]) < 0.1
    and right == [0, 0, 0]
    and by_default[0] == 0
    and by_default[2] == 496
    and any("recommended to use mode = grid-constant" in message for message in advised)
    and edges.pop("grid-constant") == (0.42, 1.23, 1976)
    and linear == (0.39, 1.0, 496)
    and all(found == (1, 1, 0) for found in edges.values())
)
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 scipy==1.11.4 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 scipy==1.15.3 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
