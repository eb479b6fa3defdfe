#!/usr/bin/env bash
# What: GDAL writes several bands as Zarr without their reference system, and reads them back without one
# Version: GDAL 3.10.3 (rasterio 1.4.4); the same by hand with GDAL 3.13.3. GDAL 3.6, which writes an array a band,
#   keeps it
# Behaviour: an image of one band that is copied to Zarr keeps its EPSG code. One of three bands becomes one array of
#   three dimensions; its reference system goes into pam.aux.xml under the names "Sliced view of /a ([::,::,0])" ...,
#   where nothing looks for it: the copy opens with the right geotransform and no reference system. No message.
# Output seen (2026-11-27): 1 band: EPSG:32633; 3 bands: None, both with the corner at 500000
# Expected by most: as many bands as you like, one reference system
# Source: own measurement; GDAL documentation, Zarr driver, creation option SINGLE_ARRAY (3.8)
# Run: findings/gdal-zarr-bands-crs.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys
import warnings

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.transform import from_origin

warnings.simplefilter("ignore")
found = {}
for count in (1, 3):
    profile = {"driver": "GTiff", "width": 9, "height": 8, "count": count, "dtype": "uint8"}
    place = {"crs": "EPSG:32633", "transform": from_origin(500000.0, 5800000.0, 30.0, 30.0)}
    with rasterio.open(f"a{count}.tif", "w", **profile, **place) as file:
        file.write(np.ones((count, 8, 9), np.uint8))
    rasterio.shutil.copy(f"a{count}.tif", f"a{count}.zarr", driver="Zarr")
    with rasterio.open(f"a{count}.zarr") as file:
        found[count] = file.count, str(file.crs), file.transform.c
print("GDAL", rasterio.__gdal_version__, found)
sys.exit(0 if found == {1: (1, "EPSG:32633", 500000.0), 3: (3, "None", 500000.0)} else 1)
EOF
