"""Public docstrings are complete: every argument, what is returned and raised, of arrays the shape and the dtype."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "core"
FLOOR = 0.98  # the share of public classes, functions and methods of a room with a complete docstring

ARRAY = re.compile(r"\b(ndarray|Tensor|Array)\b")
SHAPE = re.compile(r"\([^()]*\)|scalar|[Ss]ame shape|any shape|of (that|its|the same) shape")
DTYPE = re.compile(r"\b(float\d*|u?int\d*|bool|complex\d*|uint8|any dtype|any type|[Ss]ame (dtype|type))\b|of the type")
SECTIONS = ("Args", "Attributes", "Returns", "Yields", "Raises", "Example", "Note", "Source")


def sections(docstring: str) -> dict[str, str]:
    """The text of each Google-style section; what stands before the first one is called ""."""
    found, name = {"": ""}, ""
    for line in docstring.expandtabs().splitlines():
        heading = re.fullmatch(r"\s*(\w+):\s*", line)
        if heading and heading[1] in SECTIONS:
            name = heading[1]
            found[name] = ""
        else:
            found[name] += line + "\n"
    return found


def entries(text: str) -> dict[str, str]:
    """The description of every argument; one entry may be of several names, "rows, cols: ...", and a line of several
    entries, "y: down. x: to the right."."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in text.splitlines():
        heading = re.match(r"\s*\**([a-z_]\w*(?:, \**[a-z_]\w*)*): ", line)
        if heading:
            names = [name.strip().lstrip("*") for name in heading[1].split(",")]
        for name in names:
            found[name] = found.get(name, "") + line + "\n"
        for name in re.findall(r"\. ([a-z_]\w*): ", line):
            found[name] = line
    return found


def is_public(name: str) -> bool:
    return not name.startswith("_") or name == "__call__"


def decorators(node: ast.AST) -> set[str]:
    return {ast.unparse(each).split("(")[0].split(".")[-1] for each in node.decorator_list}


def described(what: str, text: str, annotation: ast.AST | None) -> list[str]:
    """What is missing in the description of an argument or a result."""
    if annotation is None or not ARRAY.search(ast.unparse(annotation)):
        return []
    return [f"{part} of {what}" for part, pattern in (("shape", SHAPE), ("dtype", DTYPE)) if not pattern.search(text)]


def arguments(node: ast.FunctionDef) -> list[ast.arg]:
    given = node.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return [each for each in every if each.arg not in ("self", "cls") and not each.arg.startswith("_")]


def missing_arguments(asked: list[tuple[str, ast.AST | None]], text: str) -> list[str]:
    found = entries(text)
    missing = [name for name, _ in asked if name not in found]
    return missing + [part for name, kind in asked if name in found for part in described(name, found[name], kind)]


def raised(body: list[ast.stmt]) -> set[str]:
    """The exceptions that a function raises itself; those inside a ``try`` may be caught there."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            found.add(ast.unparse(node.exc.func).split(".")[-1])
        elif isinstance(node, ast.Try):
            found |= raised(
                [*node.orelse, *node.finalbody, *(each for handler in node.handlers for each in handler.body)]
            )
        elif not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            for field in ("body", "orelse"):
                found |= raised(getattr(node, field, []))
    return {name for name in found if name[0].isupper()}


def missing_in_function(node: ast.FunctionDef, docstring: str) -> list[str]:
    parts = sections(docstring)
    given = arguments(node)
    missing = missing_arguments([(each.arg, each.annotation) for each in given], parts.get("Args", ""))
    missing += [f"raises {name}" for name in sorted(raised(node.body)) if name not in docstring]
    returned = node.returns
    if returned is None or ast.unparse(returned) in ("None", "NoReturn"):
        return missing
    result = parts.get("Returns", "") + parts.get("Yields", "")
    if given and not result.strip():
        return [*missing, "Returns"]
    return missing + described("the result", result or parts[""], returned)


def missing_in_class(node: ast.ClassDef, docstring: str) -> list[str]:
    parts = sections(docstring)
    members = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
    made_by = members.get("__init__")
    if made_by is not None:
        asked = [(each.arg, each.annotation) for each in arguments(made_by)]
    elif "dataclass" in decorators(node) or any(ast.unparse(base) == "NamedTuple" for base in node.bases):
        asked = [
            (each.target.id, each.annotation)
            for each in node.body
            if isinstance(each, ast.AnnAssign) and is_public(each.target.id)
        ]
    else:
        return []
    text = parts.get("Args", "") + parts.get("Attributes", "")
    return missing_arguments(asked, text)


def verdicts(source: str) -> dict[str, list[str]]:
    """What every public class, function and method of a module lacks in its docstring."""
    found: dict[str, list[str]] = {}

    def visit(body: list[ast.stmt], prefix: str, inherits: bool) -> None:
        for node in body:
            if isinstance(node, ast.If):
                visit(node.body + node.orelse, prefix, inherits)
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or not is_public(node.name):
                continue
            docstring = ast.get_docstring(node) or ""
            name = prefix + node.name
            if isinstance(node, ast.ClassDef):
                found[name] = missing_in_class(node, docstring) if docstring else ["docstring"]
                visit(node.body, f"{name}.", bool(node.bases))
            elif decorators(node) & {"property", "cached_property", "setter", "overload"}:
                continue
            elif inherits and re.match(r"As :(meth|func):`|See :meth:`", docstring):
                found[name] = []  # the base class says it
            else:
                found[name] = missing_in_function(node, docstring) if docstring else ["docstring"]

    visit(ast.parse(source).body, "", False)
    return found


def room(path: Path) -> str:
    parts = path.relative_to(CORE).parts
    return parts[0] if len(parts) > 1 else "core"


def incomplete(name: str) -> tuple[list[str], int]:
    """What is incomplete in a room, and how many docstrings are asked for there."""
    lines, count = [], 0
    for path in sorted(CORE.rglob("*.py")):
        if room(path) == name:
            found = verdicts(path.read_text(encoding="utf-8"))
            count += len(found)
            lines += [f"{path.relative_to(CORE)} {each}: {', '.join(parts)}" for each, parts in found.items() if parts]
    return lines, count


@pytest.mark.parametrize("name", sorted({room(path) for path in CORE.rglob("*.py")}))
def test_public_docstrings_are_complete(name):
    lines, count = incomplete(name)
    share = 1 - len(lines) / count if count else 1.0
    assert share >= FLOOR, "\n".join([f"{share:.2f} of {count} are complete in {name}", *lines])


FUNCTION = '''
def blur(image: np.ndarray, radius: float) -> np.ndarray:
    """A blurred image.

    Args:
        image: (rows, columns) float32.
        radius: in pixels.

    Returns:
        (rows, columns) float32.
    """
'''


def test_a_complete_docstring_is_found_complete():
    assert verdicts(FUNCTION) == {"blur": []}
    assert verdicts('def now() -> float:\n    """The time in s."""') == {"now": []}
    assert verdicts('@dataclass\nclass A:\n    """One.\n\n    Attributes:\n        b: it.\n    """\n\n    b: int') == {
        "A": []
    }


@pytest.mark.parametrize(
    ("cut", "lacks"),
    [
        ("        radius: in pixels.\n", "radius"),
        ("    Returns:\n        (rows, columns) float32.\n", "Returns"),
        ("(rows, columns) float32.\n        radius", "shape of image"),
        ("(rows, columns) float32.\n        radius", "dtype of image"),
        ('(rows, columns) float32.\n    "', "shape of the result"),
    ],
)
def test_what_a_docstring_leaves_out_is_found(cut, lacks):
    assert cut in FUNCTION
    kept = {"radius": "it.\n        radius", '    "': 'it.\n    "'}
    replacement = next((text for end, text in kept.items() if cut.endswith(end)), "")
    assert lacks in verdicts(FUNCTION.replace(cut, replacement))["blur"]


def test_what_a_function_raises_must_be_named():
    source = (
        'def f() -> None:\n    """It."""\n    try:\n        raise {}\n    except OSError:\n        raise {} from None'
    )
    assert verdicts(source.format("OSError()", "ValueError()")) == {"f": ["raises ValueError"]}
    assert verdicts(source.format("KeyError()", "error")) == {"f": []}


def test_a_class_must_name_what_it_is_made_of():
    source = 'class A:\n    """One."""\n\n    def __init__(self, b: int) -> None: ...'
    assert verdicts(source) == {"A": ["b"]}
