"""The provider's settings: Options > Processing > Providers > SSML; on a server, the profile's QGIS3.ini."""

from __future__ import annotations

from typing import Any

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from qgis.core import QgsApplication
from qgis.PyQt.QtGui import QIcon

from .core.runtime.devices import DEVICE_NAMES
from .package import icon_path
from .pytorch.search_path import use
from .pytorch.store import Store
from .translation import tr

PYTORCH_SOURCES = ("auto", "qgis", "plugin", "folder")
"""QGIS's own Python first and the plugin's folder else; QGIS's own alone; the plugin's folder first; another folder."""

_SOURCE = "SSML_PYTORCH_SOURCE"
_FOLDER = "SSML_PYTORCH_FOLDER"
_DEVICE = "SSML_DEVICE"
_MEMORY = "SSML_MEMORY"
_DEFAULTS: dict[str, Any] = {_SOURCE: PYTORCH_SOURCES[0], _FOLDER: "", _DEVICE: DEVICE_NAMES[0], _MEMORY: 0.0}


def _settings(group: str) -> list[Setting]:
    def setting(name: str, text: str, kind: int, words: tuple[str, ...] = ()) -> Setting:
        return Setting(group, name, text, _DEFAULTS[name], valuetype=kind, options=list(words))

    source = tr("PyTorch from (auto: QGIS's Python, else the plugin's folder; takes effect when QGIS starts)")
    memory = tr("Memory to use at most, in GB, where a run says 0 (0: automatic)")
    return [
        setting(_SOURCE, source, Setting.SELECTION, PYTORCH_SOURCES),
        setting(_FOLDER, tr("The other folder (a site-packages with PyTorch)"), Setting.FOLDER),
        setting(_DEVICE, tr("Device in new dialogs"), Setting.SELECTION, DEVICE_NAMES),
        setting(_MEMORY, memory, Setting.FLOAT),
    ]


def add(group: str) -> None:
    """Show the settings, with the values that were stored."""
    ProcessingConfig.settingIcons[group] = QIcon(icon_path("ssml"))
    for setting in _settings(group):
        ProcessingConfig.addSetting(setting)
        setting.read()


def remove() -> None:
    """Take the settings away; their values stay stored."""
    for name in _DEFAULTS:
        if name in ProcessingConfig.settings:
            ProcessingConfig.removeSetting(name)


def pytorch_source() -> str:
    """One of :data:`PYTORCH_SOURCES`."""
    return _value(_SOURCE)


def pytorch_folder() -> str:
    """The other folder, or ""."""
    return str(_value(_FOLDER) or "")


def device() -> str:
    """The device that dialogs offer first."""
    return _value(_DEVICE)


def memory() -> float | None:
    """Memory to use at most, in GB; None for automatic."""
    try:
        value = float(_value(_MEMORY) or 0.0)
    except ValueError:
        return None
    return value if value > 0 else None


def store() -> Store:
    """The plugin's folder of packages in the profile in use."""
    return Store.of_profile(QgsApplication.qgisSettingsDirPath())


def apply_pytorch() -> None:
    """Let Python find PyTorch where the settings say."""
    found = store().installed()
    use(pytorch_source(), str(found.folder) if found else "", pytorch_folder())


def _value(name: str) -> Any:
    # Without a provider (a script that makes an algorithm by itself) there are no settings yet.
    known = name in ProcessingConfig.settings
    return ProcessingConfig.getSetting(name, readable=True) if known else _DEFAULTS[name]
