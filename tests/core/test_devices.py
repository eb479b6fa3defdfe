from __future__ import annotations

import sys
import threading

import pytest

from core.runtime import devices
from core.runtime.devices import choose_device, load_torch, require_torch, torch_available
from core.runtime.errors import Cancelled, InputError, MissingDependencyError
from core.runtime.progress import Progress

torch = pytest.importorskip("torch")


@pytest.fixture
def gpu(monkeypatch):
    """A function that pretends a working CUDA GPU whose test computation ends as told."""

    def pretend(outcome):
        probe = devices._probe

        def fake(module, kind):
            result = probe(module, "cpu")
            return outcome(result) if kind == "cuda" else result

        monkeypatch.setattr(devices, "_is_there", lambda module, kind: kind == "cuda")
        monkeypatch.setattr(devices, "_probe", fake)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Model X")

    return pretend


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(devices, "_is_there", lambda module, kind: False)


def test_cpu_is_cpu():
    device, sentence = choose_device("cpu")
    assert device == torch.device("cpu")
    assert sentence == "Computing on the CPU."


def test_what_auto_chooses_computes():
    device, sentence = choose_device()
    assert torch.ones(3, device=device).sum().item() == 3.0
    assert device.type in sentence.lower()


def test_auto_without_a_gpu_says_so(no_gpu):
    assert choose_device("auto") == (torch.device("cpu"), "Computing on the CPU: PyTorch finds no GPU here.")


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_gpu_asked_for_that_is_not_there_is_refused_with_the_reason(no_gpu, name):
    with pytest.raises(InputError, match=rf"no device '{name}' here \(.+\); choose auto"):
        choose_device(name)


@pytest.mark.parametrize("name", ["auto", "cuda"])
def test_a_gpu_that_works_is_taken(gpu, name):
    gpu(lambda result: result * (1 + 1e-4))
    assert choose_device(name) == (torch.device("cuda"), "Computing on the GPU (Model X, cuda).")


@pytest.mark.parametrize("name", ["auto", "cuda"])
@pytest.mark.parametrize("outcome", [lambda r: r * 1.1, lambda r: r * float("nan"), lambda r: r * 0])
def test_a_gpu_that_computes_wrong_numbers_is_not_taken(gpu, name, outcome):
    gpu(outcome)
    device, sentence = choose_device(name)
    assert device == torch.device("cpu")
    assert "wrong numbers" in sentence


@pytest.mark.parametrize("name", ["auto", "cuda"])
def test_a_gpu_whose_kernel_fails_is_not_taken(gpu, name):
    def fail(result):
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nlong\nstory")

    gpu(fail)
    device, sentence = choose_device(name)
    assert device == torch.device("cpu")
    assert "no kernel image is available" in sentence
    assert "\n" not in sentence


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(InputError, match="auto, cpu, cuda, mps"):
        choose_device("gpu")


def test_trying_a_device_leaves_the_random_state_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    choose_device("auto")
    assert torch.equal(torch.rand(2), expected)


def test_torch_is_there():
    assert torch_available()
    assert require_torch() is torch


def test_a_job_can_be_stopped_while_pytorch_loads(monkeypatch):
    loading, go_on = threading.Event(), threading.Event()

    def load():
        loading.set()
        assert go_on.wait(60)

    class Stopped(Progress):
        def cancelled(self):
            return loading.is_set()

    monkeypatch.setattr(devices, "require_torch", load)
    try:
        with pytest.raises(Cancelled):  # though nothing has been loaded
            load_torch(Stopped())
    finally:
        go_on.set()


def test_without_torch_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert not torch_available()
    for call in (require_torch, choose_device, lambda: load_torch(Progress())):
        with pytest.raises(MissingDependencyError, match="install it into the Python in use"):
            call()


def test_a_torch_that_cannot_be_loaded_is_named(monkeypatch):
    def broken(name, *rest, **more):
        if name == "torch":
            raise OSError("[WinError 126] The specified module could not be found\nError loading c10.dll")
        return original(name, *rest, **more)

    original = __import__
    monkeypatch.setattr("builtins.__import__", broken)
    with pytest.raises(MissingDependencyError, match=r"cannot be loaded .*WinError 126"):
        require_torch()
