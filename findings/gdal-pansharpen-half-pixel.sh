#!/usr/bin/env bash
# What: GDAL's pansharpening stretches coarse bands by half a PAN pixel at either edge, up to 3.6 on Landsat's own grids
# Version: GDAL 3.6.4 (rasterio 1.3.9; the same by hand with gdal_pansharpen.py of 3.6.2) and 3.10.3 (rasterio 1.4.4)
# Behaviour: pixels of 30 and 15 m, with map coordinates. Landsat's layout, a PAN of 2n - 1 pixels that begins and ends
#   7.5 m inside: 3.6 takes both extents for the same, so coarse bands lie 8 m off at the left edge and 8 m the other
#   way at the right one; 3.10 is right. A PAN of 2n pixels that begins 7.5 m inside and ends 7.5 m beyond: 3.6
#   displaces all by 7.5 m, 3.10 by 0 at the left and 7 m at the right edge. No warning; the result's grid is right.
# Output seen (2026-11-28): displacement in m at the left and right edge, n = 400: 3.6.4 Landsat's -8.0 and 8.25, beyond
#   -8.0 and -6.75; 3.10.3 Landsat's 0.0 and 0.0, beyond 0.0 and -6.75
# Expected by most: each band where its map coordinates say, or a refusal
# Source: own measurement; GDAL's VRT tutorial, pansharpening; its migration guide from 3.6 to 3.7
# Run: findings/gdal-pansharpen-half-pixel.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Displacement of a coarse band in a pansharpened image, from a wave that is known at every place."""

import sys

import numpy as np
import rasterio
from rasterio.transform import from_origin

SIZE, COARSE, FINE = 400, 30.0, 15.0
VRT = """<VRTDataset subClass="VRTPansharpenedDataset"><PansharpeningOptions>
<PanchroBand><SourceFilename>pan.tif</SourceFilename><SourceBand>1</SourceBand></PanchroBand>
<SpectralBand dstBand="1"><SourceFilename>coarse.tif</SourceFilename><SourceBand>1</SourceBand></SpectralBand>
<SpectralBand dstBand="2"><SourceFilename>coarse.tif</SourceFilename><SourceBand>2</SourceBand></SpectralBand>
</PansharpeningOptions></VRTDataset>"""
LEVEL = 1000.0  # of the second band


def wave(x):
    return LEVEL + 500 * np.sin(x / 300)


def write(path, bands, left, size):
    count, rows, cols = bands.shape
    place = from_origin(left, COARSE * SIZE - left, size, size)
    profile = {"driver": "GTiff", "dtype": "float32", "crs": "EPSG:32633", "transform": place}
    with rasterio.open(path, "w", height=rows, width=cols, count=count, **profile) as file:
        file.write(bands.astype("float32"))


def displaced(left, pixels):
    """Metres at the left and the right edge."""
    x = COARSE * (np.arange(SIZE) + 0.5)
    coarse = np.stack([wave(x), np.full(SIZE, LEVEL)])[:, None].repeat(SIZE, 1)
    write("coarse.tif", coarse, 0.0, COARSE)
    x = left + FINE * (np.arange(pixels) + 0.5)
    pan = (wave(x) + LEVEL) / 2
    write("pan.tif", pan[None, None].repeat(pixels, 1), left, FINE)
    with rasterio.open(VRT) as file:
        assert (file.transform.c, file.width) == (left, pixels), file.transform
        row = file.read(1)[pixels // 2].astype(float)
    seen = LEVEL * row / (2 * pan - row)  # of Brovey's ratio: the first band before it was multiplied
    shifts = np.arange(-20, 20, 0.25)
    found = []
    for part in (slice(2, 18), slice(pixels - 18, pixels - 2)):
        errors = [np.abs(seen[part] - wave(x[part] + shift)).max() for shift in shifts]
        found.append(float(shifts[int(np.argmin(errors))]))
    return found


landsat, beyond = displaced(7.5, 2 * SIZE - 1), displaced(7.5, 2 * SIZE)
print("GDAL", rasterio.__gdal_version__, "Landsat's layout", landsat, "ends beyond", beyond)
if rasterio.__gdal_version__.startswith("3.6"):
    as_stated = landsat[0] < -6 and landsat[1] > 6 and max(beyond) < -6
else:
    as_stated = np.abs(landsat).max() < 1.5 and abs(beyond[0]) < 1.5 and beyond[1] < -5
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
