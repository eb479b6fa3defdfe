#!/usr/bin/env bash
# What: a part cut by xarray from a rioxarray image and saved as netCDF opens in GDAL at the corner of the whole image
# Version: rioxarray 0.17.0 (rasterio 1.3.9, xarray 2024.7.0) and 0.19.0 (1.4.4, 2025.6.1); netCDF4 1.7.2
# Behaviour: open_rasterio keeps the geotransform as an attribute of spatial_ref, which isel, sel and coarsen do not touch.
#   to_netcdf writes it beside right x and y, and GDAL believes the attribute: the part lies where the whole began, every
#   second pixel covers a quarter. In memory rio.resolution() and rio.bounds() believe it too, so rio.reproject of an
#   image of 4 x 4 means covers less than the image. rio.clip_box and rio.to_raster are right; rio.write_transform(
#   rio.transform(recalc=True)) before to_netcdf sets the attribute right. No error, no warning.
# Output seen (2026-11-28): 100 x 80 pixels of 30 m, cut 40 columns and 20 rows in: GDAL has the corner 1,200 m west and 600 m
#   north of x and y; every second pixel: GDAL's pixels are 30 m, in x and y 60. Of 4 x 4 means rio.resolution()
#   is 30 m (x and y: 120), rio.bounds() lacks 45 m at each side, and so does rio.reproject to the same system
# Expected by most: what is cut out keeps its place; x and y are right, and by GDAL's netCDF page the attribute is a last resort
# Source: own measurement; https://github.com/corteva/rioxarray/issues/97 (slicing and rio.transform; of files nothing)
# Run: findings/rioxarray-cut-to-netcdf.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Place of parts of an image: by GDAL of the netCDF file, by its x and y, and by rioxarray."""

import sys
import warnings

import numpy as np
import rasterio
import rioxarray
import xarray
from rasterio.transform import from_origin

PIXEL, WEST, NORTH = 30, 500000, 5000000
warnings.simplefilter("error", UserWarning)


def shown(part):
    """GDAL's (west, north, pixel) of the file less those of its x and y, in metres."""
    part.to_netcdf("part.nc")
    with xarray.open_dataset("part.nc") as file:
        x, y = file.x.values, file.y.values
    pixel = x[1] - x[0]
    with rasterio.open("part.nc") as file:
        assert file.crs.to_epsg() == 32633 and file.shape == (y.size, x.size)
        place = file.transform
    corner = x[0] - pixel / 2, y[0] + pixel / 2
    return tuple(round(float(off)) for off in (place.c - corner[0], place.f - corner[1], place.a - pixel))


profile = {"driver": "GTiff", "width": 100, "height": 80, "count": 1, "dtype": "uint16", "crs": "EPSG:32633"}
with rasterio.open("image.tif", "w", transform=from_origin(WEST, NORTH, PIXEL, PIXEL), **profile) as file:
    file.write(np.arange(8000, dtype="uint16").reshape(1, 80, 100))
image = rioxarray.open_rasterio("image.tif")
cut = image.isel(x=slice(40, None), y=slice(20, None))
seen = {
    "whole": shown(image),
    "isel": shown(cut),
    "sel": shown(image.sel(x=slice(WEST + 1200, None), y=slice(NORTH - 600, None))),
    "clip_box": shown(image.rio.clip_box(WEST + 1200, 0, WEST + 3000, NORTH - 600)),
    "set right": shown(cut.rio.write_transform(cut.rio.transform(recalc=True))),
}
second = shown(image.isel(x=slice(None, None, 2), y=slice(None, None, 2)))
means = image.coarsen(x=4, y=4).mean()
extent = np.array(image.rio.bounds())
short = np.abs(np.array(means.rio.bounds()) - extent)
lost = np.abs(np.array(means.rio.reproject("EPSG:32633").rio.bounds()) - extent)
means.rio.to_raster("means.tif")
with rasterio.open("means.tif") as file:
    right = tuple(file.bounds) == tuple(extent)
print("rioxarray", rioxarray.__version__, "GDAL", rasterio.__gdal_version__, "xarray", xarray.__version__)
print("GDAL's (west, north, pixel) less those of x and y:", seen, "every second pixel:", second)
print("means: resolution", means.rio.resolution(), "bounds short by", short, "reprojected", lost, "to_raster", right)
as_stated = (
    seen["whole"] == seen["clip_box"] == seen["set right"] == (0, 0, 0)
    and seen["isel"] == seen["sel"] == (-1200, 600, 0)
    and second[2] == -PIXEL
    and means.rio.resolution() == (PIXEL, -PIXEL)
    and (short == 1.5 * PIXEL).all()
    and (lost >= 30).all()
    and right
)
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 xarray==2024.7.0 rioxarray==0.17.0 netCDF4==1.7.2 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 xarray==2025.6.1 rioxarray==0.19.0 netCDF4==1.7.2 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
