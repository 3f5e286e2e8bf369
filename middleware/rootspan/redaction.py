"""What may be recorded of text that a caller chose: values of bounded length, that any exporter can encode, without secrets.

A URL's query is where applications leak: signed links, password resets, OAuth answers. The value of a parameter is
replaced when the parameter's name, written in lower case and without `-`, `_` and `.`, ends with a word of a list.
"""

from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

LONGEST_VALUE = 1024
REDACTED = "REDACTED"

SENSITIVE_PARAMETERS = (
    "assertion",
    "auth",
    "authorization",
    "code",
    "credential",
    "credentials",
    "jwt",
    "key",
    "keyid",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "pin",
    "pwd",
    "secret",
    "session",
    "sessionid",
    "sid",
    "sig",
    "signature",
    "ticket",
    "token",
)
"""Ends of the names of query parameters whose values are never recorded."""

_SEPARATORS = str.maketrans("", "", "-_.[]")


def text(value: bytes | str) -> str:
    """Cuts a value to 1,024 characters that can be encoded as UTF-8. Bytes are read as Latin-1, which never fails."""
    if isinstance(value, bytes):
        return value[:LONGEST_VALUE].decode("latin-1")
    value = value[:LONGEST_VALUE]
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def redacted_query(query: bytes | str, sensitive: Iterable[str]) -> str:
    """Cuts a query string to 1,024 characters and replaces the values of sensitive parameters by `REDACTED`."""
    query = text(query)
    if "=" not in query:
        return query
    ends = tuple(sensitive)
    return "&".join([_redacted(parameter, ends) for parameter in query.split("&")])


def _redacted(parameter: str, ends: tuple[str, ...]) -> str:
    name, equals, _ = parameter.partition("=")
    plain = unquote_to_bytes(name).decode("latin-1") if "%" in name else name
    if equals and plain.lower().translate(_SEPARATORS).endswith(ends):
        return f"{name}={REDACTED}"
    return parameter
