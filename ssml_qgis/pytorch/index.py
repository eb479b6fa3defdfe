"""Which build of PyTorch suits a machine, and from which package index it comes."""

from __future__ import annotations

import re
import sys
import urllib.parse

from .process import output_of

DEFAULT_VERSION = "torch>=2.1"
BUILDS = ("auto", "cpu", "cuda", "default")
"""What the user chooses from; "default" is what the usual index has for the system."""

PYTORCH_INDEX = "https://download.pytorch.org/whl"
PYPI = "https://pypi.org/simple"

# CUDA versions that PyTorch's index has builds for, as its "previous versions" page lists them.
_CUDA_BUILDS = ((13, 0), (12, 8), (12, 6), (12, 4), (12, 1), (11, 8))
_CUDA_OF_DRIVER = re.compile(r"CUDA Version:\s*(\d+)\.(\d+)")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def driver_cuda() -> tuple[int, int] | None:
    """The newest CUDA that the NVIDIA driver of this machine supports; None without a card or driver."""
    match = _CUDA_OF_DRIVER.search(output_of(["nvidia-smi"])[1])
    return (int(match[1]), int(match[2])) if match else None


def index_of_build(build: str, cuda: tuple[int, int] | None, platform: str = sys.platform) -> tuple[str, str]:
    """The address of the index that has a build of PyTorch ("": the usual one), and a sentence that names it.

    Args:
        build: one of :data:`BUILDS`.
        cuda: what :func:`driver_cuda` returns.
        platform: as ``sys.platform``.
    """
    if platform == "darwin":
        return "", "macOS has one build of PyTorch, which uses Apple's graphics cards."
    if build == "default":
        return "", "The build is the one that the usual package index has for this system."
    if build == "auto":
        build = "cuda" if cuda is not None else "cpu"
    if build == "cpu":
        return f"{PYTORCH_INDEX}/cpu", "The build is the one for the processor (CPU), a fraction of the size of others."
    if cuda is None:
        return "", "No NVIDIA driver was found; the build is the one that the usual index has for this system."
    fitting = [version for version in _CUDA_BUILDS if version <= cuda]
    if not fitting:
        return f"{PYTORCH_INDEX}/cpu", (
            f"The NVIDIA driver supports CUDA {cuda[0]}.{cuda[1]} at most, too old for PyTorch; the build is the one "
            "for the processor (CPU)."
        )
    major, minor = fitting[0]
    return f"{PYTORCH_INDEX}/cu{major}{minor}", (
        f"The build is the one for CUDA {major}.{minor}; the NVIDIA driver supports up to {cuda[0]}.{cuda[1]}."
    )


def without_password(text: str) -> str:
    """A text whose addresses show no user and no password."""
    return _CREDENTIALS.sub("", text)


def proxy_environment(
    kind: str, host: str, port: int, user: str, password: str, excluded: tuple[str, ...] = ()
) -> dict[str, str]:
    """The environment variables by which pip learns of a proxy.

    Args:
        kind: "http" or "socks5h".
        host, port, user, password: of the proxy; no user, no port: "" and 0.
        excluded: hosts, or addresses, that are reached without it.
    """
    who = f"{urllib.parse.quote(user, safe='')}:{urllib.parse.quote(password, safe='')}@" if user else ""
    address = f"{kind}://{who}{host}" + (f":{port}" if port else "")
    hosts = [urllib.parse.urlsplit(entry).hostname or entry for entry in excluded if entry]
    found = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), address)
    if hosts:
        found.update(NO_PROXY=",".join(hosts), no_proxy=",".join(hosts))
    return found
