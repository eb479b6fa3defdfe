"""The reference page is made from the algorithms, and never lags behind them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("ssml_plugin")


@pytest.fixture(scope="module")
def page() -> str:
    spec = importlib.util.spec_from_file_location("ssml_tools_reference", ROOT / "tools" / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.reference()


def test_the_page_in_the_docs_is_what_the_algorithms_say_now(page):
    assert (ROOT / "docs" / "algorithms.md").read_text(encoding="utf-8") == page, "run make docs"


def test_every_algorithm_and_every_parameter_is_on_the_page(page, provider):
    from ssml_qgis.algorithms import ALGORITHMS

    for name in (algorithm().name() for algorithm in ALGORITHMS):
        _, found, section = page.partition(f"(`ssml:{name}`)\n")
        assert found
        section = section.partition("\n## ")[0]
        for definition in provider.algorithm(name).parameterDefinitions():
            assert f"| `{definition.name()}` | " in section
            assert definition.help() in section.replace("&lt;", "<")


def test_every_parameter_has_a_tooltip_with_its_help(provider):
    from ssml_qgis.algorithms import ALGORITHMS

    for name in (algorithm().name() for algorithm in ALGORITHMS):
        for definition in provider.algorithm(name).parameterDefinitions():
            assert definition.help(), (name, definition.name())
            assert definition.help() in definition.toolTip(), (name, definition.name())
