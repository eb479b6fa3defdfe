"""Held-out scores against the public indices, which are computed in all bands."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.operators.pair import Operators  # noqa: E402
from core.quality.reference import ReferenceIndices  # noqa: E402
from core.training.areas import LabelledArea  # noqa: E402
from core.training.distributed import Processes  # noqa: E402
from core.training.held_out import HeldOutArea, HeldOutScores, Scale  # noqa: E402
from core.training.projection import Projection  # noqa: E402

BANDS, COMPONENTS, SIZE = 9, 3, 12
REST = "truth", "train_mask", "held_out_mask", "project"


@pytest.fixture
def scored():
    """Two areas and the settings of their scores; the second has a pixel without direction."""
    generator = torch.Generator().manual_seed(0)
    basis, scale = torch.randn(BANDS, COMPONENTS, generator=generator), torch.rand(BANDS, 1, 1, generator=generator) + 1
    operators = Operators((3, 3), (SIZE, SIZE), 4)
    areas = []
    for number in range(2):
        truth = 5 + torch.randn(BANDS, SIZE, SIZE, generator=generator)
        target = torch.randn(BANDS, SIZE, SIZE, generator=generator)
        mask = (torch.rand(SIZE, SIZE, generator=generator) > 0.5).float()
        if number:
            truth[:, 0, 0], mask[0, 0] = 0.0, 1.0
        project = Projection(operators, 5, torch.ones(3, 3))
        areas.append(LabelledArea(torch.zeros(5, SIZE, SIZE), target, truth, 1 - mask, mask, project))
    return areas, Scale(basis, scale, torch.full((BANDS, 1, 1), 5.0), 4.0)


def found(areas, scale, residuals):
    sums = HeldOutScores(scale, Processes())
    for area, residual in zip(areas, residuals):
        held_out = HeldOutArea(area, scale)
        sums.add(held_out, held_out.pixels(residual))
    return sums.scores()


def straightforward(areas, scale, residuals, bands):
    """Of the held-out pixels, by the indices that ``assess`` computes; ERGAS with the scene's means."""
    indices = ReferenceIndices(len(bands), 4.0, np.ones(len(bands)))
    errors, count = 0.0, 0.0
    for area, residual in zip(areas, residuals):
        change = torch.einsum("bk,kij->bij", scale.basis, residual) - area.target
        fused, truth = ((area.truth + part) * scale.scale for part in (change, 0))
        errors = errors + (change.double().square() * area.held_out_mask).sum((1, 2)).numpy()
        count += float(area.held_out_mask.sum())
        valid = area.held_out_mask.numpy() > 0
        indices.update(fused.numpy()[bands], truth.numpy()[bands], np.broadcast_to(valid, (len(bands), *valid.shape)))
    mean = scale.mean.numpy().ravel().astype(float)
    return {"ergas": 100 / 4 * np.sqrt((errors / count / mean**2).mean()), "sam": indices.result()["sam"]}


@pytest.mark.parametrize("left_out", [(), (2, 5)])
def test_scores_from_components_are_those_in_all_bands(scored, left_out):
    areas, scale = scored
    bands = [band for band in range(BANDS) if band not in left_out]
    used = torch.tensor([band in bands for band in range(BANDS)])
    scale = Scale(scale.basis, scale.scale, scale.mean, scale.ratio, used)
    residuals = torch.randn(2, COMPONENTS, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    expected = straightforward(areas, scale, residuals, bands)
    assert found(areas, scale, residuals) == pytest.approx(expected, rel=1e-5)


def test_a_residual_that_is_the_target_scores_nothing_but_rounding(scored):
    areas, scale = scored
    residuals = torch.randn(2, COMPONENTS, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    exact = [
        LabelledArea(a.planes, torch.einsum("bk,kij->bij", scale.basis, z), *[getattr(a, n) for n in REST])
        for a, z in zip(areas, residuals)
    ]
    scores = found(exact, scale, residuals)
    assert scores["ergas"] < 0.01
    assert scores["sam"] < 0.05


def test_a_residual_that_diverged_has_no_score(scored):
    areas, scale = scored
    residuals = torch.full((2, COMPONENTS, SIZE, SIZE), float("nan"))
    assert found(areas, scale, residuals) == {"ergas": None, "sam": None}
