#!/usr/bin/env bash
# What: the first optimizer of a PyTorch process imports the compiler, 800 modules and sympy among them
# Version: torch 2.13.0
# Behaviour: 'import torch', 'import torch.optim', a backward pass and a module's forward pass leave torch._dynamo
#   alone. Making any optimizer, SGD too, imports torch._dynamo, torch._inductor and sympy, in the process that
#   never compiles anything: seconds on a slow disk, in the middle of the program, and inside the part that one
#   measures.
# Output seen (2026-11-27): 1115 modules after import torch.optim and a backward pass, 1939 after
#   torch.optim.SGD([parameter])
# Expected by most: the compiler is loaded by torch.compile
# Source: own measurement of sys.modules; discussed at https://github.com/pytorch/pytorch/pull/127325 (the decorator
#   that turns the compiler off imports it)
# Run: findings/torch-optimizer-loads-compiler.sh (no root; exit 0: as stated, 1: changed, 2: not applicable here)
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
import torch.optim


def loaded():
    return len(sys.modules), sorted({"torch._dynamo", "torch._inductor", "sympy"} & set(sys.modules))


parameter = torch.nn.Parameter(torch.ones(2))
torch.nn.Linear(2, 2)(parameter).sum().backward()
before = loaded()
torch.optim.SGD([parameter], lr=0.1)
after = loaded()
print("before:", *before)
print("after: ", *after)
as_stated = not before[1] and len(after[1]) == 3 and after[0] - before[0] > 400
sys.exit(0 if as_stated else 1)
EOF
