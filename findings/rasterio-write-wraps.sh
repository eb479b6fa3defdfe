#!/usr/bin/env bash
# What: rasterio reads 300 as a byte of 255 but writes it as 44, and so does 'rio convert --dtype uint8'
# Version: rasterio 1.3.9 (GDAL 3.6.4, numpy 1.26.4) and 1.4.4 (3.10.3, 2.2.6)
# Behaviour: read(out_dtype) and WarpedVRT(dtype) leave the conversion to GDAL, which rounds, and holds what is too large or
#   small at the ends of the type. write() casts by numpy before GDAL sees the array: what does not fit wraps around, and
#   fractions are cut off. rio convert writes this way. No error, no warning.
# Output seen (2026-11-28): 255, 256, 300, 10000 and -5 of int16 as uint8: read and WarpedVRT give 255, 255, 255, 255, 0;
#   write and rio convert 255, 0, 44, 16, 251; 2.7 of float32 is read as 3, written as 2
# Expected by most: one library converts in one way, and 'rio convert' as gdal_translate does
# Source: own measurement; rasterio's reference of DatasetWriter.write and 'rio convert --help': of overflow nothing
# Run: findings/rasterio-write-wraps.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Numbers that a byte cannot hold, converted by four ways of rasterio."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT

warnings.simplefilter("error", RuntimeWarning)
NUMBERS = np.array([[[255, 256, 300, 10000, -5]]], "int16")
PROFILE = {"driver": "GTiff", "height": 1, "count": 1, "crs": "EPSG:32633", "transform": from_origin(0, 30, 30, 30)}


def written(path, array, dtype):
    """The path of a file of this type that rasterio's write() made of the array."""
    with rasterio.open(path, "w", dtype=dtype, width=array.shape[2], **PROFILE) as file:
        file.write(array)
    return path


def pixels(path):
    """All pixels of a file in its own type."""
    with rasterio.open(path) as file:
        assert file.dtypes == ("uint8",)
        return file.read().ravel().tolist()


def converted():
    """What rio convert makes of the numbers."""
    command = [str(Path(sys.executable).with_name("rio")), "convert", "numbers.tif", "bytes.tif", "--overwrite"]
    done = subprocess.run([*command, "--dtype", "uint8"], check=True, capture_output=True, text=True)
    told = [line for line in (done.stdout + done.stderr).splitlines() if "PHOTOMETRIC" not in line]
    assert not told, told
    return pixels("bytes.tif")


written("numbers.tif", NUMBERS, "int16")
fraction = np.array([[[2.7]]], "float32")
written("fraction.tif", fraction, "float32")
seen = {}
with rasterio.open("numbers.tif") as file, WarpedVRT(file, dtype="uint8") as warped:
    seen["read"] = file.read(out_dtype="uint8").ravel().tolist()
    seen["WarpedVRT"] = warped.read().ravel().tolist()
seen["write"] = pixels(written("written.tif", NUMBERS, "uint8"))
seen["rio convert"] = converted()
with rasterio.open("fraction.tif") as file:
    fractions = int(file.read(out_dtype="uint8")[0, 0, 0]), pixels(written("written.tif", fraction, "uint8"))[0]
print("rasterio", rasterio.__version__, "GDAL", rasterio.__gdal_version__, "numpy", np.__version__)
print(NUMBERS.ravel().tolist(), "as bytes:", seen, "2.7 read, written:", fractions)
as_stated = (
    seen["read"] == seen["WarpedVRT"] == [255, 255, 255, 255, 0]
    and seen["write"] == seen["rio convert"] == [255, 0, 44, 16, 251]
    and fractions == (3, 2)
)
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
