"""Class names are unique, so that a name means one thing wherever it is read."""

import ast
from collections import defaultdict

import pytest

from tests.house.checks import TWINS
from tests.house.sources import PACKAGES, sources


@pytest.mark.parametrize("package", PACKAGES)
def test_class_names_are_unique(package: str) -> None:
    """No two modules of a package define a class of the same name, private ones and twins excepted."""
    modules: dict[str, list[str]] = defaultdict(list)
    for source in sources(package):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].append(source.module)
    twice = {name: where for name, where in modules.items() if len(where) > 1 and name not in TWINS}
    assert not twice
