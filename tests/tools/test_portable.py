"""Nothing that ships may assume a POSIX system: QGIS runs on Windows and macOS as well."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("core", "ssml_qgis") for path in (ROOT / folder).rglob("*.py") if path.is_file())
SOURCES = [path for path in SOURCES if not path.is_relative_to(ROOT / "ssml_qgis" / "core")]  # a link to core

POSIX_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
POSIX_OF_OS = {
    *(
        "chown",
        "fork",
        "forkpty",
        "getegid",
        "geteuid",
        "getgid",
        "getpgid",
        "getsid",
        "getuid",
        "kill",
        "killpg",
        "mkfifo",
    ),
    *("nice", "setpgid", "setsid", "setuid", "statvfs", "symlink", "sysconf", "uname", "wait", "waitpid"),
}
POSIX_SIGNALS = {"SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2"}
PLACES = re.compile(r"/(bin|dev|etc|home|opt|proc|root|tmp|usr|var)(/|$)")
MULTIPROCESSING = {"multiprocessing", "concurrent.futures.process"}  # on Windows it starts QGIS again

# Where the system is asked before, or an error is expected: file and what is used there.
GUARDED = {
    ("core/runtime/memory.py", "place"),
    ("core/runtime/memory.py", "os.sysconf"),
    ("core/runtime/atomic_files.py", "fcntl"),
    ("core/runtime/atomic_files.py", "os.kill"),
    ("core/runtime/atomic_files.py", "place"),
}


def findings(source: str) -> list[tuple[int, str]]:
    """(line, what) of each assumption in a source."""
    found = []
    tree = ast.parse(source)
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False)
    }
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [(node.lineno, name) for name in names if name.split(".")[0] in POSIX_MODULES | MULTIPROCESSING]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            whole = f"{node.value.id}.{node.attr}"
            if (node.value.id == "os" and node.attr in POSIX_OF_OS) or node.attr in POSIX_SIGNALS:
                found.append((node.lineno, whole))
        text = node.value if isinstance(node, ast.Constant) and node not in docstrings else None
        if isinstance(text, str) and PLACES.match(text):
            found.append((node.lineno, "place"))
        if isinstance(node, ast.Call):
            found += _of_call(node)
    return found


def _of_call(node: ast.Call) -> list[tuple[int, str]]:
    keys = {keyword.arg: keyword.value for keyword in node.keywords}
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    found = []
    if name in {"open", "read_text", "write_text"} and "encoding" not in keys:
        # Files of text have the system's encoding otherwise: not UTF-8 on Windows.
        mode = node.args[1] if name == "open" and len(node.args) > 1 else None
        binary = mode is not None and not (isinstance(mode, ast.Constant) and "b" not in str(mode.value))
        plain = isinstance(node.func, ast.Name) or name != "open"
        if plain and not binary:
            found.append((node.lineno, f"{name} without an encoding"))
    if isinstance(keys.get("shell"), ast.Constant) and keys["shell"].value:
        found.append((node.lineno, "shell"))
    return found + [(node.lineno, key) for key in ("preexec_fn", "start_new_session") if key in keys]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_posix_assumption(path):
    name = path.relative_to(ROOT).as_posix()
    found = [(line, what) for line, what in findings(path.read_text(encoding="utf-8")) if (name, what) not in GUARDED]
    assert found == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import fcntl", "fcntl"),
        ("import os\nos.fork()", "os.fork"),
        ("import signal\nsignal.SIGKILL", "signal.SIGKILL"),
        ("x = '/tmp/file'", "place"),
        ("open('a')", "open without an encoding"),
        ("open('a', 'w')", "open without an encoding"),
        ("import multiprocessing", "multiprocessing"),
        ("run('ls', shell=True)", "shell"),
    ],
)
def test_the_lint_finds_what_it_is_for(source, what):
    assert [name for _, name in findings(source)] == [what]


def test_the_lint_leaves_alone_what_is_portable():
    source = '"""Writes to /tmp/x."""\nopen("a", "rb")\nopen("a", encoding="utf-8")\nimport os\nos.replace("a", "b")\n'
    assert findings(source) == []


def test_what_is_allowed_is_still_there():
    there = {
        (path.relative_to(ROOT).as_posix(), what) for path in SOURCES for _, what in findings(path.read_text("utf-8"))
    }
    assert there >= GUARDED
