"""Check the plugin's zip file as the official plugin repository does, and a little more strictly.

    python tools/check_zip.py        builds the zip into build/ and checks what is in it

Layout, size, metadata, no binaries; Bandit and detect-secrets without a finding; flake8 with flake8-qgis; and the rules
that keep the plugin running on Qt 5 and Qt 6. Ends with exit code 1 where something is found.
"""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

sys.path.insert(0, str(Path(__file__).resolve().parent))

import package

KEYS = (
    "name",
    "description",
    "version",
    "qgisMinimumVersion",
    "author",
    "email",
    "about",
    "tracker",
    "repository",
)
BINARIES = (".pyc", ".pyo", ".so", ".dll", ".dylib", ".exe", ".sh", ".bat", ".pyd", ".whl", ".zip")
QT_RULES = (  # what one of Qt 5 and Qt 6, or their bindings, does not know
    (re.compile(r"\b(from|import) PyQt[56]\b"), "imports a Qt of its own: import from qgis.PyQt"),
    (re.compile(r"\.exec_\("), "calls exec_(), which Qt 6 has not: call exec()"),
    (re.compile(r"\bQVariant\.(Int|Double|String|Bool|List)\b"), "uses an unscoped type of QVariant"),
    (
        re.compile(r"\b(Qgis|Qgs\w+|Qt|Q[A-Z]\w+)\.(Flag\w+|Integer|Double|Critical|Warning|Info|Success|Align\w+)\b"),
        "uses an enum without its scope",
    ),
)
FLAKE8 = (
    "--max-line-length=120",
    "--extend-ignore=E203,W503,QGS201,QGS202",
)  # against the layout of ruff; experimental


def main() -> int:
    """Build, unpack, check; returns the exit code."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        archive = package.build_zip(Path(folder))
        found += _layout(archive)
        unpacked = Path(folder, "unpacked")
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(unpacked)
        found += _metadata(unpacked / package.PLUGIN)
        found += _qt(unpacked)
        found += _bandit(unpacked)
        found += _secrets(unpacked)
        found += _flake8(unpacked)
    for line in found:
        print(line, file=sys.stderr)
    print(f"{archive.name}: {'nothing found' if not found else f'{len(found)} finding(s)'}")
    return 1 if found else 0


def _layout(archive: Path) -> Iterator[str]:
    if archive.stat().st_size > package.LARGEST:
        yield f"{archive.name} is larger than the plugin repository takes"
    with zipfile.ZipFile(archive) as zipped:
        names = zipped.namelist()
    tops = {PurePosixPath(name).parts[0] for name in names}
    if tops != {package.PLUGIN}:
        yield f"the zip has the top folders {', '.join(sorted(tops))}"
    for name in ("__init__.py", "metadata.txt", "LICENSE"):
        if f"{package.PLUGIN}/{name}" not in names:
            yield f"the zip lacks {name}"
    for name in names:
        path = PurePosixPath(name)
        if path.suffix in BINARIES or any(part.startswith((".", "__pycache__")) for part in path.parts):
            yield f"{name} must not be in the zip"


def _metadata(plugin: Path) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(plugin / "metadata.txt", encoding="utf-8")
    for key in KEYS:
        if not parser.get("general", key, fallback="").strip():
            yield f"metadata.txt lacks {key}"
    for word in ("torch", "safetensors"):
        if word not in parser.get("general", "about", fallback=""):
            yield f"metadata.txt does not name the dependency {word} in about"
    if parser.get("general", "icon", fallback="") and not (plugin / parser.get("general", "icon")).is_file():
        yield "metadata.txt names an icon that is not there"


def _qt(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for rule, sentence in QT_RULES:
                if rule.search(line):
                    yield f"{path.relative_to(folder)}:{number} {sentence}"


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)


def _bandit(folder: Path) -> Iterator[str]:
    done = _run(folder, "bandit", "-q", "-r", "-f", "json", ".")
    report = json.loads(done.stdout)
    yield from (f"bandit: {error}" for error in report["errors"])
    for issue in report["results"]:
        yield f"{issue['filename']}:{issue['line_number']} {issue['test_id']} {issue['issue_text']}"


def _secrets(folder: Path) -> Iterator[str]:
    done = _run(folder, "detect_secrets", "scan", "--all-files", ".")
    if done.returncode:
        yield f"detect-secrets: {done.stderr.strip()}"
        return
    for path, secrets in json.loads(done.stdout)["results"].items():
        for secret in secrets:
            yield f"{path}:{secret['line_number']} looks like a secret: {secret['type']}"


def _flake8(folder: Path) -> Iterator[str]:
    done = _run(folder, "flake8", "--isolated", *FLAKE8, ".")
    yield from filter(None, done.stdout.splitlines())
    if done.stderr:
        yield f"flake8: {done.stderr.strip()}"


if __name__ == "__main__":
    sys.exit(main())
