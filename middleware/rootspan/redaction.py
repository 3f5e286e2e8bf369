"""What may be recorded of text that a caller chose: values of bounded length, that any exporter can encode, no secrets.

A URL's query is where applications leak: signed links, password resets, OAuth answers. The value of a parameter is
replaced when the parameter's name ends with one of a list of words, in upper or lower case.
"""

from collections.abc import Iterable
from functools import lru_cache
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
    "key_id",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "pin",
    "pwd",
    "secret",
    "session",
    "sessionid",
    "session_id",
    "sid",
    "sig",
    "signature",
    "ticket",
    "token",
)
"""Ends of the names of query parameters whose values are never recorded."""


def text(value: bytes | str) -> str:
    """Cuts a value to 1,024 characters that can be encoded as UTF-8. Bytes are read as Latin-1, which never fails."""
    if isinstance(value, bytes):
        return value[:LONGEST_VALUE].decode("latin-1")
    value = value[:LONGEST_VALUE]
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


class QueryRedaction:
    """Replaces the values of sensitive parameters in query strings by `REDACTED`.

    Args:
        sensitive: Ends of the names of the parameters. `token` covers `access_token`, `csrfToken` and `token[]` too.
    """

    def __init__(self, sensitive: Iterable[str]) -> None:
        ends = tuple(word.lower() for word in sensitive)

        @lru_cache(maxsize=256)
        def is_sensitive(name: str) -> bool:
            plain = unquote_to_bytes(name).decode("latin-1").partition("[")[0]
            return plain.lower().endswith(ends)

        self._is_sensitive = is_sensitive

    def __call__(self, query: bytes | str) -> str:
        """Cuts a query string to 1,024 characters, and redacts it."""
        query = text(query)
        parameters = query.split("&")
        for index, parameter in enumerate(parameters):
            name, equals, _ = parameter.partition("=")
            if equals and self._is_sensitive(name):
                parameters[index] = f"{name}={REDACTED}"
        return "&".join(parameters)
