#!/usr/bin/env bash
# What: SPy's spectral angles of integers are wrong in every pixel: squares of reflectance overflow their 16 bits
# Version: spectral (SPy) 0.24 (0.25 by hand the same), numpy 2.2.6
# Behaviour: spectral_angles squares the spectra in the type of the array. Of int16, as products of EnMAP, PRISMA and
#   AVIRIS are stored and as GDAL and rasterio read them, half of the angles are NaN; of uint16 all are numbers, off by
#   tens of degrees, and nothing is said. The same values as float32 are right. (Its own loader gives float32; an array
#   from elsewhere does not.)
# Output seen (2026-11-28): 1600 pixels of 100 bands, 0 to 3000, angles to one of them: int16 half NaN, the others off
#   by more than 1 degree; uint16 no NaN, all off by more than 1 degree, at most by 48; float32 none
# Expected by most: the angle of the values, or a refusal of integers
# Source: own measurement; SPy's documentation of spectral_angles, which asks for an ndarray
# Run: findings/spectral-angles-of-integers.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 spectral==0.24 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys
import warnings

import numpy as np
import spectral

values = (np.random.default_rng(0).random((40, 40, 100)) * 3000).astype("int16")
target = values[0, 0].astype(float)
exact = values.astype(float)
cosine = exact @ target / np.linalg.norm(exact, axis=-1) / np.linalg.norm(target)
exact = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
found = {}
for dtype in ("int16", "uint16", "float32"):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        angles = np.degrees(spectral.spectral_angles(values.astype(dtype), target[None])[..., 0])
    missing, error = np.isnan(angles), np.abs(angles - exact)
    found[dtype] = missing.mean(), (error[~missing] > 1).mean(), np.nanmax(error), len(told)
    text = "NaN %.2f, off by more than 1 degree %.2f, at most by %.3f, warnings %d" % found[dtype]
    print("SPy", spectral.__version__, dtype, text)
as_stated = (
    0.3 < found["int16"][0] < 0.7
    and found["int16"][1] > 0.9
    and found["uint16"][0] == 0
    and found["uint16"][1] > 0.9
    and found["uint16"][2] > 20
    and found["uint16"][3] == 0
    and found["float32"][2] < 0.1
)
sys.exit(0 if as_stated else 1)
EOF
