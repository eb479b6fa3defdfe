"""Pytest plugin (``-p tests.no_torch``): run what must work where PyTorch is not installed.

Test files that import torch, or one of the rooms that are made of it, at their top are left out; every other one must
import and pass. So a room that starts to need PyTorch turns the run red instead of leaving quietly. A single test that
needs it says ``pytest.importorskip("torch")`` in its body.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

NEEDS_TORCH = re.compile(
    r"^(import|from) (torch|core\.networks)|^(\w+ = )?pytest\.importorskip\([\"']torch", re.MULTILINE
)


def pytest_configure(config: pytest.Config) -> None:
    if importlib.util.find_spec("torch") is not None:
        raise pytest.UsageError("PyTorch is installed here: run `make test-no-torch`, which makes a place without it.")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path.suffix == ".py" and NEEDS_TORCH.search(collection_path.read_text(encoding="utf-8")):
        return True
    return None
