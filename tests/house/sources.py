"""The modules of both packages, parsed once."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "rootspan": ROOT / "middleware" / "rootspan",
    "rootspan_apiserver": ROOT / "apiserver" / "rootspan_apiserver",
}


@dataclass(frozen=True)
class Source:
    """A module: its dotted name, its text and its syntax tree."""

    module: str
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, module: str, text: str) -> "Source":
        return cls(module, text, ast.parse(text))


@cache
def sources(package: str) -> tuple[Source, ...]:
    """Return every module of `package`, by name."""
    folder = PACKAGES[package]
    found = []
    for path in sorted(folder.rglob("*.py")):
        name = ".".join((package, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
        found.append(Source.of(name, path.read_text("utf-8")))
    return tuple(found)
