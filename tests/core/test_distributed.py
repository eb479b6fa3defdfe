"""Training by several processes, as torchrun starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.models.format import read_model  # noqa: E402
from core.operators.pair import Operators  # noqa: E402
from core.runtime.errors import InputError  # noqa: E402
from core.training.distributed import Processes  # noqa: E402
from core.workflows.train import train  # noqa: E402

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available() or not torch.distributed.is_gloo_available(), reason="no gloo in this PyTorch"
)
ROOT = Path(__file__).resolve().parents[2]
HIGH = (500000.0, 10.0, 0.0, 5800000.0, 0.0, -10.0)
LOW = (500000.0, 40.0, 0.0, 5800000.0, 0.0, -40.0)

# What one of two processes does otherwise; {} is run in the second one, before the command line.
PROGRAM = """
import os, sys
sys.path.insert(0, {root!r})
if os.environ["RANK"] == "1":
    {otherwise}
from core.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
KILL = """
    import signal
    from core.training.trainer import Trainer
    sample = Trainer._sample
    Trainer._sample = lambda *all: os.kill(os.getpid(), signal.SIGKILL) if all[1] == 4 else sample(*all)
"""


@pytest.fixture(scope="module")
def scene(make_raster, materials, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    truth = materials(80, 80, 6).astype(np.float32)
    return (
        make_raster(folder / "hsi.tif", Operators((20, 20), (80, 80), 4).down(truth), LOW),
        make_raster(folder / "pan.tif", truth[2:6].mean(0), HIGH),
    )


def alone(*arguments, **variables):
    """What one process does, its sums in the order that each of two has: (exit code, stderr, stdout)."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **variables}
    start = [sys.executable, *map(str, arguments)]
    done = subprocess.run(start, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    return done.returncode, done.stderr, done.stdout


def has_libuv():
    """Whether this PyTorch has the TCP store that torchrun insists on; Debian's is built without."""
    try:
        torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    except (RuntimeError, ValueError) as error:
        if "without libuv" not in str(error):
            raise
        return False
    return True


def torchrun(meeting, *arguments):
    """What two processes do on this machine: (exit code, stderr, stdout); ``meeting``: a file that is not there yet."""
    options, variables = ["--standalone"], {}
    if not has_libuv():  # as docs/how-to.md says
        options = ["--rdzv-backend", "c10d", "--rdzv-conf", "store_type=file", "--rdzv-endpoint", meeting]
        options += ["--local-addr", "127.0.0.1"]
        variables = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    return alone("-m", "torch.distributed.run", *options, "--nproc-per-node", "2", *arguments, **variables)


def line(scene, model, *more):
    return ["train", "--hsi", scene[0], "--pan", scene[1], "--out", str(model), "--device", "cpu", *more]


def test_two_processes_train_the_model_of_one_with_the_same_batch(scene, tmp_path, tmp_path_factory):
    meeting = tmp_path_factory.mktemp("meeting") / "file"
    learning = ["--steps", "8", "--batch", "2"]
    code, said, printed = torchrun(meeting, "-m", "core", *line(scene, tmp_path / "two.ssml", *learning))
    assert code == 0, said
    assert said.count("2 processes train together") == 1
    assert printed.count("trained") == 1
    assert alone("-m", "core", *line(scene, tmp_path / "one.ssml", *learning))[0] == 0
    two, one = (read_model(str(tmp_path / f"{name}.ssml")) for name in ("two", "one"))
    assert two.header["settings"] == one.header["settings"]
    assert two.tensors.keys() == one.tensors.keys()
    for name, expected in one.tensors.items():
        np.testing.assert_allclose(two.tensors[name], expected, rtol=1e-3, atol=2e-5, err_msg=name)
    for mine, expected in zip(two.header["history"], one.header["history"]):
        assert mine["mean"] == pytest.approx(expected["mean"], rel=1e-4)
        if expected["losses"]:
            assert mine["losses"] == pytest.approx(expected["losses"], rel=1e-4)
    assert any(record["losses"] for record in one.header["history"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.ssml", "two.ssml"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("otherwise", "words"),
    [
        ("sys.argv[sys.argv.index('--hsi') + 1] = 'nowhere.tif'", "nowhere.tif does not exist"),
        (KILL, "Another process of this training ended without an error"),
    ],
    ids=["input", "killed"],
)
def test_what_ends_one_process_ends_all_with_one_sentence(scene, tmp_path, otherwise, words):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(root=str(ROOT), otherwise=otherwise))
    code, said, _ = torchrun(tmp_path / "meeting", program, *line(scene, tmp_path / "two.ssml", "--steps", "400"))
    assert code != 0
    assert said.count(words) == 1, said
    assert not (tmp_path / "two.ssml").exists()


def test_a_batch_smaller_than_the_number_of_processes_is_refused_and_so_is_none(scene, tmp_path):
    with pytest.raises(InputError, match="A batch of 0"):
        train([scene[0]], [scene[1]], str(tmp_path / "m.ssml"), batch=0, device="cpu")


def test_shares_are_all_of_it_and_each_once():
    items = list(range(7))
    assert sorted(item for rank in range(3) for item in Processes(rank, 3).share(items)) == items
    assert list(Processes().share(items)) == items
