"""A QGIS without a window, in a process of its own: many runs, and Cancel at any moment in every algorithm.

Prints one line of JSON. Called by test_in_qgis.py with the folder of the checkout, a folder with the inputs, and one to
write to.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from pathlib import Path

RUNS = 100


def main(root: str, inputs: str, folder: str) -> dict[str, object]:
    from qgis.core import QgsApplication

    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    sys.path[:0] = [root, str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins")]
    from processing.core.Processing import Processing

    Processing.initialize()
    from ssml_qgis import classFactory

    plugin = classFactory(None)
    plugin.initProcessing()
    given = {path.stem: str(path) for path in Path(inputs).iterdir()}
    found = {"soak": soak(given, folder), "cancelled": cancel_everything(given, folder)}
    plugin.unload()
    application.exitQgis()
    return found


def soak(given: dict[str, str], folder: str) -> dict[str, list]:
    """Fuse again and again; after each run what the process holds."""
    import processing
    from osgeo import gdal

    held: dict[str, list] = {"files": [], "threads": [], "memory": [], "inputs": [], "settings": []}
    for run in range(RUNS):
        output = os.path.join(folder, f"soak{run % 3}.tif")
        parameters = {"HSI": given["hsi"], "PAN": given["pan"], "MODEL": given["model"], "DEVICE": "cpu"}
        processing.run("ssml:fuse", {**parameters, "OUTPUT": output})
        gc.collect()
        opened = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
        held["files"].append(len(opened))
        held["inputs"].append(sum(path in (*given.values(), output) for path in opened))
        held["threads"].append(len(os.listdir("/proc/self/task")))
        held["memory"].append(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
        torch = sys.modules["torch"]
        held["settings"].append([gdal.GetUseExceptions(), gdal.GetCacheMax(), torch.get_num_threads()])
    held["python threads"] = [thread.name for thread in threading.enumerate()]
    return held


def cancel_everything(given: dict[str, str], folder: str) -> dict[str, object]:
    """Run every algorithm, counting how often it asks whether it was cancelled; then cancel it at some of them."""
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback

    from ssml_qgis.core.training.settings import EFFORTS

    class Stopping(QgsProcessingFeedback):
        def __init__(self, moment: int) -> None:
            super().__init__(False)
            self.moment, self.asked = moment, 0

        def isCanceled(self) -> bool:  # noqa: N802
            self.asked += 1
            return 0 <= self.moment < self.asked

    def run(name: str, parameters: dict, moment: int, place: str) -> tuple[object, int, list[str]]:
        os.makedirs(place)
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ssml:{name}")
        context, feedback = QgsProcessingContext(), Stopping(moment)
        filled = {key: value.format(place) if isinstance(value, str) else value for key, value in parameters.items()}
        assert algorithm.prepare(filled, context, feedback), name
        try:
            result: object = algorithm.processAlgorithm(filled, context, feedback)
        except Exception as error:
            result = str(error)
        return result, feedback.asked, sorted(os.listdir(place))

    EFFORTS["fast"] = 3
    pair = {"HSI": given["hsi"], "PAN": given["pan"]}
    jobs = {
        "simulate": {
            "REFERENCE": given["reference"],
            "RATIO": 2,
            "PAN_BANDS": "3-6",
            "HSI": "{}/h.tif",
            "PAN": "{}/p.tif",
        },
        "sharpen": {**pair, "EFFORT": "fast", "OUTPUT": "{}/s.tif", "MODEL": "{}/s.safetensors", "DEVICE": "cpu"},
        "train": {"HSI": [pair["HSI"]], "PAN": [pair["PAN"]], "STEPS": 2, "MODEL": "{}/t.safetensors", "DEVICE": "cpu"},
        "fuse": {**pair, "MODEL": given["model"], "OUTPUT": "{}/f.tif", "DISAGREEMENT": "{}/d.tif"},
        "classicalfuse": {**pair, "METHOD": "mtf-glp", "OUTPUT": "{}/c.tif"},
        "assess": {"FUSED": given["fused"], **pair, "REPORT": "{}/a.html", "JSON": "{}/a.json"},
        "compare": {**pair, "METHODS": ["exp", "mtf-glp"], "OUTPUT": "{}/v.tif", "REPORT": "{}/v.html"},
        "openproduct": {"PRODUCT": given["product"], "HSI": "{}/ph.tif", "PAN": "{}/pp.tif"},
    }
    found = {}
    for name, parameters in jobs.items():
        result, asked, _ = run(name, parameters, -1, os.path.join(folder, name))
        outcomes = []
        for number, share in enumerate((0.0, 0.3, 0.6, 0.95)):
            count = asked
            for attempt in range(5):  # a run that waits less asks less often: it may have ended before that moment
                moment = int(share * count)
                made = run(name, parameters, moment, os.path.join(folder, f"{name}{number}-{attempt}"))
                count = made[1]
                if count > moment:
                    break
            outcomes.append([made[0], made[2]])
        found[name] = {"whole": isinstance(result, dict) and bool(result), "asked": asked, "outcomes": outcomes}
    return found


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])), flush=True)
