"""Installs PyTorch and safetensors into the plugin's own folder of the QGIS profile.

pip reports what QGIS's Python lacks, each of these packages is downloaded, all are unpacked into a new folder without
resolving their dependencies again, and the folder is put in use when a process of its own has computed with it.
numpy is fixed to the one that QGIS has and is never put into the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..core.runtime.errors import InputError
from ..core.runtime.progress import Progress
from .constraints import normal_name
from .index import DEFAULT_VERSION, driver_cuda, index_of_build
from .pip import Pip, Sources, Wheel, environment_for_pip, find_pip
from .process import CHILD, qgis_python, run
from .store import Installed, Store, folder_size

_VERSION = re.compile(
    r"(?:torch)?\s*((?:==|>=|<=|!=|~=|<|>)?\s*\d[\w.+*]*(?:\s*,\s*(?:==|>=|<=|!=|~=|<|>)\s*\d[\w.+*]*)*)?"
)
_SAFETENSORS = "safetensors>=0.4"
_QGIS_OWN = ("numpy", "gdal", "setuptools", "pip", "wheel")
"""Never put into the folder: QGIS's libraries are compiled for its numpy, and PyTorch's need of setuptools (to compile
extensions) is none of ours, while other plugins may rely on the one that is there."""


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Attributes:
        version: of PyTorch, as in "torch==2.13.0", ">=2.1" or "2.13.0".
        build: one of :data:`.index.BUILDS`; counts where neither ``index`` nor ``wheels`` is given.
        index: address of a package index that has everything; "" for pip's own configuration.
        wheels: folder of wheels, for a machine without network; "" for none.
        force: install even where there is a PyTorch that suits.
        proxy: environment variables that name a proxy.
    """

    version: str = DEFAULT_VERSION
    build: str = "auto"
    index: str = ""
    wheels: str = ""
    force: bool = False
    proxy: Mapping[str, str] = field(default_factory=dict)


def requirement(version: str) -> str:
    """A version as a user writes it, as pip wants it.

    Raises:
        InputError: it is none.
    """
    match = _VERSION.fullmatch(version.strip() or DEFAULT_VERSION)
    if match is None:
        raise InputError(f"“{version}” is no version of PyTorch; write it as torch==2.13.0, or torch>=2.1.")
    bounds = (match[1] or "").replace(" ", "")
    return f"torch=={bounds}" if bounds[:1].isdigit() else f"torch{bounds}"


def install(store: Store, request: Request, progress: Progress) -> Installed | None:
    """Install, check, and put in use; returns None where QGIS's Python needs nothing.

    What was downloaded stays after a cancel or a failure, so that the next call goes on from there; only that stays.

    Raises:
        InputError: it cannot be done; the message tells what to do.
        Cancelled: the user stopped.
    """
    needed = [requirement(request.version), _SAFETENSORS]
    if request.wheels and not Path(request.wheels).is_dir():
        raise InputError(f"The folder of wheels {request.wheels} does not exist; choose the one with the .whl files.")
    try:
        store.remove_stale()
        store.wheels.mkdir(parents=True, exist_ok=True)
        store.temporary.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{store.root} cannot be written ({error.strerror or error}); is the QGIS profile read-only?"
        ) from None
    folder: Path | None = None
    try:
        progress.set(0.0, "Asking pip what is needed")
        environment = environment_for_pip(store.temporary, request.proxy)
        sources = Sources(request.index, request.wheels)
        pip = find_pip(qgis_python(), store.root / "pip", sources, environment, progress)
        major, minor = pip.version
        progress.info(f"Python of QGIS: {pip.python}; pip {major}.{minor}; numpy {np.__version__} stays.")
        there = not request.force and _is_there(pip, needed, sources, store, progress)
        plan = [] if there else _plan(pip, needed, request, sources, store, progress.part(0.0, 0.1))
        if not plan:
            progress.info("QGIS's Python has PyTorch and safetensors; there is nothing to install.")
            return None
        share = 0.6 / len(plan)
        files = [
            _local_file(pip, wheel, source, store, progress.part(0.1 + share * i, 0.1 + share * (i + 1)))
            for i, (wheel, source) in enumerate(plan)
        ]
        progress.set(0.7, "Unpacking")
        _check_space(files, store.root)
        folder = store.new_folder()
        pip.install(files, folder, progress.part(0.7, 0.9))
        progress.set(0.9, "Trying it out")
        found = check(pip, folder, progress)
        versions = {wheel.name: wheel.version for wheel, _ in plan}
        installed = store.put_in_use(folder, {**versions, "torch": found["torch"], "safetensors": found["safetensors"]})
        progress.info(
            f"PyTorch {found['torch']} and safetensors {found['safetensors']} work with QGIS's numpy "
            f"{found['numpy']}; {folder_size(folder) / 1e6:.0f} MB in {folder}."
        )
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(store.temporary, ignore_errors=True)
        raise
    store.remove_downloads()
    progress.set(1.0, "Done")
    return installed


def check(pip: Pip, folder: Path, progress: Progress) -> dict[str, str]:
    """Compute something with the packages of a folder, in a process of its own.

    Args:
        pip: whose Python and environment are used.
        folder: of the packages.
        progress: asked whether to stop.

    Returns:
        Package -> version, of what was computed with.

    Raises:
        InputError: it does not work; the message tells why.
    """
    # Compiled files are kept, so that the first start is a fast one.
    settings = {key: value for key, value in pip.environment.items() if key != "PYTHONDONTWRITEBYTECODE"}
    code, lines = run([pip.python, str(CHILD / "check_torch.py"), str(folder)], progress, environment=settings)
    answers = [line for line in lines if line.startswith("{")]
    if code or not answers:
        why = next((line[7:] for line in reversed(lines) if line.startswith("ERROR: ")), f"exit code {code}")
        raise InputError(
            f"What was installed does not work here ({why.rstrip('.')}); it was removed again: try another version or "
            "build of PyTorch."
        )
    return json.loads(answers[-1])


def _is_there(pip: Pip, needed: Sequence[str], sources: Sources, store: Store, progress: Progress) -> bool:
    """Whether QGIS's own Python has what is needed, and it computes: a system's packages need not agree with pip in
    what they depend on, and work all the same."""
    try:
        check(pip, store.temporary, progress)
        lacking = pip.resolve(["--no-deps", *needed], Path(os.devnull), sources, store.temporary / "own.json", progress)
    except InputError:
        return False
    return not lacking


def _plan(
    pip: Pip, needed: Sequence[str], request: Request, sources: Sources, store: Store, progress: Progress
) -> list[tuple[Wheel, Sources]]:
    """The packages to install and where each comes from; PyTorch's own index has PyTorch and what it needs alone."""
    constraints = store.temporary / "constraints.txt"
    constraints.write_text(f"numpy=={np.__version__}\n", encoding="utf-8")
    report = store.temporary / "report.json"
    of_torch = sources
    if not (request.index or request.wheels):
        index, sentence = index_of_build(request.build, driver_cuda() if request.build != "cpu" else None)
        progress.info(sentence)
        of_torch = Sources(index)
    groups = [(needed, sources)] if of_torch == sources else [([needed[0]], of_torch), ([needed[1]], sources)]
    plan: dict[str, tuple[Wheel, Sources]] = {}
    for requirements, source in groups:
        resolved = pip.resolve(requirements, constraints, source, report, progress)
        if request.force:
            anyway = ["--force-reinstall", "--no-deps", *requirements]
            resolved += pip.resolve(anyway, constraints, source, report, progress)
        plan.update({normal_name(wheel.name): (wheel, source) for wheel in resolved})
    return [step for name, step in plan.items() if name not in _QGIS_OWN]


def _local_file(pip: Pip, wheel: Wheel, sources: Sources, store: Store, progress: Progress) -> Path:
    """The file of a wheel: the one at hand, one that an earlier run has downloaded, or one downloaded now."""
    if wheel.local is not None:
        return wheel.local
    target = store.wheels / wheel.file_name
    if target.is_file() and (not wheel.sha256 or _sha256(target, progress) == wheel.sha256):
        progress.info(f"{wheel.file_name} was downloaded before.")
        return target
    target.unlink(missing_ok=True)
    progress.set(0.0, f"Downloading {wheel.name} {wheel.version}")
    pip.download(wheel, store.wheels, sources, progress)
    if not target.is_file():
        raise InputError(f"pip has downloaded another file than {wheel.file_name}; run again.")
    return target


def _sha256(path: Path, progress: Progress) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 22):
            progress.check()
            digest.update(chunk)
    return digest.hexdigest()


def _check_space(files: Sequence[Path], folder: Path) -> None:
    needed = 0
    for path in files:
        try:
            with zipfile.ZipFile(path) as archive:
                needed += sum(entry.file_size for entry in archive.infolist())
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(f"{path} cannot be read ({error}); delete it and run again.") from None
    free = shutil.disk_usage(folder).free
    if free < 1.05 * needed:
        raise InputError(
            f"{folder} has {free / 1e9:.1f} GB free, but {needed / 1e9:.1f} GB are needed; make room and run again."
        )
