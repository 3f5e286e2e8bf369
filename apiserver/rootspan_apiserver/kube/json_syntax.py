"""Go's error for a text that is not JSON: the first invalid character, and what was expected.

Upstream: Go's src/encoding/json/scanner.go
"""

import re

from rootspan_apiserver.kube.go_quote import quote_character

_SPACE = re.compile(r"[ \t\r\n]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_NUMBER = (
    (re.compile(r"-?"), ""),
    (re.compile(r"0|[1-9][0-9]*"), "in numeric literal"),
    (re.compile(r"(?:\.(?=[0-9])[0-9]+)?(?!\.)"), "after decimal point in numeric literal"),
    (re.compile(r"(?:[eE][+-]?(?=[0-9])[0-9]+)?(?![eE])"), "in exponent of numeric literal"),
)
_STARTED = re.compile(r"(?:\.|[eE][+-]?)?")


class _UnexpectedError(Exception):
    def __init__(self, position: int, where: str) -> None:
        super().__init__(where)
        self.position = position
        self.where = where


def explain(text: str) -> str:
    """Return the reason, or "" where the syntax is right and something else must be wrong."""
    try:
        _scan(text)
    except _UnexpectedError as error:
        if error.position >= len(text):
            return "unexpected end of JSON input"
        return f"invalid character {quote_character(text[error.position])} {error.where}"
    return ""


def _scan(text: str) -> None:
    opened: list[str] = []
    state = "value"
    position = _skip(text, 0)
    while state != "end":
        letter = text[position : position + 1]
        if state == "after":
            state = _after(letter, opened, position)
            position += bool(letter)
        elif state == "colon":
            if letter != ":":
                raise _UnexpectedError(position, "after object key")
            state, position = "value", position + 1
        elif state in {"key", "key or end"}:
            if letter == "}" and state == "key or end":
                opened.pop()
                state, position = "after", position + 1
            elif letter == '"':
                state, position = "colon", _string(text, position + 1)
            else:
                raise _UnexpectedError(position, "looking for beginning of object key string")
        elif letter == "]" and state == "value or end":
            opened.pop()
            state, position = "after", position + 1
        elif letter and letter in "{[":
            opened.append(letter)
            state, position = ("key or end" if letter == "{" else "value or end"), position + 1
        else:
            state, position = "after", _scalar(text, position, letter)
        position = _skip(text, position)


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _after(letter: str, opened: list[str], position: int) -> str:
    if not opened:
        if letter:
            raise _UnexpectedError(position, "after top-level value")
        return "end"
    if letter == ",":
        return "key" if opened[-1] == "{" else "value"
    if letter == {"{": "}", "[": "]"}[opened[-1]]:
        opened.pop()
        return "after"
    raise _UnexpectedError(position, "after object key:value pair" if opened[-1] == "{" else "after array element")


def _scalar(text: str, position: int, letter: str) -> int:
    if letter == '"':
        return _string(text, position + 1)
    if letter in _LITERALS:
        literal = _LITERALS[letter]
        for index, expected in enumerate(literal):
            if text[position + index : position + index + 1] != expected:
                raise _UnexpectedError(position + index, f"in literal {literal} (expecting '{expected}')")
        return position + len(literal)
    if letter and letter in "-0123456789":
        for part, where in _NUMBER:
            match = part.match(text, position)
            if match is None:
                started = _STARTED.match(text, position)
                raise _UnexpectedError(started.end() if started else position, where)
            position = match.end()
        return position
    raise _UnexpectedError(position, "looking for beginning of value")


def _string(text: str, position: int) -> int:
    while True:
        match = _PLAIN.match(text, position)
        position = match.end() if match else position
        letter = text[position : position + 1]
        if letter == '"':
            return position + 1
        if letter != "\\":
            raise _UnexpectedError(position, "in string literal")
        escape = text[position + 1 : position + 2]
        if escape == "u":
            for index in range(position + 2, position + 6):
                if text[index : index + 1] not in set("0123456789abcdefABCDEF"):
                    raise _UnexpectedError(index, "in \\u hexadecimal character escape")
            position += 6
        elif escape and escape in 'bfnrt\\/"':
            position += 2
        else:
            raise _UnexpectedError(position + 1, "in string escape code")
