"""Label selectors: `app=web,tier in (front,back),!old` and the LabelSelector object of webhooks, workloads and policies.

The grammar is that of `labels.Parse` in k8s.io/apimachinery, its complaints too: after a key `in` and `notin` are operators, everywhere
else they are words like others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import orjson

from rootspan_apiserver.kube.names import label_value, qualified_name

Operator = Literal["in", "notin", "=", "==", "!=", "exists", "!", "gt", "lt"]

_TOKEN = re.compile(r"[ \t\r\n]*(==|!=|[=!(),<>]|[^ \t\r\n=!(),<>]+)")
_SYMBOLS = frozenset({"==", "!=", "=", "!", "(", ")", ",", "<", ">"})
_OPERATORS: Mapping[str, Operator] = {
    "in": "in",
    "notin": "notin",
    "=": "=",
    "==": "==",
    "!=": "!=",
    ">": "gt",
    "<": "lt",
}
_BINARY = "in, notin, =, ==, !=, gt, lt"
_INTEGER = re.compile(r"[+-]?[0-9]+")
_INT64 = 1 << 63
_FROM_OBJECT: Mapping[str, Operator] = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


@dataclass(frozen=True, slots=True)
class Requirement:
    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "in" | "=" | "==":
                return value is not None and value in self.values
            case "notin" | "!=":
                return value is None or value not in self.values
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "gt" | "lt":
                if value is None or (number := _integer(value)) is None:
                    return False
                return number > int(self.values[0]) if self.operator == "gt" else number < int(self.values[0])

    def __str__(self) -> str:
        match self.operator:
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"
            case "gt" | "lt":
                return f"{self.key}{'>' if self.operator == 'gt' else '<'}{self.values[0]}"
            case _:
                return f"{self.key}{self.operator}{self.values[0]}"


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All `requirements` must hold; with none, everything matches. `nothing` matches no object whatever its labels."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    def __bool__(self) -> bool:
        """Whether it may leave anything out."""
        return self.nothing or bool(self.requirements)

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))

    def matches(self, labels: Mapping[str, str]) -> bool:
        if self.nothing:
            return False
        return all(requirement.matches(labels) for requirement in self.requirements)

    @classmethod
    def parse(cls, text: str) -> "LabelSelector":
        """
        Raises:
            ValueError: with the API's message.
        """
        return _parse(text)

    @classmethod
    def from_object(cls, selector: Mapping[str, Any] | None) -> "LabelSelector":
        """The selector a `LabelSelector` of meta/v1 stands for: none given matches nothing, an empty one everything.

        Raises:
            ValueError: with the API's message.
        """
        if selector is None:
            return cls(nothing=True)
        requirements = [
            _requirement(key, "=", (value,)) for key, value in sorted((selector.get("matchLabels") or {}).items())
        ]
        for expression in selector.get("matchExpressions") or ():
            operator = _FROM_OBJECT.get(expression.get("operator", ""))
            if operator is None:
                raise ValueError(f'"{expression.get("operator", "")}" is not a valid label selector operator')
            values = tuple(expression.get("values") or ())
            requirements.append(_requirement(expression.get("key", ""), operator, values))
        return cls(tuple(requirements))


@lru_cache(maxsize=256)
def _parse(text: str) -> LabelSelector:
    tokens = _Tokens(text)
    requirements = []
    while tokens.next:
        if tokens.next in _SYMBOLS and tokens.next != "!":
            raise ValueError(f"found '{tokens.next}', expected: !, identifier, or 'end of string'")
        try:
            requirements.append(_read_requirement(tokens))
        except ValueError as exc:
            raise ValueError(f"unable to parse requirement: {exc}") from exc
        if not tokens.next:
            break
        separator = tokens.take()
        if separator != ",":
            raise ValueError(f"found '{separator}', expected: ',' or 'end of string'")
        if not tokens.next or (tokens.next in _SYMBOLS and tokens.next != "!"):
            raise ValueError(f"found '{tokens.next}', expected: identifier after ','")
    return LabelSelector(tuple(sorted(requirements, key=lambda requirement: requirement.key)))


class _Tokens:
    """The words and symbols of a selector; `next` is "" at its end."""

    def __init__(self, text: str) -> None:
        self._rest = iter(_TOKEN.findall(text))
        self.next: str = next(self._rest, "")

    def take(self) -> str:
        taken = self.next
        self.next = next(self._rest, "")
        return taken

    def take_word(self, complaint: str) -> str:
        taken = self.take()
        if not taken or taken in _SYMBOLS:
            raise ValueError(f"found '{taken}', {complaint}")
        return taken


def _read_requirement(tokens: _Tokens) -> Requirement:
    absent = tokens.next == "!"
    if absent:
        tokens.take()
    key = tokens.take_word("expected: identifier")
    if absent or tokens.next in ("", ","):
        return _requirement(key, "!" if absent else "exists", ())
    written = tokens.take()
    operator = _OPERATORS.get(written)
    if operator is None:
        raise ValueError(f"found '{written}', expected: {_BINARY}")
    if operator in ("in", "notin"):
        return _requirement(key, operator, _read_values(tokens))
    value = "" if tokens.next in ("", ",") else tokens.take_word("expected: identifier")
    return _requirement(key, operator, (value,))


def _read_values(tokens: _Tokens) -> tuple[str, ...]:
    opening = tokens.take()
    if opening != "(":
        raise ValueError(f"found '{opening}' expected: '('")
    if tokens.next in _SYMBOLS - {",", ")"} or not tokens.next:
        raise ValueError(f"found '{tokens.next}', expected: ',', ')' or identifier")
    values = {"": None} if tokens.next in (",", ")") else {}
    while tokens.next != ")":
        if tokens.next == ",":
            tokens.take()
            if tokens.next in (",", ")"):
                values[""] = None
            continue
        values[tokens.take_word("expected: ',', or identifier")] = None
        if tokens.next not in (",", ")"):
            raise ValueError(f"found '{tokens.next}', expected: ',' or ')'")
    tokens.take()
    return tuple(values)


def _requirement(key: str, operator: Operator, values: tuple[str, ...]) -> Requirement:
    problems = qualified_name(key)
    if problems:
        raise ValueError(f"<nil>: Invalid value: {_quoted(key)}: {'; '.join(problems)}")
    if operator in ("in", "notin") and not values:
        raise ValueError("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")
    if operator in ("exists", "!") and values:
        raise ValueError(
            "values: Invalid value: "
            + orjson.dumps(values).decode()
            + ": values set must be empty for exists and does not exist"
        )
    if operator in ("gt", "lt") and _integer(values[0]) is None:
        raise ValueError(
            f"values[0]: Invalid value: {_quoted(values[0])}: for 'Gt', 'Lt' operators, the value must be an integer"
        )
    for index, value in enumerate(values):
        problems = label_value(value)
        if problems:
            raise ValueError(f"values[{index}][{key}]: Invalid value: {_quoted(value)}: {'; '.join(problems)}")
    return Requirement(key, operator, values)


def _integer(text: str) -> int | None:
    """The integer that fits into 64 bits, None if `text` is none."""
    if len(text) > 63 or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -_INT64 <= number < _INT64 else None


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()
