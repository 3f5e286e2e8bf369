"""YAML as go-yaml writes it: natural order of keys, block style, a string quoted only where it would be read as something else.

Upstream: go.yaml.in/yaml/v2/encode.go, sorter.go, resolve.go, emitterc.go
"""

import datetime
import re
from collections.abc import Callable, Iterator
from functools import cmp_to_key, lru_cache
from typing import Any

from rootspan_apiserver.kube.go_numbers import format_float

_WORDS = frozenset(
    word
    for lower in ("y", "yes", "true", "on", "n", "no", "false", "off", "null")
    for word in (lower, lower.capitalize(), lower.upper())
) | {"", "~", ".nan", ".NaN", ".NAN", *(f"{sign}.{inf}" for sign in ("", "+", "-") for inf in ("inf", "Inf", "INF"))}
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})"
    r"| ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?)?"
)
_NOT_PRINTABLE = re.compile("[^\n -~\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_FIRST_INDICATOR = re.compile(r"""---|\.\.\.|[#,\[\]{}&*!|>'"%@`]|[-?:](?: |\Z)""")
_INDICATOR = re.compile(r":(?: |\Z)| #")
_BREAK = re.compile("[\n\u2028\u2029]")
_SPACED_BREAK = re.compile(" [\n\u2028\u2029]")
_WIDTH = 80
_SIMPLE_KEY = 128
"""The bytes of the longest key that stands on the line of its value."""
_ESCAPES = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", '"': '"', "\\": "\\",
    "\x85": "N", "\u2028": "L", "\u2029": "P",
}  # fmt: skip


def emit(value: Any) -> str:
    """Return the YAML document of a value of JSON's types."""
    lines: list[str] = []
    _block(value, 0, "", lines.append)
    return "\n".join(lines) + "\n"


def _block(value: Any, indent: int, head: str, line: Callable[[str], None]) -> None:
    """Write a value whose first line begins with `head`, which is as wide as `indent`."""
    if isinstance(value, dict) and value:
        for key in sorted_keys(value):
            _entry(key, value[key], indent, head, line)
            head = " " * indent
    elif isinstance(value, list) and value:
        for item in value:
            _block(item, indent + 2, f"{head}- ", line)
            head = " " * indent
    else:
        line(head + _scalar(value, indent, len(head)))


def _entry(key: str, value: Any, indent: int, head: str, line: Callable[[str], None]) -> None:
    if len(key.encode()) > _SIMPLE_KEY:
        line(f"{head}? {_string(key, indent + 2, len(head) + 2)}")
        _block(value, indent + 2, " " * indent + ": ", line)
        return
    written = _key(key)
    if value and isinstance(value, dict):
        line(f"{head}{written}:")
        _block(value, indent + 2, " " * (indent + 2), line)
    elif value and isinstance(value, list):
        line(f"{head}{written}:")
        _block(value, indent, " " * indent, line)
    else:
        begin = f"{head}{written}: "
        line(begin + _scalar(value, indent + 2, len(begin)))


def _scalar(value: Any, indent: int, column: int) -> str:
    match value:
        case str():
            return _string(value, indent, column)
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case float():
            return format_float(value)
        case dict():
            return "{}"
        case list():
            return "[]"
    return str(value)


def _string(text: str, indent: int, column: int) -> str:
    """Return a string in its style; the lines after its first are indented by `indent`, its first begins at `column`."""
    if "\n" in text and not (_NOT_PRINTABLE.search(text) or _SPACED_BREAK.search(text) or text.endswith(" ")):
        return _literal(text, indent)
    written = _inline(text)
    return written if column + len(written) <= _WIDTH or " " not in text else _folded(written, indent, column)


@lru_cache(maxsize=4096)
def _key(text: str) -> str:
    return _inline(text)


def _inline(text: str) -> str:
    if _is_no_string(text) or _NOT_PRINTABLE.search(text) or _BREAK.search(text):
        return '"' + "".join(map(_escaped, text)) + '"'
    if _FIRST_INDICATOR.match(text) or _INDICATOR.search(text) or text != text.strip(" "):
        return "'" + text.replace("'", "''") + "'"
    return text


def _folded(written: str, indent: int, column: int) -> str:
    """Break a string that is not a literal at the first single space after each 80th column."""
    quote = written[0] if written[0] in "'\"" else ""
    last = len(written) - len(quote) - 1
    pieces: list[str] = []
    for index, character in enumerate(written):
        after, before = written[index + 1 : index + 2], written[index - 1 : index]
        inside = not quote or len(quote) < index < last
        if character != " " or column <= _WIDTH or before == " " or not inside or (after == " " and quote != '"'):
            pieces.append(character)
            column += 1
            continue
        pieces.append("\n" + " " * indent + ("\\" if after == " " else ""))
        column = indent + (after == " ")
    return "".join(pieces)


def _literal(text: str, indent: int) -> str:
    first = "2" if text[0] in " \n" else ""
    chomp = "-" if not text.endswith("\n") else "+" if text == "\n" or text.endswith("\n\n") else ""
    shown = [" " * indent + each if each else "" for each in text.removesuffix("\n").split("\n")]
    return "\n".join((f"|{first}{chomp}", *shown))


def _escaped(character: str) -> str:
    if short := _ESCAPES.get(character):
        return f"\\{short}"
    if not _NOT_PRINTABLE.match(character):
        return character
    code = ord(character)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _is_no_string(text: str) -> bool:
    """Return whether a reader of YAML 1.1 takes the plain text for something else than a string."""
    if text in _WORDS:
        return True
    if not text.startswith(("+", "-", ".", *"0123456789")):
        return False
    plain = text if text.startswith(".") else text.replace("_", "")
    if _INTEGER.fullmatch(plain) and -(1 << 63) <= _integer(plain) < 1 << 64:
        return True
    if _FLOAT.fullmatch(plain):
        return abs(float(plain)) != float("inf")
    return _BASE_60.fullmatch(text) is not None or _is_timestamp(text)


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    number = int(digits, 8 if octal else 0)
    return -number if text.startswith("-") else number


def _is_timestamp(text: str) -> bool:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return False
    year, month, day, *times = (int(part or 0) for part in match.groups())
    hour, minute, second = (max(pair) for pair in zip(times[:3], times[3:], strict=True))
    try:
        datetime.date(year or 4, month, day), datetime.time(hour, minute, second)
    except ValueError:
        return False
    return True


def sorted_keys(value: dict[str, Any]) -> list[str]:
    """Return the keys in natural order: letters after what is none, numbers by their value."""
    if all(map(str.isalpha, value)):
        return sorted(value)
    return sorted(value, key=cmp_to_key(_compare))


def _compare(a: str, b: str) -> int:
    index = next((index for index, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
    if index is None:
        return len(a) - len(b)
    x, y = a[index], b[index]
    if x.isalpha() or y.isalpha():
        return (ord(x) - ord(y)) if x.isalpha() and y.isalpha() else -1 if y.isalpha() else 1
    after_number = "0" in (x, y) and any(digit != "0" for digit in _digits_before(a, index))
    start = "1" if after_number else ""
    numbers = [start + _digits_from(each, index) for each in (a, b)]
    difference = int(numbers[0] or 0) - int(numbers[1] or 0)
    return difference or len(numbers[0]) - len(numbers[1]) or ord(x) - ord(y)


def _digits_before(text: str, end: int) -> Iterator[str]:
    while end > 0 and text[end - 1].isdecimal():
        end -= 1
        yield text[end]


def _digits_from(text: str, begin: int) -> str:
    end = begin
    while end < len(text) and text[end].isdecimal():
        end += 1
    return text[begin:end]
