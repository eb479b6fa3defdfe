"""Settings that hold for every test."""

import os

# QGIS must not look for a screen; read before any test, when pytest-qgis starts QGIS.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
