"""The names of fields in expressions: `a-b` is written `a__dash__b`, `if` is `__if__`.

Upstream: staging/src/k8s.io/apiserver/pkg/cel/escaping.go
"""

import re

KEYWORDS = frozenset(
    (
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
    )
) | frozenset(("package", "namespace", "return", "var", "void", "while"))
"""The keywords and reserved words of CEL, which are no identifiers."""
_ALLOWED = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*")
_ESCAPED = re.compile(r"__|[-./]")
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_UNESCAPED = re.compile(r"__([^_]+)__")
_UNESCAPES = {escape.strip("_"): text for text, escape in _ESCAPES.items()}


def escape(name: str) -> str | None:
    """Return how expressions write the name of a field, None if they cannot."""
    if name in KEYWORDS:
        return f"__{name}__"
    if not _ALLOWED.fullmatch(name):
        return None
    return _ESCAPED.sub(lambda found: _ESCAPES[found[0]], name)


def unescape(name: str) -> str | None:
    """Return the name of the field that an expression writes so, None if there is none."""
    keyword = _UNESCAPED.fullmatch(name)
    if keyword and keyword[1] in KEYWORDS:
        return keyword[1]
    if any(found not in _UNESCAPES for found in _UNESCAPED.findall(name)):
        return None
    return _UNESCAPED.sub(lambda found: _UNESCAPES[found[1]], name)
