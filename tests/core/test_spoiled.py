"""Nothing is silently wrong: spoiled inputs, drawn at random, give a right result, a warning by name or a refusal.

Right is an error over the unspoiled samples, against the truth, that exceeds the one of the unspoiled scene by 10 % at
most. Scenes are made here or, where SSML_SCENES says where they are, cut out of real ones.
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from osgeo import gdal

from core.calibration.contradictions import contradictions
from core.calibration.relation import UNRELATED
from core.fusion.classical import METHODS, ClassicalMethod
from core.operators.consistency import DEFAULT_ITERATIONS
from core.operators.pair import DEFAULT_MTF_GAIN
from core.products.pair import open_pair
from core.runtime.progress import Progress
from core.workflows.classical import classical
from core.workflows.looks import UP_SAMPLING
from core.workflows.options.shared import FusionOptions
from core.workflows.output import Outputs, write_fused
from tests.core.spoiled import (
    REAL,
    Outcome,
    Pair,
    border_region,
    high,
    made_pair,
    placed,
    real_pair,
    rmse,
    run,
    whole,
    write,
)

MOST_WORSE = 1.1
FACTORS = (1e-4, 1e4, 65535.0, 1 / 65535)
FILLS = {
    "uint8": (0, 255),
    "int16": (-9999, 0, -1, 32767, -32768),
    "uint16": (0, 65535),
    "float32": (-9999.0, 0.0, 65535.0, 3.4e38, -1.0),
}
RELATION = re.compile("no detail is taken from it|check that the PAN belongs to the HSI")
SCENES = os.environ.get("SSML_SCENES")
MODEL_BANDS = 24


@dataclass(frozen=True)
class Case:
    """What an example is made of; all else follows from the seed."""

    seed: int
    method: str
    real: str
    ratio: int
    bands: int
    dtype: str

    @property
    def random(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, 1])

    def pair(self) -> Pair:
        """The unspoiled scene."""
        if self.real:
            found = real_pair(Path(SCENES), self.real, self.seed)
            if found is not None:
                return found
        rng = np.random.default_rng([self.seed, 2])
        low = tuple(int(n) for n in rng.integers(36, 72, 2))
        return made_pair(self.seed, self.ratio, self.bands, self.dtype, low, rng.uniform(0.5, 1.5))


def case_of(bits: list[bool]) -> Case:
    """A case by the bits of its seed. Numbers would be drawn in part from those in all modules that happen to be
    loaded, so that other examples would be tried where other tests run before."""
    seed = sum(1 << place for place, bit in enumerate(bits) if bit)
    rng = np.random.default_rng([seed, 4])
    names = ["", "", "", *(REAL if SCENES else ())]
    choices = (list(METHODS), names, [2, 3, 4, 5], [4, 8, 20, 33, 60], ["uint16", "int16", "float32", "uint8"])
    return Case(seed, *(choice[rng.integers(len(choice))] for choice in choices))


CASES = st.lists(st.booleans(), min_size=30, max_size=30).map(case_of)


def fill(case: Case, folder: Path) -> None:
    """A fill value in all bands of a part at the border that no file declares."""
    rng, pair = case.random, case.pair()
    kind = pair.hsi.dtype.name
    values = FILLS[kind] if kind == "float32" else (*FILLS[kind], int(rng.integers(1, np.iinfo(kind).max)))
    where = ("hsi", "pan", "both")[rng.integers(3)]
    low, fine = np.zeros(pair.hsi.shape[1:], bool), np.zeros(pair.pan.shape, bool)
    value, spoiled = values[rng.integers(len(values))], pair
    if where != "pan":
        low = border_region(rng, *low.shape)
        spoiled = spoiled.changed(hsi=np.where(low, np.array(value, kind), pair.hsi))
    if where != "hsi":
        fine = high(low, pair.ratio) if where == "both" else border_region(rng, *fine.shape)
        value = FILLS[kind][rng.integers(len(FILLS[kind]))]  # one band alone tells no number between those of data
        spoiled = spoiled.changed(pan=np.where(fine, np.array(value, kind), pair.pan))
    kept = np.broadcast_to(~(high(low, pair.ratio) | fine), pair.truth.shape)
    found = as_right(case, pair, spoiled, kept, folder)
    for role in ("hsi", "pan"):
        named = [text for text in found.said.warnings if f"spoiled_{role}.tif has" in text and "declare" in text]
        assert len(named) == (where in (role, "both")), (where, value, found.said.warnings)
    assert not found.valid[~kept].any()


def dropouts(case: Case, folder: Path) -> None:
    """Samples that are missing in single bands: at random, or in a part of the ground."""
    rng, pair = case.random, case.pair()
    missing = rng.random(pair.hsi.shape) < rng.uniform(0.002, 0.05, len(pair.hsi))[:, None, None]
    if rng.random() < 0.4:
        region = border_region(rng, *missing.shape[1:])
        missing[rng.integers(len(missing)), region] = True
    value = (-9999.0, 0.0, -1.0)[rng.integers(3)] if pair.hsi.dtype.kind != "u" else 0.0
    taken = (pair.hsi == value).any(axis=0)
    missing &= ~taken
    base = pair.changed(hsi=np.where(pair.hsi == value, pair.hsi + 1, pair.hsi), nodata=value)
    spoiled = base.changed(hsi=np.where(missing, np.array(value, pair.hsi.dtype), base.hsi))
    found = as_right(case, base, spoiled, ~high(missing, pair.ratio), folder)
    assert not found.valid[high(missing, pair.ratio)].any()


def defects(case: Case, folder: Path) -> None:
    """A dead column, or zeros of failed retrievals, in single bands and declared by nothing."""
    rng, pair = case.random, case.pair()
    if len(pair.hsi) < 16:
        return dropouts(case, folder)
    missing = np.zeros(pair.hsi.shape, bool)
    level = pair.hsi.mean(axis=(1, 2))
    for band in rng.choice(np.flatnonzero(level > 0.5 * np.median(level)), 3, replace=False):
        missing[band, :, rng.integers(1, missing.shape[2] - 1)] = True
    spoiled = pair.changed(hsi=np.where(missing, np.array(0, pair.hsi.dtype), pair.hsi))
    found = as_right(case, pair, spoiled, ~high(missing, pair.ratio), folder)
    assert any("dead columns" in text and "spoiled_hsi.tif" in text for text in found.said.warnings)


def factor(case: Case, folder: Path) -> None:
    """Plain factors of the HSI, the PAN or both."""
    rng, pair = case.random, case.pair()
    value, which = FACTORS[rng.integers(4)], ("both", "hsi", "pan")[rng.integers(3)]
    own, other = (value if which in (role, "both") else 1.0 for role in ("hsi", "pan"))
    as_right(case, pair.times(1.0), pair.times(own, other), whole(pair), folder, own)


def turned(case: Case, folder: Path) -> None:
    """Bands reversed, with their wavelengths where there are any."""
    pair = case.pair()
    waves = None if pair.waves is None else pair.waves[::-1]
    spoiled = pair.changed(hsi=pair.hsi[::-1], truth=pair.truth[::-1], waves=waves)
    as_right(case, pair, spoiled, whole(pair), folder)


def unrelated(case: Case, folder: Path) -> None:
    """A PAN that does not show what the HSI shows: nothing is taken from it, and that is said."""
    rng, pair = case.random, case.pair()
    pan = pair.pan.astype(np.float64)
    other = made_pair(case.seed + 1, 1, 8, "float32", pan.shape).pan
    choices = {
        "upside down": pan[::-1],
        "mirrored": pan[:, ::-1],
        "turned": pan[::-1, ::-1],
        "other ground": pan.mean() * other / other.mean(),
        "noise": pan.mean() + pan.std() * rng.standard_normal(pan.shape),
        "shuffled": np.roll(pan, (pan.shape[0] // 2, pan.shape[1] // 2), (0, 1)),
    }
    kind = list(choices)[rng.integers(len(choices))]
    if abs(np.corrcoef(pan.ravel(), choices[kind].ravel())[0, 1]) > 0.2:  # a river, mirrored, is one still
        kind = "noise"
    spoiled = pair.changed(pan=np.clip(choices[kind], 0, np.inf).astype(pair.pan.dtype))
    found = run(spoiled, folder, "spoiled", method=case.method)
    is_named_unrelated(found)


def is_named_unrelated(found: Outcome) -> None:
    """Ground may be symmetric by chance: a PAN that is half alike is warned of and used."""
    assert found.refusal or any("spoiled_pan.tif" in text and RELATION.search(text) for text in found.said.warnings)
    if found.facts.get("pan_correlation", {}).get("detail", 1.0) < UNRELATED:
        assert found.facts["result"] == UP_SAMPLING


def shift(case: Case, folder: Path) -> None:
    """A wrong geotransform of the PAN: corrected right, or refused; where it is not corrected, it is warned of."""
    rng, pair = case.random, case.pair()
    pixels, angle = rng.uniform(1.0, 14.0) * pair.ratio, rng.uniform(0, 2 * np.pi)
    moved = float(np.round(pixels * np.sin(angle))), float(np.round(pixels * np.cos(angle)))
    found = run(pair.changed(moved=moved), folder, "spoiled", method=case.method)
    assert "spoiled_pan.tif" in found.words(), moved
    corrected = run(pair.changed(moved=moved), folder, "moved", method=case.method, shift="global")
    if "moved_pan.tif" in corrected.words():
        return
    assert not corrected.refusal
    values, valid = placed(corrected, pair)
    plain = run(pair, folder, "plain", method=case.method)
    error, usual = (rmse(each, pair.truth, valid) for each in (values, plain.values))
    assert error <= MOST_WORSE * usual, (moved, error, usual, corrected.said.infos)


def as_right(
    case: Case, pair: Pair, spoiled: Pair, kept: np.ndarray, folder: Path, unit: float = 1.0, job=None
) -> Outcome:
    """The result of the spoiled pair, once it has been compared with that of the unspoiled one. By default that of the
    classical method; what is spoiled may be in other units."""
    job = job or functools.partial(classical, method=case.method)
    plain, found = run(pair, folder, "plain", job), run(spoiled, folder, "spoiled", job)
    assert not found.refusal, found.refusal
    lost = kept & ~found.valid & plain.valid
    assert not lost.any(), f"{lost.sum()} of {kept.sum()} unspoiled samples are without value; {found.said.warnings}"
    kept = kept & found.valid & plain.valid
    usual = rmse(plain.values, pair.truth, kept)
    error = rmse(found.values, spoiled.truth, kept) / unit
    assert error <= MOST_WORSE * usual, (error / usual, found.facts.get("result"), found.said.warnings)
    return found


def clean(case: Case, folder: Path) -> None:
    """An unspoiled scene: no warning, and the pixels that are written where nothing is looked at."""
    pair = case.pair()
    found = run(pair, folder, "clean", method=case.method)
    assert not found.said.warnings
    assert not found.refusal
    bare, files = str(folder / "bare.tif"), (str(folder / "clean_hsi.tif"), str(folder / "clean_pan.tif"))
    with open_pair(*files) as whole:
        contradictory = contradictions(whole)
        assert not contradictory.any() or (case.real == "ikonos" and contradictory.mean() < 0.005)  # cars that move
        scene = whole.without(contradictory, contradictory)
        fitted = ClassicalMethod(case.method, DEFAULT_MTF_GAIN, DEFAULT_ITERATIONS).fit(scene)
        write_fused(scene, fitted, Outputs(bare), FusionOptions(compress="none"), Progress())
    first, second = (gdal.Open(path).ReadAsArray() for path in (str(folder / "clean_out.tif"), bare))
    assert first.dtype == second.dtype
    np.testing.assert_array_equal(first.view(f"u{first.itemsize}"), second.view(f"u{second.itemsize}"))


def model_pair(case: Case) -> Pair:
    """A scene as the model was trained on another one of."""
    rng = np.random.default_rng([case.seed, 3])
    return made_pair(case.seed, 4, MODEL_BANDS, "float32", (40, 40), rng.uniform(0.6, 1.6)).times(1e4)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    """Learned on a scene of reflectance x 10,000."""
    pytest.importorskip("torch")
    from core.workflows.train import train

    folder = tmp_path_factory.mktemp("model")
    hsi, pan = write(made_pair(1, 4, MODEL_BANDS, "float32", (40, 40)).times(1e4), folder, "trained")
    train([hsi], [pan], str(folder / "m.ssml"), steps=40, device="cpu")
    return str(folder / "m.ssml")


def model_factor(case: Case, folder: Path, job) -> None:
    """Plain factors where a model is used: recognised, and the result is in the scene's units."""
    rng, pair = case.random, model_pair(case)
    value, which = FACTORS[rng.integers(4)], ("both", "hsi", "pan")[rng.integers(3)]
    own, other = (value if which in (role, "both") else 1.0 for role in ("hsi", "pan"))
    found = as_right(case, pair, pair.times(own, other), whole(pair), folder, own, job)
    named = ["spoiled_hsi.tif"] * (which != "pan") + ["spoiled_pan.tif"] * (which != "hsi")
    assert any("units" in text and all(name in text for name in named) for text in found.said.warnings)


def model_turned(case: Case, folder: Path, job) -> None:
    """Bands reversed where a model is used: right with their wavelengths, warned of or refused without."""
    pair = model_pair(case)
    spoiled = pair.changed(hsi=pair.hsi[::-1], truth=pair.truth[::-1], waves=pair.waves[::-1])
    found = as_right(case, pair, spoiled, whole(pair), folder, job=job)
    assert not found.said.warnings
    for waves in (None, pair.waves):
        found = run(spoiled.changed(waves=waves), folder, "turned", job)
        assert "turned_hsi.tif" in found.words()
        assert "order" in found.words()


def model_unrelated(case: Case, folder: Path, job) -> None:
    """A PAN that does not show what the HSI shows, where a model is used."""
    pair = model_pair(case)
    noise = case.random.normal(pair.pan.mean(), pair.pan.std(), pair.pan.shape)
    spoiled = pair.changed(pan=np.float32(noise))
    is_named_unrelated(run(spoiled, folder, "spoiled", job))


KINDS = (fill, dropouts, defects, factor, turned, unrelated, shift, clean)
MODEL_KINDS = (model_factor, model_turned, model_unrelated)
# A kind and the share of its examples in the slow target; 300 spoiled ones and 60 clean ones in all.
EXAMPLES = dict.fromkeys((*KINDS, *MODEL_KINDS), (3, 30)) | {clean: (10, 60)}


def try_many(kind, examples: int, *more: object) -> None:
    """A property is tried on some examples, always the same ones."""

    @settings(max_examples=examples, derandomize=True, deadline=None, phases=[Phase.generate], database=None)
    @given(CASES)
    def holds(case: Case) -> None:
        kind(case, *more)

    holds()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_nothing_is_silently_wrong(kind, tmp_path):
    try_many(kind, EXAMPLES[kind][0], tmp_path)


@pytest.mark.parametrize("kind", MODEL_KINDS, ids=lambda kind: kind.__name__)
def test_nothing_is_silently_wrong_with_a_model(kind, tmp_path, model):
    try_many(kind, EXAMPLES[kind][0], tmp_path, using(model))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_nothing_is_silently_wrong_in_many_examples(kind, tmp_path):
    try_many(kind, EXAMPLES[kind][1], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODEL_KINDS, ids=lambda kind: kind.__name__)
def test_nothing_is_silently_wrong_with_a_model_in_many_examples(kind, tmp_path, model):
    try_many(kind, EXAMPLES[kind][1], tmp_path, using(model))


def using(model: str):
    """The job `fuse` with a model, as the others are called."""
    from core.workflows.fuse import fuse

    return functools.partial(fuse, model=model, device="cpu")
