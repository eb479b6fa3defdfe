#!/usr/bin/env bash
# What: Pillow turns or shifts a 16-bit image by bilinear or bicubic into its bytes: 1000 becomes 117
# Version: pillow 11.3.0 and 12.0.0 (13.0.0 by hand the same); numpy 1.26.4 and 2.2.6
# Behaviour: a band of uint16 digital numbers is mode I;16 by fromarray. For pixel x rotate and transform
#   take byte x of the row: they interpolate between low and high bytes, of the numbers in the row's first half. Nearest
#   is right, and so is resize by the same filters, and the same band as float32. No error, no warning.
# Output seen (2026-11-28): 64 x 64 pixels of 1000. Moved by half a pixel, of 3,969 pixels with four neighbours all are
#   wrong: 117, the mean of the bytes 232 and 3 (bicubic 88, 117, 146); turned by 10 degrees all 3,796 that
#   the image covers; nearest, resize and float32 give 1000
# Expected by most: 1000, or an error, as for other modes that a filter cannot do
# Source: own measurement; https://github.com/python-pillow/Pillow/issues/1127 (2015, closed: "I;16 isn't fully supported");
#   Pillow's reference of rotate and transform: of I;16 nothing
# Run: findings/pillow-turns-16-bits.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >shown.py <<'EOF'
"""Pixels of an even 16-bit image that are wrong after it was moved, turned or resized."""

import sys

import numpy as np
import PIL
from PIL import Image

SIZE, LEVEL = 64, 1000
HALF = (1, 0, 0.5, 0, 1, 0.5)
band = np.full((SIZE, SIZE), LEVEL, "uint16")
WAYS = {
    "moved": lambda image, method: image.transform((SIZE, SIZE), Image.Transform.AFFINE, HALF, method),
    "turned": lambda image, method: image.rotate(10, method),
    "resized": lambda image, method: image.resize((2 * SIZE, 2 * SIZE), method),
}


def shown(way, method):
    """Pixels that differ from the same by float32, and the values that are there instead."""
    short, exact = (np.asarray(WAYS[way](Image.fromarray(kind), method)) for kind in (band, band.astype("float32")))
    wrong = np.abs(short.astype("float64") - exact) > 1
    assert set(np.unique(np.rint(exact))) <= {0, LEVEL}, "0 is what the image does not cover"
    assert wrong.sum() in (0, (exact > 0).sum()), "all that the image covers, or nothing"
    return int(wrong.sum()), np.unique(short[wrong]).tolist()


methods = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
seen = {(way, method.name): shown(way, method) for way in WAYS for method in methods}
print("Pillow", PIL.__version__, "numpy", np.__version__, Image.fromarray(band).mode)
for (way, method), (wrong, found) in seen.items():
    print(way, method, "wrong:", wrong, "with", *found[:4], "..." if len(found) > 4 else "")
as_stated = (
    all(seen["moved", name][0] == (SIZE - 1) ** 2 for name in ("BILINEAR", "BICUBIC"))
    and seen["moved", "BILINEAR"][1] == [117]
    and all(seen["turned", name][0] > 3000 for name in ("BILINEAR", "BICUBIC"))
    and not any(count for (way, name), (count, _) in seen.items() if way == "resized" or name == "NEAREST")
)
sys.exit(0 if as_stated else 1)
EOF
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==1.26.4 pillow==11.3.0 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 pillow==12.0.0 || exit 2
timeout 300 venv/bin/python -I shown.py || exit 1
