#!/usr/bin/env bash
# What: under a Turkish locale GDAL reads pixel-interleaved ENVI files as band-sequential, without a word
# Version: GDAL 3.9.2 (rasterio 1.3.11) and GDAL 3.10.3 (rasterio 1.4.4); also Debian 12's GDAL 3.6.2
# Behaviour: the header's 'interleave = bip' is compared without regard to case by the C library's rules. In the
#   locale tr_TR the small i has no partner I, so 'bip' and 'bil' match nothing and the default, BSQ, is taken. All
#   samples are there, at wrong places and in wrong bands; the header and the file's size fit.
# Output seen (2026-11-27): LC_CTYPE=tr_TR.UTF-8: interleaving band, first row 0 12 1 13; C.UTF-8: interleaving pixel,
#   first row 0 1 2 3
# Expected by most: a header of plain ASCII is read alike in every locale, or refused
# Source: own measurement; the values of a header by the ENVI header format's documentation
# Run: findings/gdal-envi-turkish-locale.sh (no root, needs localedef; exit 0: as stated, 1: changed, 2: not
#   applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir locale
localedef -i tr_TR -f UTF-8 locale/tr_TR.UTF-8 || exit 2
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.4.4 || exit 2
cat >read.py <<'EOF'
import numpy as np
import rasterio

HEADER = """ENVI
samples = 4
lines = 3
bands = 2
header offset = 0
file type = ENVI Standard
data type = 2
interleave = bip
byte order = 0
map info = {UTM, 1, 1, 500000, 4000000, 30, 30, 33, North, WGS-84}
"""
cube = np.arange(24, dtype="<i2").reshape(2, 3, 4)
cube.transpose(1, 2, 0).tofile("cube.img")
with open("cube.hdr", "w") as file:
    file.write(HEADER)
with rasterio.open("cube.img") as file:
    values, kind = file.read(), file.interleaving.value.lower()
print(kind, *values[0, 0], "right" if (values == cube).all() else "wrong")
EOF
unset LC_ALL
turkish=$(LOCPATH="$folder/locale" LC_CTYPE=tr_TR.UTF-8 timeout 300 venv/bin/python -I read.py)
plain=$(LC_ALL=C.UTF-8 timeout 300 venv/bin/python -I read.py)
echo "tr_TR.UTF-8: $turkish"
echo "C.UTF-8: $plain"
[ "$turkish" = "band 0 12 1 13 wrong" ] && [ "$plain" = "pixel 0 1 2 3 right" ] || exit 1
