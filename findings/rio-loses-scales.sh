#!/usr/bin/env bash
# What: each of rio's convert, clip, warp, merge, mask and stack loses the scale, offset, unit, name and tags of every band
# Version: rasterio 1.3.9 (GDAL 3.6.4) and 1.4.4 (GDAL 3.10.3)
# Behaviour: the commands of rasterio open the output with the profile of the input and write the numbers. The profile has
#   grid, type and nodata, but not what a band says of itself, so the copy has scale 1, offset 0, no unit, names or tags.
#   What applies scales and offsets takes the numbers for reflectance. rasterio.shutil.copy and WarpedVRT, GDAL's
#   own ways, keep all. No error, no warning of it.
# Output seen (2026-11-28): number 2000 with scale 0.0001 and offset -0.1 is reflectance 0.1; after any of the six 2000. Five of
#   five facts of both bands are lost, and of the tags of the file nothing is left but AREA_OR_POINT
# Expected by most: a clipped or warped file says of its bands what the original says, as after gdal_translate or gdalwarp
# Source: own measurement; https://github.com/rasterio/rasterio/issues/1988 (open: GCPs and tags of convert, scales not named)
# Run: findings/rio-loses-scales.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""What bands say of themselves after commands of rio, and after GDAL's own copy and warp."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT

NUMBER, SCALE, OFFSET = 2000, 1e-4, -0.1
OWN = {"scales", "offsets", "units", "descriptions", "tags"}
AREA = {"type": "Polygon", "coordinates": [[[0, 0], [0, 300], [300, 300], [300, 0], [0, 0]]]}
pathlib.Path("area.json").write_text(json.dumps(AREA))
rio = str(pathlib.Path(sys.executable).with_name("rio"))


def said(file):
    """What the bands say: {fact: of each band}."""
    facts = {name: getattr(file, name) for name in ("scales", "offsets", "units", "descriptions")}
    return {**facts, "tags": tuple(file.tags(band).get("wavelength") for band in file.indexes)}


def by(command, *options):
    """(facts lost, facts kept, middle pixel scaled, tags of the file) after a command of rio."""
    subprocess.run([rio, command, "image.tif", "copy.tif", "--overwrite", *options], check=True)
    with rasterio.open("copy.tif") as file:
        pixel = file.read(1)[file.height // 2, file.width // 2]
        found = said(file)
        reflectance = round(float(pixel * file.scales[0] + file.offsets[0]), 6)
        lost = {name for name, value in found.items() if not set(value) & set(original[name])}
        return lost, len(OWN - lost), reflectance, set(file.tags())


profile = {"driver": "GTiff", "width": 10, "height": 10, "count": 2, "dtype": "uint16", "crs": "EPSG:32633"}
with rasterio.open("image.tif", "w", transform=from_origin(0, 300, 30, 30), nodata=0, **profile) as file:
    file.write(np.full((2, 10, 10), NUMBER, "uint16"))
    file.scales, file.offsets, file.units = (SCALE,) * 2, (OFFSET,) * 2, ("reflectance",) * 2
    file.descriptions = ("red", "near infrared")
    for band, wavelength in enumerate(("665 nm", "842 nm"), start=1):
        file.update_tags(band, wavelength=wavelength)
    file.update_tags(SENSOR="a sensor")
with rasterio.open("image.tif") as file, WarpedVRT(file, crs="EPSG:4326") as warped:
    original = said(file)
    kept = said(warped) == original and OWN == set(original) and None not in original["tags"]
rasterio.shutil.copy("image.tif", "copied.tif")
with rasterio.open("copied.tif") as file:
    kept = kept and said(file) == original and file.tags()["SENSOR"] == "a sensor"
seen = {
    "convert": by("convert"),
    "clip": by("clip", "--bounds", "0 0 300 300"),
    "warp": by("warp", "--dst-crs", "EPSG:4326"),
    "merge": by("merge"),
    "mask": by("mask", "--geojson-mask", "area.json"),
    "stack": by("stack"),
}
print("rasterio", rasterio.__version__, "GDAL", rasterio.__gdal_version__, "copy and WarpedVRT keep all:", kept)
for command, found in seen.items():
    print(command, *found)
sys.exit(0 if kept and all(found == (OWN, 0, NUMBER, {"AREA_OR_POINT"}) for found in seen.values()) else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
