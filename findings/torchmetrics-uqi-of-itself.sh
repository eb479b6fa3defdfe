#!/usr/bin/env bash
# What: torchmetrics' universal image quality index of an image with itself is 0.08 for dark reflectance
# Version: torchmetrics 1.9.0, torch 2.13.0
# Behaviour: the type's eps is added to a denominator that grows with the fourth power of the values. In float32
#   reflectance (mean 0.05, standard deviation 0.001) eps is the larger part; the index is 1 once the same image is
#   given as DN (times 10,000) or in float64. A constant image does not score 1 against itself either. D_lambda, D_s
#   and QNR of torchmetrics are made of this index.
# Output seen (2026-11-27): Q(x, x) = 0.075 as reflectance, 1.000 as DN, 1.000 in float64, -0.135 for a constant
#   image
# Expected by most: Q(x, x) = 1, and Q the same for any common scale of both images
# Source: own measurement; the index: Wang and Bovik, A universal image quality index, 2002
# Run: findings/torchmetrics-uqi-of-itself.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 torch==2.13.0 torchmetrics==1.9.0 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys

import torch
from torchmetrics.functional.image import universal_image_quality_index as quality

noise = torch.randn((1, 4, 64, 64), generator=torch.Generator().manual_seed(0))
image = 0.05 + 0.001 * noise
seen = {
    "reflectance": float(quality(image, image)),
    "DN": float(quality(image * 10000, image * 10000)),
    "float64": float(quality(image.double(), image.double())),
    "constant": float(quality(torch.full_like(image, 0.3), torch.full_like(image, 0.3))),
}
for name, value in seen.items():
    print(f"Q(x, x), {name}: {value:.3f}")
as_stated = seen["reflectance"] < 0.1 and seen["DN"] > 0.999 and seen["float64"] > 0.999 and abs(seen["constant"]) < 0.5
sys.exit(0 if as_stated else 1)
EOF
