#!/usr/bin/env bash
# What: rioxarray gives an image the tags of its first band as if they were the image's own
# Version: rioxarray 0.19.0, rasterio 1.4.4 (GDAL 3.10.3), xarray 2025.6.1
# Behaviour: open_rasterio() puts the metadata items of band 1 into the attributes of the whole DataArray and leaves out
#   those of all other bands. A cube of 200 bands, each with its wavelength, has one wavelength: that of its first
#   band. rasterio gives the items of each band. No warning.
# Output seen (2026-11-27): rasterio: ['450.25', '660.5', '2200.75'], rioxarray: 450.25
# Expected by most: a coordinate or a list along the bands (as is made of an ENVI file), or nothing
# Source: own measurement
# Run: findings/rioxarray-first-bands-tags.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 xarray==2025.6.1 rioxarray==0.19.0 || exit 2
timeout 300 venv/bin/python -I - <<'END'
import sys

import numpy as np
import rasterio
import rioxarray

waves = ["450.25", "660.5", "2200.75"]
grid = rasterio.transform.from_origin(500000, 5000000, 30, 30)
options = {"driver": "GTiff", "dtype": "int16", "count": 3, "width": 4, "height": 3, "crs": "EPSG:32632"}
with rasterio.open("a.tif", "w", transform=grid, **options) as file:
    file.write(np.ones((3, 3, 4), np.int16))
    for band, wave in enumerate(waves, start=1):
        file.update_tags(band, wavelength=wave)
with rasterio.open("a.tif") as file:
    by_rasterio = [file.tags(band)["wavelength"] for band in (1, 2, 3)]
found = rioxarray.open_rasterio("a.tif")
by_rioxarray = found.attrs.get("wavelength")
print(f"rasterio: {by_rasterio}, rioxarray: {by_rioxarray}, coordinates: {sorted(found.coords)}")
sys.exit(0 if by_rasterio == waves and by_rioxarray == 450.25 and "wavelength" not in found.coords else 1)
END
