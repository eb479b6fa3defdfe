#!/usr/bin/env bash
# What: rasterio's merge lays an image up to nine tenths of a pixel beside its place, whatever resampling it is given
# Version: rasterio 1.4.4 (by hand: 1.3.9, 1.3.11, 1.4.3 the same, 1.4.1 and 1.4.2 right), numpy 2.2.6
# Behaviour: the second image's grid lies a fraction of a pixel to the right of the first one's, as with tiles of
#   different dates, sensors or processors. Its place is rounded with floor(offset + 0.1), so it is moved to the left by
#   that whole fraction, up to 0.9 pixels, and its last pixel may stay empty; bilinear and cubic do not shift it back.
#   The transform that comes back is the grid's and tells nothing of it; no warning.
# Output seen (2026-11-28): pixels of 10 m, by nearest, bilinear and cubic alike: fraction 0.05: 0.5 m off, 0.25: 2.5,
#   0.5: 5.0, 0.75: 7.5 m and an empty column, 0.875: 8.8 m and an empty column; by reproject, bilinear: 0.0 m
# Expected by most: each image where its map coordinates say, at worst half a pixel beside with nearest
# Source: own measurement; https://github.com/rasterio/rasterio/issues/2205 (open: merge is prone to off-by-one errors)
#   and https://github.com/rasterio/rasterio/pull/3234 (its new way, since 1.4.3, "has a sub-pixel shift")
# Run: findings/rasterio-merge-between-pixels.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.merge import merge
from rasterio.transform import from_origin
from rasterio.warp import reproject

SIZE, PIXEL, CRS, EMPTY = 64, 10.0, "EPSG:32633", -1.0


def write(path, left):
    """An image whose values are the easting of each pixel's centre."""
    eastings = left + PIXEL * (np.arange(SIZE) + 0.5)
    profile = {"driver": "GTiff", "width": SIZE, "height": SIZE, "count": 1, "dtype": "float32", "crs": CRS}
    with rasterio.open(path, "w", nodata=EMPTY, transform=from_origin(left, 640, PIXEL, PIXEL), **profile) as file:
        file.write(eastings[None, None].repeat(SIZE, 1).astype("float32"))


def displaced(row, left):
    """Metres by which the second image lies beside its place at its left and right end; pixels without a value."""
    eastings = PIXEL * (np.arange(len(row)) + 0.5)
    inside = (eastings > left + 3 * PIXEL) & (eastings < left + (SIZE - 4) * PIXEL)
    errors = (row - eastings)[inside]
    covered = (eastings > left) & (eastings < left + SIZE * PIXEL)
    return round(float(errors[0]), 1), round(float(errors[-1]), 1), int((row[covered] == EMPTY).sum())


write("first.tif", 0.0)
found, warped_right = {}, []
for phase in (0.0, 0.05, 0.25, 0.5, 0.75, 0.875):
    left = (SIZE + 3 + phase) * PIXEL  # to the right of the first image, three pixels and a part between them
    write("second.tif", left)
    for resampling in (Resampling.nearest, Resampling.bilinear, Resampling.cubic):
        with rasterio.open("first.tif") as first, rasterio.open("second.tif") as second:
            merged, place = merge([first, second], bounds=(0, 0, 1400, 640), resampling=resampling)
        assert (place.a, place.c) == (PIXEL, 0.0), place
        found[phase, resampling.name] = displaced(merged[0, SIZE // 2], left)
        print("rasterio", rasterio.__version__, "phase", phase, resampling.name, found[phase, resampling.name])
    warped = np.full_like(merged, EMPTY)
    with rasterio.open("second.tif") as second:
        reproject(rasterio.band(second, 1), warped, dst_transform=place, dst_crs=CRS, resampling=Resampling.bilinear)
    warped_right += displaced(warped[0, SIZE // 2], left)[:2]
print("reproject, bilinear, all phases: at most", max(map(abs, warped_right)), "m")
as_stated = max(map(abs, warped_right)) < 0.1 and all(
    abs(start - PIXEL * phase) < 0.1 and abs(end - PIXEL * phase) < 0.1 and empty == (phase > 0.5)
    for (phase, _), (start, end, empty) in found.items()
)
sys.exit(0 if as_stated else 1)
EOF
