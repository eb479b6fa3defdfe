"""What models, scripts and users rely on: ids, keys, types, help, flags."""

from __future__ import annotations

import importlib.util
import sys

import pytest
import qgis.utils
from qgis.core import QgsApplication, QgsProcessingParameterDefinition
from qgis.gui import QgsProcessingToolboxProxyModel
from qgis.PyQt.QtCore import QModelIndex

from .contract import ADVANCED, CONTRACT, FIRST_PAGE, MODELS, OUTPUTS, REQUIRED

each_algorithm = pytest.mark.parametrize("name", CONTRACT)


@pytest.fixture
def algorithm(provider, name):
    return provider.algorithm(name)


def test_provider_has_the_promised_algorithms(provider):
    assert provider.id() == "ssml"
    assert {algorithm.name() for algorithm in provider.algorithms()} == set(CONTRACT) | MODELS
    assert QgsApplication.processingRegistry().algorithmById("ssml:sharpen") is not None


def test_models_are_shown_by_a_title(provider):
    for name in MODELS:
        model = provider.algorithm(name)
        assert " " in model.displayName()
        assert model.create().displayName() == model.displayName()  # what a dialog shows


@pytest.mark.parametrize("word", ["hyperspectral", "pansharpening", "pan-sharpening", "superresolution"])
def test_the_toolbox_finds_by_the_fields_words(provider, word):
    toolbox = QgsProcessingToolboxProxyModel()
    toolbox.setFilterString(word)

    def names(parent):
        for row in range(toolbox.rowCount(parent)):
            index = toolbox.index(row, 0, parent)
            yield index.data()
            yield from names(index)

    found = set(names(QModelIndex()))
    assert found >= {provider.algorithm(name).displayName() for name in ("sharpen", "sharpenandjudge")}


def test_models_ask_for_the_images_first(provider):
    for name in MODELS:
        model = provider.algorithm(name).create()
        asked = [definition for definition in model.parameterDefinitions() if not definition.isDestination()]
        kinds = [one.type() for one in asked if not one.flags() & QgsProcessingParameterDefinition.Flag.FlagAdvanced]
        images = [kind in ("raster", "multilayer") for kind in kinds]
        assert images == sorted(images, reverse=True), name


@pytest.mark.parametrize("name", sorted(MODELS))
def test_models_are_valid_in_the_model_designer(provider, name):
    """With `python tools/models.py` they are, after a mandatory parameter was added to an algorithm."""
    valid, issues = provider.algorithm(name).create().validate()
    assert issues == []
    assert valid


def test_provider_has_a_version_and_an_icon(provider):
    lines = (qgis_package_folder() / "metadata.txt").read_text(encoding="utf-8").splitlines()
    assert f"version={provider.versionInfo()}" in lines
    assert not provider.icon().isNull()
    assert provider.svgIconPath().endswith("ssml.svg")


def qgis_package_folder():
    from pathlib import Path

    import ssml_qgis

    return Path(ssml_qgis.__file__).parent


@each_algorithm
def test_parameters_have_the_promised_keys_and_types(algorithm, name):
    definitions = {definition.name(): definition for definition in algorithm.parameterDefinitions()}
    assert list(definitions) == list(CONTRACT[name])
    for key, expected in CONTRACT[name].items():
        if isinstance(expected, list):
            assert definitions[key].type() == "enum"
            assert set(expected) <= set(definitions[key].options())
        else:
            assert definitions[key].type() == expected


@each_algorithm
def test_outputs_have_the_promised_keys_and_types(algorithm, name):
    assert {output.name(): output.type() for output in algorithm.outputDefinitions()} == OUTPUTS[name]


@each_algorithm
def test_enums_are_given_by_their_words(algorithm):
    for definition in algorithm.parameterDefinitions():
        if definition.type() == "enum":
            assert definition.usesStaticStrings(), definition.name()
            default = definition.defaultValue()
            words = default if definition.allowMultiple() else [default]
            assert set(words) <= set(definition.options()), definition.name()


@each_algorithm
def test_advanced_parameters_are_marked(algorithm, name):
    flag = QgsProcessingParameterDefinition.Flag.FlagAdvanced
    marked = {d.name() for d in algorithm.parameterDefinitions() if d.flags() & flag}
    more = {"assess": {"RATIO"}, "compare": {"EFFORT", "MODEL"}, "sharpen": {"MODEL"}}
    assert marked == (ADVANCED | more.get(name, set())) & set(CONTRACT[name])
    assert len(set(CONTRACT[name]) - marked) <= FIRST_PAGE


@each_algorithm
def test_only_what_is_needed_is_required(algorithm, name):
    flag = QgsProcessingParameterDefinition.Flag.FlagOptional
    required = {d.name() for d in algorithm.parameterDefinitions() if not d.flags() & flag and d.defaultValue() is None}
    expected = {"FUSED"} if name == "assess" else REQUIRED & set(CONTRACT[name])
    expected -= {"sharpen": {"MODEL"}, "compare": {"MODEL", "OUTPUT"}, "diagnose": {"OUTPUT"}}.get(name, set())
    if "HSI_PRODUCT" in CONTRACT[name] or name == "openproduct":  # a product may stand in; any of the images is enough
        expected -= {"HSI", "PAN"}
    assert required == expected


@each_algorithm
def test_menus_show_words_for_all_choices(algorithm, name):
    for definition in algorithm.parameterDefinitions():
        if definition.type() == "enum":
            words = definition.metadata()["widget_wrapper"]["words"]
            assert all(words.get(word, word) != word for word in definition.options()), definition.name()


@each_algorithm
def test_everything_has_help(algorithm, name):
    for definition in algorithm.parameterDefinitions():
        assert definition.help().endswith("."), definition.name()
        assert definition.description() != definition.name()
    for result in algorithm.JOB.results:
        assert result.help.endswith("."), result.key
    assert {result.key for result in algorithm.JOB.results} == set(OUTPUTS[name]) - set(CONTRACT[name])
    assert all(output.description() for output in algorithm.outputDefinitions())
    assert algorithm.shortDescription().endswith(".")
    assert algorithm.helpUrl().startswith("https://")
    assert not algorithm.icon().isNull()


@each_algorithm
def test_help_is_plain_text_without_a_window_and_html_in_one(algorithm, name, monkeypatch):
    monkeypatch.setattr(qgis.utils, "iface", None)
    plain = algorithm.shortHelpString()
    assert plain
    assert "<p>" not in plain
    monkeypatch.setattr(qgis.utils, "iface", object())
    assert algorithm.shortHelpString().startswith("<p>")
    for definition in algorithm.parameterDefinitions():
        assert f"<h3>{definition.description()}" in algorithm.shortHelpString().replace("&#x27;", "'")


def test_the_help_in_a_window_says_which_word_is_which_choice_of_the_menu(provider, monkeypatch):
    monkeypatch.setattr(qgis.utils, "iface", object())
    text = provider.algorithm("sharpen").shortHelpString()
    assert "<i>local</i>: Move it as a whole, and each place as well" in text
    assert "<i>wavelength</i>: " in text


@each_algorithm
def test_names_are_lower_case_alphanumerics(algorithm):
    for word in (algorithm.name(), algorithm.groupId()):
        assert word.isalnum()
        assert word == word.lower()


@each_algorithm
def test_runs_in_a_background_thread(algorithm):
    from qgis.core import QgsProcessingAlgorithm

    assert not algorithm.flags() & QgsProcessingAlgorithm.Flag.FlagNoThreading


@each_algorithm
def test_a_missing_pytorch_is_told_before_a_run(algorithm, name, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    can, sentence = algorithm.canExecute()
    if name in {"sharpen", "train", "fuse"}:
        assert not can
        assert "PyTorch" in sentence
        assert "pip install torch" in sentence
        assert sentence.endswith(".")
    else:
        assert can


@each_algorithm
def test_can_execute_where_the_packages_are(algorithm, name, monkeypatch):
    missing = [package for package in ("torch", "safetensors") if importlib.util.find_spec(package) is None]
    if missing:
        pytest.skip(f"not installed: {missing}")
    assert algorithm.canExecute()[0]


def test_every_dialog_bounds_the_iterations_of_the_projection_as_the_engine_does(provider):
    from ssml_qgis.core.operators.consistency import DEFAULT_ITERATIONS, MOST_ITERATIONS

    found = {
        name: (definition.minimum(), definition.maximum(), definition.defaultValue())
        for name in CONTRACT
        for definition in provider.algorithm(name).parameterDefinitions()
        if definition.name() == "CONSISTENCY"
    }
    assert set(found) == {"sharpen", "train", "fuse", "classicalfuse", "compare"}
    for name, bounds in found.items():
        assert bounds == (0, MOST_ITERATIONS, None if name == "fuse" else DEFAULT_ITERATIONS), name


def test_plugin_unloads_and_loads_again(ssml_plugin):
    registry = QgsApplication.processingRegistry()
    ssml_plugin.unload()
    assert registry.providerById("ssml") is None
    ssml_plugin.unload()
    ssml_plugin.initGui()
    assert registry.providerById("ssml") is not None


def test_words_of_the_enums_are_those_of_the_engine():
    pytest.importorskip("torch")
    from ssml_qgis.core.io.geotiff_layout import COMPRESSIONS
    from ssml_qgis.core.io.grid import MAX_RATIO, MIN_RATIO
    from ssml_qgis.core.models.pair import PAIRS, USES
    from ssml_qgis.core.runtime.devices import DEVICE_NAMES
    from ssml_qgis.core.training.settings import EFFORTS, MODES
    from ssml_qgis.core.workflows.options import JOBS

    found = {option.name: option for job in JOBS for option in job.declared()}
    words = {"effort": EFFORTS, "device": DEVICE_NAMES, "mode": MODES, "use": USES, "network": PAIRS}
    for name, expected in {**words, "compress": COMPRESSIONS}.items():
        assert found[name].words() == tuple(expected), name
    assert found["ratio"].bounds == (MIN_RATIO, MAX_RATIO)


def test_a_dialog_and_the_command_line_have_the_same_bounds_and_words(provider):
    from ssml_qgis.core.cli.arguments import build_parser
    from ssml_qgis.core.workflows.options import JOBS

    parsers = build_parser()._subparsers._group_actions[0].choices
    for job in JOBS:
        actions = {action.dest: action for action in parsers[job.name]._actions}
        for option in job.dialog():
            definition = provider.algorithm(job.id or job.name).parameterDefinition(option.key)
            if option.flag and option.kind == "choice" and actions[option.name].choices:
                assert tuple(actions[option.name].choices) == tuple(definition.options()), option.name
            if option.bounds:
                assert (definition.minimum(), definition.maximum()) == option.bounds, option.name
