#!/usr/bin/env bash
# What: rioxarray's reproject of a rotated image keeps 85 of its 10,000 pixels, or none
# Version: rioxarray 0.17.0 (rasterio 1.3.9, xarray 2024.7.0) and 0.19.0 (1.4.4, 2025.6.1); 0.15.0 refused with an error
# Behaviour: of a rotated geotransform, as airborne scanners have it, rio.bounds() makes an upright square of the pixel
#   size, and lays it north of the origin, as both sizes come out positive. rio.reproject asks for the extent of just this
#   square, so the result is nodata but for the strip where image and square overlap. What is left lies right. No error;
#   a warning says only "Transform that is non-rectilinear or with rotation found. Unable to recalculate." rasterio's own
#   bounds of the file and its WarpedVRT are right.
# Output seen (2026-11-28): 100 x 100 pixels of 30 m turned by 1, 10 and 45 degrees anticlockwise: 85, 873 and 4,159 valid
#   pixels, by 10 degrees clockwise none; WarpedVRT 9,999, 10,002, 4,929 at its coarser pixels, and 10,002; not turned all
# Expected by most: an image warped to north-up covers the same ground
# Source: own measurement; https://github.com/corteva/rioxarray/issues/847 (open: bounds of a sheared image), 746 (closed);
#   rioxarray's reference of reproject: of rotation nothing
# Run: findings/rioxarray-rotated-reproject.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Valid pixels of a rotated image that was warped to north-up, by rioxarray and by rasterio."""

import sys
import warnings

import numpy as np
import rasterio
import rioxarray
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT

SIZE, PIXEL, MISSING = 100, 30, -1e6
X, Y = 500000, 5000000
ANGLES = (0, 1, 10, 45, -10)
messages = set()


def shown(angle):
    """(valid pixels by rioxarray, by WarpedVRT, error of the valid ones' places, error of the bounds), in metres."""
    place = Affine.rotation(angle) * Affine.scale(PIXEL, -PIXEL)
    rows, cols = np.mgrid[:SIZE, :SIZE] + 0.5
    east, north = place.a * cols + place.b * rows, place.d * cols + place.e * rows
    profile = {"driver": "GTiff", "width": SIZE, "height": SIZE, "count": 2, "dtype": "float32", "nodata": MISSING}
    with rasterio.open(
        "image.tif", "w", crs="EPSG:32633", transform=Affine.translation(X, Y) * place, **profile
    ) as file:
        file.write(np.stack([east, north]).astype("float32"))
    with rasterio.open("image.tif") as file, WarpedVRT(file) as warped:
        by_vrt = int((warped.read(1) != MISSING).sum())
        bounds = np.array(file.bounds)
    image = rioxarray.open_rasterio("image.tif")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        upright = image.rio.reproject(image.rio.crs)
    messages.update(str(warning.message) for warning in told if warning.category is UserWarning)
    valid = upright.values[0] != MISSING
    xs, ys = np.meshgrid(upright.x.values - X, upright.y.values - Y)
    off = np.hypot(upright.values[0] - xs, upright.values[1] - ys)[valid]
    outside = float(np.abs(bounds - np.array(image.rio.bounds())).max())
    return int(valid.sum()), by_vrt, round(float(off.max(initial=0)), 1), round(outside)


seen = {angle: shown(angle) for angle in ANGLES}
print("rioxarray", rioxarray.__version__, "rasterio", rasterio.__version__, "GDAL", rasterio.__gdal_version__)
print("angle: valid pixels by rioxarray, by WarpedVRT, error of places, of bounds:", seen, messages)
expected = {1: 85, 10: 873, 45: 4159, -10: 0}
as_stated = (
    seen[0] == (SIZE**2, SIZE**2, 0.0, 0)
    and all(abs(seen[angle][0] - valid) <= 0.02 * valid for angle, valid in expected.items())
    and all(seen[angle][1] > 4900 for angle in ANGLES)
    and all(off < PIXEL for _, _, off, _ in seen.values())
    and messages == {"Transform that is non-rectilinear or with rotation found. Unable to recalculate."}
    and all(seen[angle][3] > 40 * PIXEL for angle in expected)
)
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 xarray==2024.7.0 rioxarray==0.17.0 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 xarray==2025.6.1 rioxarray==0.19.0 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
