#!/usr/bin/env bash
# What: two readers, two numbers: 'reflectance scale factor' of an ENVI header, and a copy that is divided twice
# Version: spectral (SPy) 0.24 (0.25 by hand the same), rasterio 1.4.4 (GDAL 3.10.3), numpy 2.2.6
# Behaviour: SPy divides by the factor in load() and read_*() but not in open_memmap(), and divides the 'data ignore
#   value' pixels too; GDAL neither applies it nor reports it as a scale. What SPy loaded, saved with the metadata
#   it came with, keeps the factor: read again it has been divided twice.
# Output seen (2026-11-27): DN 1500, factor 10000: SPy 0.15, its memmap 1500, GDAL 1500 with scale 1.0; saved by SPy
#   and loaded again 0.000015; ignored -9999 -> -0.9999
# Expected by most: one number in all readers, or a scale that says how to get there; a copy equals its source
# Source: own measurement; ENVI header files, field 'reflectance scale factor'
# Run: findings/envi-reflectance-scale.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 spectral==0.24 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys
import warnings

import numpy as np
import rasterio
from spectral.io import envi

warnings.simplefilter("ignore")
HEADER = """ENVI
samples = 2
lines = 1
bands = 1
header offset = 0
file type = ENVI Standard
data type = 2
interleave = bsq
byte order = 0
data ignore value = -9999
reflectance scale factor = 10000
"""
np.array([1500, -9999], "<i2").tofile("cube.img")
with open("cube.hdr", "w") as file:
    file.write(HEADER)

image = envi.open("cube.hdr", "cube.img")
loaded = image.load()
mapped = image.open_memmap()
with rasterio.open("cube.img") as file:
    gdal = int(file.read(1)[0, 0]), file.scales[0], file.nodata
envi.save_image("copy.hdr", loaded, metadata=image.metadata, force=True)
again = envi.open("copy.hdr").load()
print("SPy load", loaded.ravel().tolist(), "memmap", mapped.ravel().tolist(), "ignore", image.metadata["data ignore value"])
print("GDAL (DN, scale, nodata)", gdal)
print("SPy's copy, loaded again", again.ravel().tolist())
as_stated = (
    np.allclose(loaded.ravel(), [0.15, -0.9999])
    and mapped.ravel().tolist() == [1500, -9999]
    and gdal == (1500, 1.0, -9999.0)
    and np.allclose(again.ravel()[0], 0.000015, rtol=1e-3)
)
sys.exit(0 if as_stated else 1)
EOF
