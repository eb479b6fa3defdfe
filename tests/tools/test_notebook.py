"""The notebook runs from top to bottom, on the scene that is in the repository."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "examples" / "sharpen_arrays.ipynb"


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A kernel of this very Python, with nothing of the user's settings."""
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"JUPYTER_{name}", str(tmp_path / name))
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    folder = tmp_path / "DATA_DIR" / "kernels" / "ssml-test"
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "ssml-test", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return "ssml-test"


def printed(notebook) -> str:
    return "".join(
        output["text"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    )


def test_the_notebook_runs_and_shows_that_sharpening_beats_the_classical_methods(kernel, tmp_path):
    if importlib.util.find_spec("ssml_core") is None:
        pytest.skip("ssml_core is not installed; `make setup` installs it")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = {"metadata": {"path": str(NOTEBOOK.parent)}}
    nbclient.NotebookClient(notebook, timeout=300, kernel_name=kernel, resources=folder).execute()
    text = printed(notebook)
    lines = [line.split() for line in text.splitlines() if line.endswith(" degrees")]
    angles = {words[0]: float(words[1]) for words in lines}
    assert angles["SSML"] < angles["MTF-GLP"] < angles["up-sampling"]
    shown = [output.data for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert sum("image/png" in data for data in shown) == 2  # the two figures, and not only their names
    assert "{'band': 200, 'y': 144, 'x': 144} True" in text or importlib.util.find_spec("xarray") is None


def test_the_notebook_is_kept_without_outputs_and_asks_for_no_kernel_of_ours():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert os.path.getsize(NOTEBOOK) < 20_000
