#!/usr/bin/env bash
# What: a comma in one band name that GDAL writes to an ENVI file gives all later bands the name of another band
# Version: GDAL 3.6.4 (rasterio 1.3.9, spectral 0.23.1) and 3.10.3 (rasterio 1.4.4, spectral 0.24)
# Behaviour: the names of an ENVI header stand between commas, without quotes, and GDAL writes a description as it is. Readers
#   cut at each comma: one name more than bands, and from there each band has the name of the one before. GDAL itself
#   reads the names right, but out of the .aux.xml that it writes beside; a copy of image and header, all that the
#   format has, does not. SPy's own writer puts '-' for ','. No error, no warning.
# Output seen (2026-11-28): "NDVI (B8, B4)", "Red", "NIR": GDAL with .aux.xml right; without "NDVI (B8", "B4)", "Red", so the
#   third band, near infrared, is "Red"; SPy, with it or without, has these and a fourth name for three bands
# Expected by most: names come back as they were written, or the writer replaces what the format cannot hold
# Source: own measurement; GDAL's page of the ENVI driver: of commas nothing
# Run: findings/envi-names-with-commas.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Band names of an ENVI file that GDAL wrote, by GDAL and by SPy."""

import pathlib
import shutil
import sys
import warnings

import numpy as np
import rasterio
import spectral

NAMES = ("NDVI (B8, B4)", "Red", "NIR")
warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
cube = np.arange(3 * 4 * 5, dtype="uint16").reshape(3, 4, 5)


def by_gdal(path):
    """Descriptions of the bands, by GDAL."""
    with rasterio.open(path) as file:
        assert file.driver == "ENVI" and (file.read() == cube).all()
        return file.descriptions


def by_spy(path):
    """Names in the header, by SPy."""
    image = spectral.open_image(path)
    assert image.nbands == len(cube)
    return tuple(image.metadata["band names"])


with rasterio.open("image.img", "w", driver="ENVI", width=5, height=4, count=3, dtype="uint16") as file:
    file.write(cube)
    file.descriptions = NAMES
pathlib.Path("copy").mkdir(exist_ok=True)
for name in ("image.img", "image.hdr"):
    shutil.copy(name, "copy")
seen = {
    "GDAL": by_gdal("image.img"),
    "GDAL, copy": by_gdal("copy/image.img"),
    "SPy": by_spy("image.hdr"),
    "SPy, copy": by_spy("copy/image.hdr"),
}
spectral.envi.save_image("own.hdr", cube.transpose(1, 2, 0), metadata={"band names": list(NAMES)}, ext=".img", force=True)
own = by_spy("own.hdr")
print("GDAL", rasterio.__gdal_version__, "SPy", spectral.__version__, seen, "written by SPy:", own)
as_stated = (
    seen["GDAL"] == NAMES
    and seen["GDAL, copy"] == ("NDVI (B8", "B4)", "Red")
    and seen["SPy"] == seen["SPy, copy"] == ("NDVI (B8", "B4)", "Red", "NIR")
    and own == ("NDVI (B8- B4)", "Red", "NIR")
)
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 rasterio==1.3.9 spectral==0.23.1 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 spectral==0.24 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
