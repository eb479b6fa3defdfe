"""What is said of a checkpoint of another training: what differs first, as the user gave it, and not what follows."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from core.runtime.errors import InputError  # noqa: E402
from core.training.checkpoint import Checkpoint, checkpoint_beside  # noqa: E402
from core.training.trainer import TrainingState  # noqa: E402
from core.workflows.sharpen import sharpen  # noqa: E402
from tests.core.said import Said  # noqa: E402

HEADER = {
    "format": "ssml-model",
    "version": 1,
    "wavelengths": [None] * 9,
    "network": "ssml",
    "config": {"width": 8},
    "bands": 9,
    "ratio": 4,
    "mtf": 0.3,
    "consistency": 5,
    "settings": {"seed": 0, "steps": 40},
    "training_data": [{"hsi": "north.tif", "pan": "pan.tif", "hsi_pixels": [24, 30], "pan_pixels": [96, 120]}],
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"mtf": 0.25, "training_data": [{**HEADER["training_data"][0], "hsi": "south.tif"}]},
            "on north.tif with pan.tif (24 x 30 HSI pixels), and not on south.tif with pan.tif (24 x 30 HSI pixels)",
        ),
        (
            {"bands": 7, "training_data": [{**HEADER["training_data"][0], "hsi_pixels": [12, 30]}]},
            "on north.tif with pan.tif (24 x 30 HSI pixels), and not on north.tif with pan.tif (12 x 30 HSI pixels)",
        ),
        ({"mtf": 0.25}, "with another mtf (0.3, now 0.25)"),
        ({"settings": {"seed": 3, "steps": 40}}, "with other settings (seed 0, now 3)"),
    ],
)
def test_what_differs_is_named_images_before_what_is_measured_of_them(tmp_path, changes, words):
    path = str(tmp_path / "m.checkpoint")
    Checkpoint(path).save(HEADER, {}, [], TrainingState(best_score=1.0))
    with pytest.raises(InputError) as refused:
        Checkpoint("", path).load({**HEADER, **changes}, {}, [])
    assert f"belongs to a training {words}; give the same files and settings" in str(refused.value)


@pytest.mark.parametrize(
    ("there", "resume", "words"),
    [(True, False, "starts anew and writes over"), (False, True, "There is no"), (True, True, ""), (False, False, "")],
)
def test_a_checkpoint_that_is_written_over_or_missing_is_said(tmp_path, there, resume, words):
    path, said = tmp_path / "m.checkpoint", Said()
    if there:
        path.touch()
    assert checkpoint_beside(str(path), resume, said) == (str(path) if there and resume else "")
    assert [words in warning for warning in said.warnings] == [True] * bool(words)


def test_a_run_is_not_taken_up_where_nothing_says_where_its_checkpoint_lies(tmp_path):
    with pytest.raises(InputError, match=r"needs the place of its model file: give it \(--model, MODEL\)"):
        sharpen(str(tmp_path / "h.tif"), str(tmp_path / "p.tif"), str(tmp_path / "o.tif"), resume=True)
