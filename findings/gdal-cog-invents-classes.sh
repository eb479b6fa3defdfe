#!/usr/bin/env bash
# What: GDAL's COG of a map of vegetation and snow has clouds between them in decimated reads
# Version: GDAL 3.6.4 (rasterio 1.3.9) and 3.10.3 (rasterio 1.4.4)
# Behaviour: the COG driver adds overviews by itself, of whole numbers too by cubic convolution, unless there is a colour
#   table; overviews of a GeoTIFF are nearest by default. Of classes 4 and 11 come all between. In full size the file is
#   right, so a check of the pixels finds nothing; a decimated read (out_shape) takes the overview.
#   OVERVIEW_RESAMPLING=NEAREST or MODE, or a colour table, keeps the classes.
# Output seen (2026-11-28): a disc of class 11 (snow or ice in Sentinel-2's scene classification) in class 4 (vegetation),
#   1024 x 1024; read at half size: 777 pixels of classes 5 to 10 that are nowhere in the scene, 444 of them cloud
#   and cirrus (8, 9, 10); the same GeoTIFF, with overviews by rasterio or without, 0
# Expected by most: another layout of the same file holds the same classes
# Source: own measurement; GDAL's COG page, OVERVIEW_RESAMPLING; gdalinfo --format COG names no default
# Run: findings/gdal-cog-invents-classes.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Pixels of classes that the scene does not have, in decimated nearest reads."""

import sys

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.transform import from_origin

SIZE, VEGETATION, SNOW = 1024, 4, 11
rows, cols = np.indices((SIZE, SIZE)) - SIZE // 2
classes = np.where(rows**2 + cols**2 < 300**2, SNOW, VEGETATION).astype("uint8")


def invented(path, size):
    """(pixels of neither class, of them those of cloud and cirrus)."""
    with rasterio.open(path) as file:
        found = file.read(1, out_shape=(size, size))
    return int((~np.isin(found, (VEGETATION, SNOW))).sum()), int(np.isin(found, (8, 9, 10)).sum())


profile = {"driver": "GTiff", "width": SIZE, "height": SIZE, "count": 1, "dtype": "uint8", "crs": "EPSG:32633"}
with rasterio.open("map.tif", "w", transform=from_origin(0, SIZE * 20, 20, 20), **profile) as file:
    file.write(classes, 1)
seen = {"GeoTIFF": invented("map.tif", SIZE // 2)}
for name, options in {
    "COG": {},
    "COG, nearest": {"OVERVIEW_RESAMPLING": "NEAREST"},
    "COG, mode": {"OVERVIEW_RESAMPLING": "MODE"},
}.items():
    rasterio.shutil.copy("map.tif", "cog.tif", driver="COG", **options)
    seen[name] = invented("cog.tif", SIZE // 2)
    full = invented("cog.tif", SIZE)
    assert full == (0, 0), full
with rasterio.open("map.tif", "r+") as file:
    file.build_overviews([2])
seen["GeoTIFF, overviews"] = invented("map.tif", SIZE // 2)
with rasterio.open("coloured.tif", "w", transform=from_origin(0, SIZE * 20, 20, 20), **profile) as file:
    file.write(classes, 1)
    file.write_colormap(1, {VEGETATION: (0, 160, 0, 255), SNOW: (255, 150, 255, 255)})
rasterio.shutil.copy("coloured.tif", "cog.tif", driver="COG")
seen["COG, colour table"] = invented("cog.tif", SIZE // 2)
print("GDAL", rasterio.__gdal_version__, "(pixels of classes that are not there, of cloud among them):", seen)
wrong = seen.pop("COG")
sys.exit(0 if wrong[0] > 500 and wrong[1] > 200 and not any(map(any, seen.values())) else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
