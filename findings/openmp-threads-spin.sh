#!/usr/bin/env bash
# What: threads of PyTorch that have nothing to do use 20 to 30 times the CPU time of the work itself
# Version: torch 2.13.0 (the libgomp in its wheel for Linux x86-64)
# Behaviour: after each operation OpenMP's threads spin for some milliseconds before they sleep. A program of short
#   operations and pauses (reading a tile, say) burns a core per thread, which other processes on the machine pay
#   for. OMP_WAIT_POLICY=PASSIVE, set before torch is imported, ends it; the results are the same.
# Output seen (2026-11-27): 200 additions of a million bytes with pauses of 10 ms, 2 threads: 0.9 to 1.2 s of CPU
#   time, with PASSIVE 0.04 to 0.05 s
# Expected by most: a thread that waits costs nothing
# Source: own measurement of CPU time (not of wall time); OMP_WAIT_POLICY and GOMP_SPINCOUNT in libgomp's manual
# Run: findings/openmp-threads-spin.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 torch==2.13.0 || exit 2
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "not applicable: another wheel of torch"; exit 2; }
[ "$(nproc)" -ge 2 ] || { echo "not applicable: one core"; exit 2; }
unset "${!OMP_@}" "${!GOMP_@}" "${!KMP_@}" LD_PRELOAD
cat >spin.py <<'EOF'
import time

import torch

torch.set_num_threads(2)
values = torch.zeros(1 << 18)
for _ in range(20):
    values.add_(1)
start = time.process_time()
for _ in range(200):
    values.add_(1)
    time.sleep(0.01)
print(round(1000 * (time.process_time() - start)))
EOF
spinning=$(timeout 120 venv/bin/python -I spin.py)
passive=$(OMP_WAIT_POLICY=PASSIVE timeout 120 venv/bin/python -I spin.py)
echo "CPU time: $spinning ms by default, $passive ms with OMP_WAIT_POLICY=PASSIVE"
[ "$spinning" -ge $((5 * passive)) ] || exit 1
