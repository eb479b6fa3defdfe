#!/usr/bin/env bash
# What: GDAL shows a netCDF cube with its bands last as one band a row, with bands for columns and still on the map
# Version: GDAL 3.9.3 (rasterio 1.4.3), xarray 2025.6.1, netCDF4 1.7.2; the same by hand with GDAL 3.6.2
# Behaviour: a cube (y, x, wavelength) of 20 rows, 30 columns and 4 bands, written by xarray with coordinates and grid
#   mapping, opens as 20 bands of 30 rows and 4 columns: the last two dimensions are taken for rows and columns, whatever
#   their names, standard_name or coordinates. Reference system and pixel size are those of the map, so that it lies
#   where the cube lies, with bands along the easting. No message.
# Output seen (2026-11-29): (bands, rows, columns, EPSG, pixel size) x last: (4, 20, 30, 32633, 30.0); wavelength last:
#   (20, 30, 4, 32633, 30.0)
# Expected by most: 4 bands of 20 x 30 pixels, as of (wavelength, y, x); or no georeference, or a warning
# Source: own measurement; GDAL documentation, netCDF driver: dimensions are assumed in CF's order, Z, Y, X
# Run: findings/gdal-netcdf-bands-last.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.3 xarray==2025.6.1 netCDF4==1.7.2 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys
import warnings

import numpy as np
import rasterio
import xarray
from rasterio.crs import CRS

warnings.simplefilter("ignore")
system = CRS.from_epsg(32633).to_wkt()
mapping = xarray.DataArray(0, attrs={"crs_wkt": system, "spatial_ref": system, "GeoTransform": "500000 30 0 5800000 0 -30"})
meter = {"units": "m"}
coords = {
    "y": ("y", 5800000.0 - 15 - 30 * np.arange(20), {"standard_name": "projection_y_coordinate", **meter}),
    "x": ("x", 500000.0 + 15 + 30 * np.arange(30), {"standard_name": "projection_x_coordinate", **meter}),
    "wavelength": ("wavelength", [450.0, 550.0, 650.0, 850.0], {"units": "nm"}),
}
cube = xarray.DataArray(np.ones((20, 30, 4), np.float32), coords, ("y", "x", "wavelength"), attrs={"grid_mapping": "crs"})
found = {}
for order in (("wavelength", "y", "x"), ("y", "x", "wavelength")):
    xarray.Dataset({"cube": cube.transpose(*order), "crs": mapping}).to_netcdf("cube.nc", engine="netcdf4")
    with rasterio.open("cube.nc") as file:
        code = file.crs.to_epsg() if file.crs else None
        found[order[-1]] = file.count, file.height, file.width, code, file.transform.a
print("GDAL", rasterio.__gdal_version__, "(bands, rows, columns, EPSG, pixel size)", found)
right, wrong = found["x"], found["wavelength"]
sys.exit(0 if right[:3] == (4, 20, 30) and wrong[:3] == (20, 30, 4) and wrong[3:] == right[3:] else 1)
EOF
