"""How a program that has its process for itself deals with memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
FREED = """
import sys
from core.runtime.memory import PeakMemory, keep_memory, spare_memory
keep_memory()
if sys.argv[1] == "spare":
    spare_memory()
def resident():
    with PeakMemory() as memory:
        return memory.before
pieces = [bytearray(b"1" * 1_000_000) for _ in range(200)]
kept = [bytes(1000) for _ in range(10)]
before = resident()
del pieces
print(before - resident())
"""


def freed(how):
    """Bytes that the system has back of 200 MB that were freed."""
    if sys.platform != "linux":
        pytest.skip("the allocator of glibc")
    done = subprocess.run([sys.executable, "-c", FREED, how], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_a_sparing_program_gives_memory_back_and_a_keeping_one_does_not():
    assert freed("keep") < 20e6
    assert freed("spare") > 180e6


@pytest.mark.parametrize(("words", "scarce"), [(["--memory", "0.5"], 1), (["--memory", "2"], 0), ([], 0)])
def test_the_command_line_spares_memory_where_the_budget_is_small(words, scarce, tmp_path, capsys):
    asked = []
    files = [word for name in ("hsi", "pan", "out") for word in (f"--{name}", str(tmp_path / f"{name}.tif"))]
    assert main(["classical", *files, *words], scarce=lambda: asked.append(1)) == 2  # there are no such files
    assert len(asked) == scarce
