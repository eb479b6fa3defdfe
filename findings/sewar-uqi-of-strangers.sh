#!/usr/bin/env bash
# What: sewar's universal image quality index finds images alike that have nothing in common, and its QNR rewards noise
# Version: sewar 0.4.10, numpy 2.2.6, scipy 1.15.3, pillow 11.3.0 (the index of 0.4.7 by hand the same)
# Behaviour: the formula is the one for sums over a window, N Sxy - Sx Sy, but the sums are means (uniform_filter of
#   scipy): with N mean(xy) - mean(x) mean(y) the covariance drowns in the product of the means. Two fields of noise
#   score near 1, as does an image against its own negative; d_lambda, d_s and qnr are made of this index.
# Output seen (2026-11-28): reflectance 0.3 +- 0.05: unrelated fields 0.96 (by hand -0.02), negative 0.93 (by hand
#   -0.98); qnr of noise in place of the fused bands 0.908, of the true bands 0.996; with the index by hand 0.023, 0.879
# Expected by most: about 0 for unrelated images and -1 for a negative (Wang and Bovik 2002), a low QNR for noise
# Source: own measurement; the index by hand from the definition; sewar's full_ref.py, _uqi_single
# Run: findings/sewar-uqi-of-strangers.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 scipy==1.15.3 pillow==11.3.0 sewar==0.4.10 || exit 2
timeout 300 venv/bin/python -I -W ignore - <<'EOF'
import importlib.metadata
import sys

import numpy as np
import sewar
from scipy.ndimage import gaussian_filter

RATIO, SIZE, BANDS = 4, 256, 4
random = np.random.default_rng(0)


def field():
    """Smooth noise of mean 0 and standard deviation 1."""
    noise = gaussian_filter(random.standard_normal((SIZE, SIZE)), 2)
    return (noise - noise.mean()) / noise.std()


def by_hand(x, y, size=8):
    """The mean over all windows of 4 cov mean(x) mean(y) / ((var x + var y) (mean(x)^2 + mean(y)^2))."""
    x, y = (np.lib.stride_tricks.sliding_window_view(part, (size, size)) for part in (x, y))
    mean_x, mean_y = x.mean((2, 3)), y.mean((2, 3))
    covariance = (x * y).mean((2, 3)) - mean_x * mean_y
    variances = x.var((2, 3)) + y.var((2, 3))
    return float((4 * covariance * mean_x * mean_y / (variances * (mean_x**2 + mean_y**2))).mean())


def qnr(fused):
    return sewar.qnr(pan, coarse, fused, r=RATIO)


first, second = 0.3 + 0.05 * field(), 0.3 + 0.05 * field()
negative = 2 * first.mean() - first
others = {"unrelated": second, "negative": negative}
seen = {name: (float(sewar.uqi(first, other)), by_hand(first, other)) for name, other in others.items()}
shape = field()  # what all bands show
truth = np.stack([0.2 + 0.03 * band + 0.04 * shape + 0.015 * field() for band in range(BANDS)], axis=2)
noise = np.stack([0.2 + 0.03 * band + 0.05 * field() for band in range(BANDS)], axis=2)
coarse = truth.reshape(SIZE // RATIO, RATIO, SIZE // RATIO, RATIO, BANDS).mean((1, 3))
pan = truth.mean(axis=2)
scores = qnr(truth), qnr(noise)
sewar.no_ref.uqi = by_hand
right = qnr(truth), qnr(noise)
print("sewar", importlib.metadata.version("sewar"), "index, and by hand", seen)
print("QNR of the truth and of noise %.3f %.3f" % scores, "with the index by hand %.3f %.3f" % right)
as_stated = (
    min(score for score, _ in seen.values()) > 0.9
    and abs(seen["unrelated"][1]) < 0.1
    and seen["negative"][1] < -0.9
    and min(scores) > 0.85
    and right[0] > 0.8
    and right[1] < 0.1
)
sys.exit(0 if as_stated else 1)
EOF
