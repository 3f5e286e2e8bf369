"""The rules that every module keeps: short functions, no shared state, docstrings, plain English."""

import pytest

from tests.house.checks import CHECKS, Check
from tests.house.sources import PACKAGES, Source, sources

BROKEN = {
    "many_positional_arguments": "f(1, 2, 3, 4, 5, 6)",
    "long_functions": "def f():\n" + "    g()\n" * 60,
    "long_modules": "f()\n" * 301,
    "mutable_module_state": "KNOWN = {}\ndef f(): KNOWN[1] = 2",
    "mutable_class_attributes": "class C:\n    known: list[int] = []",
    "missing_docstrings": '"""A module."""\ndef f(): pass',
    "private_dialect": 'raise ValueError("nobody knows")',
}
KEPT = {
    "many_positional_arguments": "f(1, 2, 3, 4, 5)\ndatetime(1, 2, 3, 4, 5, 6)",
    "long_functions": "def f():\n" + "    g()\n" * 59,
    "long_modules": "f()\n" * 300,
    "mutable_module_state": "KNOWN = {}\ndef f(): known = {}; known[1] = KNOWN[2]",
    "mutable_class_attributes": "class C:\n    known: ClassVar[Mapping[str, str]] = {}\n    names: list = field()",
    "missing_docstrings": '"""A module."""\ndef _f(): pass',
    "private_dialect": '"""The anonymous user."""\nx = "nobody knows"',
}
MORE_BROKEN = [
    ("mutable_module_state", "KNOWN = []\ndef f(): KNOWN.append(1)"),
    ("mutable_module_state", "KNOWN: set[int] = set()\nKNOWN |= {1}"),
    ("mutable_module_state", "KNOWN = {1: 2}\ndef f():\n    del KNOWN[1]"),
    ("mutable_module_state", "known = 1\ndef f():\n    global known\n    known = 2"),
    ("missing_docstrings", "class _C: pass"),
    ("private_dialect", "x = 1  # the anonymous may"),
    ("private_dialect", '"""A module."""\n"""What nobody knows."""'),
]


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_modules_keep_rule(check: Check, package: str) -> None:
    """No module breaks the rule."""
    broken = [f"{source.module}: {fault}" for source in sources(package) for fault in check(source)]
    assert not broken, "\n".join(["", *broken])


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_check_tells_broken_rule_from_kept_one(check: Check) -> None:
    """The check reports a module that breaks the rule, and nothing of one that keeps it."""
    assert list(check(Source.of("broken", BROKEN[check.__name__])))
    assert list(check(Source.of("kept", KEPT[check.__name__]))) == []


@pytest.mark.parametrize(("name", "text"), MORE_BROKEN)
def test_check_finds_every_form_of_fault(name: str, text: str) -> None:
    """The check reports each way to break the rule."""
    check = next(each for each in CHECKS if each.__name__ == name)
    assert list(check(Source.of("broken", text)))
