#!/usr/bin/env bash
# What: rasterio's reproject mixes nodata into the neighbours where only some bands of a pixel are missing
# Version: rasterio 1.3.9 (GDAL 3.6.4) and 1.4.4 (GDAL 3.10.3); numpy 1.26.4 and 2.2.6
# Behaviour: a cube with a nodata value, as PRISMA's 0 where one band's retrieval failed. With several bands reproject
#   and WarpedVRT take a pixel for missing only where all of its bands are (they set GDAL's UNIFIED_SRC_NODATA=YES), so
#   the 0 of the one band is interpolated as a reflectance, and what stays at 0 becomes 1, so that it is valid. The same
#   band alone is right; so are gdalwarp (3.6.2, by hand), UNIFIED_SRC_NODATA=NO and NaN as nodata. rioxarray 0.19 does
#   the same (by hand), unless the file was opened with masked=True.
# Output seen (2026-11-28): three bands of 1000, in the second 4 x 4 pixels of 0 = nodata, moved by 0.3 pixels: of
#   the second band 25 pixels are valid and wrong, 9 of them 1, none is nodata; by WarpedVRT the same; alone none wrong
# Expected by most: a band's values do not depend on what is read beside it, nodata takes no part in interpolation
#   (rasterio's text of src_nodata: "Pixels with this value will not be used for interpolation")
# Source: own measurement; rasterio's reference of warp.reproject; GDAL's GDALWarpOptions, UNIFIED_SRC_NODATA; another
#   effect of the same default: https://github.com/rasterio/rasterio/issues/3508
# Run: findings/rasterio-nodata-of-one-band.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Of the band with gaps: valid pixels that are no longer 1000, those of 1, and missing ones."""

import sys

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT
from rasterio.warp import reproject

SIZE, LEVEL, MISSING = 32, 1000, 0
CRS = "EPSG:32633"
PLACE = from_origin(0, 960, 30, 30)
MOVED = {"crs": CRS, "transform": from_origin(9, 969, 30, 30)}
cube = np.full((3, SIZE, SIZE), LEVEL, "uint16")
cube[1, 10:14, 10:14] = MISSING


def wrong(band):
    valid = band[band != MISSING]
    return int((valid != LEVEL).sum()), int((valid == 1).sum()), int((band == MISSING).sum())


def moved(bands, nodata=MISSING, **options):
    result = np.zeros_like(bands)
    reproject(
        bands,
        result,
        src_transform=PLACE,
        src_crs=CRS,
        src_nodata=nodata,
        dst_transform=MOVED["transform"],
        dst_crs=CRS,
        dst_nodata=nodata,
        resampling=Resampling.bilinear,
        **options,
    )
    return result


profile = {"driver": "GTiff", "width": SIZE, "height": SIZE, "count": 3, "dtype": "uint16", "crs": CRS}
with rasterio.open("cube.tif", "w", transform=PLACE, nodata=MISSING, **profile) as file:
    file.write(cube)
with (
    rasterio.open("cube.tif") as file,
    WarpedVRT(file, width=SIZE, height=SIZE, resampling=Resampling.bilinear, **MOVED) as warped,
):
    by_vrt = wrong(warped.read(2))
together, alone = wrong(moved(cube)[1]), wrong(moved(cube[1:2])[0])
each = wrong(moved(cube, UNIFIED_SRC_NODATA="NO")[1])
holes = np.where(cube == MISSING, np.nan, cube).astype("float32")
with_nan = float(np.nanmin(moved(holes, np.nan)[1]))
print("rasterio", rasterio.__version__, "GDAL", rasterio.__gdal_version__, "three bands", together, "WarpedVRT", by_vrt)
print("the band alone", alone, "UNIFIED_SRC_NODATA=NO", each, "lowest with NaN", with_nan)
as_stated = together == by_vrt == (25, 9, 0) and alone[0] == each[0] == 0 and abs(with_nan - LEVEL) < 0.01
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
