#!/usr/bin/env bash
# What: GDAL's 'gauss' moves the image by half a fine pixel and more, and overviews move a nearest read by up to 4
# Version: GDAL 3.6.4 (rasterio 1.3.9) and 3.10.3 (rasterio 1.4.4)
# Behaviour: a decimated read (out_shape) by 'gauss' lays a kernel of odd width over a block from its first pixels on:
#   ratios 2, 4, 8 come out half a fine pixel too far to the left, 3 and 5 a whole one; overviews of 2, 4, 8, each made
#   from the one before, 0.5, 1.5 and 3.5. The georeference does not tell. 'average' and 'bilinear' lie right. By
#   'nearest' (the default of reads and of overviews) a read of an even ratio takes the pixel right of the middle, +0.5;
#   once the same file has overviews, it takes the first one.
# Output seen (2026-11-28): displacement in fine pixels at ratios 2, 3, 4, 5, 8: gauss read 0.5, 1, 0.5, 1, 0.5; gauss
#   overviews 2, 4, 8: 0.5, 1.5, 3.5; nearest read at 2, 4, 8 0.5, with overviews -0.5, -1.5, -3.5; average, bilinear 0
# Expected by most: a coarse pixel stands for the middle of its block, with overviews and without
# Source: own measurement; GDAL's gdaladdo page: gauss "can lead to better results than simple averaging", of a shift
#   nothing; of nearest it says "generally not appropriate if sub-pixel accuracy is desired"
# Run: findings/gdal-gauss-off-centre.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Displacement of decimated images in fine pixels, from a ramp whose value is the place."""

import sys

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin

SIZE = 480
METHODS = (Resampling.nearest, Resampling.average, Resampling.bilinear, Resampling.gauss)
ramp = np.broadcast_to(np.arange(SIZE) + 0.5, (SIZE, SIZE)).astype("float32")


def write(path):
    place = from_origin(0, SIZE, 1, 1)
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "crs": "EPSG:32633", "transform": place}
    with rasterio.open(path, "w", width=SIZE, height=SIZE, **profile) as file:
        file.write(ramp, 1)


def displaced(path, ratio, resampling):
    """Value less place inside a read of every ratio-th pixel; edges left out."""
    size = SIZE // ratio
    with rasterio.open(path) as file:
        row = file.read(1, out_shape=(size, size), resampling=resampling)[size // 2]
    errors = (row - ratio * (np.arange(size) + 0.5))[6:-6]
    assert np.ptp(errors) < 1e-3, errors
    return round(float(errors.mean()), 3)


write("plain.tif")
reads, overviews = {}, {}
for method in METHODS:
    reads[method.name] = [displaced("plain.tif", ratio, method) for ratio in (2, 3, 4, 5, 8)]
    write("reduced.tif")
    with rasterio.open("reduced.tif", "r+") as file:
        file.build_overviews([2, 4, 8], method)
    overviews[method.name] = [displaced("reduced.tif", ratio, Resampling.nearest) for ratio in (2, 4, 8)]
    print("GDAL", rasterio.__gdal_version__, method.name, reads[method.name], "overviews", overviews[method.name])
as_stated = (
    reads["gauss"] == [0.5, 1.0, 0.5, 1.0, 0.5]
    and overviews["gauss"] == [0.5, 1.5, 3.5]
    and reads["nearest"] == [0.5, 0.0, 0.5, 0.0, 0.5]
    and overviews["nearest"] == [-0.5, -1.5, -3.5]
    and not any(np.abs(found[name]).max() > 1e-3 for found in (reads, overviews) for name in ("average", "bilinear"))
)
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
