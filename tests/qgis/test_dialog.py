"""What the dialog's log says when a run has failed, and when it has not."""

from __future__ import annotations

import pytest
import qgis.utils
from processing.gui import ParametersPanel, Postprocessing
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QEventLoop, QTimer
from qgis.PyQt.QtWidgets import QTextEdit, QWidget


@pytest.fixture
def dialog(ssml_plugin, qgis_iface, monkeypatch):
    """The dialog that QGIS's toolbox opens."""
    monkeypatch.setattr(qgis.utils, "iface", qgis_iface)
    monkeypatch.setattr(ParametersPanel, "iface", None)  # its browser cannot be replaced by a stand-in
    monkeypatch.setattr(Postprocessing, "iface", None, raising=False)  # nor, since QGIS 3.44, its tree of layers
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ssml:simulate")
    parent = QWidget()
    made = algorithm.createCustomParametersWidget(parent)
    yield made
    made.close()
    made.deleteLater()
    parent.deleteLater()


def ended(dialog, parameters):
    """What the log says after a run, and what the dialog tells others."""
    told, loop = [], QEventLoop()
    dialog.algorithmFinished.connect(lambda ok, results: (told.append(ok), loop.quit()))
    QTimer.singleShot(60_000, loop.quit)
    dialog.setParameters(parameters)
    dialog.runAlgorithm()
    if not told:
        loop.exec()
    return dialog.findChild(QTextEdit, "txtLog").toPlainText(), told


def test_nothing_is_called_finished_after_a_refusal(dialog, scene, tmp_path):
    outputs = {"HSI": str(tmp_path / "h.tif"), "PAN": scene.reference}
    log, told = ended(dialog, {"REFERENCE": scene.reference, "RATIO": 3, "PAN_BANDS": "2-5", **outputs})
    assert "is one of the input files" in log
    assert "Execution failed" in log
    assert not any(word in log for word in ("finished", "Done", "Loading", "completed"))
    assert told == [False]
    assert dialog.wasExecuted()


def test_a_run_that_has_made_its_results_is_called_finished(dialog, scene, tmp_path):
    outputs = {"HSI": str(tmp_path / "h.tif"), "PAN": str(tmp_path / "p.tif")}
    log, told = ended(dialog, {"REFERENCE": scene.reference, "RATIO": 3, "PAN_BANDS": "2-5", **outputs})
    assert "finished" in log
    assert "failed" not in log
    assert told == [True]


def test_without_windows_there_is_no_dialog(ssml_plugin, monkeypatch):
    monkeypatch.setattr(qgis.utils, "iface", None)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ssml:simulate")
    assert algorithm.createCustomParametersWidget(None) is None
