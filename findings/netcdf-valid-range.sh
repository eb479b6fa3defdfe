#!/usr/bin/env bash
# What: valid_range of a netCDF variable: one reader masks, one ignores, GDAL overwrites the values, and by its
#   other driver it does not
# Version: netCDF4 1.7.4, xarray 2025.6.1, rasterio 1.4.4 (GDAL 3.10.3); by hand the same with netCDF4
#   1.7.5.1.post1, GDAL 3.12.2
# Behaviour: of int16 values outside valid_range, without any fill value in the file: netCDF4 masks them; xarray
#   gives them as they are; GDAL's netCDF driver puts -32767 in their place, even in an unmasked read, and turns the
#   rows of a variable without coordinates upside down; GDAL's HDF5 driver, on the same file, leaves values and rows
#   alone.
# Output seen (2026-11-27): row 0 in the file 100, -20, 300: netCDF4 100, masked, 300; xarray and HDF5: 100, -20,
#   300; netCDF driver: last row 100, -32767, 300
# Expected by most: a read gives what was written, in the order it was written
# Source: own measurement; GDAL's netCDF driver page, open option HONOUR_VALID_RANGE
# Run: findings/netcdf-valid-range.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 xarray==2025.6.1 netCDF4==1.7.4 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys
import warnings

import netCDF4
import numpy as np
import rasterio
import xarray

warnings.simplefilter("ignore")
VALUES = [[100, -20, 300], [400, 10001, 600]]
with netCDF4.Dataset("scene.nc", "w") as file:
    file.createDimension("y", 2)
    file.createDimension("x", 3)
    variable = file.createVariable("reflectance", "i2", ("y", "x"))
    variable.valid_range = np.array([0, 10000], np.int16)
    variable.set_auto_maskandscale(False)
    variable[:] = VALUES


def by_gdal(name):
    with rasterio.open(name) as file:
        return file.read(1).tolist()


with netCDF4.Dataset("scene.nc") as file:
    masked = file["reflectance"][:].tolist()
with xarray.open_dataset("scene.nc", engine="netcdf4") as data:
    plain = data["reflectance"].values.tolist()
by_netcdf, by_hdf5 = by_gdal("netcdf:scene.nc:reflectance"), by_gdal("hdf5:scene.nc://reflectance")
print("netCDF4", masked, "xarray", plain)
print("GDAL, netCDF driver", by_netcdf, "HDF5 driver", by_hdf5)
as_stated = (
    masked == [[100, None, 300], [400, None, 600]]
    and plain == VALUES
    and by_netcdf == [[400, -32767, 600], [100, -32767, 300]]
    and by_hdf5 == VALUES
)
sys.exit(0 if as_stated else 1)
EOF
