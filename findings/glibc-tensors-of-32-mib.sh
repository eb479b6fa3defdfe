#!/usr/bin/env bash
# What: a tensor of 33 MiB costs 8,449 page faults each time, one of 31 MiB none: glibc's ceiling of 32 MiB
# Version: torch 2.13.0 on glibc 2.36 (x86-64, pages of 4 KiB, transparent huge pages on madvise)
# Behaviour: glibc learns to keep freed blocks, but only up to 32 MiB. Every larger result of a + b is mapped anew
#   from the kernel, filled with zeros page by page, and unmapped when freed, for ever. MALLOC_MMAP_MAX_=0 with a
#   MALLOC_TRIM_THRESHOLD_ of 1 GiB in the environment keeps them: no faults, at the price of memory that is not
#   given back.
# Output seen (2026-11-27): page faults of one a + b after 30: 31 MiB 0, 33 MiB 8449, 33 MiB with the two variables
#   0
# Expected by most: PyTorch keeps freed memory, on the CPU as on the GPU; the cost grows with the size
# Source: own measurement; mallopt(3), M_MMAP_THRESHOLD (dynamic, DEFAULT_MMAP_THRESHOLD_MAX)
# Run: findings/glibc-tensors-of-32-mib.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv || exit 2
timeout 900 venv/bin/python -m pip install -qq --only-binary :all: \
    numpy==2.2.6 torch==2.13.0 || exit 2
getconf GNU_LIBC_VERSION || { echo "not applicable: not glibc"; exit 2; }
[ "$(getconf PAGESIZE)" = 4096 ] || { echo "not applicable: pages are not of 4 KiB"; exit 2; }
if grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null; then
    echo "not applicable: huge pages are on for all memory"
    exit 2
fi
unset "${!MALLOC_@}" GLIBC_TUNABLES LD_PRELOAD
cat >faults.py <<'EOF'
import resource
import sys

import torch

torch.set_num_threads(1)
left = torch.ones(int(sys.argv[1]) << 18)
right = torch.ones_like(left)
faults = []
for _ in range(40):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    total = left + right
    del total
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(sorted(faults[30:])[5])
EOF
small=$(timeout 120 venv/bin/python -I faults.py 31)
large=$(timeout 120 venv/bin/python -I faults.py 33)
kept=$(MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=1073741824 timeout 120 venv/bin/python -I faults.py 33)
echo "page faults of one a + b: 31 MiB $small, 33 MiB $large, 33 MiB kept by glibc $kept"
[ "$small" -lt 100 ] && [ "$large" -ge 8448 ] && [ "$kept" -lt 100 ] || exit 1
