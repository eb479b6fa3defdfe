"""SSML: hyperspectral pansharpening by spectral-spatial mutual learning."""

__version__ = "0.1.0"
