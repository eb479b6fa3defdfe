"""PyTorch for the Python of QGIS: where it comes from, and how it is installed into the user's profile."""
