"""pip, run with the Python of QGIS: found where there is one, fetched where there is none, and asked politely."""

from __future__ import annotations

import json
import os
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.runtime.errors import InputError
from ..core.runtime.progress import Progress
from .constraints import configuration_files, named_constraints, why_not
from .index import PYPI, without_password
from .process import CHILD, output_of, run

OLDEST = (22, 2)
"""Older versions have no ``--dry-run --report``."""
_RAW_PROGRESS = (24, 1)
_RESUMES = (25, 1)

_VERSION = re.compile(r"^pip (\d+)\.(\d+)")
_RAW = re.compile(r"^Progress (\d+) of (\d+)$")
_NOISE = re.compile(r"is ignored: it is neither a file nor a directory|^\[notice\]")
_UNWANTED = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_LOG")


@dataclass(frozen=True)
class Wheel:
    """One package of an installation: as pip has resolved it."""

    name: str
    version: str
    url: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name of the file at the address."""
        return urllib.parse.unquote(urllib.parse.urlsplit(self.url).path.rsplit("/", 1)[1])

    @property
    def local(self) -> Path | None:
        """The file, where the address is one of this machine."""
        parts = urllib.parse.urlsplit(self.url)
        return Path(urllib.request.url2pathname(parts.path)) if parts.scheme == "file" else None


@dataclass(frozen=True)
class Sources:
    """Where packages come from.

    Attributes:
        index: address of the only index to ask; "" for pip's own configuration.
        wheels: folder of wheels, instead of any index; "" for none.
    """

    index: str = ""
    wheels: str = ""

    def options(self) -> list[str]:
        """For pip's command line."""
        return ["--no-index", "--find-links", self.wheels] if self.wheels else []

    def environment(self) -> dict[str, str]:
        """For pip's environment, where a password in an address is not seen by other users."""
        return {"PIP_INDEX_URL": self.index} if self.index and not self.wheels else {}


class Pip:
    """pip in a process of its own.

    Args:
        python: the program of QGIS's Python.
        source: wheel or zipapp to run it from; "" where it is installed.
        version: its version.
        environment: of its process.
    """

    def __init__(self, python: str, source: str, version: tuple[int, int], environment: Mapping[str, str]) -> None:
        self.python, self.source, self.version, self.environment = python, source, version, environment

    def resolve(
        self, requirements: Sequence[str], constraints: Path, sources: Sources, report: Path, progress: Progress
    ) -> list[Wheel]:
        """The packages that QGIS's Python lacks, or has too old, for some requirements."""
        options = ["--dry-run", "--report", str(report), "--constraint", str(constraints), *requirements]
        self._call("install", options, sources, progress)
        wheels = []
        for item in json.loads(report.read_text(encoding="utf-8"))["install"]:
            archive = item["download_info"].get("archive_info", {})
            digest = archive.get("hashes", {}).get("sha256") or archive.get("hash", "").rpartition("sha256=")[2]
            meta = item["metadata"]
            wheels.append(Wheel(meta["name"], meta["version"], item["download_info"]["url"], digest))
        return wheels

    def download(self, wheel: Wheel, folder: Path, sources: Sources, progress: Progress) -> None:
        """Put a wheel into a folder; one that came in part is not left there."""
        options = ["--no-deps", "--dest", str(folder)]
        if self.version >= _RAW_PROGRESS:
            options += ["--progress-bar", "raw"]
        if self.version >= _RESUMES:
            options += ["--resume-retries", "20"]
        self._call("download", [*options, f"{wheel.name}=={wheel.version}"], sources, progress)

    def install(self, files: Sequence[Path], folder: Path, progress: Progress) -> None:
        """Unpack wheels into a folder, without their dependencies."""
        options = ["--no-index", "--no-deps", "--no-compile", "--no-warn-script-location", "--target", str(folder)]
        self._call("install", [*options, *map(str, files)], Sources(), progress)

    def _call(self, job: str, options: Sequence[str], sources: Sources, progress: Progress) -> None:
        def show(text: str) -> None:
            raw = _RAW.match(text)
            if raw:
                done, total = int(raw[1]), int(raw[2])
                progress.set(done / total if total else 0.0, f"{done / 1e6:.0f} of {total / 1e6:.0f} MB")
            elif text.strip() and not _NOISE.search(text):
                progress.info(without_password(text))

        environment = {**self.environment, **sources.environment()}
        pip = [self.python, str(CHILD / "run_pip.py"), self.source]
        code, output = run(
            [*pip, job, "--only-binary", ":all:", *sources.options(), *options], progress, show, environment
        )
        if code == 0:
            return
        _, listing = run([*pip, "config", "debug"], progress, environment=environment)
        forbidden = why_not(output, named_constraints(configuration_files(listing), environment))
        if forbidden:
            raise InputError(f"pip could not do its work: {forbidden}.")
        complaints = [without_password(text[len("ERROR:") :].strip()) for text in output if text.startswith("ERROR:")]
        why = complaints[-1].rstrip(".") if complaints else f"exit code {code}; the lines above say more"
        where = f"the folder {sources.wheels}" if sources.wheels else "the network, the proxy in QGIS's settings"
        raise InputError(f"pip could not do its work ({why}); check {where} and the version asked for, and run again.")


def environment_for_pip(temporary: Path, proxy: Mapping[str, str]) -> dict[str, str]:
    """The environment of pip's process: QGIS's own, less what would send packages elsewhere."""
    kept = {key: value for key, value in os.environ.items() if key not in _UNWANTED}
    return {
        **kept,
        **proxy,
        # Explicit: else pip turns to the user's site-packages where QGIS's cannot be written, and may refuse that.
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COLOR": "1",
        "PIP_PROGRESS_BAR": "off",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        # One file system with the folder of packages, so that they are moved and not copied.
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
    }


def find_pip(python: str, keep: Path, sources: Sources, environment: Mapping[str, str], progress: Progress) -> Pip:
    """A pip that is new enough: installed, from ensurepip, from the folder of wheels, fetched before, or fetched now.

    Args:
        python: the program of QGIS's Python.
        keep: folder for a pip that is fetched.
        sources: an index to fetch it from, or the folder of wheels.
        environment: of pip's process.

    Raises:
        InputError: there is none and none can be fetched.
    """
    places = output_of([python, str(CHILD / "find_pip.py")])[1].splitlines()
    for folder in (sources.wheels, str(keep)):
        for pattern in ("pip-*.whl", "pip*.pyz") if folder else ():
            places += [str(path) for path in sorted(Path(folder).glob(pattern))]
    for place in places:
        version = _version(python, place, progress)
        if version >= OLDEST:
            return Pip(python, place, version, environment)
    if sources.wheels:
        raise InputError(
            f"QGIS's Python has no pip {OLDEST[0]}.{OLDEST[1]} or newer; put a wheel of pip (pip-*.whl) into "
            f"{sources.wheels} and run again."
        )
    progress.info("QGIS's Python has no pip that is new enough; fetching one for this installation alone.")
    return _fetched(python, keep, sources, environment, progress)


def _fetched(python: str, keep: Path, sources: Sources, environment: Mapping[str, str], progress: Progress) -> Pip:
    index = sources.index or os.environ.get("PIP_INDEX_URL") or PYPI
    code, lines = run([python, str(CHILD / "fetch_pip.py"), index, str(keep)], progress, environment=environment)
    version = _version(python, lines[-1], progress) if code == 0 and lines else (0, 0)
    if version < OLDEST:
        why = without_password(lines[-1].replace("ERROR: ", "")) if lines else "no answer"
        raise InputError(
            f"QGIS's Python has no pip, and none could be fetched ({why}); install it with the system's packages "
            "(python3-pip on Debian and Ubuntu) or put a wheel of pip into a folder of wheels, and run again."
        )
    return Pip(python, lines[-1], version, environment)


def _version(python: str, source: str, progress: Progress) -> tuple[int, int]:
    _, lines = run([python, str(CHILD / "run_pip.py"), source, "--version"], progress)
    match = next(filter(None, map(_VERSION.match, lines)), None)
    return (int(match[1]), int(match[2])) if match else (0, 0)
