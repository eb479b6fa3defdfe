#!/usr/bin/env bash
# What: NumPy's mean of a float32 band of a Sentinel-2 tile is a quarter too low with bands last, right with bands first
# Version: numpy 1.26.4 and 2.2.6
# Behaviour: mean over rows and columns of a cube (rows, columns, bands), as scikit-image, SPy and scikit-learn have
#   them, adds pixel after pixel in float32; once the sum is so large that a pixel is less than half of its last digit,
#   the rest of the scene is not added any more. In (bands, rows, columns) it adds in pairs and is right. std, which
#   needs the mean, is wrong with it. No warning, no NaN; scenes of a million pixels are off by 1e-5 only.
# Output seen (2026-11-28): 5490 x 5490 pixels (a Sentinel-2 tile at 20 m), two bands, digital numbers 2700 to 3300:
#   mean 3000, bands last 2280; standard deviation 173, bands last 733; one band alone, or bands first, right
# Expected by most: the mean of the values, whatever the order in memory
# Source: own measurement; NumPy's reference of mean, Notes ("can cause the results to be inaccurate, especially for
#   float32"); https://github.com/numpy/numpy/issues/8869 and 22956 (open)
# Run: findings/numpy-mean-bands-last.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Mean and standard deviation of two float32 bands by the order of the axes."""

import sys

import numpy as np

SIZE = 5490
bands = 2700 + 600 * np.random.default_rng(0).random((2, SIZE, SIZE), dtype="float32")
exact = bands.mean((1, 2), dtype="float64"), bands.std((1, 2), dtype="float64")
first = bands.mean((1, 2)), bands.std((1, 2))
bands = np.ascontiguousarray(np.moveaxis(bands, 0, 2))
last = bands.mean((0, 1)), bands.std((0, 1))
alone = bands[..., 0].mean(), bands[..., 0].std()
print("numpy", np.__version__, "float64", exact, "bands first", first)
print("bands last", last, "its first band alone", alone)
off = [np.abs(np.array(found) / np.array(exact) - 1) for found in (first, last)]
as_stated = (
    off[0].max() < 1e-3
    and 0.2 < off[1][0].min() <= off[1][0].max() < 0.3
    and off[1][1].min() > 2
    and np.abs(np.array(alone) / np.array(exact)[:, 0] - 1).max() < 1e-3
)
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
