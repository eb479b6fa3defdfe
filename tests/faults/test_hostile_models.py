"""Model files that somebody made to do harm, or that a disk has damaged: refused in one sentence, or harmless.

Kept cases, those that fuzzing has found among them. Loading must stay within little memory and time, and run no code.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import pickle
import struct
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models.format import MAX_FILE, read_model
from core.models.trained import TrainedModel
from core.runtime.errors import InputError
from core.workflows.fuse import fuse
from core.workflows.info import info

from .jobs import left

DTYPES = {"F32": "float32", "F64": "float64", "I64": "int64", "I8": "int8", "U8": "uint8", "BOOL": "bool"}
MOST = 64 << 20  # bytes that refusing any of these files may take


@pytest.fixture(scope="module")
def parts(files):
    """The table, our header and the numbers of a good file."""
    content = Path(files.model).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    table = json.loads(content[8 : 8 + length])
    return table, json.loads(table["__metadata__"]["ssml"]), content[8 + length :]


def rebuilt(table, header, body, fitting=True) -> bytes:
    """A file of these parts; its checksum fits, so that what is behind that door is reached."""
    if fitting and isinstance(header, dict) and "checksum" in header:
        digest = hashlib.sha256()
        try:
            for name in sorted(key for key in table if key != "__metadata__"):
                entry = table[name]
                shape = tuple(entry["shape"]) or (1,)
                digest.update(f"{name} {DTYPES[entry['dtype']]} {shape} ".encode())
                digest.update(body[slice(*entry["data_offsets"])])
            header = {**header, "checksum": digest.hexdigest()}
        except (KeyError, TypeError):
            pass
    if header is not None:
        table = {**table, "__metadata__": {"ssml": header if isinstance(header, str) else json.dumps(header)}}
    text = json.dumps(table).encode()
    return struct.pack("<Q", len(text)) + text + body


def refused(path: Path, content: bytes, what=TrainedModel.open) -> str:
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as caught:
            what(str(path))
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    assert len(text) < 1000
    return text


def tamed(path: Path, content: bytes) -> None:
    """Refused in one sentence, or read; whichever, and the same for what is shown of it."""
    path.write_bytes(content)
    for work in (TrainedModel.open, lambda name: info(name, report=f"{name}.html", json_path=f"{name}.json")):
        try:
            work(str(path))
        except InputError as error:
            text = str(error)
            assert "\n" not in text, text
            assert text.endswith("."), text


DEEP = "[" * 60 + "]" * 60
HEADERS = {
    "a whole number of thousands of digits": ("ratio", "9" * 4000),
    "a whole number beyond 64 bits": ("bands", "1" + "0" * 30),
    "a float beyond all floats": ("mtf", "1e999"),
    "a wavelength beyond all floats": ("wavelengths", "[" + "9" * 400 + "]"),
    "half a character": ("licence", '"\\ud800"'),
    "lists in lists": ("history", DEEP),
    "records in records": ("settings", '{"a":' * 60 + "1" + "}" * 60),
    "not a number": ("mtf", "NaN"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_numbers_and_depths_that_no_header_has_are_refused(case, parts, tmp_path):
    table, header, body = parts
    key, text = HEADERS[case]
    marked = json.dumps({**header, key: "@@"}).replace('"@@"', text)
    refused(tmp_path / "m.ssml", rebuilt(table, marked, body), read_model)


CONFIGS = [
    {"width": 10**9},
    {"width": 1000},
    {"blocks": 10**9},
    {"blocks": 200},
    {"blocks": -1},
    {"components": 10**6},
    {"width": 48.5},
    {"width": "48"},
    {"width": None},
    {"width": [48]},
    {"width": {"a": 1}},
    {"device": "cuda"},
    {"__class__": "x"},
    {"self": 1},
    {"x\ny": 1},
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_networks_larger_than_the_file_or_of_odd_arguments_are_not_built(config, parts, tmp_path):
    table, header, body = parts
    header = copy.deepcopy(header)
    header["config"]["spectral"].update(config)
    refused(tmp_path / "m.ssml", rebuilt(table, header, body))


def test_a_receptive_field_beyond_all_images_is_refused(parts, tmp_path):
    """It costs nothing in the file, but margins of that size in memory."""
    table, header, body = parts
    header = copy.deepcopy(header)
    header["config"]["spatial"]["highpass"] = 10**7 + 1
    refused(tmp_path / "m.ssml", rebuilt(table, header, body))


FACTS = [
    ("network", "ssml-spectral"),
    ("network", "../../etc/passwd"),
    ("network", "a\nb"),
    ("network", "x" * 10000),
    ("config", {}),
    ("config", {"spectral": [], "spatial": {}}),
    ("good", None),
    ("good", [1]),
    ("good", "111111111"),
    ("good", [2] * 9),
    ("good", [[1]] * 9),
    ("good", [0] * 9),
    ("scaling", [[1.0]]),
    ("scaling", [["a"] * 9, [0.0] * 9]),
    ("scaling", "none"),
    ("chosen_bands", [1, 2]),
    ("chosen_bands", "1-9," * 10**6),
    ("chosen_bands", "1-9"),  # of how many is not said
    ("training_data", ["a.tif"]),
    ("training_data", 7),
    ("history", [1, 2]),
    ("distributions", 7),
    ("distributions", [{"hsi": [[1e300] * 9] * 9, "pan": [1.0] * 7}]),
    ("distributions", ["a"]),
    ("distributions", [{"hsi": [[1.0] * 9] * 9}]),
    ("distributions", [{"hsi": [[1.0] * 9] * 8, "pan": [1.0] * 7}]),
    ("distributions", [{"hsi": [[1.0] * 8] * 9, "pan": [1.0] * 7}]),
    ("distributions", [{"hsi": [["a"] * 9] * 9, "pan": [1.0] * 7}]),
    ("checksum", 0),
]


@pytest.mark.parametrize(("key", "value"), FACTS, ids=lambda value: str(value)[:40])
def test_facts_of_another_kind_are_refused(key, value, parts, tmp_path):
    table, header, body = parts
    refused(tmp_path / "m.ssml", rebuilt(table, {**header, key: value}, body, fitting=key != "checksum"))


def test_a_type_that_is_no_word_is_refused(parts, tmp_path):
    """Found by fuzzing."""
    table, header, body = parts
    for dtype in ([], {}, None, 4, "F" * 10000):
        entry = {**table["statistics.mean"], "dtype": dtype}
        refused(tmp_path / "m.ssml", rebuilt({**table, "statistics.mean": entry}, header, body))


def test_places_and_shapes_that_do_not_fit_are_refused(parts, tmp_path):
    table, header, body = parts
    entry = table["statistics.mean"]
    for wrong in (
        {"shape": [2**62, 4]},
        {"shape": [-1]},
        {"shape": [0]},
        {"shape": "9"},
        {"shape": None},
        {"data_offsets": [0, 2**63]},
        {"data_offsets": [2**40, 0]},
        {"data_offsets": [0, 0]},
        {"data_offsets": [0.0, 36.0]},
        {"data_offsets": [True, 36]},
        {"data_offsets": table["statistics.std"]["data_offsets"]},
    ):
        refused(tmp_path / "m.ssml", rebuilt({**table, "statistics.mean": {**entry, **wrong}}, header, body))


def test_names_of_arrays_are_names_and_no_places(parts, tmp_path):
    table, header, body = parts
    wrong = {key if key != "statistics.mean" else "../../../statistics.mean": entry for key, entry in table.items()}
    refused(tmp_path / "m.ssml", rebuilt(wrong, header, body))
    assert left(tmp_path) == ["m.ssml"]


def test_a_file_that_only_claims_its_size_is_refused_at_once(parts, tmp_path):
    """A sparse file takes no room on the disk, but would take all of the memory."""
    _, header, _ = parts
    size = MAX_FILE
    entry = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    path = tmp_path / "m.ssml"
    path.write_bytes(rebuilt({"__metadata__": {}, "weight": entry}, header, b"", fitting=False))
    os.truncate(path, path.stat().st_size + size)
    with pytest.raises(InputError, match="too large"):
        read_model(path)


def test_very_many_arrays_are_refused(parts, tmp_path):
    _, header, _ = parts
    table = {f"a{number}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for number in range(20000)}
    refused(tmp_path / "m.ssml", rebuilt({"__metadata__": {}, **table}, header, b"", fitting=False), read_model)


def test_a_pickle_is_not_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    refused(tmp_path / "m.ssml", pickle.dumps(Bomb()))
    assert left(tmp_path) == ["m.ssml"]


@pytest.mark.parametrize("value", [3e38, 1e-40, -1.0])
@pytest.mark.parametrize(
    "name",
    [f"statistics.{key}" for key in ("mean", "std", "variance", "gains", "basis")],
)
def test_statistics_that_are_finite_but_absurd_give_no_wrong_pixels(name, value, parts, files, tmp_path):
    """Either the numbers are refused, or all pixels that come out are finite."""
    from osgeo import gdal

    table, header, body = parts
    entry = table[name]
    start, stop = entry["data_offsets"]
    body = body[:start] + np.full((stop - start) // 4, value, np.float32).tobytes() + body[stop:]
    path, output = tmp_path / "m.ssml", tmp_path / "o.tif"
    path.write_bytes(rebuilt(table, header, body))
    try:
        with np.errstate(all="ignore"):
            fuse(files.hsi, files.pan, str(path), str(output), device="cpu")
    except InputError:
        assert not output.exists()
        return
    dataset = gdal.Open(str(output))
    assert np.isfinite(dataset.ReadAsArray()).all() or np.isnan(dataset.GetRasterBand(1).GetNoDataValue())


BUDGET = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@settings(BUDGET, max_examples=150)
@given(place=st.floats(0, 1), bit=st.integers(0, 7), cut=st.floats(0, 1), way=st.sampled_from(["flip", "cut", "swap"]))
def test_flipped_bits_and_cuts_are_refused_or_harmless(place, bit, cut, way, files, tmp_path):
    content = bytearray(Path(files.model).read_bytes())
    at = min(int(place**3 * len(content)), len(content) - 1)  # most of them in the header
    if way == "flip":
        content[at] ^= 1 << bit
    elif way == "cut":
        content = content[: int(cut * len(content))]
    else:
        content[:at], content[at:] = content[-at:] if at else b"", content[:-at] if at else content[at:]
    tamed(tmp_path / "m.ssml", bytes(content))


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.one_of(st.none(), st.integers(-5, 300), st.text(max_size=3)), max_size=10),
    st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.integers(), st.lists(st.integers())), max_size=3),
)


@settings(BUDGET, max_examples=150)
@given(data=st.data(), value=ODD)
def test_headers_with_anything_in_any_place_are_refused_or_harmless(data, value, parts, tmp_path):
    table, header, body = parts
    header = copy.deepcopy(header)
    place = header
    while isinstance(place, (dict, list)) and place:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            place[key] = value
            break
        place = place[key]
    tamed(tmp_path / "m.ssml", rebuilt(table, header, body))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on address space")
def test_time_that_refusing_takes_does_not_grow_with_what_a_header_claims(parts, tmp_path):
    """Counted in calls, not in seconds: a network of a million blocks is given up after as many as the file has."""
    calls = 0

    def count(frame, event, _):
        nonlocal calls
        calls += event == "call"

    table, header, body = parts
    header = copy.deepcopy(header)
    header["config"]["spectral"]["blocks"] = 255
    path = tmp_path / "m.ssml"
    path.write_bytes(rebuilt(table, header, body))
    sys.setprofile(count)
    try:
        with pytest.raises(InputError):
            TrainedModel.open(str(path))
    finally:
        sys.setprofile(None)
    assert calls < 200_000
