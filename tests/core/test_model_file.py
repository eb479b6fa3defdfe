from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.models.format import MAX_HEADER, ModelFile, check_header, read_model, write_model
from core.runtime import atomic_files as placing
from core.runtime.errors import InputError

HEADER = {
    "format": "ssml-model",
    "version": 1,
    "network": "ssml",
    "config": {"width": 32, "name": "größe"},
    "bands": 2,
    "wavelengths": [450.25, None],
    "ratio": 3,
    "mtf": 0.3,
    "scores": {"sam": 1.5},
}


@pytest.fixture
def model():
    tensors = {
        "weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "basis": np.linspace(0, 1, 4).reshape(2, 2).T,
        "count": np.array(7, np.int64),
        "bits": np.array([1, -1], np.int8),
        "bytes": np.array([0, 255], np.uint8),
        "flags": np.array([True, False]),
        "nothing": np.zeros((0, 3), np.float32),
    }
    return ModelFile(dict(HEADER), tensors)


def save(path, header=HEADER, tensors=None, text=None, **metadata):
    """A file made by the safetensors package alone."""
    metadata = metadata or {"ssml": json.dumps(header) if text is None else text}
    save_file(tensors or {"weight": np.ones(3, np.float32)}, str(path), metadata=metadata)
    return path


def refusal(path) -> str:
    with pytest.raises(InputError) as caught:
        read_model(path)
    text = str(caught.value)
    assert path.name in text
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_what_is_written_is_read(tmp_path, model):
    write_model(tmp_path / "m.ssml", model)
    again = read_model(tmp_path / "m.ssml")
    assert again.header == HEADER
    assert set(again.tensors) == set(model.tensors)
    for key, array in model.tensors.items():
        assert again.tensors[key].dtype == array.dtype
        np.testing.assert_array_equal(again.tensors[key], array)
    assert [path.name for path in tmp_path.iterdir()] == ["m.ssml"]


def test_it_is_a_safetensors_file_with_one_json_entry(tmp_path, model):
    write_model(tmp_path / "m.ssml", model)
    np.testing.assert_array_equal(load_file(tmp_path / "m.ssml")["basis"], model.tensors["basis"])
    data = (tmp_path / "m.ssml").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    metadata = json.loads(data[8 : 8 + length])["__metadata__"]
    assert list(metadata) == ["ssml"]
    assert json.loads(metadata["ssml"]) == HEADER


def test_format_and_version_are_filled_in(tmp_path, model):
    header = {key: value for key, value in HEADER.items() if key not in ("format", "version")}
    write_model(tmp_path / "m.ssml", ModelFile(header, model.tensors))
    assert read_model(tmp_path / "m.ssml").header == HEADER


def test_files_that_are_no_models_are_refused(tmp_path):
    assert "cannot be read" in refusal(tmp_path / "missing.ssml")
    (tmp_path / "folder.ssml").mkdir()
    refusal(tmp_path / "folder.ssml")
    for name, content in (
        ("empty.ssml", b""),
        ("text.ssml", b"hello, this is a text file of some length"),
        ("zeros.ssml", bytes(100)),
        ("huge.ssml", struct.pack("<Q", 2**63) + b"{}" * 20),
        ("list.ssml", struct.pack("<Q", 2) + b"[]"),
        ("entry.ssml", struct.pack("<Q", 9) + b'{"a": 12}'),
        ("nested.ssml", struct.pack("<Q", 200000) + b"[" * 200000),
        ("latin.ssml", struct.pack("<Q", 3) + b'"\xff"'),
    ):
        (tmp_path / name).write_bytes(content)
        assert "cannot be used as a model file" in refusal(tmp_path / name), name


def test_another_programs_safetensors_file_is_refused(tmp_path):
    assert "no model of this software" in refusal(save(tmp_path / "other.safetensors", other="thing"))
    assert "no model of this software" in refusal(save(tmp_path / "a.safetensors", header={**HEADER, "format": "x"}))


@pytest.mark.parametrize("version", [2, 0, "1", None, True])
def test_another_version_is_refused(tmp_path, version):
    assert "version" in refusal(save(tmp_path / "m.ssml", header={**HEADER, "version": version}))


@pytest.mark.parametrize("text", ["{", "[]", "1", '{"format": NaN}', "[" * 100000])
def test_a_header_that_is_no_json_object_is_refused(tmp_path, text):
    assert "header is not readable" in refusal(save(tmp_path / "m.ssml", text=text))


def test_a_header_that_is_too_large_is_refused(tmp_path, model):
    text = json.dumps({**HEADER, "more": "x" * MAX_HEADER})
    assert "header is too large" in refusal(save(tmp_path / "m.ssml", text=text))
    with pytest.raises(ValueError, match="larger than"):
        write_model(tmp_path / "n.ssml", ModelFile({**HEADER, "more": "x" * MAX_HEADER}, model.tensors))


@pytest.mark.parametrize("cut", [1, 5, 50, 200])
def test_a_file_that_is_cut_off_or_longer_is_refused(tmp_path, model, cut):
    path = tmp_path / "m.ssml"
    write_model(path, model)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    refusal(path)
    path.write_bytes(whole + bytes(cut))
    refusal(path)


def test_a_table_that_promises_more_than_the_file_holds_is_refused(tmp_path):
    table = {
        "__metadata__": {"ssml": json.dumps(HEADER)},
        "weight": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]},
    }
    text = json.dumps(table).encode()
    (tmp_path / "m.ssml").write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))
    assert "cut off or has been altered" in refusal(tmp_path / "m.ssml")
    table["weight"]["data_offsets"] = [0, 16]  # the size is right, the shape is not
    text = json.dumps(table).encode()
    (tmp_path / "m.ssml").write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))
    refusal(tmp_path / "m.ssml")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(tmp_path, bad):
    weights = {"weight": np.array([1.0, bad], np.float32)}
    assert "not finite" in refusal(save(tmp_path / "m.ssml", tensors=weights))
    with pytest.raises(InputError, match="not finite"):
        write_model(tmp_path / "n.ssml", ModelFile(HEADER, weights))
    assert [path.name for path in tmp_path.iterdir()] == ["m.ssml"]


@pytest.mark.parametrize("dtype", ["float16", "int32", "uint64"])
def test_other_types_are_refused(tmp_path, dtype):
    tensors = {"weight": np.ones(3, dtype)}
    assert "'weight' has the type" in refusal(save(tmp_path / "m.ssml", tensors=tensors))
    with pytest.raises(ValueError, match=dtype):
        write_model(tmp_path / "n.ssml", ModelFile(HEADER, tensors))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("network", None),
        ("network", ""),
        ("config", []),
        ("bands", 2.0),
        ("bands", True),
        ("bands", 0),
        ("bands", 3),
        ("wavelengths", [450]),
        ("wavelengths", [450, "x"]),
        ("wavelengths", None),
        ("ratio", 1),
        ("ratio", "3"),
        ("mtf", 0.0),
        ("mtf", 1),
        ("mtf", "0.3"),
        ("mtf", None),
    ],
)
def test_a_header_without_what_every_model_says_is_refused(tmp_path, key, value):
    with pytest.raises(InputError, match="cannot be used as a model file"):
        check_header({**HEADER, key: value})
    with pytest.raises(InputError):
        check_header({k: v for k, v in HEADER.items() if k != key})
    refusal(save(tmp_path / "m.ssml", header={**HEADER, key: value}))


def test_a_header_that_says_all_passes():
    check_header(HEADER)


def test_a_failure_while_writing_keeps_the_former_model(tmp_path, model, monkeypatch):
    path = tmp_path / "m.ssml"
    write_model(path, model)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(placing, "move_into_place", full)
    with pytest.raises(InputError, match="No space left"):
        write_model(path, ModelFile({**HEADER, "ratio": 4}, model.tensors))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.ssml"]


def test_a_model_held_by_another_program_is_kept_beside(tmp_path, model, monkeypatch):
    def held(*_):
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(placing.os, "replace", held)
    with pytest.raises(InputError, match=r"m-new1\.ssml"):
        write_model(tmp_path / "m.ssml", model)
    monkeypatch.undo()
    assert read_model(tmp_path / "m-new1.ssml").header == HEADER


def test_a_missing_folder_is_refused(tmp_path, model):
    with pytest.raises(InputError, match="does not exist"):
        write_model(tmp_path / "missing" / "m.ssml", model)
