"""The grammar of label selectors that are text.

Upstream: staging/src/k8s.io/apimachinery/pkg/labels/selector.go (Lexer, Parser)
"""

import re
from collections.abc import Iterator, Mapping

from rootspan_apiserver.kube.names import qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.selectors.requirements import Operator, Requirement

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


def read_requirements(text: str) -> Iterator[Requirement]:
    """Yield the requirements of a selector, in the order of the text.

    Raises:
        ValueError: with Go's message.
    """
    tokens = _Tokens(text)
    while tokens.next:
        if tokens.next in _SYMBOLS and tokens.next != "!":
            raise ValueError(f"found '{tokens.next}', expected: !, identifier, or 'end of string'")
        try:
            yield _read_requirement(tokens)
        except ValueError as error:
            raise ValueError(f"unable to parse requirement: {error}") from error
        if not tokens.next:
            break
        separator = tokens.take()
        if separator != ",":
            raise ValueError(f"found '{separator}', expected: ',' or 'end of string'")
        if not tokens.next or (tokens.next in _SYMBOLS and tokens.next != "!"):
            raise ValueError(f"found '{tokens.next}', expected: identifier after ','")


class _Tokens:
    """The words and symbols of a selector; `next` is "" at the end."""

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
    if reasons := qualified_name(key):
        raise ValueError(str(FieldError.invalid("<nil>", key, "; ".join(reasons))))
    if absent or tokens.next in ("", ","):
        return Requirement(key, "!" if absent else "exists")
    written = tokens.take()
    operator = _OPERATORS.get(written)
    if operator is None:
        raise ValueError(f"found '{written}', expected: {_BINARY}")
    if operator in ("in", "notin"):
        return Requirement(key, operator, _read_values(tokens))
    value = "" if tokens.next in ("", ",") else tokens.take_word("expected: identifier")
    return Requirement(key, operator, (value,))


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
    return tuple(sorted(values))
