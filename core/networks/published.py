"""The published networks that users compare with; importing this module registers all of them.

Each is built after its paper, with three differences: it works on the components of the subspace; it gives the residual
over the regression prior, so its last layer starts at zero and there is no skip connection from the up-sampled HSI; and
it pools over windows instead of the whole image, so that tiles equal the whole image.
"""

from __future__ import annotations

from . import darn, hspenet, hyper_dsnet, hyperpnn, pannet, pca_z_pnn  # noqa: F401 - they register themselves

PUBLISHED = ("hyperpnn", "hspenet", "darn", "hyper-dsnet", "pannet", "pca-z-pnn")
