#!/usr/bin/env bash
# What: PyTorch's bicubic is not the usual one, bends a straight line, and antialias=True swaps its kernel when
#   enlarging
# Version: torch 2.13.0
# Behaviour: interpolate(mode='bicubic') uses the cubic kernel with a = -0.75, which does not reproduce a linear
#   ramp; with antialias=True, which should change nothing when an image grows, a = -0.5 is used, as in Pillow and
#   GDAL, and the ramp is exact.
# Output seen (2026-11-27): ramp enlarged 4 times, at 7.125: 7.166 without, 7.125 with antialias; weights of the
#   2-fold grid -0.1055 and -0.0703
# Expected by most: Keys' a = -0.5 (GDAL, Pillow), and antialias without effect on enlarging
# Source: own measurement; https://github.com/pytorch/pytorch/pull/68819 (antialias), Keys 1981 for the ramp
# Run: findings/torch-bicubic-kernel.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 torch==2.13.0 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys

import torch
from torch.nn.functional import interpolate

ramp = torch.arange(16.0, dtype=torch.float64).expand(1, 1, 16, 16)
impulse = torch.eye(9, dtype=torch.float64)[4].expand(1, 1, 9, 9)
seen = {}
for antialias in (False, True):
    options = {"mode": "bicubic", "align_corners": False, "antialias": antialias}
    large = interpolate(ramp, scale_factor=4, **options)[0, 0, 32]
    inside = torch.arange(12, 52)  # away from the edges
    bend = float((large[inside] - ((inside + 0.5) / 4 - 0.5)).abs().max())
    weight = float(interpolate(impulse, scale_factor=(1, 2), **options)[0, 0, 4].min())
    seen[antialias] = bend, weight
    print(f"antialias={antialias}: off the ramp by {bend:.4f} of a step, lowest weight {weight:.4f}")


def lowest_weight(a):
    """The cubic convolution kernel at 1.25 pixels, the lowest that a two-fold grid meets."""
    x = 1.25
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a


as_stated = (
    seen[False][0] > 0.04
    and abs(seen[False][1] - lowest_weight(-0.75)) < 1e-6
    and seen[True][0] < 1e-6
    and abs(seen[True][1] - lowest_weight(-0.5)) < 1e-6
)
sys.exit(0 if as_stated else 1)
EOF
