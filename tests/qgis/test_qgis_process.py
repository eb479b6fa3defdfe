"""The plugin on a server: qgis_process, with and without PyTorch."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal

ROOT = Path(__file__).resolve().parents[2]
# Some Linux packages wrap qgis_process in a script that passes it options it does not know.
PROGRAM = shutil.which("qgis_process.bin") or shutil.which("qgis_process")

ENGLISH = "[locale]\noverrideFlag=true\nuserLocale=en_US\n"
HIDE_TORCH = "import sys\nsys.modules['torch'] = None\n"


@pytest.fixture(scope="module")
def qgis_process(tmp_path_factory):
    """``qgis_process(*arguments, path=...)`` with the plugin enabled in a profile of its own."""
    if PROGRAM is None:
        pytest.skip("qgis_process is not installed")
    profile = tmp_path_factory.mktemp("profile")
    for major in (3, 4):
        stored = profile / "profiles" / "default" / "QGIS" / f"QGIS{major}.ini"
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_text(ENGLISH, encoding="utf-8")

    def call(*arguments, hide_torch=False):
        folders = [str(Path(pytest.__file__).parent.parent)]
        if hide_torch:
            hiding = profile / "hiding"
            hiding.mkdir(exist_ok=True)
            (hiding / "sitecustomize.py").write_text(HIDE_TORCH, encoding="utf-8")
            folders.insert(0, str(hiding))
        environment = {
            **os.environ,
            "QGIS_PLUGINPATH": str(ROOT),
            "QGIS_CUSTOM_CONFIG_PATH": str(profile),
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": os.pathsep.join(folders),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(
            [PROGRAM, *arguments], env=environment, capture_output=True, text=True, timeout=3600, check=False
        )
        return done.returncode, done.stdout + done.stderr

    call("plugins", "enable", "ssml_qgis")
    return call


def test_plugin_loads_and_its_help_is_plain_text(qgis_process):
    code, text = qgis_process("help", "ssml:sharpen")
    assert code == 0, text
    assert "Brings a hyperspectral image" in text
    assert "<p>" not in text
    assert "Traceback" not in text


def test_provider_loads_where_pytorch_is_missing_and_learning_says_so(qgis_process, scene, tmp_path):
    code, text = qgis_process(
        "run",
        "ssml:sharpen",
        "--",
        f"HSI={scene.hsi}",
        f"PAN={scene.pan}",
        f"OUTPUT={tmp_path / 'o.tif'}",
        hide_torch=True,
    )
    assert code != 0
    assert "lacks PyTorch" in text
    assert "Traceback" not in text


def test_simulate_runs_without_pytorch(qgis_process, scene, tmp_path):
    hsi, pan = tmp_path / "h.tif", tmp_path / "p.tif"
    arguments = [f"REFERENCE={scene.reference}", "RATIO=3", "PAN_BANDS=2-6", f"HSI={hsi}", f"PAN={pan}"]
    code, text = qgis_process("run", "ssml:simulate", "--", *arguments, hide_torch=True)
    assert code == 0, text
    assert hsi.is_file()
    assert pan.is_file()


def test_enums_are_given_by_their_words(qgis_process, scene, tmp_path):
    output = tmp_path / "o.tif"
    arguments = [f"HSI={scene.hsi}", f"PAN={scene.pan}", "METHOD=exp", f"OUTPUT={output}"]
    code, text = qgis_process("run", "ssml:classicalfuse", "--", *arguments)
    assert code == 0, text
    assert output.is_file()


def test_the_shipped_model_simulates_and_compares(qgis_process, scene, tmp_path):
    best, report = tmp_path / "best.tif", tmp_path / "report.html"
    given = [f"REFERENCE={scene.reference}", "RATIO=3", "PAN_RANGE=480-690"]
    outputs = [f"compare:OUTPUT={best}", f"compare:REPORT={report}"]
    code, text = qgis_process("run", "ssml:whichmethodisbest", "--", *given, *outputs)
    assert code == 0, text
    assert "Best method" in text
    assert best.is_file()
    assert "Comparison of methods" in report.read_text(encoding="utf-8")


def test_the_shipped_model_sharpens_and_judges(qgis_process, scene, tmp_path):
    outputs = {
        "sharpen:OUTPUT": tmp_path / "sharp.tif",
        "sharpen:MODEL": tmp_path / "model.safetensors",
        "sharpen:REPORT": tmp_path / "learning.html",
        "assess:REPORT": tmp_path / "quality.html",
    }
    given = [f"HSI={scene.hsi}", f"PAN={scene.pan}", "EFFORT=fast"]
    code, text = qgis_process("run", "ssml:sharpenandjudge", "--", *given, *(f"{k}={v}" for k, v in outputs.items()))
    assert code == 0, text
    assert all(path.is_file() for path in outputs.values())


@pytest.mark.slow
def test_the_shipped_model_trains_on_many_and_fuses_one(qgis_process, scene, tmp_path):
    fused, model = tmp_path / "fused.tif", tmp_path / "model.safetensors"
    lists = [f"{key}={path}" for key, path in (("TRAINING_HSI", scene.hsi), ("TRAINING_PAN", scene.pan)) for _ in "ab"]
    given = [*lists, f"HSI={scene.hsi}", f"PAN={scene.pan}", "EFFORT=fast"]
    given += [f"train:MODEL={model}", f"fuse:OUTPUT={fused}"]
    code, text = qgis_process("run", "ssml:trainonmany", "--", *given)
    assert code == 0, text
    assert fused.is_file()
    assert model.is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("multispectral", "panchromatic"), [("ikonos/ms", "ikonos/pan"), ("landsat7/1_ms", "landsat7/1_pan")]
)
def test_a_binarized_network_sharpens_a_part_of_a_real_multispectral_scene(
    qgis_process, tmp_path, multispectral, panchromatic
):
    if not os.environ.get("SSML_SCENES"):
        pytest.skip("SSML_SCENES is not set")
    hsi, pan = (str(Path(os.environ["SSML_SCENES"], f"{name}.tif")) for name in (multispectral, panchromatic))
    part, output, model = tmp_path / "part.tif", tmp_path / "sharp.tif", tmp_path / "model.safetensors"
    gdal.Translate(str(part), hsi, srcWin=[8, 16, 96, 96])
    given = [
        f"HSI={part}",
        f"PAN={pan}",
        "NETWORK=s2bnet",
        "EFFORT=fast",
        "SHIFT=none",
        f"OUTPUT={output}",
        f"MODEL={model}",
    ]
    code, text = qgis_process("run", "ssml:sharpen", "--", *given)
    assert code == 0, text
    sharp, low, high = (gdal.Open(str(path)) for path in (output, part, pan))
    ratio = round(low.GetGeoTransform()[1] / high.GetGeoTransform()[1])
    assert (sharp.RasterXSize, sharp.RasterYSize) == (96 * ratio, 96 * ratio)
    left, step, turn, top, other_turn, down = low.GetGeoTransform()
    assert sharp.GetGeoTransform() == (left, step / ratio, turn, top, other_turn, down / ratio)
    assert sharp.GetSpatialRef().IsSame(low.GetSpatialRef())
    assert sharp.GetRasterBand(1).DataType == low.GetRasterBand(1).DataType
    values, blocks = sharp.ReadAsArray().astype(float), low.ReadAsArray().astype(float)
    means = values.reshape(len(values), 96, ratio, 96, ratio).mean((2, 4))
    assert np.corrcoef(means.ravel(), blocks.ravel())[0, 1] > 0.95
    assert model.stat().st_size < 200_000
