"""What the plugin's zip file and an installed plugin must look like."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def package():
    spec = importlib.util.spec_from_file_location("ssml_tools_package", ROOT / "tools" / "package.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def archive(package, tmp_path_factory) -> Path:
    return package.build_zip(tmp_path_factory.mktemp("dist"))


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as zipped:
        return zipped.namelist()


def test_zip_has_one_top_folder(archive):
    assert {PurePosixPath(name).parts[0] for name in names(archive)} == {"ssml_qgis"}


@pytest.mark.parametrize(
    "name", ["__init__.py", "metadata.txt", "LICENSE", "core/__init__.py", "core/runtime/errors.py"]
)
def test_zip_follows_the_links(archive, name):
    with zipfile.ZipFile(archive) as zipped:
        source = ROOT / name if (ROOT / name).exists() else ROOT / "ssml_qgis" / name
        assert zipped.read(f"ssml_qgis/{name}") == source.read_bytes()


def test_zip_holds_nothing_that_the_plugin_repository_refuses(archive):
    for name in names(archive):
        path = PurePosixPath(name)
        assert not any(part.startswith(".") or part == "__pycache__" for part in path.parts), name
        assert path.suffix not in {".pyc", ".sh", ".exe", ".so", ".dll", ".bat"}, name
        assert "tests" not in path.parts, name


def test_zip_is_named_after_the_version_in_the_metadata(archive):
    lines = (ROOT / "metadata.txt").read_text(encoding="utf-8").splitlines()
    (version,) = [line.split("=", 1)[1].strip() for line in lines if line.startswith("version=")]
    assert archive.name == f"ssml_qgis-{version}.zip"


def test_zip_is_the_same_bytes_each_time(package, archive, tmp_path):
    assert package.build_zip(tmp_path).read_bytes() == archive.read_bytes()


def test_zip_leaves_out_rubbish_beside_the_sources(package, tmp_path):
    for name in package.REQUIRED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("a.pyc", "run.sh", ".hidden", "__pycache__/a.py", ".git/config", "core/__pycache__/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [name for name, _ in package.plugin_files(tmp_path)] == sorted(package.REQUIRED)


def test_incomplete_checkout_is_told_in_one_sentence(package, tmp_path):
    with pytest.raises(SystemExit, match=r"lacks __init__.py, metadata.txt"):
        package.plugin_files(tmp_path)


def test_installed_plugin_stands_alone_and_replaces_an_older_one(package, monkeypatch, tmp_path):
    monkeypatch.setenv("QGIS_CUSTOM_CONFIG_PATH", str(tmp_path))
    folder = package.install()
    assert folder == tmp_path / "profiles" / "default" / "python" / "plugins" / "ssml_qgis"
    (folder / "left_over.py").touch()
    assert package.install() == folder
    assert not (folder / "left_over.py").exists()
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    # Imported from there, with nothing of the checkout in reach.
    code = "import ssml_qgis.core.runtime.errors as e; print(e.__file__)"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=folder.parent, capture_output=True, text=True, check=True, timeout=120
    )
    assert Path(answer.stdout.strip()) == folder / "core" / "runtime" / "errors.py"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the place differs there")
def test_install_finds_the_profile(package, monkeypatch, tmp_path):
    monkeypatch.delenv("QGIS_CUSTOM_CONFIG_PATH", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert package.profile() == tmp_path / "QGIS" / "QGIS3" / "profiles" / "default"
    (tmp_path / "QGIS" / "QGIS4").mkdir(parents=True)
    assert package.profile() == tmp_path / "QGIS" / "QGIS4" / "profiles" / "default"
    (tmp_path / "QGIS" / "QGIS3").mkdir()
    assert package.profile() == tmp_path / "QGIS" / "QGIS3" / "profiles" / "default"
