"""Nothing but the program's own sentences reaches the screen: no warnings of numpy, no lines of GDAL or of HDF5."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

from core.fusion.classical import METHODS
from core.io.gdal_errors import hdf5_silence

ROOT = Path(__file__).resolve().parents[2]
HSI, PAN = (5e5, 40, 0, 5.8e6, 0, -40), (5e5, 10, 0, 5.8e6, 0, -10)
LARGEST = np.float32(3.4e38)

ALL_METHODS = """
import sys
from core.runtime.errors import InputError
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.compare import compare

hsi, pan, folder, *methods = sys.argv[1:]
def job(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except InputError as error:
        print(error)
for method in methods:
    job(classical, hsi, pan, f"{folder}/{method}.tif", method=method)
job(assess, f"{folder}/exp.tif", hsi=hsi, pan=pan, report=f"{folder}/a.html")
job(compare, hsi, pan, f"{folder}/c.tif", methods=["gsa", "bdsd"], report=f"{folder}/c.html")
"""


def spoiled():
    rng = np.random.default_rng(0)
    hsi = rng.uniform(100, 3000, (4, 20, 20)).astype(np.float32)
    pan = rng.uniform(100, 3000, (80, 80)).astype(np.float32)
    yield "huge", hsi * np.float32(1e35), pan * np.float32(1e35)
    yield "largest", np.full_like(hsi, LARGEST), np.full_like(pan, LARGEST)
    fill, dark = hsi.copy(), pan.copy()
    fill[:, :5], dark[:20] = LARGEST, -LARGEST
    yield "undeclared fill", fill, dark
    odd, holes = hsi.copy(), pan.copy()
    odd[0], odd[1], odd[2, 3:9], holes[7] = np.nan, 500, np.inf, -np.inf
    yield "bands without values", odd, holes
    yield "constant", np.full_like(hsi, 7), np.full_like(pan, 7)
    yield "nothing", np.full_like(hsi, np.nan), pan
    yield "smallest", hsi * np.float32(1e-42), pan * np.float32(1e-42)


@pytest.mark.parametrize(("hsi", "pan"), [case[1:] for case in spoiled()], ids=[case[0] for case in spoiled()])
def test_numbers_that_cannot_be_computed_with_lead_to_no_warnings_of_numpy(hsi, pan, make_raster, tmp_path):
    files = [make_raster(tmp_path / "h.tif", hsi, HSI), make_raster(tmp_path / "p.tif", pan, PAN)]
    start = [sys.executable, "-W", "always", "-W", "ignore::DeprecationWarning", "-c", ALL_METHODS]
    done = subprocess.run(
        [*start, *files, str(tmp_path), *METHODS], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_a_damaged_product_is_one_sentence(tmp_path):
    if gdal.GetDriverByName("HDF5") is None:
        pytest.skip("this GDAL has no HDF5 driver")
    path = tmp_path / "PRS_L2D_bad.he5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(300))
    outputs = ["--out-hsi", str(tmp_path / "h.tif"), "--out-pan", str(tmp_path / "p.tif")]
    for arguments in (
        ["openproduct", str(path), *outputs],
        ["classical", "--hsi", str(path), "--pan", str(path), "--out", str(tmp_path / "o.tif")],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "core", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            env=dict(os.environ),
        )
        assert done.returncode == 2
        assert done.stderr == "PRS_L2D_bad.he5 is no HDF5 file; get a fresh copy of the product.\n"


def test_a_product_with_a_damaged_block_is_one_sentence(files, tmp_path):
    """A part in the middle of the compressed PAN is lost."""
    content = bytearray(Path(files.product).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(value ^ 0x5A for value in content[middle : middle + 3000])
    path = tmp_path / "PRS_L2D_damaged.he5"
    path.write_bytes(content)
    outputs = ["--out-hsi", str(tmp_path / "h.tif"), "--out-pan", str(tmp_path / "p.tif")]
    start = [sys.executable, "-m", "core", "openproduct", str(path), *outputs]
    done = subprocess.run(start, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    failure = [line for line in done.stderr.splitlines() if " is read as PRISMA L2D: " not in line]  # what comes first
    assert len(failure) == 1
    assert "the file seems damaged or cut off" in failure[0]


def test_what_others_print_while_hdf5_is_silent_is_kept(capfd):
    with hdf5_silence:
        os.write(
            2, b"before\nHDF5-DIAG: Error detected\n  #000: a.c line 1\n    major: Dataset\n    minor: Read\nafter\n"
        )
        assert capfd.readouterr().err == ""
    os.write(2, b"end\n")
    assert capfd.readouterr().err == "before\nafter\nend\n"
