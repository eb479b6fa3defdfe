#!/usr/bin/env bash
# What: torchmetrics' RASE is window_size squared times the error it names
# Version: torchmetrics 1.9.0, torch 2.13.0
# Behaviour: relative_average_spectral_error divides the local mean of the reference, which is a mean already, once
#   more by window_size squared. An error of 5 per cent everywhere is given as 320 with the default window of 8, and
#   as 80 with a window of 4: figures with other windows cannot be compared.
# Output seen (2026-11-27): reference 2.0, error 0.1 in every pixel: 320.0 (window 8), 80.0 (window 4)
# Expected by most: 100 / mean * RMSE = 5.0 for both
# Source: own measurement; by hand from the definition of RASE (Wald, Data fusion, 2002)
# Run: findings/torchmetrics-rase-window.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
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
from torchmetrics.functional.image import relative_average_spectral_error as rase

reference = torch.full((1, 3, 64, 64), 2.0)
estimate = reference + 0.1
by_hand = 100 / 2.0 * 0.1
seen = {window: float(rase(estimate, reference, window_size=window)) for window in (4, 8)}
for window, value in seen.items():
    print(f"window {window}: {value:.2f}, by hand {by_hand:.2f}, ratio {value / by_hand:.2f}")
sys.exit(0 if all(abs(value / by_hand / window**2 - 1) < 1e-3 for window, value in seen.items()) else 1)
EOF
