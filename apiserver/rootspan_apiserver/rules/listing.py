"""The listing of rules: each field's path, and below it what is checked there, in order."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from rootspan_apiserver.rules.rule import Line


def listed(lines: Iterable[Line], indent: str = "") -> Iterator[str]:
    """Yield the lines of a listing; those of the object itself stand without a path."""
    for path, found in groupby(lines, lambda line: line.path):
        yield f"{indent}{path or '(object)'}"
        yield from (f"{indent}  {line.text}" for line in found)
