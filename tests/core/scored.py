"""A fused image and its reference, which quality indices are computed of."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def pair():
    """A fused image and its reference, (6, 40, 37) float32, in reflectance."""
    random = np.random.default_rng(3)
    reference = random.uniform(0.05, 0.6, (6, 40, 37))
    reference += np.linspace(0, 0.3, 40)[None, :, None] * np.linspace(0.5, 1, 6)[:, None, None]
    fused = reference + random.normal(0, 0.03, reference.shape)
    return fused.astype(np.float32), reference.astype(np.float32)
