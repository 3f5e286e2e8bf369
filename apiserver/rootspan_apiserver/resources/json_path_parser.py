"""Parse JSON paths into the steps that `json_paths` evaluates.

Upstream: staging/src/k8s.io/client-go/util/jsonpath/parser.go
"""

import re
from collections.abc import Iterator

from rootspan_apiserver.resources.json_paths import (
    ConstantStep,
    FieldStep,
    FilterStep,
    PathStep,
    RecursiveStep,
    SliceStep,
    Steps,
    UnionStep,
    WildcardStep,
)

_FIELD = re.compile(r"(?:\\.|[^ \t\r\n.,\[\]$@{}\\])*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9.]+")
_NAME = re.compile(r"\w[^ \t\r\n.,\[\]$@{}]*")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
_ARRAY = re.compile(r"\[([^\]\n]*)\]")
_FILTER = re.compile(r"""\[\?\(((?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[^"')\n])*)\)\]""")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?", re.ASCII)
_LONGEST = 18
"""The digits of the largest index."""


def parse(path: str) -> Steps:
    """Return the steps of a path like `.spec.size`.

    Raises:
        ValueError: it is no such path.
    """
    return tuple(_parse(path))


def _parse(path: str) -> Iterator[PathStep]:
    position = 0
    while position < len(path):
        position, steps = _next(path, position)
        yield from steps


def _next(path: str, position: int) -> tuple[int, Steps]:
    """Return the position behind the steps that begin at `position`, and these steps."""
    if path.startswith("[?(", position):
        return _filter(path, position)
    if path.startswith("..", position):
        if path.startswith("..", position + 2):
            raise ValueError("invalid multiple recursive descent")
        end = position + 2
        if end < len(path) and (path[end].isalnum() or path[end] == "_"):
            end, steps = _field(path, end)
            return end, (RecursiveStep(), *steps)
        return end, (RecursiveStep(),)
    character = path[position]
    if character in " @$":
        return position + 1, ()
    if character == ".":
        return _field(path, position + 1)
    if character == "[":
        return _array(path, position)
    if quoted := _QUOTED.match(path, position):
        return quoted.end(), (ConstantStep(re.sub(r"\\(.)", r"\1", quoted[0][1:-1])),)
    if number := _NUMBER.match(path, position):
        digits = number[0]
        return number.end(), (ConstantStep(float(digits) if "." in digits else int(digits)),)
    name = _NAME.match(path, position)
    if name is None or name[0] not in ("true", "false"):
        raise ValueError(f"unrecognized character in action: {character}")
    return name.end(), (ConstantStep(name[0] == "true"),)


def _field(path: str, position: int) -> tuple[int, Steps]:
    found = _FIELD.match(path, position)
    assert found is not None
    if found[0] == "*":
        return found.end(), (WildcardStep(),)
    return found.end(), (FieldStep(found[0].replace("\\", "")),)


def _array(path: str, position: int) -> tuple[int, Steps]:
    found = _ARRAY.match(path, position)
    if found is None:
        raise ValueError("unterminated array")
    text = ":" if found[1] == "*" else found[1]
    if "," in text:
        return found.end(), (UnionStep(tuple(parse(f"[{each.strip(' ')}]") for each in text.split(","))),)
    if len(text) > 1 and text[0] == text[-1] == "'" and "'" not in text[1:-1]:
        # Upstream reads the name as a path, so its dots have to be escaped here, too.
        return found.end(), parse(f".{text[1:-1]}")
    numbers = _SLICE.fullmatch(text)
    if numbers is None or len(text) > _LONGEST or "-" in (numbers[1], numbers[2], numbers[3]):
        raise ValueError(f"invalid array index {text}")
    start, end, step = (int(each) if each else None for each in _parts(numbers))
    return found.end(), (SliceStep(start, end, step, index=numbers[2] is None),)


def _parts(numbers: re.Match[str]) -> tuple[str, str, str]:
    return numbers[1], (numbers[2] or "")[1:], (numbers[3] or "")[1:]


def _filter(path: str, position: int) -> tuple[int, Steps]:
    found = _FILTER.match(path, position)
    if found is None:
        raise ValueError("unterminated filter")
    comparison = _COMPARISON.fullmatch(found[1])
    if comparison is None:
        return found.end(), (FilterStep(parse(found[1])),)
    return found.end(), (FilterStep(parse(comparison[1]), comparison[2], parse(comparison[3])),)
