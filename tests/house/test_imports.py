"""Tests share objects through modules of their own."""

import ast
from pathlib import Path

import pytest

from tests.house.sources import ROOT

RUN_AGAIN = "matrix/test_kubectl.py"
"""Runs the tests of another module again with other versions of kubectl, and so imports them."""
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imported_tests(path: Path) -> list[str]:
    """Return the test modules that a module imports."""
    tree = ast.parse(path.read_text("utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return [name for name in names if name.rpartition(".")[2].startswith("test_")]


def test_no_test_imports_test() -> None:
    """No module of the tests imports a test module, the one that runs tests again excepted."""
    found = {str(path.relative_to(ROOT)): imported_tests(path) for path in TESTS}
    assert {path: names for path, names in found.items() if names and not path.endswith(RUN_AGAIN)} == {}


@pytest.mark.parametrize("text", ["from tests.a.test_b import c", "import tests.a.test_b"])
def test_import_of_test_is_found(tmp_path: Path, text: str) -> None:
    """Both forms of import are found."""
    module = tmp_path / "module.py"
    module.write_text(text)
    assert imported_tests(module) == ["tests.a.test_b"]
