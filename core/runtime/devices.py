"""Where training and fusing compute: whether PyTorch is there, and which device really works."""

from __future__ import annotations

import gc
import importlib.util
from types import ModuleType
from typing import TYPE_CHECKING

from .errors import InputError, MissingDependencyError
from .progress import Progress
from .threads import run_cancellable

if TYPE_CHECKING:
    import torch

DEVICE_NAMES = ("auto", "cpu", "cuda", "mps")


def torch_available() -> bool:
    """Whether PyTorch is installed; does not load it, which takes seconds."""
    try:
        return importlib.util.find_spec("torch") is not None
    except ValueError:  # an import that was blocked or went wrong half-way
        return False


def require_torch() -> ModuleType:
    """PyTorch, loaded.

    Raises:
        MissingDependencyError: it is not installed, or cannot be loaded.
    """
    if not torch_available():
        raise MissingDependencyError(
            "This needs PyTorch, which is not installed; install it into the Python in use (python -m pip install "
            "torch) and start again."
        )
    collecting = gc.isenabled()
    # Loading PyTorch makes hundreds of thousands of objects that stay; scanning them again and again takes a fifth of
    # its time.
    gc.disable()
    try:
        import torch
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"PyTorch is installed but cannot be loaded ({_first_line(error)}); install it again into the Python in "
            "use (python -m pip install --force-reinstall torch)."
        ) from None
    finally:
        if collecting:
            gc.enable()
    return torch


def load_torch(progress: Progress) -> None:
    """Load PyTorch, which takes seconds the first time, and ask meanwhile whether the user wants to stop.

    Args:
        progress: asked for cancellation.

    Raises:
        MissingDependencyError: see :func:`require_torch`.
        Cancelled: the user stopped the job.
    """
    run_cancellable(require_torch, progress)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory could not be allocated: each backend of PyTorch words it in its own way.

    Args:
        error: any exception.

    Returns:
        True for MemoryError and for PyTorch's errors of that kind.
    """
    if isinstance(error, MemoryError):
        return True
    words = f"{type(error).__name__}: {error}".lower()
    return isinstance(error, RuntimeError) and any(
        part in words for part in ("out of memory", "outofmemory", "allocate memory", "bad_alloc")
    )


def choose_device(name: str = "auto") -> tuple[torch.device, str]:
    """The device to compute on, tried out with a small convolution.

    Args:
        name: "auto" (the first that works of cuda, mps, cpu), "cpu", "cuda" or "mps". A GPU that is there but does not
            compute is replaced by the CPU.

    Returns:
        The device, and a sentence for the user: what it is, and why, where it is not what was asked for.

    Raises:
        InputError: an unknown name, or that of a GPU that is not there.
        MissingDependencyError: there is no PyTorch.
    """
    if name not in DEVICE_NAMES:
        raise InputError(f"There is no device {name!r}; choose one of {', '.join(DEVICE_NAMES)}.")
    torch = require_torch()
    cpu = torch.device("cpu")
    if name == "cpu":
        return cpu, "Computing on the CPU."
    reasons = []
    for kind in ("cuda", "mps") if name == "auto" else (name,):
        reason = _why_not(torch, kind)
        if name != "auto" and not _is_there(torch, kind):
            raise InputError(
                f"There is no device {name!r} here ({reason}); choose auto, which takes what there is, or cpu."
            )
        if reason is None:
            label = torch.cuda.get_device_name() if kind == "cuda" else "Apple"
            return torch.device(kind), f"Computing on the GPU ({label}, {kind})."
        if name != "auto" or _is_there(torch, kind):
            reasons.append(f"the GPU ({kind}) cannot be used, {reason}")
    return cpu, f"Computing on the CPU: {'; '.join(reasons) or 'PyTorch finds no GPU here'}."


def _is_there(torch: ModuleType, kind: str) -> bool:
    return torch.cuda.is_available() if kind == "cuda" else torch.backends.mps.is_available()


def _why_not(torch: ModuleType, kind: str) -> str | None:
    """Why a GPU cannot be used; None if it computes what the CPU computes."""
    try:
        if not _is_there(torch, kind):
            built_without = kind == "cuda" and not torch.backends.cuda.is_built()
            return "this PyTorch was built without CUDA" if built_without else "PyTorch finds none"
        expected = _probe(torch, "cpu")
        difference = (_probe(torch, kind).cpu() - expected).abs().max().item()
        # Consumer GPUs round convolutions to about 1e-3; a kernel that is not there or wrong is off by far more.
        if not difference <= 1e-2 * expected.abs().max().item():
            return "a test computation gave wrong numbers"
    except Exception as error:
        return f"a test computation failed ({_first_line(error)})"
    return None


def _probe(torch: ModuleType, device: str) -> torch.Tensor:
    """A convolution of fixed numbers; leaves the random state alone."""
    with torch.no_grad():
        image = torch.sin(torch.arange(4 * 16 * 16, dtype=torch.float32)).reshape(1, 4, 16, 16).to(device)
        kernel = torch.cos(torch.arange(8 * 4 * 3 * 3, dtype=torch.float32)).reshape(8, 4, 3, 3).to(device)
        return torch.nn.functional.conv2d(image, kernel, padding=1)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200].rstrip(".")
