"""Dialogs in the user's language."""

from __future__ import annotations

import pytest

from ssml_qgis import translation
from ssml_qgis.translation import catalogue, tr

pytestmark = pytest.mark.usefixtures("ssml_plugin")


@pytest.mark.parametrize("language", ["de", "de_AT"])
def test_an_algorithm_speaks_german_where_qgis_does(monkeypatch, language):
    from ssml_qgis.algorithms.jobs import SharpenAlgorithm

    monkeypatch.setattr(translation, "_language", lambda: language)
    algorithm = SharpenAlgorithm()
    algorithm.initAlgorithm()
    assert algorithm.displayName() == "Szene schärfen"
    assert algorithm.parameterDefinition("EFFORT").description() == "Aufwand des Lernens"
    assert algorithm.parameterDefinition("SEED").help().startswith("Dieselben Eingaben")
    assert algorithm.groupId() == "fusion"  # ids are not translated


def test_the_dialog_of_a_shipped_model_is_german_where_qgis_is(monkeypatch, provider):
    monkeypatch.setattr(translation, "_language", lambda: "de")
    model = provider.algorithm("trainonmany").create()
    assert model.displayName() == "Aus vielen lernen, eine fusionieren"
    assert model.parameterDefinition("EFFORT").description() == "Aufwand des Lernens"
    assert "PyTorch" in model.shortHelpString()
    assert "Trains a model" not in model.shortHelpString()


@pytest.mark.parametrize("language", ["", "en", "fr_FR", "C"])
def test_other_languages_get_the_texts_as_they_are(monkeypatch, language):
    monkeypatch.setattr(translation, "_language", lambda: language)
    assert catalogue(language) == {}
    assert tr("Sharpen a scene") == "Sharpen a scene"


def test_special_characters_come_through():
    found = catalogue("de")
    assert found["Ratio of the pixel sizes"] == "Verhältnis der Pixelgrößen"
    assert any("<MODEL>" in text for text in found)


def test_the_language_is_qgiss_own():
    from qgis.core import QgsApplication

    application = QgsApplication.instance()
    assert translation._language() == (application.translation() or application.locale())
    former = application.translation()
    application.setTranslation("de")  # as --lang de does
    try:
        assert tr("Sharpen a scene") == "Szene schärfen"
    finally:
        application.setTranslation(former)
