"""Algorithms run as the toolbox runs them, with a stand-in in the workflow's place."""

from __future__ import annotations

import sys
import types

import pytest
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback


@pytest.fixture
def workflow(monkeypatch, ssml_plugin):
    """``workflow("fuse", function)`` puts a stand-in in a workflow's place; returns the calls it gets."""

    def put(name, function=None):
        calls = []

        def stand_in(*args, **kwargs):
            calls.append((args, kwargs))
            return function(*args, **kwargs) if function else {}

        module = types.SimpleNamespace(**{name: stand_in})
        monkeypatch.setitem(sys.modules, f"ssml_qgis.core.workflows.{name}", module)
        return calls

    return put


def simulate_parameters(scene, tmp_path, **more):
    outputs = {"HSI": str(tmp_path / "h.tif"), "PAN": str(tmp_path / "p.tif")}
    return {"REFERENCE": scene.reference, "RATIO": 3, "PAN_BANDS": "2-5", **outputs, **more}


def run(name, parameters, feedback=None):
    """Run it as the toolbox does: check, prepare, process; Processing's own wrapping of errors left out."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ssml:{name}")
    context, feedback = QgsProcessingContext(), feedback or QgsProcessingFeedback(False)
    context.setFeedback(feedback)
    good, sentence = algorithm.checkParameterValues(parameters, context)
    if not good:
        raise ValueError(sentence)
    assert algorithm.prepare(parameters, context, feedback)
    return algorithm.processAlgorithm(parameters, context, feedback)
