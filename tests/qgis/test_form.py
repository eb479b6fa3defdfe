"""What dialogs offer by themselves, what they doubt, and what their log ends with."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest
import qgis.utils
from processing.gui import BatchPanel, ParametersPanel, Postprocessing
from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
from processing.modeler.ModelerParametersDialog import ModelerParametersDialog
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProject,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QTimer
from qgis.PyQt.QtWidgets import QGroupBox, QLabel, QScrollArea, QWidget

from ssml_qgis.algorithms.guess import MADE_AS
from ssml_qgis.algorithms.layers import draw_shift_map
from ssml_qgis.package import FOLDER
from tests.qgis.conftest import write_raster


@pytest.fixture
def project(qgis_app, qgis_new_project):
    return QgsProject.instance()


@pytest.fixture
def add(project, tmp_path):
    """Adds a raster of so many bands and such pixels to the project."""

    def add(name, bands, pixel, made_as=""):
        size = int(480 / pixel)
        values = np.random.default_rng(len(name)).random((bands, size, size))
        layer = QgsRasterLayer(write_raster(tmp_path / f"{name}.tif", values, pixel), name)
        if made_as:
            layer.setCustomProperty(MADE_AS, made_as)
        return project.addMapLayer(layer).id()

    return add


@pytest.fixture
def four_layers(add):
    """In an order that tells nothing."""
    return {
        "disagreement": add("Disagreement: x", 1, 10.0, "DISAGREEMENT"),
        "result": add("SSML: x", 12, 10.0),
        "pan": add("sharp", 1, 10.0),
        "hsi": add("x", 12, 30.0),
    }


@pytest.fixture
def open_dialog(ssml_plugin, qgis_iface, monkeypatch):
    """Opens the dialog of an algorithm, as QGIS's toolbox does."""
    monkeypatch.setattr(qgis.utils, "iface", qgis_iface)
    monkeypatch.setattr(ParametersPanel, "iface", None)  # its browser cannot be replaced by a stand-in
    monkeypatch.setattr(Postprocessing, "iface", None, raising=False)  # nor its tree of layers
    made, parent = [], QWidget()

    def open_dialog(name):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ssml:{name}")
        made.append(algorithm.createCustomParametersWidget(parent))
        return made[-1]

    yield open_dialog
    parent.deleteLater()


def value(dialog, key):
    return dialog.mainWidget().wrappers[key].parameterValue()


def doubts(dialog):
    for _ in range(3):
        QCoreApplication.processEvents()
    item = dialog.messageBar().currentItem()
    return item.text() if item is not None else ""


@pytest.mark.parametrize("name", ["inspect", "sharpen", "fuse", "classicalfuse", "compare", "assess"])
def test_hsi_and_pan_are_guessed_from_the_project(four_layers, open_dialog, name):
    dialog = open_dialog(name)
    assert value(dialog, "HSI") == four_layers["hsi"]
    assert value(dialog, "PAN") == four_layers["pan"]
    assert doubts(dialog) == ""


def test_what_is_assessed_is_the_result_and_never_an_input(four_layers, open_dialog):
    assert value(open_dialog("assess"), "FUSED") == four_layers["result"]


def test_the_latest_result_is_assessed_whatever_it_is_called(add, open_dialog):
    for name, bands, pixel in (("a reference", 12, 10.0), ("pan", 1, 10.0), ("hsi", 12, 30.0)):
        add(name, bands, pixel)
    add("z", 12, 10.0)
    latest = add("b", 12, 10.0, "OUTPUT")
    assert value(open_dialog("assess"), "FUSED") == latest


@pytest.mark.parametrize("names", [["truth"], ["one", "other"], ["place"]])
def test_no_image_is_offered_as_the_result_where_none_is_surely_one(add, open_dialog, names):
    """A reference, two that may be it, what the HSI was simulated from."""
    add("Simulated HSI: place", 12, 30.0, "HSI")
    add("pan", 1, 10.0)
    for name in names:
        add(name, 12, 10.0)
    dialog = open_dialog("assess")
    assert not value(dialog, "FUSED")
    assert value(dialog, "HSI")
    assert doubts(dialog) == ""


def test_an_image_of_few_bands_is_told_from_its_pan(add, open_dialog):
    pan, hsi = add("p", 1, 10.0), add("ms", 4, 40.0)
    dialog = open_dialog("sharpen")
    assert (value(dialog, "HSI"), value(dialog, "PAN")) == (hsi, pan)


def test_dialogs_of_shipped_models_guess_and_show_words_too(four_layers, open_dialog):
    dialog = open_dialog("inspectsharpenandjudge")
    assert (value(dialog, "HSI"), value(dialog, "PAN")) == (four_layers["hsi"], four_layers["pan"])
    assert dialog.mainWidget().wrappers["EFFORT"].widget.currentText() == "Normal (recommended)"
    assert value(dialog, "EFFORT") == "normal"


@pytest.mark.parametrize("name", ["sharpen", "sharpenandjudge", "trainonmany"])
def test_a_run_is_in_the_history_and_can_be_shown_again(four_layers, open_dialog, name):
    dialog, context = open_dialog(name), QgsProcessingContext()
    context.setProject(QgsProject.instance())
    given = {"HSI": four_layers["hsi"], "PAN": four_layers["pan"], "EFFORT": "fast"}
    command = dialog.algorithm().asPythonCommand(given, context)  # what the history keeps
    assert command.startswith(f'processing.run("ssml:{name}", ')
    kept = ast.literal_eval(command[command.index("{") : command.rindex("}") + 1])
    dialog.setParameters(kept)
    assert [value(dialog, key) for key in given] == list(given.values())


def test_nothing_is_guessed_of_layers_that_do_not_go_together(add, open_dialog):
    add("one", 3, 10.0)
    add("two", 3, 10.0)
    dialog = open_dialog("sharpen")
    assert not value(dialog, "HSI")
    assert not value(dialog, "PAN")


def test_the_same_layer_twice_is_doubted_before_a_run(four_layers, open_dialog):
    dialog = open_dialog("sharpen")
    dialog.setParameters({"PAN": four_layers["hsi"]})
    assert "is chosen twice, as HSI and as PAN" in doubts(dialog)
    dialog.setParameters({"PAN": four_layers["pan"]})
    assert doubts(dialog) == ""


def test_the_same_layer_twice_is_refused_however_it_is_named(four_layers, provider):
    algorithm, layer = provider.algorithm("classicalfuse"), QgsProject.instance().mapLayer(four_layers["hsi"])
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    for pan in (layer.id(), layer, layer.source()):
        given = {"HSI": layer.id(), "PAN": pan, "OUTPUT": "o.tif"}
        good, sentence = algorithm.checkParameterValues(given, context)
        assert not good
        assert "same image is given as HSI and as PAN" in sentence


def test_a_word_that_is_no_choice_is_refused_with_the_choices(four_layers, provider):
    given = {"HSI": four_layers["hsi"], "PAN": four_layers["pan"], "EFFORT": "0", "OUTPUT": "o.tif"}
    algorithm, context = provider.algorithm("sharpen"), QgsProcessingContext()
    context.setProject(QgsProject.instance())
    good, sentence = algorithm.checkParameterValues(given, context)
    assert not good
    assert sentence == "EFFORT is 0, which is none of its words: fast, normal, thorough."


def test_what_a_product_may_stand_in_for_is_not_called_optional(open_dialog):
    label = open_dialog("sharpen").mainWidget().wrappers["HSI"].wrappedLabel()
    assert label.text() == "Hyperspectral image (HSI)"


def test_a_coarse_pan_is_doubted(four_layers, add, open_dialog):
    coarse = add("coarse", 1, 30.0)
    dialog = open_dialog("sharpen")
    dialog.setParameters({"PAN": coarse})
    assert "are not smaller than those of" in doubts(dialog)


def test_a_run_with_a_product_that_is_shown_again_has_no_guess(four_layers, open_dialog):
    dialog = open_dialog("sharpen")
    dialog.setParameters({"HSI_PRODUCT": "/data/PRS.he5", "PAN": four_layers["pan"]})
    assert not value(dialog, "HSI")


def test_a_product_that_is_typed_takes_the_place_of_the_guess(four_layers, open_dialog):
    dialog = open_dialog("sharpen")
    assert value(dialog, "HSI") == four_layers["hsi"]
    dialog.mainWidget().wrappers["HSI_PRODUCT"].setParameterValue("/data/PRS.he5", QgsProcessingContext())
    assert not value(dialog, "HSI")
    assert value(dialog, "PAN") == four_layers["pan"]


def test_menus_show_words_and_give_ids(open_dialog):
    dialog = open_dialog("classicalfuse")
    menu = dialog.mainWidget().wrappers["METHOD"].widget
    shown = {menu.itemData(place): menu.itemText(place) for place in range(menu.count())}
    assert shown["exp"] == "Up-sampling (EXP)"
    assert shown["gsa"] == "Gram-Schmidt, adaptive (GSA)"
    assert value(dialog, "METHOD") == "mtf-glp"
    menu.setCurrentText("Up-sampling (EXP)")
    assert value(dialog, "METHOD") == "exp"


@pytest.mark.parametrize(
    ("given", "shown", "got"),
    [
        ("Up-sampling (EXP)", "Up-sampling (EXP)", "exp"),
        ("magic", "", "magic"),
        (3, "", "3"),
        (None, "MTF-GLP (recommended)", "mtf-glp"),
    ],
)
def test_a_menu_takes_titles_and_keeps_what_is_no_choice_so_that_it_is_refused(open_dialog, given, shown, got):
    """As from an expression in a batch, or a file of one: the first choice was taken."""
    dialog = open_dialog("classicalfuse")
    menu = dialog.mainWidget().wrappers["METHOD"].widget
    dialog.setParameters({"METHOD": given})
    assert (menu.currentText(), value(dialog, "METHOD")) == (shown, got)
    menu.setCurrentText("Brovey, haze-corrected")
    assert value(dialog, "METHOD") == "brovey"


def test_methods_that_are_no_choice_are_kept_until_others_are_ticked(open_dialog):
    dialog = open_dialog("compare")
    dialog.setParameters({"METHODS": "exp,magic"})
    assert value(dialog, "METHODS") == "exp,magic"
    dialog.mainWidget().wrappers["METHODS"].widget.toggleItemCheckState(1)
    assert value(dialog, "METHODS") == "exp,brovey"


def test_several_methods_are_ticked_by_their_words(open_dialog):
    dialog = open_dialog("compare")
    menu = dialog.mainWidget().wrappers["METHODS"].widget
    shown = {menu.itemData(place): menu.itemText(place) for place in range(menu.count())}
    assert shown["gsa"] == "Gram-Schmidt, adaptive (GSA)"
    assert shown["ssml"] == "SSML, learned on the scene"
    assert value(dialog, "METHODS") == ",".join(word for word in shown if word != "ssml")
    titles = f"{shown['ssml']}, {shown['gsa']}"  # with commas in them
    for chosen in (["ssml", "gsa"], "ssml;gsa", "ssml,gsa", titles, titles.replace(")", ");"), f"ssml,{shown['gsa']}"):
        dialog.setParameters({"METHODS": chosen})
        assert value(dialog, "METHODS") == "gsa,ssml"


def test_the_command_to_copy_names_the_methods_that_are_ticked(four_layers, open_dialog):
    dialog = open_dialog("compare")
    dialog.setParameters({"METHODS": ["exp", "gsa"]})
    given, context = {"METHODS": value(dialog, "METHODS")}, QgsProcessingContext()
    assert re.search(r"'METHODS':\[?'exp'?,'?gsa'\]?", dialog.algorithm().asPythonCommand(given, context))
    assert dialog.algorithm().parameterDefinition("METHODS").checkValueIsAcceptable("exp,gsa")
    assert dialog.algorithm().parameterAsEnumStrings(given, "METHODS", context) == ["exp", "gsa"]


def test_a_batch_shows_words_and_gives_ids(ssml_plugin, qgis_iface, monkeypatch):
    monkeypatch.setattr(BatchPanel, "iface", qgis_iface, raising=False)
    for name, key, title, word in (
        ("sharpen", "EFFORT", "Normal (recommended)", "normal"),
        ("classicalfuse", "METHOD", "MTF-GLP (recommended)", "mtf-glp"),
    ):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ssml:{name}")
        panel = BatchPanel.BatchPanel(BatchAlgorithmDialog(algorithm), algorithm)
        wrapper = panel.wrappers[0][panel.parameter_to_column[key]]
        assert wrapper.widget.currentText() == title
        assert panel.valueForParameter(0, key) == word


def test_the_model_designer_has_qgiss_own_menus(ssml_plugin, qgis_iface, monkeypatch):
    monkeypatch.setattr(qgis.utils, "iface", qgis_iface)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("ssml:compare")
    dialog = ModelerParametersDialog(algorithm, QgsProcessingModelAlgorithm("m", "g"))
    assert type(dialog.widget.widget.wrappers["METHODS"]).__name__ == "QgsProcessingModelerParameterWidget"
    sources = dialog.createAlgorithm().parameterSources()
    assert [source.staticValue() for source in sources["EFFORT"]] == ["normal"]


def test_the_mtf_field_offers_sensors(open_dialog):
    line = open_dialog("sharpen").mainWidget().wrappers["MTF"].wrappedWidget()
    model = line.completer().model()
    names = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert names[0] == "auto"
    assert {"prisma", "worldview-3"} <= set(names)
    assert "eo-1" not in names  # of which no gain is published


@pytest.mark.parametrize("name", ["sharpen", "train"])
def test_long_labels_do_not_widen_the_form(open_dialog, name):
    """Fields would end outside of the window, with the buttons behind them."""
    dialog = open_dialog(name)
    panel = dialog.mainWidget()
    panel.findChild(QGroupBox, "grpAdvanced").setProperty("collapsed", False)
    dialog.show()
    QCoreApplication.processEvents()
    labels = [label for label in panel.findChildren(QLabel) if label.text()]
    longest = max(label.fontMetrics().horizontalAdvance(label.text()) for label in labels)
    assert panel.findChild(QScrollArea).widget().minimumSizeHint().width() < 0.9 * longest
    dialog.hide()


def test_the_model_of_sharpen_stands_under_advanced(open_dialog):
    panel = open_dialog("sharpen").mainWidget()
    group = panel.findChild(QGroupBox, "grpAdvanced")
    assert group.isAncestorOf(panel.wrappers["MODEL"].wrappedWidget())
    assert not group.isAncestorOf(panel.wrappers["DISAGREEMENT"].wrappedWidget())


def ended(dialog, parameters, during=None):
    """What the dialog writes into the log, until it is closed."""
    loop, said = QEventLoop(), []
    dialog.setInfo = lambda text, *_, **__: said.append(text)
    dialog.algorithmFinished.connect(lambda ok, results: QTimer.singleShot(0, loop.quit))
    QTimer.singleShot(60_000, loop.quit)
    dialog.setParameters(parameters)
    dialog.runAlgorithm()
    if during is not None:
        during(dialog)
    loop.exec()
    return said


def test_the_log_ends_with_where_the_result_is(project, scene, open_dialog, tmp_path):
    output = str(tmp_path / "o.tif")
    given = {"HSI": scene.hsi, "PAN": scene.pan, "OUTPUT": output, "MTF": "0.3", "SHIFT": "none"}
    assert ended(open_dialog("classicalfuse"), given)[-1].endswith(f"Result: {output}")


def test_the_log_ends_with_our_line_after_cancel(project, scene, open_dialog, tmp_path, monkeypatch):
    import time

    from ssml_qgis.core.workflows import simulate

    def slow(*_, progress, **__):
        while True:
            progress.check()
            time.sleep(0.01)

    monkeypatch.setattr(simulate, "simulate", slow)
    given = {"REFERENCE": scene.reference, "RATIO": 3, "PAN_BANDS": "2-5"}
    given.update(HSI=str(tmp_path / "h.tif"), PAN=str(tmp_path / "p.tif"))
    log = ended(open_dialog("simulate"), given, lambda dialog: QTimer.singleShot(300, dialog.cancelButton().click))
    assert log[-1] == "Cancelled; nothing was written."


def test_the_label_says_how_much_time_is_left(open_dialog, monkeypatch):
    dialog, now = open_dialog("simulate"), [0.0]
    feedback = dialog.createFeedback()
    monkeypatch.setattr(dialog._time_left, "_clock", lambda: now[0])
    label = dialog.findChild(QLabel, "lblProgress")
    label.setText("Degrading")
    for second in range(11):
        now[0] = float(second)
        feedback.setProgress(10.0 + 2.25 * second)
    dialog._show_time_left()
    assert label.text() == "Degrading – about 30 s left"
    now[0] = 15.0
    dialog._show_time_left()
    assert label.text() == "Degrading – about 25 s left"
    dialog._ticks.stop()


def test_results_go_to_a_group_and_the_hsi_is_shown_in_true_colours(project, scene, tmp_path, monkeypatch):
    import processing

    monkeypatch.setattr(Postprocessing, "iface", None, raising=False)
    hsi = project.addMapLayer(QgsRasterLayer(scene.hsi, "place"))
    assert hsi.renderer().usesBands() == [1, 2, 3]
    given = {"HSI": hsi.id(), "PAN": scene.pan, "MTF": "0.3", "SHIFT": "none", "OUTPUT": str(tmp_path / "o.tif")}
    context = QgsProcessingContext()
    context.setProject(project)
    processing.runAndLoadResults("ssml:classicalfuse", given, context=context)
    group = project.layerTreeRoot().findGroup("Results: place")
    assert [node.layer().customProperty(MADE_AS) for node in group.findLayers()] == ["OUTPUT"]
    assert hsi.renderer().usesBands() == [6, 4, 2]


def test_a_shift_map_has_a_style_with_a_legend_for_each_band(scene):
    layer = QgsRasterLayer(scene.hsi, "shift")
    draw_shift_map(0.5, layer)
    manager = layer.styleManager()
    assert {"Shift to the right", "Shift downwards", "Confidence"} <= set(manager.styles())
    assert manager.currentStyle() == "Shift to the right"
    renderer = layer.renderer()
    assert (renderer.classificationMin(), renderer.classificationMax()) == (-0.5, 0.5)
    assert renderer.shader().rasterShaderFunction().legendSettings().suffix() == " PAN pixels"


@pytest.mark.parametrize(
    ("name", "limits", "unit"), [("disagreement", (0.0, 1.0), " σ"), ("shift", (-1.0, 1.0), " PAN pixels")]
)
def test_the_styles_that_come_with_the_plugin_have_a_legend(scene, name, limits, unit):
    layer = QgsRasterLayer(scene.hsi, "map")
    said, good = layer.loadNamedStyle(str(FOLDER / "styles" / f"{name}.qml"))
    assert good, said
    renderer = layer.renderer()
    assert (renderer.classificationMin(), renderer.classificationMax()) == limits
    assert renderer.shader().rasterShaderFunction().legendSettings().suffix() == unit
