#!/usr/bin/env bash
# What: GDAL compresses small blocks of a GeoTIFF with two threads at twice the processors' time of one
# Version: GDAL 3.10.3 (rasterio 1.4.4, numpy 2.2.6); the same by hand with GDAL 3.6.2
# Behaviour: NUM_THREADS=2 hands each block to a pool by itself, and waits for it under a lock. With many bands that are
#   stored one after the other and blocks of some kilobytes, that costs more than it saves: 200 bands, blocks of 400 x 16
#   int16 samples, take more time of the processors and more elapsed time than NUM_THREADS=1; the files are the same.
# Output seen (2026-11-28): on two hyperthreads processors' seconds zstd 0.58 and 1.32, deflate 1.17 and 1.78; elapsed
#   0.72 and 1.45, 1.46 and 1.85
# Expected by most: with NUM_THREADS the same work is shared out and done sooner
# Source: own measurement; GDAL documentation, GTiff driver, creation option NUM_THREADS
# Run: findings/gdal-threads-small-blocks.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
[ "$(nproc --all)" -ge 2 ] || exit 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 rasterio==1.4.4 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import hashlib
import resource
import sys
import warnings
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window

warnings.simplefilter("ignore")
BANDS, ROWS, COLS, BLOCK = 200, 384, 1200, 16
rng = np.random.default_rng(0)
image = rng.normal(size=(BANDS, ROWS, COLS)).cumsum(2) * 3 + rng.normal(size=(BANDS, ROWS, COLS)) * 8 + 2000
image = image.astype(np.int16)
profile = {"driver": "GTiff", "width": COLS, "height": ROWS, "count": BANDS, "dtype": "int16", "interleave": "band"}
blocks = {"tiled": True, "blockxsize": 400, "blockysize": BLOCK, "predictor": 2}


def seconds(threads, compression):
    """Processors' time of writing, and the pixels' digest."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    with rasterio.open("a.tif", "w", num_threads=str(threads), **compression, **profile, **blocks) as file:
        for row in range(0, ROWS, BLOCK):
            file.write(image[:, row : row + BLOCK], window=Window(0, row, COLS, BLOCK))
    after = resource.getrusage(resource.RUSAGE_SELF)
    size = Path("a.tif").stat().st_size
    with rasterio.open("a.tif") as file:
        digest = hashlib.sha256(file.read().tobytes()).hexdigest()
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, size, digest


ratios = {}
for compression in ({"compress": "zstd", "zstd_level": 1}, {"compress": "deflate", "zlevel": 1}):
    runs = {threads: [seconds(threads, compression) for _ in range(3)] for threads in (1, 2)}
    one, two = (min(run[0] for run in runs[threads]) for threads in (1, 2))
    same = len({run[2] for of_threads in runs.values() for run in of_threads}) == 1
    print(f"GDAL {rasterio.__gdal_version__} {compression['compress']}: {one:.2f} s, {two:.2f} s, same pixels: {same}")
    ratios[compression["compress"]] = two / one
sys.exit(0 if ratios["zstd"] > 1.5 and ratios["deflate"] > 1.15 else 1)
EOF
