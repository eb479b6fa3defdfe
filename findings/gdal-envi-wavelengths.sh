#!/usr/bin/env bash
# What: GDAL rounds ENVI wavelengths and widths to whole nanometres, and an ENVI copy of an ENVI file has none
# Version: GDAL 3.10.3 (rasterio 1.4.4); the same by hand with GDAL 3.12.2 (rasterio 1.5.2). Before 3.10 no such
#   items
# Behaviour: the band items CENTRAL_WAVELENGTH_UM and FWHM_UM (domain IMAGERY) have three decimals, in micrometres:
#   bands less than 1 nm apart get the same centre, a width of 6.5 nm becomes 6. The band's older item 'wavelength'
#   keeps all digits. Copied to ENVI by GDAL, the header has only band names: no wavelength, no fwhm, no bbl.
# Output seen (2026-11-27): 450.6 and 451.4 nm -> 0.451 and 0.451; fwhm 6.5 -> 0.006; copy: IMAGERY empty, header
#   without 'wavelength ='
# Expected by most: the digits of the file; a copy in the same format keeps its wavelengths
# Source: own measurement; GDAL raster data model, IMAGERY domain
# Run: findings/gdal-envi-wavelengths.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
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

warnings.simplefilter("ignore")
HEADER = """ENVI
samples = 2
lines = 2
bands = 2
header offset = 0
file type = ENVI Standard
data type = 2
interleave = bsq
byte order = 0
wavelength units = Nanometers
wavelength = {450.6, 451.4}
fwhm = {6.5, 6.5}
bbl = {1, 0}
"""
np.arange(8, dtype="<i2").tofile("cube.img")
with open("cube.hdr", "w") as file:
    file.write(HEADER)
with rasterio.open("cube.img") as file:
    imagery = [file.tags(band, ns="IMAGERY") for band in (1, 2)]
    exact = [file.tags(band).get("wavelength") for band in (1, 2)]
rasterio.shutil.copy("cube.img", "copy.img", driver="ENVI")
with rasterio.open("copy.img") as file:
    copied = [file.tags(band, ns="IMAGERY") for band in (1, 2)]
with open("copy.hdr") as file:
    fields = {line.split("=")[0].strip() for line in file if "=" in line}
print("GDAL", rasterio.__gdal_version__, imagery, exact)
print("copy", copied, sorted(fields))
rounded = {"CENTRAL_WAVELENGTH_UM": "0.451", "FWHM_UM": "0.006"}
as_stated = (
    imagery == [rounded, rounded]
    and exact == ["450.6", "451.4"]
    and copied == [{}, {}]
    and not fields & {"wavelength", "fwhm", "bbl"}
    and "band names" in fields
)
sys.exit(0 if as_stated else 1)
EOF
