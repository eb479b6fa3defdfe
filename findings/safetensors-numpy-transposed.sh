#!/usr/bin/env bash
# What: safetensors.numpy saves a transposed array in the wrong order, without a word
# Version: safetensors 0.8.0, numpy 2.2.6 (0.7.0 was right)
# Behaviour: save() and save_file() of safetensors.numpy write an array's memory as it lies under the shape that it
#   shows. A cube moved from bands last to bands first by transpose comes back with the right shape, type and sum,
#   and the values elsewhere. A contiguous copy is right. safetensors.torch raises an error for the same thing.
# Output seen (2026-11-27): shape (3, 2, 2), band 0 saved [0, 3, 6, 9], loaded [0, 1, 2, 3]; with ascontiguousarray
#   [0, 3, 6, 9]
# Expected by most: equal values, or the error that the torch side raises
# Source: safetensors issue #825 (https://github.com/safetensors/safetensors/issues/825); own measurement
# Run: findings/safetensors-numpy-transposed.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 safetensors==0.8.0 || exit 2
timeout 300 venv/bin/python -I - <<'EOF'
import sys

import numpy as np
from safetensors.numpy import load, save

bands_last = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
cube = bands_last.transpose(2, 0, 1)  # (band, row, column), a view of the same memory
loaded = load(save({"cube": cube}))["cube"]
copied = load(save({"cube": np.ascontiguousarray(cube)}))["cube"]
print("saved  ", cube.shape, cube[0].ravel().tolist())
print("loaded ", loaded.shape, loaded[0].ravel().tolist())
print("copied ", copied.shape, copied[0].ravel().tolist())
as_stated = (
    loaded.shape == cube.shape
    and np.array_equal(loaded.ravel(), bands_last.ravel())  # the memory's order under the view's shape
    and not np.array_equal(loaded, cube)
    and np.array_equal(copied, cube)
)
sys.exit(0 if as_stated else 1)
EOF
