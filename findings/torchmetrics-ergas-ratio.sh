#!/usr/bin/env bash
# What: torchmetrics' ERGAS wants the ratio upside down from what its description and the literature say
# Version: torchmetrics 1.9.0, torch 2.13.0 (before 1.4 it multiplied by the ratio)
# Behaviour: the argument is described as the ratio of high to low resolution, h/l = 1/4 for a four times finer PAN,
#   but the score is divided by it: 1/4 gives a score 16 times too large, 4 the right one.
# Output seen (2026-11-27): relative error 5 per cent, pixel sizes 1 : 4: ratio=4 gives 1.25, ratio=1/4 gives 20.0
# Expected by most: ERGAS = 100 h/l * sqrt(mean((RMSE / mean)^2)) = 1.25 with ratio = h/l = 1/4
# Source: torchmetrics issue #2497 and its last comment (https://github.com/Lightning-AI/torchmetrics/issues/2497);
#   own measurement; by hand from the definition (Wald 2000)
# Run: findings/torchmetrics-ergas-ratio.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 torch==2.13.0 torchmetrics==1.9.0 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import inspect
import sys

import torch
from torchmetrics.functional.image import error_relative_global_dimensionless_synthesis as ergas

reference = torch.full((1, 3, 32, 32), 2.0)
estimate = reference + 0.1
by_hand = 100 * (1 / 4) * (0.1 / 2.0)
upright = float(ergas(estimate, reference, ratio=1 / 4))
inverse = float(ergas(estimate, reference, ratio=4))
described = "ratio of high resolution to low resolution" in inspect.getdoc(ergas)
print(f"by hand {by_hand:.2f}; ratio=1/4 gives {upright:.2f}, ratio=4 gives {inverse:.2f}; described as high to low: {described}")
as_stated = described and abs(upright / by_hand - 16) < 1e-2 and abs(inverse / by_hand - 1) < 1e-3
sys.exit(0 if as_stated else 1)
EOF
