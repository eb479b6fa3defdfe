"""Take the pictures of docs/img: a real QGIS window on a display of its own, and a report in a browser without one.

    python tools/screenshots.py

Runs the jobs of the tutorial on ``examples/indian_pines``, then starts QGIS with this file (``--code``), which opens
every dialog, loads the results and takes the pictures; then once more in German, for one dialog. Last it sharpens what
``examples/archive.py`` makes, as ``docs/archive-to-result.md`` does. Needs what ``make setup`` installs, Xvfb, and
Chromium for the reports.
Check the pictures before you commit them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qgis.PyQt.QtWidgets import QMainWindow

IMAGES = "docs/img"
REFERENCE = "examples/indian_pines/indian_pines.tif"
WINDOW = (1440, 900)
GIVEN_AS = "SSML_SCREENSHOTS"
"""Environment variable that hands QGIS the checkout, the folder with the results and the language, separated by
``|``."""
LANGUAGE = "de"


def main() -> None:
    """What happens outside of QGIS."""
    root = Path(__file__).resolve().parent.parent
    qgis = shutil.which("qgis.bin") or shutil.which("qgis")
    missing = [name for name in ("xvfb-run", "qgis_process") if shutil.which(name) is None]
    if missing or qgis is None:
        sys.exit(f"Missing: {', '.join(missing or ['qgis'])}.")
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "QGIS_PLUGINPATH": str(root),
            "QGIS_CUSTOM_CONFIG_PATH": str(Path(folder, "profile")),
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "XDG_RUNTIME_DIR": folder,
            "LC_ALL": "C.UTF-8",
        }
        program = shutil.which("qgis_process.bin") or "qgis_process"

        def process(*arguments: str) -> None:
            subprocess.run([program, *arguments], env={**environment, "QT_QPA_PLATFORM": "offscreen"}, check=True)

        hsi, pan = f"{folder}/hsi.tif", f"{folder}/pan.tif"
        process("plugins", "enable", "ssml_qgis")
        made = ["RATIO=4", "PAN_BANDS=7-33", f"HSI={hsi}", f"PAN={pan}"]
        process("run", "ssml:simulate", "--", f"REFERENCE={root / REFERENCE}", *made)
        environment.pop("QT_QPA_PLATFORM", None)
        screen = f"-screen 0 {WINDOW[0]}x{WINDOW[1]}x24"
        start = [qgis, "--noversioncheck", "--nologo", "--code", str(Path(__file__).resolve())]
        if qgis.endswith("qgis.bin"):
            start.remove("--noversioncheck")
        for language in ("", LANGUAGE):
            environment[GIVEN_AS] = f"{root}|{folder}|{language}"
            spoken = ["--lang", language] if language else []
            command = ["xvfb-run", "-a", "-s", screen, start[0], *spoken, *start[1:]]
            subprocess.run(command, env=environment, check=True, timeout=3600)
        browse(Path(folder, "report.html"), root / IMAGES / "report.png", 1500)
        walk(root, Path(folder))
    print(f"{IMAGES}: {', '.join(sorted(path.name for path in (root / IMAGES).glob('*.png')))}")


def walk(root: Path, folder: Path) -> None:
    """The report of the walk from an archive's folder."""
    subprocess.run([sys.executable, root / "examples" / "archive.py", folder / "archive"], check=True)
    given = ["--hsi", folder / "archive", "--pan", folder / "archive", "--seed", "0"]
    made = ["--out", folder / "walk.tif", "--report", folder / "walk.html"]
    subprocess.run([sys.executable, "-m", "core", "sharpen", *given, *made], cwd=root, check=True)
    browse(folder / "walk.html", root / IMAGES / "archive-report.png", 900)


def browse(page: Path, picture: Path, height: int) -> None:
    """Take a picture of the top of a page."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Missing: chromium, for the pictures of reports.")
    size = [f"--window-size=1100,{height}", "--hide-scrollbars", f"--screenshot={picture}"]
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", *size, f"file://{page}"]
    subprocess.run(command, check=True, timeout=300, capture_output=True)


def arrange_docks(window: QMainWindow) -> None:
    """Hide the browser, and show the plugin's algorithms in the toolbox."""
    from qgis.PyQt.QtWidgets import QTreeView

    for dock in filter(None, (window.findChild(object, name) for name in ("Browser", "BrowserPanel", "Browser2"))):
        dock.hide()
    toolbox = window.findChild(object, "ProcessingToolbox")
    if toolbox is None:
        return
    toolbox.show()
    tree = toolbox.findChild(QTreeView)
    for row in range(tree.model().rowCount()):
        index = tree.model().index(row, 0)
        if str(index.data()).startswith("SSML"):
            tree.expandRecursively(index)
            tree.scrollTo(index, tree.ScrollHint.PositionAtTop)
    for side, width in ((window.findChild(object, "Layers"), 340), (toolbox, 330)):
        side.setMinimumWidth(width)  # else names are cut


def take(root: Path, folder: Path, language: str) -> None:
    """What happens inside of QGIS: all pictures, or, in a language, that of one dialog."""
    import processing
    from qgis.core import QgsApplication, QgsProject, QgsRasterLayer
    from qgis.PyQt.QtCore import QEventLoop, Qt, QTimer
    from qgis.PyQt.QtGui import QImage
    from qgis.PyQt.QtWidgets import QScrollArea, QWidget
    from qgis.utils import iface

    window = iface.mainWindow()
    flat = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither

    def settle(seconds: float = 1.5) -> None:
        """Let the window draw what it has to."""
        loop = QEventLoop()
        QTimer.singleShot(int(1000 * seconds), loop.quit)
        loop.exec()

    def picture(widget: QWidget, name: str) -> None:
        settle()
        image = widget.grab().toImage()
        if name.startswith("dialog-"):  # a few colours: a quarter of the size
            image = image.convertToFormat(QImage.Format.Format_Indexed8, flat)
        image.save(str(root / IMAGES / f"{name}.png"))

    def layer(path: Path, name: str) -> str:
        made = QgsRasterLayer(str(path), name)
        QgsProject.instance().addMapLayer(made)
        return made.id()

    def dialogs(scene: dict[str, str]) -> None:
        provider = QgsApplication.processingRegistry().providerById("ssml")
        for algorithm in [provider.algorithm("sharpen")] if language else provider.algorithms():
            rasters = [d.name() for d in algorithm.parameterDefinitions() if d.type() == "raster"]
            given = {key: scene[key] for key in rasters if key in scene}
            if algorithm.name() == "simulate":
                given["PAN_BANDS"] = "7-33"
            dialog = processing.createAlgorithmDialog(algorithm.id(), given)
            dialog.resize(980, 640)
            dialog.show()
            settle(0.5)
            hidden = max((area.verticalScrollBar().maximum() for area in dialog.findChildren(QScrollArea)), default=0)
            dialog.resize(980, min(640 + hidden, WINDOW[1]))
            picture(dialog, f"dialog-{algorithm.name()}" + (f"-{language}" if language else ""))
            dialog.close()

    def results(scene: dict[str, str]) -> None:
        outputs = {key: str(folder / f"{key.lower()}.tif") for key in ("OUTPUT", "DISAGREEMENT")}
        given = {**scene, **outputs, "REPORT": str(folder / "report.html"), "EFFORT": "normal", "DEVICE": "cpu"}
        given["MODEL"] = str(folder / "model.safetensors")
        processing.runAndLoadResults("ssml:sharpen", given)
        tree, layers = QgsProject.instance().layerTreeRoot(), QgsProject.instance().mapLayers().values()
        for start, name in (("SSML", "result"), ("Disagreement", "disagreement")):
            (shown,) = [layer for layer in layers if layer.name().startswith(start)]
            for layer in layers:
                tree.findLayer(layer.id()).setItemVisibilityChecked(layer is shown)
                tree.findLayer(layer.id()).setExpanded(layer is shown)
            iface.mapCanvas().setExtent(shown.extent())
            settle(4.0)
            picture(window, name)

    def work() -> None:
        try:
            window.resize(*WINDOW)
            arrange_docks(window)
            scene = {key: layer(folder / f"{key.lower()}.tif", key.lower()) for key in ("HSI", "PAN")}
            if not language:
                results(scene)  # first, so that dialogs offer the result to be assessed
            dialogs({**scene, "REFERENCE": layer(root / REFERENCE, "indian_pines")})
        finally:
            os._exit(0)  # at once: QGIS would ask about the project

    QTimer.singleShot(4000, work)


if GIVEN_AS in os.environ:
    parts = os.environ[GIVEN_AS].split("|")
    take(Path(parts[0]), Path(parts[1]), parts[2])
elif __name__ == "__main__":
    main()
