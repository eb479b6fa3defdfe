"""PyTorch for QGIS's Python: what is installed from where, what stays untouched, and what cancel and failure leave."""

from __future__ import annotations

import functools
import hashlib
import http.server
import importlib
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from ssml_qgis.core.runtime.errors import Cancelled, InputError
from ssml_qgis.core.runtime.progress import Progress
from ssml_qgis.pytorch import search_path
from ssml_qgis.pytorch.child import fetch_pip
from ssml_qgis.pytorch.index import index_of_build, proxy_environment, without_password
from ssml_qgis.pytorch.install import Request, install, requirement
from ssml_qgis.pytorch.pip import Sources, environment_for_pip, find_pip
from ssml_qgis.pytorch.process import CHILD, output_of, qgis_python, run
from ssml_qgis.pytorch.store import Store

from .wheels import make_wheel

HIDE_PIP = """
import importlib.util, sys, sysconfig
hidden = lambda name: name in ("pip", "ensurepip") and not any(entry.endswith(".whl") for entry in sys.path)
class Hide:
    def find_spec(self, name, path=None, target=None):
        if hidden(name):
            raise ModuleNotFoundError(name)
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if hidden(name) else find(name, *more)
sys.meta_path.insert(0, Hide())
variable = sysconfig.get_config_var
sysconfig.get_config_var = lambda name: None if name == "WHEEL_PKG_DIR" else variable(name)
"""


class Recorder(Progress):
    def __init__(self):
        self.lines = []

    def info(self, text):
        self.lines.append(text)


@pytest.fixture
def store(tmp_path):
    return Store.of_profile(tmp_path / "profile")


@pytest.fixture
def pip(tmp_path):
    environment = environment_for_pip(tmp_path, {})
    return find_pip(qgis_python(), tmp_path / "keep", Sources(), environment, Progress())


@pytest.fixture(autouse=True)
def search_path_as_before():
    path, finders = list(sys.path), list(sys.meta_path)
    yield
    sys.path[:], sys.meta_path[:] = path, finders


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("torch==2.13.0", "torch==2.13.0"),
        (" 2.13.0 ", "torch==2.13.0"),
        (">=2.1, <3", "torch>=2.1,<3"),
        ("torch >= 2.1", "torch>=2.1"),
        ("2.13.0+cpu", "torch==2.13.0+cpu"),
        ("torch", "torch"),
        ("", "torch>=2.1"),
    ],
)
def test_a_version_is_understood_as_users_write_it(text, expected):
    assert requirement(text) == expected


@pytest.mark.parametrize("text", ["tensorflow", "torch --index-url x", "torch @ file:///x.whl", "torch==2; x", "-r x"])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(InputError, match=r"torch==2\.13\.0"):
        requirement(text)


@pytest.mark.parametrize(
    ("build", "cuda", "platform", "ending"),
    [
        ("auto", None, "linux", "/cpu"),
        ("auto", (12, 7), "linux", "/cu126"),
        ("auto", (13, 1), "win32", "/cu130"),
        ("cuda", (10, 2), "linux", "/cpu"),
        ("cpu", (12, 8), "win32", "/cpu"),
        ("cuda", None, "win32", ""),
        ("default", (12, 8), "linux", ""),
        ("auto", None, "darwin", ""),
    ],
)
def test_the_build_follows_the_driver(build, cuda, platform, ending):
    address, sentence = index_of_build(build, cuda, platform)
    assert address.endswith(ending) if ending else address == ""
    assert sentence.endswith(".")


def test_a_proxy_is_passed_with_its_password_escaped_and_not_shown():
    found = proxy_environment("http", "proxy.example", 3128, "me", "p@ss/w", ("http://intern.example", "10.0.0.1"))
    assert found["HTTPS_PROXY"] == found["http_proxy"] == "http://me:p%40ss%2Fw@proxy.example:3128"
    assert found["NO_PROXY"] == "intern.example,10.0.0.1"
    assert without_password(f"at {found['HTTPS_PROXY']}") == "at http://proxy.example:3128"


def test_the_python_found_is_that_of_qgis():
    code, text = output_of([qgis_python(), "-c", "import sys; print(sys.version)"])
    assert code == 0
    assert text.strip() == sys.version


def test_cancel_ends_the_program():
    class Stop(Progress):
        pid = None

        def cancelled(self):
            return self.pid is not None

    progress = Stop()

    def line(text):
        progress.pid = int(text)

    with pytest.raises(Cancelled):
        run([qgis_python(), "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"], progress, line)
    # It has been waited for, so that the system knows it no more.
    with pytest.raises(ProcessLookupError):
        os.kill(progress.pid, 0)


def test_pip_ends_with_the_program_that_started_it(tmp_path):
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__main__.py").write_text("import time; print('on', flush=True); time.sleep(600)")
    (tmp_path / "pip" / "__init__.py").touch()
    command = [qgis_python(), str(CHILD / "run_pip.py"), str(tmp_path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline().strip() == "on"
    child.stdin.close()
    assert child.wait(60) == 130
    child.stdout.close()


def test_pip_resolves_what_is_missing_and_leaves_numpy_alone(pip, tmp_path):
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "ssmlprobe", "1.0", {"ssmlprobe.py": "value = 1\n"}, ("numpy", "ssmlprobepart>=2"))
    make_wheel(wheels, "ssmlprobepart", "2.5", {"ssmlprobepart.py": ""})
    make_wheel(wheels, "numpy", "99.0", {"numpy/__init__.py": ""})
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(f"numpy=={np.__version__}\n")
    found = pip.resolve(["ssmlprobe"], constraints, Sources(wheels=str(wheels)), tmp_path / "r.json", Progress())
    assert {(wheel.name, wheel.version) for wheel in found} == {("ssmlprobe", "1.0"), ("ssmlprobepart", "2.5")}
    assert all(wheel.local.is_file() for wheel in found)
    pip.install([wheel.local for wheel in found], tmp_path / "target", Progress())
    assert search_path.top_level_modules(str(tmp_path / "target")) == {"ssmlprobe", "ssmlprobepart"}


def test_what_pips_configuration_says_of_places_does_not_count(tmp_path, monkeypatch):
    (tmp_path / "mine.conf").write_text("[install]\nuser = true\nrequire-virtualenv = true\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "mine.conf"))
    environment = environment_for_pip(tmp_path, {})
    pip = find_pip(qgis_python(), tmp_path / "keep", Sources(), environment, Progress())
    wheel = make_wheel(tmp_path / "wheels", "ssmlprobe", "1.0", {"ssmlprobe.py": "value = 1\n"})
    (tmp_path / "c.txt").touch()
    sources, report = Sources(wheels=str(wheel.parent)), tmp_path / "r.json"
    (found,) = pip.resolve(["ssmlprobe"], tmp_path / "c.txt", sources, report, Progress())
    pip.install([found.local], tmp_path / "target", Progress())
    assert (tmp_path / "target" / "ssmlprobe.py").is_file()


def test_a_package_that_is_not_there_is_told_in_one_sentence(pip, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "c.txt").touch()
    with pytest.raises(InputError, match="ssmlprobe") as caught:
        pip.resolve(["ssmlprobe==7"], tmp_path / "c.txt", Sources(wheels=str(empty)), tmp_path / "r.json", Progress())
    assert "\n" not in str(caught.value)
    assert str(empty) in str(caught.value)


def test_nothing_is_installed_where_qgis_has_it(store):
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    progress = Recorder()
    assert install(store, Request(build="default"), progress) is None
    assert "nothing to install" in progress.lines[-1]
    assert store.installed() is None


def test_what_does_not_compute_is_not_put_in_use(store, tmp_path):
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "torch", "9.0", {"torch/__init__.py": "raise OSError('libgomp is missing')\n"})
    make_wheel(wheels, "safetensors", "9.0", {"safetensors/__init__.py": "__version__ = '9.0'\n"})
    make_wheel(wheels, "numpy", "99.0", {"numpy/__init__.py": ""})
    former = store.put_in_use(store.new_folder(), {"torch": "1"})
    with pytest.raises(InputError, match=r"libgomp is missing.*removed again"):
        install(store, Request(version="torch==9.0", wheels=str(wheels), force=True), Progress())
    assert store.installed() == former
    assert {path.name for path in store.root.iterdir()} == {former.folder.name, "installed.json", "wheels"}


def test_cancel_leaves_what_was_downloaded_and_nothing_else(store, tmp_path):
    wheels = tmp_path / "wheels"
    make_wheel(wheels, "torch", "9.0", {"torch/__init__.py": ""})
    make_wheel(wheels, "safetensors", "9.0", {"safetensors/__init__.py": ""})

    class StopAtUnpacking(Progress):
        stopped = False

        def set(self, fraction, text=None):
            self.stopped = self.stopped or text == "Unpacking"

        def cancelled(self):
            return self.stopped

    store.wheels.mkdir(parents=True)
    (store.wheels / "earlier.whl").touch()
    with pytest.raises(Cancelled):
        install(store, Request(version="torch==9.0", wheels=str(wheels), force=True), StopAtUnpacking())
    assert {path.name for path in store.root.iterdir()} == {"wheels"}
    assert (store.wheels / "earlier.whl").is_file()


def test_a_folder_of_wheels_that_does_not_exist_is_refused(store, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        install(store, Request(wheels=str(tmp_path / "none")), Progress())


def test_the_former_folder_is_removed_at_the_next_start(store):
    first = store.put_in_use(store.new_folder(), {"torch": "1"})
    second = store.put_in_use(store.new_folder(), {"torch": "2"})
    assert first.folder.is_dir()
    store.remove_former()
    assert not first.folder.exists()
    assert store.installed() == second


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"folder": "../..", "versions": {}}', '{"folder": 1}'])
def test_a_damaged_pointer_counts_as_nothing_installed(store, content):
    store.root.mkdir(parents=True)
    (store.root / "installed.json").write_text(content)
    assert store.installed() is None
    store.remove_former()


def package(folder: Path, name: str, value: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(f"value = {value!r}\n")


@pytest.mark.parametrize(
    ("source", "expected"), [("auto", "qgis"), ("plugin", "own"), ("folder", "other"), ("qgis", "qgis")]
)
def test_the_setting_says_whose_pytorch_it_is_and_numpy_is_always_that_of_qgis(tmp_path, monkeypatch, source, expected):
    for place in ("qgis", "own", "other"):
        package(tmp_path / place, "triton", place)
        package(tmp_path / place, "ssml_shared", place)
        package(tmp_path / place, "numpy", place)
    monkeypatch.syspath_prepend(str(tmp_path / "qgis"))
    (tmp_path / "qgis" / "numpy").rename(tmp_path / "qgis" / "gone")
    search_path.use(source, str(tmp_path / "own"), str(tmp_path / "other"))
    importlib.invalidate_caches()
    assert importlib.util.find_spec("triton").origin == str(tmp_path / expected / "triton" / "__init__.py")
    assert search_path.PathFinder.find_spec("numpy").origin == np.__file__
    assert not any(folder.modules & {"numpy"} for folder in search_path._ours())


def test_a_package_that_qgis_lacks_comes_from_the_plugins_folder(tmp_path):
    package(tmp_path, "ssml_only_here", "own")
    search_path.use("auto", str(tmp_path), "")
    assert importlib.import_module("ssml_only_here").value == "own"
    del sys.modules["ssml_only_here"]
    search_path.forget()
    assert str(tmp_path) not in sys.path
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("ssml_only_here")


@pytest.mark.parametrize(
    ("requires", "held"),
    [
        ("", True),
        (">=3.8", True),
        (">=3.9, !=3.9.0", True),
        (">=3.13", False),
        ("<3.11", False),
        ("~=3.8", True),
        ("?", False),
    ],
)
def test_requires_python_is_understood(requires, held):
    assert fetch_pip.suits(requires, (3, 11, 2)) == held


@pytest.fixture
def pip_wheel():
    wheels = [Path(line) for line in output_of([qgis_python(), str(CHILD / "find_pip.py")])[1].splitlines() if line]
    if not wheels:
        pytest.skip("this Python has no wheel of pip")
    return wheels[0]


@pytest.fixture
def index(tmp_path, pip_wheel):
    """A package index on this machine that has pip, an older one and one for newer Pythons."""
    folder = tmp_path / "index" / "pip"
    folder.mkdir(parents=True)
    (folder / pip_wheel.name).write_bytes(pip_wheel.read_bytes())
    digest = hashlib.sha256(pip_wheel.read_bytes()).hexdigest()
    (folder / "index.html").write_text(
        "<a href='pip-1.0-py3-none-any.whl#sha256=0'>old</a>"
        "<a href='pip-99.0-py3-none-any.whl#sha256=0' data-requires-python='&gt;=4.0'>new</a>"
        "<a href='pip-98.0-py3-none-any.whl#sha256=0' data-yanked=''>taken back</a>"
        f"<a href='{pip_wheel.name}#sha256={digest}' data-requires-python='&gt;=3.7'>this</a>"
    )
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "index"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def hide_pip(tmp_path, monkeypatch):
    (tmp_path / "hiding").mkdir()
    (tmp_path / "hiding" / "sitecustomize.py").write_text(HIDE_PIP)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hiding"))


def test_pip_is_fetched_where_qgis_has_none(index, pip_wheel, tmp_path, monkeypatch):
    hide_pip(tmp_path, monkeypatch)
    environment = environment_for_pip(tmp_path, {})
    found = find_pip(qgis_python(), tmp_path / "keep", Sources(index), environment, Progress())
    assert Path(found.source) == tmp_path / "keep" / pip_wheel.name
    assert Path(found.source).read_bytes() == pip_wheel.read_bytes()


def test_a_pip_that_is_not_what_the_index_promised_is_refused(index, pip_wheel, tmp_path, monkeypatch):
    hide_pip(tmp_path, monkeypatch)
    with open(tmp_path / "index" / "pip" / pip_wheel.name, "ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match="not what the index promised"):
        find_pip(qgis_python(), tmp_path / "keep", Sources(index), environment_for_pip(tmp_path, {}), Progress())
    assert not (tmp_path / "keep").exists()


def test_pip_is_taken_from_the_folder_of_wheels_where_there_is_no_network(pip_wheel, tmp_path, monkeypatch):
    hide_pip(tmp_path, monkeypatch)
    environment = environment_for_pip(tmp_path, {})
    folder = tmp_path / "wheels"
    folder.mkdir()
    with pytest.raises(InputError, match=r"put a wheel of pip \(pip-\*\.whl\) into"):
        find_pip(qgis_python(), tmp_path / "keep", Sources(wheels=str(folder)), environment, Progress())
    (folder / pip_wheel.name).write_bytes(pip_wheel.read_bytes())
    found = find_pip(qgis_python(), tmp_path / "keep", Sources(wheels=str(folder)), environment, Progress())
    assert Path(found.source).parent == folder


@pytest.mark.slow
@pytest.mark.usefixtures("environment_of_the_user")
def test_pytorch_is_installed_and_computes(store):
    """From whatever index pip is set up for on this machine."""
    installed = install(store, Request(version="torch==2.13.0", force=True, build="cpu"), Progress())
    assert installed == store.installed()
    assert not (installed.folder / "numpy").exists()
    assert not store.wheels.exists()
    code, _ = output_of([qgis_python(), str(CHILD / "check_torch.py"), str(installed.folder)], 120)
    assert code == 0
