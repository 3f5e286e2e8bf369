"""The tokens of CEL text, and the values of its literals.

Upstream: github.com/google/cel-go/parser/gen/CEL.g4, parser/unescape.go
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from rootspan_apiserver.rules.cel.ast import UInt

_ESCAPE = r"""\\(?:[abfnrtv"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"""
_STRING = (
    r"""[rR](?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"[^"\n\r]*"|'[^'\n\r]*')"""
    rf"""|\"{{3}}(?:{_ESCAPE}|[^\\])*?\"{{3}}|'{{3}}(?:{_ESCAPE}|[^\\])*?'{{3}}"""
    rf"""|"(?:{_ESCAPE}|[^\\"\n\r])*"|'(?:{_ESCAPE}|[^\\'\n\r])*'"""
)
_TOKEN = re.compile(
    rf"""(?P<hidden>[\t \r\n\f]+|//[^\n]*)
    |(?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<uint>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
    |(?P<int>0x[0-9a-fA-F]+|[0-9]+)
    |(?P<string>{_STRING})
    |(?P<bytes>[bB](?:{_STRING}))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<quoted>`[A-Za-z0-9_.\-/\ ]+`)
    |(?P<operator>==|!=|<=|>=|&&|\|\||[<>\[\]{{}}().,\-!?:+*/%])""",
    re.VERBOSE,
)
_CONSTANTS = {"true": True, "false": False, "null": None}
_KEYWORDS = frozenset(("in", "true", "false", "null"))
_SIMPLE_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_ESCAPED = re.compile(r"\\(?:([xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL)


class NoParseError(Exception):
    """The text is not in the grammar."""


class Token(NamedTuple):
    """A token. Operators and keywords are their own kind; the end of the text is of kind `end`."""

    kind: str
    text: str
    offset: int


def tokens_of(text: str) -> Iterator[Token]:
    """Return the tokens of a text.

    Raises:
        NoParseError: A character starts no token.
    """
    end = 0
    for found in _TOKEN.finditer(text):
        offset = found.start()
        if offset != end:
            break
        kind, part, end = found.lastgroup or "", found.group(), found.end()
        if kind != "hidden":
            yield Token(part if kind == "operator" or part in _KEYWORDS else kind, part, offset)
    if end != len(text):
        raise NoParseError
    yield Token("end", "", end)


class TokenReader:
    """Reads the tokens of a text one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens = list(tokens_of(text))
        self._position = 0
        self._kind = self._tokens[0].kind

    @property
    def size(self) -> int:
        """The number of tokens."""
        return len(self._tokens)

    def _next(self) -> Token:
        token = self._tokens[self._position]
        self._position += 1
        # Only the last call reads the token of the end.
        self._kind = self._tokens[self._position].kind if self._position < len(self._tokens) else ""
        return token

    def _skip(self, kind: str) -> bool:
        if self._kind != kind:
            return False
        self._next()
        return True

    def _expect(self, kind: str) -> Token:
        if self._kind != kind:
            raise NoParseError
        return self._next()


def constant(token: Token, negative: bool) -> bool | int | float | str | bytes | None:
    """Return the value of a literal, with a sign before it.

    Raises:
        NoParseError: The token is no literal.
        ValueError: The literal has no value; the message is cel-go's.
    """
    text = f"-{token.text}" if negative else token.text
    match token.kind:
        case "int":
            return integer(text)
        case "uint":
            return integer(text[:-1], unsigned=True)
        case "double":
            return double(text)
        case "string":
            return string(text)
        case "bytes":
            return byte_string(text)
        case "true" | "false" | "null":
            return _CONSTANTS[token.kind]
    raise NoParseError


def integer(text: str, unsigned: bool = False) -> int:
    """Return the number that the digits mean, decimal or after `0x`, with a sign before them.

    Raises:
        ValueError: The number does not fit into 64 bits; the message is cel-go's.
    """
    digits = text.lstrip("-")
    number = int(digits, 16) if digits.startswith("0x") else int(digits)
    if unsigned:
        if number >= 1 << 64:
            raise ValueError("invalid uint literal")
        return UInt(number)
    number = -number if text.startswith("-") else number
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError("invalid int literal")
    return number


def double(text: str) -> float:
    """Return the floating-point number of a literal.

    Raises:
        ValueError: The number is too great; the message is cel-go's.
    """
    if math.isinf(number := float(text)):
        raise ValueError("invalid double literal")
    return number


def string(text: str) -> str:
    """Return the value of a quoted string.

    Raises:
        ValueError: An escape names no code point; the message is cel-go's.
    """
    body, raw = _body(text)
    return body if raw or "\\" not in body else _ESCAPED.sub(lambda found: chr(_code_point(found)), body)


def byte_string(text: str) -> bytes:
    r"""Return the value of a quoted string of bytes, which starts with `b`. `\xff` and `\377` are bytes, not code points.

    Raises:
        ValueError: An escape is one of code points; the message is cel-go's.
    """
    body, raw = _body(text[1:])
    if raw or "\\" not in body:
        return body.encode()
    value, end = b"", 0
    for found in _ESCAPED.finditer(body):
        if (found.group(1) or "").startswith(("u", "U")):
            raise ValueError("unable to unescape string")
        value += body[end : found.start()].encode() + bytes((_code_point(found),))
        end = found.end()
    return value + body[end:].encode()


def _body(text: str) -> tuple[str, bool]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    raw = text[0] in "rR"
    text = text[1:] if raw else text
    quotes = 3 if len(text) >= 6 and text.startswith(('"""', "'''")) else 1
    return text[quotes:-quotes], raw


def _code_point(found: re.Match[str]) -> int:
    number, octal, character = found.groups()
    if number is not None:
        code = int(number[1:], 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise ValueError("invalid unicode code point")
        return code
    return int(octal, 8) if octal is not None else _SIMPLE_ESCAPES.get(character, ord(character))
