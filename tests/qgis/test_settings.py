"""Options > Processing > SSML, and the diagnosis that shows what they do."""

from __future__ import annotations

import processing
import pytest
from processing.core.ProcessingConfig import ProcessingConfig
from qgis.core import QgsApplication, QgsNetworkAccessManager
from qgis.PyQt.QtNetwork import QNetworkProxy


@pytest.fixture
def setting(provider):
    """Change a setting for a test; the algorithms are made anew, as the options dialog does it."""
    former = {}

    def change(name, value):
        stored = ProcessingConfig.settings[name]
        former.setdefault(name, stored.value)
        stored.setValue(value)
        provider.refreshAlgorithms()

    yield change
    for name, value in former.items():
        ProcessingConfig.settings[name].setValue(value)
    provider.refreshAlgorithms()


def test_the_options_dialog_has_a_page_of_the_provider(provider):
    names = {setting.name for setting in ProcessingConfig.getSettings()[provider.name()]}
    assert names == {"SSML_PYTORCH_SOURCE", "SSML_PYTORCH_FOLDER", "SSML_DEVICE", "SSML_MEMORY"}


def test_the_device_of_the_settings_is_the_default_of_new_dialogs(setting):
    setting("SSML_DEVICE", "cpu")
    algorithm = QgsApplication.processingRegistry().algorithmById("ssml:fuse")
    assert algorithm.parameterDefinition("DEVICE").defaultValue() == "cpu"


@pytest.mark.parametrize(("stored", "expected"), [(0.0, None), ("2.5", 2.5), ("", None), ("much", None)])
def test_memory_of_the_settings_counts_where_a_run_says_nothing(provider, setting, monkeypatch, stored, expected):
    from ssml_qgis import settings

    monkeypatch.setattr(ProcessingConfig.settings["SSML_MEMORY"], "value", stored)
    assert settings.memory() == expected


def test_the_proxy_of_qgis_is_handed_to_pip(qgis_app):
    from ssml_qgis.algorithms.installpytorch import qgis_proxy

    manager = QgsNetworkAccessManager.instance()
    former, excluded, without = manager.fallbackProxy(), manager.excludeList(), manager.noProxyList()
    try:
        manager.setFallbackProxyAndExcludes(QNetworkProxy(QNetworkProxy.ProxyType.DefaultProxy), [], [])
        assert qgis_proxy() == {}
        proxy = QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 8080)
        manager.setFallbackProxyAndExcludes(proxy, ["intern.example"], [])
        assert qgis_proxy()["https_proxy"] == "http://proxy.example:8080"
        assert qgis_proxy()["NO_PROXY"] == "intern.example"
    finally:
        manager.setFallbackProxyAndExcludes(former, excluded, without)


@pytest.mark.parametrize("suffix", ["html", "txt"])
def test_the_diagnosis_names_versions_devices_settings_and_places(provider, tmp_path, suffix):
    output = tmp_path / f"diagnosis.{suffix}"
    found = processing.run("ssml:diagnose", {"OUTPUT": str(output)})
    text = output.read_text(encoding="utf-8")
    assert found["OUTPUT"] == str(output)
    assert text.startswith("<!DOCTYPE html>") == (suffix == "html")
    for fact in ("QGIS: 3", "GDAL: 3", "numpy: ", "safetensors: ", "PyTorch from: auto", "free memory: ", "Computing"):
        assert fact in text
    assert "stopped by" not in text


def test_a_place_that_cannot_be_written_is_told_in_one_sentence(provider, tmp_path):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="choose another place"):
        processing.run("ssml:diagnose", {"OUTPUT": str(tmp_path / "none" / "d.txt")})


def test_installing_says_in_one_sentence_what_is_wrong(provider, tmp_path):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="is no version of PyTorch"):
        processing.run("ssml:installpytorch", {"VERSION": "tensorflow"})
