"""The package that pip installs: what is inside, what it offers, and what it says where something is missing."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path

import pytest

pytest.importorskip("build")
pytest.importorskip("twine")
pytest.importorskip("check_wheel_contents")

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r"^version=(\S+)", (ROOT / "metadata.txt").read_text(encoding="utf-8"), re.MULTILINE).group(1)
SOURCES = {path.relative_to(ROOT / "core").as_posix() for path in (ROOT / "core").rglob("*.py")}


def run(*command, cwd=ROOT, **environment):
    keep = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON", "TWINE_"))}
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env={**keep, **environment}, capture_output=True, text=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(wheel, sdist), built without network out of a copy of the sources; the wheel out of the sdist."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("LICENSE", "MANIFEST.in", "README.md", "metadata.txt", "pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "core", source / "core", ignore=shutil.ignore_patterns("__pycache__"))
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """A folder with the wheel installed as pip installs it."""
    target = tmp_path_factory.mktemp("target")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "install",
        "--no-index",
        "--no-deps",
        "--disable-pip-version-check",
    ]
    done = run(*pip, "--target", target, built[0])
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_the_wheel_holds_every_module_of_core_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = wheel.namelist()
        for name in SOURCES:
            assert wheel.read(f"ssml_core/{name}") == (ROOT / "core" / name).read_bytes(), name
    inside = {name for name in names if ".dist-info/" not in name}
    assert inside == {f"ssml_core/{name}" for name in SOURCES} | {"ssml_core/py.typed"}
    assert built[0].name == f"ssml_core-{VERSION}-py3-none-any.whl"


def test_the_sdist_holds_what_building_needs(built):
    with tarfile.open(built[1]) as sdist:
        names = {name.split("/", 1)[-1] for name in sdist.getnames()}
    assert {"LICENSE", "README.md", "metadata.txt", "pyproject.toml", "setup.py"} <= names
    assert {f"core/{name}" for name in SOURCES} <= names
    assert not any(name.startswith(("ssml_qgis", "tests", "examples")) for name in names)


def test_twine_and_check_wheel_contents_find_no_fault(built):
    done = run(sys.executable, "-m", "twine", "check", "--strict", *built)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(sys.executable, "-m", "check_wheel_contents", "--no-config", built[0])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_metadata_name_extras_licence_and_the_program(built):
    with zipfile.ZipFile(built[0]) as wheel:
        text = wheel.read(f"ssml_core-{VERSION}.dist-info/METADATA").decode()
        programs = wheel.read(f"ssml_core-{VERSION}.dist-info/entry_points.txt").decode()
        assert f"ssml_core-{VERSION}.dist-info/licenses/LICENSE" in wheel.namelist()
    facts = Parser().parsestr(text)
    assert facts["Version"] == VERSION
    assert facts["License-Expression"] == "GPL-2.0-or-later"
    needs = [need.replace('"', "'") for need in facts.get_all("Requires-Dist")]
    extras = {
        extra: [need.split(";")[0] for need in needs if f"== '{extra}'" in need]
        for extra in facts.get_all("Provides-Extra")
    }
    assert extras == {
        "torch": ["torch>=2.1"],
        "binary": ["numba", "threadpoolctl"],
        "dask": ["dask[distributed]"],
        "xarray": ["xarray"],
    }
    assert [need for need in needs if "extra" not in need] == ["numpy", "safetensors>=0.4"]
    assert programs.split() == ["[console_scripts]", "ssml", "=", "ssml_core.__main__:run"]


def test_what_is_installed_offers_its_names_and_its_version(installed, tmp_path):
    code = (
        "import sys, ssml_core\n"
        "loaded = {'numpy', 'osgeo', 'torch', 'xarray'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
        "from ssml_core import sharpen, InputError\n"
        "assert sharpen.__module__ == 'ssml_core.workflows.sharpen', sharpen.__module__\n"
        "assert all(callable(getattr(ssml_core, n)) for n in ssml_core.__all__ if n != '__version__')\n"
        "assert set(ssml_core.__all__) <= set(dir(ssml_core))\n"
        "assert not hasattr(ssml_core, 'paint')\n"
        "print(ssml_core.__version__, ssml_core.__file__)\n"
    )
    done = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    number, file = done.stdout.split(maxsplit=1)
    assert number == VERSION
    assert Path(file.strip()) == installed / "ssml_core" / "__init__.py"


def test_the_installed_program_is_the_command_line(installed, tmp_path):
    program = next(path for path in (installed / "bin").iterdir() if path.stem == "ssml")
    done = run(program, "--version", cwd=tmp_path, PYTHONPATH=str(installed))
    assert (done.returncode, done.stdout) == (0, f"SSML {VERSION}\n"), done.stderr
    scene = ROOT / "examples" / "indian_pines" / "indian_pines.tif"
    outputs = "--out-hsi", tmp_path / "hsi.tif", "--out-pan", tmp_path / "pan.tif"
    done = run(program, "simulate", scene, "--ratio", 4, "--pan-bands", "7-33", *outputs, PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "hsi.tif").exists()


def test_without_gdal_one_sentence_says_what_to_install(installed, tmp_path):
    (tmp_path / "osgeo.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'osgeo'\", name='osgeo')\n", "utf-8"
    )
    path = os.pathsep.join((str(tmp_path), str(installed)))
    for arguments in (["info", "m.safetensors"], ["classical", "--list"]):
        done = run(sys.executable, "-m", "ssml_core", *arguments, cwd=tmp_path, PYTHONPATH=path)
        assert done.returncode == 2
        assert done.stderr.startswith("GDAL's Python bindings are not installed; install those of your system's GDAL")
        assert done.stderr.count("\n") == 1
    for arguments in (["--version"], ["sharpen", "--help"]):
        assert run(sys.executable, "-m", "ssml_core", *arguments, cwd=tmp_path, PYTHONPATH=path).returncode == 0
    code = "from ssml_core import InputError, Progress\nfrom ssml_core import sharpen"
    done = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=path)
    assert done.stderr.splitlines()[-1].startswith(
        "ssml_core.runtime.errors.MissingDependencyError: GDAL's Python bindings"
    )


def test_names_for_type_checkers_are_those_that_are_loaded():
    import core

    tree = ast.parse((ROOT / "core" / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert typed == core._MODULES
    assert {*typed, "__version__"} == set(core.__all__)


def test_make_setup_links_the_checkout():
    import importlib.util

    found = importlib.util.find_spec("ssml_core")
    if found is None:
        pytest.skip("ssml_core is not installed; `make setup` installs it")
    checkout = Path(os.environ.get("SSML_CHECKOUT", ROOT))  # where a copy uses the environment of the original
    assert Path(found.origin) == checkout / "core" / "__init__.py"
    assert version("ssml-core")
