#!/usr/bin/env bash
# What: GDAL finds no file with a path above 100 characters in a tar archive that Python has packed
# Version: GDAL 3.6.4 (rasterio 1.3.9) and 3.10.3 (rasterio 1.4.4); the same by hand with 3.6.2 and 3.13.3
# Behaviour: /vsitar/ knows the long names of GNU tar and of ustar, and no extended headers (pax), which Python's tarfile
#   (since 3.8) and shutil.make_archive write by default, and GNU tar with --format=posix. Of a longer path the first
#   100 characters remain, one name for all files of a deep folder. Products' folders are that deep: EnMAP's, and
#   Sentinel-2's .SAFE. tarfile.GNU_FORMAT, a zip archive, or unpacking helps.
# Output seen (2026-11-29): three bands of a .SAFE, paths of 157 characters, by full name: zip 3 of 3 open, GNU tar 3,
#   Python's default 0 ("does not exist in the file system")
# Expected by most: what tar -t lists can be opened; GDAL's page of /vsitar/ names no limit
# Source: own measurement; https://github.com/OSGeo/gdal/issues/4625 and 1559, closed for the kind of GNU tar
# Run: findings/gdal-tar-long-names.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""How many of three bands of a product open by their names in an archive."""

import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import RasterioIOError
from rasterio.transform import from_origin

SCENE = "S2A_MSIL2A_20220724T101559_N0510_R065_T33UUU_20220724T162000.SAFE"
IMAGES = Path(SCENE) / "GRANULE" / "L2A_T33UUU_A037017_20220724T101806" / "IMG_DATA" / "R10m"
BANDS = ("B02", "B03", "B04")
IMAGES.mkdir(parents=True, exist_ok=True)
names = [(IMAGES / f"T33UUU_20220724T101559_{band}_10m.tif").as_posix() for band in BANDS]
profile = {"driver": "GTiff", "width": 20, "height": 20, "count": 1, "dtype": "uint8", "crs": "EPSG:32633"}
for number, name in enumerate(names, 2):
    with rasterio.open(name, "w", transform=from_origin(5e5, 5e6, 10, 10), **profile) as file:
        file.write(np.full((1, 20, 20), number, np.uint8))
with zipfile.ZipFile("product.zip", "w") as archive:
    for name in names:
        archive.write(name)
for path, kind in (("gnu.tar", tarfile.GNU_FORMAT), ("default.tar", tarfile.DEFAULT_FORMAT)):
    with tarfile.open(path, "w", format=kind) as archive:
        archive.add(SCENE)
    with tarfile.open(path) as archive:
        assert set(names) <= set(archive.getnames())


def value(path):
    """The number that a file holds; 0 where it cannot be opened."""
    try:
        with rasterio.open(path) as file:
            return int(file.read(1)[0, 0])
    except RasterioIOError:
        return 0


here = Path.cwd()
seen = {
    archive: sum(value(f"/{kind}/{here}/{archive}/{name}") == number for number, name in enumerate(names, 2))
    for kind, archive in (("vsizip", "product.zip"), ("vsitar", "gnu.tar"), ("vsitar", "default.tar"))
}
print(f"GDAL {rasterio.__gdal_version__}: of {len(names)} files with paths of {len(names[0])} characters open {seen}")
sys.exit(0 if seen == {"product.zip": 3, "gnu.tar": 3, "default.tar": 0} else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
