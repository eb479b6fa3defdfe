"""The recipes of docs/extend.md work: what is entered in one place reaches the jobs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest

from core.assessment import reference as scoring
from core.assessment import scores as collecting
from core.cli import arguments
from core.fusion.classical import METHODS, Description
from core.fusion.classical.fitted import ClassicalFit
from core.io.reader import RasterReader
from core.quality.reference import INDICES, ReferenceIndices
from core.runtime.errors import InputError
from core.runtime.progress import Progress
from core.workflows import classical as classical_job
from core.workflows.assess import assess
from core.workflows.classical import classical
from core.workflows.options.call import on_files
from core.workflows.options.declare import Option
from core.workflows.options.fusion import CLASSICAL, ClassicalOptions


class Average(ClassicalFit):
    """Adds half of the PAN's contrast to every band."""

    def __init__(self, scene, moments, progress):
        super().__init__(moments, 1, coefficients=np.full((len(moments.mean), 1), 0.5))

    def high_planes(self, lifted, pan, progress):
        return (pan - self.pan_mean)[None]


def read(path):
    """The values of a whole raster."""
    with RasterReader(str(path)) as reader:
        return reader.read().values


@pytest.fixture
def pair(tmp_path, make_raster):
    """Paths of a small HSI and PAN, ratio 2."""
    rng = np.random.default_rng(0)
    pan = rng.uniform(100, 200, (1, 24, 24)).astype(np.float32)
    low = pan.reshape(12, 2, 12, 2).mean((1, 3))
    hsi = np.stack([low, 2 * low, 3 * low])
    transform = (500000.0, 15.0, 0.0, 5800000.0, 0.0, -15.0)
    return make_raster(tmp_path / "hsi.tif", hsi), make_raster(tmp_path / "pan.tif", pan, transform)


def test_a_method_that_is_entered_in_the_table_can_be_chosen(monkeypatch, pair, tmp_path):
    monkeypatch.setitem(METHODS, "average", Description("Average", "Note: our own.", Average))
    classical(*pair, tmp_path / "exp.tif", method="exp", consistency=0)
    classical(*pair, tmp_path / "average.tif", method="average", consistency=0)
    added = read(tmp_path / "average.tif") - read(tmp_path / "exp.tif")
    pan = read(pair[1])
    expected = 0.5 * (pan - pan.mean())
    np.testing.assert_allclose(added - added.mean(), np.broadcast_to(expected, added.shape), atol=1e-3)


def test_an_index_that_is_entered_in_the_list_is_in_the_scores(monkeypatch, pair):
    class WithLargestError(ReferenceIndices):
        def result(self):
            return {**super().result(), "twice_rmse": 2 * super().result()["rmse"]}

    monkeypatch.setattr(scoring, "ReferenceIndices", WithLargestError)
    monkeypatch.setattr(collecting, "INDICES", (*INDICES, "twice_rmse"))
    shifted = pair[0]
    scores = assess(pair[0], reference=shifted, ratio=2)
    assert scores["twice_rmse"] == 0.0


def test_an_option_that_is_declared_reaches_the_job_the_command_line_and_the_dialog(monkeypatch, capsys):
    @dataclass(frozen=True)
    class WithRadius(ClassicalOptions):
        radius: int = Option("Radius of the filter in HSI pixels.", "Radius", 3, bounds=(1, 20), advanced=True).field()

    given = []

    @on_files(WithRadius)
    def filtered(hsi: str, pan: str, output: str, *, options: WithRadius, progress: Progress) -> dict[str, object]:
        given.append(options.radius)
        return {}

    job = dataclasses.replace(CLASSICAL, options=WithRadius)
    monkeypatch.setattr(arguments, "JOBS", (job,))
    monkeypatch.setattr(classical_job, "classical", filtered)
    files = ["--hsi", "a.tif", "--pan", "b.tif", "--out", "c.tif"]
    assert arguments.build_parser().parse_args(["classical", *files, "--radius", "7"]).radius == 7
    with pytest.raises(SystemExit):
        arguments.build_parser().parse_args(["classical", "--help"])
    assert "Radius of the filter in HSI pixels." in " ".join(capsys.readouterr().out.split())
    job.run({"hsi": "a.tif", "pan": "b.tif", "output": "c.tif"}, Progress())
    job.run({"hsi": "a.tif", "pan": "b.tif", "output": "c.tif", "radius": 7}, Progress())
    assert given == [3, 7]
    with pytest.raises(InputError, match="radius is 21, but it must be an integer from 1 to 20: 3 is the usual number"):
        filtered("a.tif", "b.tif", "c.tif", radius=21)
    assert [option.label for option in job.dialog() if option.key == "RADIUS"] == ["Radius"]
