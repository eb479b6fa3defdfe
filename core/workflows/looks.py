"""A result is looked at before it takes its place: a useless one is replaced by what is safe, and that is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Callable

import numpy as np

from ..assessment.guide_consistency import guide_consistency
from ..assessment.local_range import RangeCheck
from ..assessment.looks import Look, look_at
from ..calibration.relation import pan_relation
from ..fusion.classical import ClassicalMethod
from ..fusion.engine import Fused, fuse
from ..fusion.method import FittedMethod
from ..io.grid import Window
from ..io.metadata import RasterMetadata
from ..io.reader import Block, RasterReader
from ..operators.consistency import DEFAULT_ITERATIONS
from ..operators.resample import Gains
from ..runtime.progress import Progress, Silent
from ..scene.map_grid import output_window
from ..scene.scene import Scene
from .options.shared import FusionOptions
from .output import Outputs, write_fused

# Measured with all classical methods on real and simulated pairs. Residual of the degraded result: at most 0.016
# with the usual projection, 0.019 in a band (0.10 where all is 10 % too bright, 0.05 to 0.10 with noise of one standard
# deviation, 0.03 to 0.22 when moved by two pixels), and at most 0.27 without.
RESIDUAL, UNPROJECTED_RESIDUAL = 0.05, 0.40
BAND_RESIDUAL = 4.0  # times that, of a single band
USELESS_RESIDUAL = 0.50  # half of the signal
# Samples beyond 1.5 times the HSI's local range: at most 0.06 with projection and 0.11 without; 0.2 to 0.4 with noise.
OUTSIDE, USELESS_OUTSIDE = 0.15, 0.50
MANY = 0.01  # share of pixels with a sample that cannot be, from which on the verdict asks for a look
WORSE = 3.0  # times the prior's number from which the networks' result is worse than the prior,
_NOTABLE = RESIDUAL / 2, OUTSIDE / 3  # where its residual or its share outside is above these
UP_SAMPLING, PRIOR = "plain up-sampling", "regression prior"  # names of results


class _Rejected(Exception):  # noqa: N818 - ends the writing of a raster, not the job
    """The raster that was written is not to be placed."""


@dataclass(frozen=True)
class Attempt:
    """A method whose result is written if that of the one before is rejected.

    Attributes:
        name: of the result, as the warning calls it.
        method: fitted to the scene.
        strips: see :func:`.output.write_fused`.
    """

    name: str
    method: FittedMethod
    strips: Callable[[Window, RasterMetadata], Iterable[Fused]] | None = None


def up_sampling(scene: Scene, gain: Gains, iterations: int, progress: Progress) -> Attempt:
    """Plain up-sampling with the consistency projection, what is safe with any PAN.

    Args:
        scene: the open scene.
        gain: the HSI's MTF gain.
        iterations: of the projection.
        progress: of the fit.

    Returns:
        the attempt.
    """
    return Attempt(UP_SAMPLING, ClassicalMethod("exp", gain, iterations).fit(scene, progress))


def write_looked_at(
    scene: Scene,
    attempts: Sequence[Attempt],
    outputs: Outputs,
    options: FusionOptions,
    progress: Progress,
    prior: FittedMethod | None = None,
    before: Callable[..., None] | None = None,
) -> dict[str, object]:
    """Fuse, look at the result, and write it; where it is useless, up-sample instead, where it is worse than the prior,
    write the prior.

    Args:
        scene: the open scene.
        attempts: the method; for networks, the prior may follow as ``prior``.
        outputs: where to.
        options: of fusion.
        progress: receives progress and warnings; asked whether to stop.
        prior: of networks, what their result is compared with.
        before: see :func:`.output.write_fused`; gets the facts and the check of the samples first.

    Returns:
        what :func:`.output.write_fused` returns; ``range``, samples that cannot be, see
        :meth:`..assessment.local_range.RangeCheck.facts`; ``look`` (see :class:`..assessment.looks.Look`, None where
        the result is too small), ``result``, the name of what was written, ``pan_correlation`` (``level`` and
        ``detail``), and ``moved``, by how many PAN pixels the PAN was: ``rows``, ``columns``, and ``local``, root mean
        square.

    Raises:
        InputError: a file cannot be written.
        Cancelled: the user stopped the job.
    """
    window, relation = output_window(scene, options.extent), pan_relation(scene, progress)
    remaining = list(attempts)
    correlation = {name: None if np.isnan(value) else round(value, 4) for name, value in asdict(relation).items()}
    while True:
        attempt, facts = remaining.pop(0), {"pan_correlation": correlation, "moved": _moved(scene)}
        check = RangeCheck(scene, options.clip == "range")

        def judge(
            path: str, *others: str, attempt: Attempt = attempt, facts: dict = facts, check: RangeCheck = check
        ) -> None:
            with RasterReader(path) as reader:
                seen = look_at(scene, _reading(reader, window), attempt.method.mtf_gain, window)
            facts.update(look=None if seen is None else asdict(seen), result=attempt.name)
            if seen is not None and attempt.name != UP_SAMPLING:
                following = _verdict(scene, attempt, seen, window, prior, progress)
                if following is not None:
                    remaining.insert(0, following)
                    raise _Rejected
            facts.update(range=check.facts())
            _say_range(scene, check, options, progress)
            if before is not None:
                before(facts, check, path, *others)

        try:
            written = write_fused(
                scene, attempt.method, outputs, options, progress, before=judge, strips=attempt.strips, check=check
            )
        except _Rejected:
            continue
        return {**written, **facts}


def guide_look(
    scene: Scene, path: str, records: Sequence[Mapping[str, Any]], gain: Gains, options: FusionOptions
) -> list[dict[str, Any]]:
    """Whether a result, integrated by the responses of several sharp bands, gives these again.

    Args:
        scene: what it was made of.
        path: of the finished raster.
        records: of each sharp band, see :func:`.guide_findings.guide_findings`.
        gain: the HSI's MTF gain.
        options: of fusion.

    Returns:
        As :func:`..assessment.guide_consistency.guide_consistency`; none for a PAN of one band.
    """
    if not records:
        return []
    window = output_window(scene, options.extent)
    with RasterReader(path) as reader:
        return guide_consistency(scene, _reading(reader, window), records, gain, window)


def _say_range(scene: Scene, check: RangeCheck, options: FusionOptions, progress: Progress) -> None:
    """How many samples cannot be; the verdict asks for a look where they are many."""
    if not check.samples:
        return
    clipped = options.clip == "range"
    what = "they were set to the limits (--clip, CLIP)" if clipped else "--clip range (CLIP) sets them to the limits"
    progress.info(f"{outside_words(check.facts(), scene.hsi.name)}; {what}.")


def outside_words(found: Mapping[str, Any], hsi: str) -> str:
    """What is said of samples that cannot be, in the log and in the verdict.

    Args:
        found: see :meth:`..assessment.local_range.RangeCheck.facts`.
        hsi: what the image is called.

    Returns:
        A sentence without its end.
    """
    share = found["pixels"] / max(1, found["of"])
    part = f"{share:.2%}" if share >= 1e-4 else "below 0.01%"
    words = (
        f"{found['outside']:,} of {found['seen']:,} samples, in {found['pixels']:,} of {found['of']:,} pixels "
        f"({part}), lie far outside of what {hsi} holds around them"
    )
    return f"{words}, {found['negative']:,} of them below 0 where it is not" if found["negative"] else words


def _moved(scene: Scene) -> dict[str, float]:
    rows, columns = scene.moved
    return {"rows": rows, "columns": columns, "local": 0.0 if scene.field is None else scene.field.typical}


def _verdict(
    scene: Scene, attempt: Attempt, seen: Look, window: Window, prior: FittedMethod | None, progress: Progress
) -> Attempt | None:
    """What is written instead; None where the result stands, with a warning where it is unusual."""
    iterations = attempt.method.iterations
    limit = RESIDUAL if iterations >= DEFAULT_ITERATIONS else UNPROJECTED_RESIDUAL
    if seen.residual > USELESS_RESIDUAL or seen.outside > USELESS_OUTSIDE:
        progress.warning(
            f"{_numbers(scene, attempt, seen)}; such a result is useless (above {USELESS_RESIDUAL:.0%} or "
            f"{USELESS_OUTSIDE:.0%}), so {UP_SAMPLING} of the HSI is the result: check the units of the images, and "
            "what a model was trained on."
        )
        return up_sampling(scene, attempt.method.mtf_gain, iterations, progress)
    if prior is not None and attempt.method is not prior and _notable(seen):
        usual = look_at(scene, _fusing(scene, prior, progress), prior.mtf_gain, window)
        if usual is not None and _worse(seen, usual):
            progress.warning(
                f"{_numbers(scene, attempt, seen)}, which is more than {WORSE:g} times what the regression prior has "
                f"({usual.residual:.1%} and {usual.outside:.1%}), so the prior is the result."
            )
            return Attempt(PRIOR, prior)
    if seen.residual > limit or seen.band_residual > BAND_RESIDUAL * limit or seen.outside > OUTSIDE:
        progress.warning(
            f"{_numbers(scene, attempt, seen)}, more than the {limit:.0%} and {OUTSIDE:.0%} that are usual at most; "
            "look at the result before it is used, and compare it with --method exp (METHOD)."
        )
    return None


def _numbers(scene: Scene, attempt: Attempt, seen: Look) -> str:
    return (
        f"The {attempt.name} result, degraded, differs from {scene.hsi.name} by {seen.residual:.1%} (band "
        f"{seen.band} by {seen.band_residual:.1%}), and {seen.outside:.1%} of its samples, at some places, lie "
        "beyond 1.5 times the range of the HSI pixels around them"
    )


def _notable(seen: Look) -> bool:
    """Whether a result can be worse than the prior's at all; that one is computed only then."""
    return any(value > least for value, least in zip((seen.residual, seen.outside), _NOTABLE))


def _worse(seen: Look, usual: Look) -> bool:
    values, usual_values = (seen.residual, seen.outside), (usual.residual, usual.outside)
    return any(value > max(least, WORSE * of_prior) for value, least, of_prior in zip(values, _NOTABLE, usual_values))


def _reading(reader: RasterReader, window: Window) -> Callable[[Window, list], Block]:
    """What reads a result that begins at a window of the whole output."""

    def read(part: Window, bands: list) -> Block:
        return reader.read(Window(part.row - window.row, part.col - window.col, part.rows, part.cols), bands)

    return read


def _fusing(scene: Scene, method: FittedMethod, progress: Progress) -> Callable[[Window, list], Block]:
    """What computes the asked part of a result."""

    def read(part: Window, bands: list) -> Block:
        values = np.empty((len(bands), part.rows, part.cols), np.float32)
        valid = np.empty(values.shape, bool)
        quiet = Silent(progress)
        for piece in fuse(scene, method, part, progress=quiet):
            row, col = piece.window.row - part.row, piece.window.col - part.col
            here = np.s_[:, row : row + piece.window.rows, col : col + piece.window.cols]
            values[here] = piece.values[bands]
            valid[here] = piece.valid if piece.valid.ndim == 2 else piece.valid[bands]
        return Block(values, valid)

    return read
