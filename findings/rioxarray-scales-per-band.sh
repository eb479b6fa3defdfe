#!/usr/bin/env bash
# What: rioxarray writes zeros where each band has its own scale
# Version: rioxarray 0.19.0, rasterio 1.4.4 (GDAL 3.10.3), xarray 2025.6.1; the same by hand with rioxarray 0.23.0
# Behaviour: open_rasterio(mask_and_scale=True) applies one scale per band, to_raster() writes the scales back into
#   the file but does not divide by them: reflectances below 1 are cut to integer 0. With the same scale in all
#   bands the round trip is exact. No warning.
# Output seen (2026-11-27): scales (0.0001, 0.0002): 1500 DN -> 0.15 -> written as 0; scales (0.0001, 0.0001): 1500
#   -> 1500
# Expected by most: what was read is written again, or an error
# Source: own measurement
# Run: findings/rioxarray-scales-per-band.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 xarray==2025.6.1 rioxarray==0.19.0 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys
import warnings

import numpy as np
import rasterio
import rioxarray

warnings.simplefilter("ignore")


def round_trip(scales):
    """DN of band 1 after reading with scales applied and writing again, and the scales in the new file."""
    grid = rasterio.transform.from_origin(500000, 5000000, 30, 30)
    options = {"driver": "GTiff", "dtype": "int16", "count": 2, "width": 4, "height": 3, "crs": "EPSG:32632"}
    with rasterio.open("in.tif", "w", transform=grid, nodata=-9999, **options) as file:
        file.write(np.full((2, 3, 4), 1500, np.int16))
        file.scales = scales
    cube = rioxarray.open_rasterio("in.tif", mask_and_scale=True)
    read = float(cube.values[0, 0, 0])
    cube.rio.to_raster("out.tif")
    with rasterio.open("out.tif") as file:
        return round(read, 6), int(file.read(1)[0, 0]), file.scales


per_band = round_trip((0.0001, 0.0002))
common = round_trip((0.0001, 0.0001))
print("one scale per band (read, DN written, scales):", per_band)
print("a common scale     (read, DN written, scales):", common)
as_stated = per_band == (0.15, 0, (0.0001, 0.0002)) and common == (0.15, 1500, (0.0001, 0.0001))
sys.exit(0 if as_stated else 1)
EOF
