"""Doubles as Go reads them.

Upstream: Go's src/strconv/atof.go
"""

import re
from math import inf, isinf, nan

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:_?[0-9a-fA-F])+\.?(?:_?[0-9a-fA-F])*[pP][+-]?[0-9]+")
_INFINITY = re.compile(r"([+-]?)inf(?:inity)?", re.IGNORECASE)


def parse_float(text: str) -> float:
    """Read a double like `strconv.ParseFloat`.

    Raises:
        ValueError: not a number, or out of range.
    """
    if infinity := _INFINITY.fullmatch(text):
        return -inf if infinity[1] == "-" else inf
    if text.lower() == "nan":
        return nan
    if _DECIMAL.fullmatch(text):
        found = float(text)
    elif _HEXADECIMAL.fullmatch(text):
        found = float.fromhex(text.replace("_", ""))
    else:
        raise ValueError("invalid syntax")
    if isinf(found):
        raise ValueError("value out of range")
    return found
