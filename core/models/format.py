"""Model files: safetensors with a JSON header that describes the model. Reading runs no code.

The file's ``__metadata__`` has one entry, ``ssml``: the text of the JSON header. Arrays are numpy's, so that a file
can be read where PyTorch is not installed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from ..io.ratio import MAX_RATIO, MIN_RATIO
from ..runtime.atomic_files import check_output, placed
from ..runtime.errors import InputError, MissingDependencyError
from ..runtime.paths import StrPath, as_path

FORMAT, VERSION = "ssml-model", 1
MAX_HEADER = 1 << 20  # bytes of our JSON header
MAX_TABLE = 1 << 23  # bytes of the safetensors table, our header included
MAX_FILE = 1 << 31  # bytes of a file
MAX_ARRAYS = 1 << 14
MAX_DEPTH = 16  # of nested lists and objects
_ENTRY = "ssml"
_DTYPES = {"F32": "float32", "F64": "float64", "I64": "int64", "I8": "int8", "U8": "uint8", "BOOL": "bool"}


@dataclass(frozen=True)
class ModelFile:
    """A trained model.

    Attributes:
        header: plain JSON values. Required: ``network`` (str, its name in the registry), ``config`` (dict, its
            arguments), ``bands`` (int), ``wavelengths`` (list of one number in nm or None per band), ``ratio`` (PAN
            pixels per HSI pixel, a number), ``mtf`` (MTF gain at the low-resolution Nyquist frequency, between 0 and 1,
            or a list of that along the rows' axis and that along the columns'); ``ratios``, a list of that along the
            rows' axis and that along the columns', where they differ. ``format`` and ``version`` are added when it is
            written.
        tensors: weights and statistics by name, of any shape: float32, float64, int64, int8, uint8 or bool.
    """

    header: dict[str, Any]
    tensors: dict[str, np.ndarray] = field(default_factory=dict)


def write_model(path: StrPath, model: ModelFile) -> None:
    """Write a model file; an existing one is replaced when the new one is complete.

    Args:
        path: of the file.
        model: its content.

    Raises:
        InputError: the folder is not writable, required keys are missing, or weights are not finite.
        MissingDependencyError: safetensors is not installed.
        ValueError: the format does not allow the dtype of an array, or the header is too large or no JSON.
    """
    path = as_path(path)
    name = os.path.basename(path)
    check_output(path)
    header = {"format": FORMAT, "version": VERSION, **model.header}
    check_header(header, name)
    text = json.dumps(header, ensure_ascii=False, allow_nan=False)
    if len(text.encode()) > MAX_HEADER:
        raise ValueError(f"The header of {name} is larger than {MAX_HEADER} bytes.")
    tensors = {}
    for key, array in model.tensors.items():
        array = np.asarray(array, order="C")
        if array.dtype.name not in _DTYPES.values():
            raise ValueError(f"{key} is {array.dtype}; a model file holds {', '.join(_DTYPES.values())}.")
        tensors[key] = array.astype(array.dtype.newbyteorder("="), copy=False)
    _check_finite(tensors, name)
    data = _safetensors().save(tensors, metadata={_ENTRY: text})
    with placed(path, "wb") as file:
        file.write(data)


def read_model(path: StrPath) -> ModelFile:
    """Read a model file.

    No array is allocated before the file's size, its table and its header have been checked against each other.

    Args:
        path: of the file.

    Returns:
        Its content.

    Raises:
        InputError: it is missing, no model file, damaged or truncated, of a newer version, or has weights that are not
            finite.
        MissingDependencyError: safetensors is not installed.
    """
    path = as_path(path)
    name = os.path.basename(path)
    try:
        table = _read_table(path, name)
    except OSError as error:
        raise InputError(f"The model file {path} cannot be read ({error.strerror or error}); choose another.") from None
    metadata = table.pop("__metadata__", None)
    text = metadata.get(_ENTRY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise InputError(f"{name} is a safetensors file but no model of this software; choose a file that it trained.")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_HEADER:
        _refuse(name, "its header is too large")
    header = _parse(text, name)
    check_header(header, name)
    for key, entry in table.items():
        if not isinstance(entry.get("dtype"), str) or entry["dtype"] not in _DTYPES:
            _refuse(name, f"its array {key[:60]!r} has the type {str(entry.get('dtype'))[:20]!r}")
    library = _safetensors()
    try:
        tensors = library.load_file(path)
    except Exception as error:  # the library's own error class is not available without importing it
        _refuse(name, str(error).splitlines()[0][:200] if str(error) else type(error).__name__)
    _check_finite(tensors, name)
    return ModelFile(header, tensors)


def check_header(header: Mapping[str, Any], name: str = "The model file") -> None:
    """Check the required fields of a header.

    Args:
        header: of a model file.
        name: of the file, for messages.

    Raises:
        InputError: another format or version, or a required key is missing or of the wrong kind.
    """
    if header.get("format") != FORMAT:
        raise InputError(f"{name} is no model of this software; choose a file that it trained.")
    version = header.get("version")
    if version != VERSION or isinstance(version, bool):
        raise InputError(
            f"{name} has version {version!r} of the model format, this software reads version {VERSION}: update it or "
            "train the model again."
        )
    for key, kind in (("network", str), ("config", dict), ("bands", int), ("wavelengths", list)):
        if not isinstance(header.get(key), kind) or isinstance(header[key], bool):
            _refuse(name, f"its header has no usable {key!r}")
    if not header["network"] or header["bands"] < 1:
        _refuse(name, "its header has no network or no bands")
    ratios = header.get("ratios", [header.get("ratio")] * 2)
    if not isinstance(ratios, list) or len(ratios) != 2 or not all(map(_is_ratio, [header.get("ratio"), *ratios])):
        _refuse(name, "its header has no usable 'ratio'")
    waves = header["wavelengths"]
    if len(waves) != header["bands"] or not all(wave is None or _is_number(wave) for wave in waves):
        _refuse(name, "its wavelengths do not fit its bands")
    gains = header.get("mtf")
    gains = gains if isinstance(gains, list) and len(gains) == 2 else [gains]
    if not all(_is_number(gain) and 0.0 < gain < 1.0 for gain in gains):
        _refuse(name, "its header has no usable 'mtf'")


def _read_table(path: str, name: str) -> dict[str, Any]:
    """The safetensors table, with the file's size checked against it."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 10 or length > size - 8:
            _refuse(name, "it is cut off, or no safetensors file")
        if length > MAX_TABLE or size > MAX_FILE:
            _refuse(name, "its header is too large" if length > MAX_TABLE else "it is too large")
        raw = file.read(length)
    try:
        table = _parse(raw.decode("utf-8"), name)
    except UnicodeDecodeError:
        _refuse(name, "its header is no text")
    if len(table) > MAX_ARRAYS:
        _refuse(name, "it has too many arrays")
    stop = 0
    for key, entry in table.items():
        if key == "__metadata__":
            continue
        offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
        if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(n) is int and n >= 0 for n in offsets):
            _refuse(name, "its table of contents is damaged")
        stop = max(stop, *offsets)
    if size != 8 + length + stop:
        _refuse(name, "it is cut off or has been altered")
    return table


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant, parse_int=_parse_int, parse_float=_parse_float)
        json.dumps(parsed, ensure_ascii=False).encode()  # an escape may stand for half a character
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict) or not _is_depth_allowed(parsed):
        _refuse(name, "its header is not readable")
    return parsed


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _parse_int(text: str) -> int:
    """An integer of 64 bits: one of a million digits takes long to parse, and no float can represent it."""
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise ValueError("the number is too large")
    return int(text)


def _parse_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):  # 1e999
        raise ValueError("the number is too large")
    return value


def _is_depth_allowed(parsed: dict[str, Any]) -> bool:
    """Whether lists and objects are nested no deeper than :data:`MAX_DEPTH`."""
    level: list[dict[str, Any] | list[Any]] = [parsed]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return True
    return False


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_ratio(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and MIN_RATIO <= value <= MAX_RATIO


def checksum_of(tensors: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of all arrays: a changed bit of packed weights cannot be detected in any other way.

    Args:
        tensors: arrays by name, of any shape: float32, float64, int64, int8, uint8 or bool.

    Returns:
        The sum, in hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {array.dtype.name} {array.shape} ".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def verify_checksum(file: ModelFile, path: str) -> None:
    """Compare the arrays of a file with the checksum in its header.

    Args:
        file: as it was read.
        path: its name, for the error.

    Raises:
        InputError: the two differ, or packed weights have none.
    """
    checksum, packed = file.header.get("checksum"), any(name.endswith(".bits") for name in file.tensors)
    if (checksum is not None or packed) and checksum != checksum_of(file.tensors):
        raise InputError(
            f"{path} has been altered since it was written (its weights do not have the checksum of its header); copy "
            "it again, or train the model again."
        )


def _check_finite(tensors: Mapping[str, np.ndarray], name: str) -> None:
    for key, array in tensors.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InputError(f"{name} has numbers that are not finite in {key!r}: train the model again.")


def _refuse(name: str, reason: str) -> NoReturn:
    raise InputError(f"{name} cannot be used as a model file ({reason}); choose another, or train the model again.")


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise MissingDependencyError(
            "Model files need the Python package safetensors, which is not installed; install it into the Python in "
            "use (python -m pip install safetensors)."
        ) from None
    return safetensors.numpy
