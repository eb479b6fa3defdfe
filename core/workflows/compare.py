"""The job ``compare``: which method is best for this HSI and this PAN?"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple

import numpy as np

from ..assessment.reduced import ReducedPair, reduced_pair
from ..fusion.classical import METHODS
from ..io.raster_files import move_raster
from ..io.reader import RasterReader
from ..operators.consistency import DEFAULT_ITERATIONS, check_iterations
from ..operators.pair import DEFAULT_MTF_GAIN
from ..quality.reference import PixelMaps, ReferenceIndices
from ..report.comparison import Compared, Comparison, Views, comparison_report, pick_pixels, views_of
from ..report.html import render, write_page
from ..report.pictures import overview
from ..runtime.atomic_files import placed, working_folder
from ..runtime.errors import InputError
from ..runtime.memory import PeakMemory
from ..runtime.paths import StrPath, paths
from ..runtime.progress import Progress
from .assess import assess
from .classical import classical
from .opening import open_scene
from .output import check_outputs, one_gain, write_json

BASE = "exp"  # what scores are relative to; always among the methods
LEARNED = ("ssml",)  # methods that learn on the scene before they fuse it
MODEL = "model"
RULE = (
    "The best method has the lowest score at reduced resolution: the mean of its ERGAS and its SAM, each divided by "
    "that of plain up-sampling. Indices without reference do not rank: the consistency projection makes the spectral "
    "ones nearly equal for all."
)
_MAP_SIZE = 240  # pixels of the maps at most


@dataclass
class _Method:
    """A method at work.

    Attributes:
        name: its id. title: for people.
        run: (hsi, pan, output, disagreement, progress, **choices of the scene) writes the fused raster.
        networks: whether it has two networks that may disagree.
        note: what must be known of its scores, "" for nothing.
        ranked: whether its scores may rank it.
        iterations: of the consistency projection that a trained model brings along; None for those that are chosen.
    """

    name: str
    title: str
    run: Callable[..., Any]
    networks: bool = False
    note: str = ""
    ranked: bool = True
    iterations: int | None = None
    reduced: dict[str, Any] = field(default_factory=dict)
    full: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    memory: float | None = None
    history: Sequence[Mapping[str, Any]] = ()


class _Seen(NamedTuple):
    """What is shown of a method at reduced resolution: where it differs, and (pixels, bands) of some pixels."""

    maps: PixelMaps
    spectra: np.ndarray


def compare(
    hsi: StrPath,
    pan: StrPath,
    output: StrPath = "",
    *,
    methods: Sequence[str] = (),
    model: StrPath = "",
    report: StrPath = "",
    json_path: StrPath = "",
    csv_path: StrPath = "",
    effort: str = "normal",
    seed: int = 0,
    mtf: float | str = DEFAULT_MTF_GAIN,
    consistency: int = DEFAULT_ITERATIONS,
    crop: int = 0,
    bands: str = "",
    correct_shift: bool = False,
    device: str = "auto",
    memory: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run methods on one HSI and PAN, at reduced and at full resolution, and find the best.

    At reduced resolution HSI and PAN are degraded by the ratio, fused, and compared with the HSI itself (Wald's
    protocol); this ranks. At full resolution there is no truth: indices without reference are given beside it.

    Args:
        hsi, pan: rasters to read.
        output: raster to write, what the best method makes at full resolution; "" for none.
        methods: names of classical methods, and of networks that shall learn on the scene ("ssml"); all classical ones
            where empty. Plain up-sampling always takes part.
        model: model file of a trained network that takes part, too; "" for none.
        report, json_path, csv_path: files to write; "" for none.
        effort, seed, device: of learning.
        mtf: the HSI's MTF gain at its Nyquist frequency, or the name of a sensor.
        consistency: iterations of the consistency projection that follows each method, 0 for none; networks that learn
            on the scene learn with them, a model that is trained already is used with those that it learned with.
        crop: pixels left out at each side of what is scored.
        bands: the bands of the HSI to use, as "1-100,120" or "430-900 nm"; "" for all.
        correct_shift: move the PAN's position by its shift against the HSI, as phase correlation measures it; else it
            is only warned of.
        memory: budget of the fusion in GB, None for the usual one.

    Returns:
        ``best`` (a name), ``best_title``, ``gain`` (by how many per cent its score lies below that of the best
        classical method, None where it is one), ``methods``, ``rule``, ``ratio``, ``files``, ``parameters`` and
        ``output``. ``methods`` has one record a method, best first: ``name``, ``title``, ``score``, ``reduced``,
        ``full`` and ``per_band`` (dicts of numbers), ``seconds``, ``peak_memory`` (bytes in use by this process while
        it ran at full resolution, None where unknown), ``ranked`` and ``note``.

    Raises:
        InputError: a file or a parameter cannot be used, or the scene is too small to be reduced.
        Cancelled: the user stopped the job.
    """
    progress = progress or Progress()
    hsi, pan, output, model = paths(hsi=hsi, pan=pan, output=output, model=model)
    report, json_path, csv_path = paths(report=report, json_path=json_path, csv_path=csv_path)
    mtf = one_gain(mtf, progress)
    check_iterations(consistency)
    inputs = [path for path in (hsi, pan, model) if path]
    check_outputs(inputs, (output,), (report, json_path, csv_path))
    options = {"consistency": consistency, "memory": memory}
    chosen = _methods(methods, model, {"effort": effort, "seed": seed, "mtf": mtf, "device": device, **options}, hsi)
    places = [path for path in (output, report, json_path, csv_path) if path]
    progress.set(0.0, "Looking through the scene")
    choices = {"bands": bands, "correct_shift": correct_shift}
    with (
        open_scene(hsi, pan, progress, bands=bands, correct_shift=correct_shift) as scene,
        working_folder(places[0] if places else "") as folder,
    ):
        ratio, good = scene.ratio, scene.good.copy()
        progress.info(f"Ratio {ratio}: {scene.low_shape[0]} x {scene.low_shape[1]} HSI pixels, {len(chosen)} methods.")
        progress.set(0.01, "Reducing the resolution")
        pair = reduced_pair(scene, mtf, folder, progress.part(0.01, 0.06))
        pixels = pick_pixels(*_overview(pair.truth), good)
        steps = progress.part(0.06, 0.45)
        seen: dict[str, _Seen] = {}
        for number, method in enumerate(chosen):
            part = steps.part(number / len(chosen), (number + 1) / len(chosen))
            part.set(0.0, f"{method.title} at reduced resolution")
            seen[method.name] = _at_reduced(method, pair, folder, ratio, good, pixels, mtf, crop, part)
        ranking = _ranking(chosen)
        best = ranking[0]
        progress.info(f"Best at reduced resolution: {best.title}.")
        views = views_of(scene)
        steps = progress.part(0.45, 0.95)
        shown: list[Compared] = []
        kept = os.path.join(folder, f"best{os.path.splitext(output)[1]}") if output else ""
        for number, method in enumerate(ranking):
            part = steps.part(number / len(chosen), (number + 1) / len(chosen))
            part.set(0.0, f"{method.title} at full resolution")
            pictures, disagreement = _at_full(
                method, hsi, pan, choices, folder, kept if method is best else "", mtf, crop, views, part
            )
            maps, spectra = seen[method.name]
            shown.append(
                Compared(
                    method.name, method.title, method.reduced, maps, spectra, pictures, disagreement, method.history
                )
            )
        result = _result(ranking, ratio, output)
        result["files"] = {"hsi": hsi, "pan": pan, **({"model": model} if model else {})}
        result["parameters"] = {
            "mtf": mtf,
            "consistency": consistency,
            "model_consistency": chosen[-1].iterations,
            "crop": crop,
            "bands": bands,
            "correct_shift": correct_shift,
            "effort": effort,
            "seed": seed,
            "device": device,
        }
        progress.check()
        page = ""
        if report:
            progress.set(0.96, "Writing the report")
            truth = _overview(pair.truth)[0]
            comparison = Comparison(result, scene, views, shown, truth, pixels, good)
            page = render(comparison_report(comparison), progress)
        if json_path:
            write_json(json_path, result)
        if csv_path:
            _write_csv(csv_path, result["methods"])
        if report:
            write_page(report, page)
        if output:
            move_raster(kept, output)
    progress.set(1.0, "Done")
    return result


def _methods(names: Sequence[str], model: str, options: Mapping[str, Any], hsi: str) -> list[_Method]:
    unknown = [name for name in names if name not in METHODS and name not in LEARNED]
    if unknown:
        raise InputError(f"There is no method {unknown[0]!r}; choose from {', '.join((*METHODS, *LEARNED))}.")
    names = list(dict.fromkeys([BASE, *(names or METHODS)]))
    made = []
    for name in names:
        if name in METHODS:
            made.append(_Method(name, METHODS[name].title, _classical(name, options)))
        else:
            made.append(_Method(name, f"{name.upper()}, learned on the scene", _learned(name, options), networks=True))
    if model:
        made.append(_trained(model, options, hsi))
    return made


def _classical(name: str, options: Mapping[str, Any]) -> Callable[..., Any]:
    # Up-sampling is the base as it stands, without any projection.
    iterations = 0 if name == BASE else options["consistency"]

    def run(hsi: str, pan: str, output: str, disagreement: str, progress: Progress, **choices: Any) -> None:
        classical(
            hsi,
            pan,
            output,
            method=name,
            consistency=iterations,
            mtf=options["mtf"],
            memory=options["memory"],
            progress=progress,
            **choices,
        )

    return run


def _learned(name: str, options: Mapping[str, Any]) -> Callable[..., Any]:
    from ..runtime.devices import require_torch

    require_torch()
    from .sharpen import sharpen

    def run(hsi: str, pan: str, output: str, disagreement: str, progress: Progress, **choices: Any) -> object:
        given = {**options, **choices}
        return sharpen(hsi, pan, output, network=name, disagreement=disagreement, progress=progress, **given)

    return run


def _trained(model: str, options: Mapping[str, Any], hsi: str) -> _Method:
    from ..runtime.devices import require_torch

    require_torch()
    from ..models.trained import TrainedModel
    from .fuse import fuse

    trained = TrainedModel.open(model)
    header = trained.header
    seen = any(data.get("hsi") == os.path.basename(hsi) for data in header.get("training_data", []))
    rest = {key: options[key] for key in ("device", "memory")}

    def run(hsi: str, pan: str, output: str, disagreement: str, progress: Progress, **choices: Any) -> None:
        fuse(hsi, pan, model, output, disagreement=disagreement, progress=progress, **rest, **choices)

    note = (
        f"{os.path.basename(model)} was trained on {os.path.basename(hsi)} itself: at reduced resolution it is scored "
        "on what it has learned from, so it is not ranked."
        if seen
        else ""
    )
    title = f"Model {os.path.basename(model)} ({header['network']})"
    several = len(header["config"]) > 1
    return _Method(
        MODEL,
        title,
        run,
        networks=several,
        note=note,
        ranked=not seen,
        iterations=trained.iterations,
        history=header.get("history", ()),
    )


def _at_reduced(
    method: _Method,
    pair: ReducedPair,
    folder: str,
    ratio: int,
    good: np.ndarray,
    pixels: Sequence[tuple[int, int]],
    mtf: float,
    crop: int,
    progress: Progress,
) -> _Seen:
    fused = os.path.join(folder, "reduced.tif")
    method.run(pair.hsi, pair.pan, fused, "", _Named(progress.part(0.0, 0.8), method.title))
    scores = assess(
        fused,
        reference=pair.truth,
        ratio=ratio,
        mtf=mtf,
        crop=crop,
        progress=_Quiet(progress.part(0.8, 1.0), method.title),
    )
    method.reduced = _numbers(scores)
    method.reduced["per_band"] = scores["per_band"]
    values, valid = _overview(fused)
    truth, other = _overview(pair.truth)
    inside = valid[good].all(axis=0) & other[good].all(axis=0)
    indices = ReferenceIndices(int(good.sum()), ratio)
    maps = indices.update(values[good], truth[good], inside)
    spectra = np.stack([np.where(inside[row, col], values[:, row, col], np.nan) for row, col in pixels])
    os.remove(fused)
    return _Seen(maps, spectra)


def _at_full(
    method: _Method,
    hsi: str,
    pan: str,
    choices: Mapping[str, Any],
    folder: str,
    kept: str,
    mtf: float,
    crop: int,
    views: Views,
    progress: Progress,
) -> tuple[list[bytes], np.ndarray | None]:
    """The pictures, and (rows, columns) of the disagreement of two networks, NaN where unknown."""
    fused = kept or os.path.join(folder, "full.tif")
    disagreement = os.path.join(folder, "disagreement.tif") if method.networks else ""
    started = time.monotonic()
    with PeakMemory() as memory:
        made = method.run(hsi, pan, fused, disagreement, _Named(progress.part(0.0, 0.8), method.title), **choices)
    method.seconds, method.memory = round(time.monotonic() - started, 2), memory.peak
    method.history = (made or {}).get("history", method.history)
    watched = _Quiet(progress.part(0.8, 1.0), method.title)
    scores = assess(fused, hsi=hsi, pan=pan, mtf=mtf, crop=crop, progress=watched, **choices)
    method.full = _numbers(scores)
    with RasterReader(fused) as reader:
        pictures = views.of_result(reader)
    difference = None
    if disagreement and os.path.exists(disagreement):
        with RasterReader(disagreement) as reader:
            values, valid = overview(reader, [0])
        difference = np.where(valid[0], values[0], np.nan)
    if not kept:
        os.remove(fused)
    return pictures, difference


class _Named(Progress):
    """Progress of one run: what it says begins with the name of the method; its smaller notes are not told."""

    def __init__(self, outer: Progress, name: str) -> None:
        self._outer, self._name = outer, name

    def set(self, fraction: float, text: str | None = None) -> None:
        self._outer.set(fraction, f"{self._name}: {text}" if text else None)

    def warning(self, text: str) -> None:
        self._outer.warning(f"{self._name}: {text}")

    def cancelled(self) -> bool:
        return self._outer.cancelled()


class _Quiet(_Named):
    """The same without its warnings, such as those of scores that stand in the table as missing."""

    def warning(self, text: str) -> None:
        pass


def _overview(path: str) -> tuple[np.ndarray, np.ndarray]:
    """All bands of a raster, every n-th pixel: values and valid (B, r, c)."""
    with RasterReader(path) as reader:
        values, valid = overview(reader, range(reader.bands), _MAP_SIZE)
    return values, np.broadcast_to(valid, values.shape)


def _numbers(scores: Mapping[str, Any]) -> dict[str, Any]:
    """The indices of what ``assess`` returned."""
    known = ("bands", "ratio", "crop", "mtf", "pixels", "hsi_pixels")
    return {
        key: value
        for key, value in scores.items()
        if key not in known and (value is None or isinstance(value, (int, float)))
    }


def _ranking(methods: Sequence[_Method]) -> list[_Method]:
    """Best first; methods that cannot be scored, or must not be ranked, last.

    Raises:
        InputError: no method could be scored.
    """
    base = methods[0].reduced
    for method in methods:
        parts = [
            method.reduced[key] / base[key]
            for key in ("ergas", "sam")
            if method.reduced.get(key) is not None and base.get(key)
        ]
        method.reduced["score"] = float(np.mean(parts)) if parts else None
    ranked = [method for method in methods if method.ranked and method.reduced["score"] is not None]
    if not ranked:
        raise InputError(
            "The methods could not be compared: at reduced resolution there is no valid pixel of both HSI and PAN to "
            "score; use a larger part of the scene."
        )
    ranked.sort(key=lambda method: method.reduced["score"])
    return ranked + [method for method in methods if method not in ranked]


def _result(ranking: Sequence[_Method], ratio: int, output: str) -> dict[str, Any]:
    records = []
    for method in ranking:
        records.append(
            {
                "name": method.name,
                "title": method.title,
                "score": method.reduced["score"],
                "reduced": {key: value for key, value in method.reduced.items() if key not in ("score", "per_band")},
                "full": method.full,
                "per_band": method.reduced["per_band"],
                "seconds": method.seconds,
                "peak_memory": method.memory,
                "ranked": method.ranked,
                "note": method.note,
            }
        )
    classics = [method.reduced["score"] for method in ranking if method.name in METHODS and method.ranked]
    classics = [score for score in classics if score is not None]
    gain = None
    if ranking[0].name not in METHODS and classics:
        gain = 100 * (1 - ranking[0].reduced["score"] / min(classics))
    return {
        "best": ranking[0].name,
        "best_title": ranking[0].title,
        "gain": gain,
        "methods": records,
        "rule": RULE,
        "ratio": ratio,
        "output": output,
    }


def _write_csv(path: str, records: Sequence[Mapping[str, Any]]) -> None:
    """One row a method; indices at reduced resolution as they are called, those at full resolution with ``full_``."""
    rows = [
        {
            "name": record["name"],
            "score": record["score"],
            **record["reduced"],
            **{f"full_{key}": value for key, value in record["full"].items()},
            "seconds": record["seconds"],
            "peak_memory": record["peak_memory"],
        }
        for record in records
    ]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with placed(path, newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
