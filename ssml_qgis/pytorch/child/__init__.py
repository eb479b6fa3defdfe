"""Scripts that run in a process of their own, with the Python of QGIS; the standard library is all they need."""
