"""The networks that users compare with, all in one import, so that the registry knows them.

Each is built after its paper, with three differences that hold for all: it works on the components of the subspace, it
gives the residual over the regression prior (so its last layer starts at zero, and nothing is added to the up-sampled
HSI), and it looks at windows instead of the whole image, so that tiles equal the whole.
"""

from __future__ import annotations

from . import darn, hspenet, hyper_dsnet, hyperpnn, pannet, pca_z_pnn  # noqa: F401 - they register themselves

PUBLISHED = ("hyperpnn", "hspenet", "darn", "hyper-dsnet", "pannet", "pca-z-pnn")
