"""What may be recorded of text that a caller chose: values of bounded length, that any exporter can encode, no secrets.

A URL's query is where applications leak: signed links, password resets, OAuth answers. The value of a parameter is
replaced when the parameter's name says that it is a secret. Names are compared in lower case and without their separators, so that
`access_token`, `accessToken` and `X-Access-Token` are one name.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote_to_bytes

LONGEST_VALUE = 1024
REDACTED = "REDACTED"

SENSITIVE_PARAMETERS = (
    "apikey",
    "assertion",
    "auth",
    "authcode",
    "authorization",
    "=code",
    "credential",
    "devicecode",
    "jwt",
    "key",
    "keyid",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "pin",
    "pwd",
    "resetcode",
    "secret",
    "sessid",
    "sessionid",
    "session",
    "sid",
    "sig",
    "signature",
    "ticket",
    "token",
    "usercode",
    "verificationcode",
)
"""Words that make a query parameter sensitive.

One of five letters or more counts at the end of any word of a name, a shorter one as a word of its own: `token` covers
`csrftoken` and `id_token_hint`, but not `max_tokens`; `key` covers `api-key` and `accessKey`, but not `monkey`. After `=`, the
whole name has to be the word: `code`, but not `country_code`.
"""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SHORTEST_PART = 5


def text(value: bytes | str) -> str:
    """Return a value cut to 1,024 characters or bytes, as text that can be encoded as UTF-8.

    Bytes are read as UTF-8 if they are that, else as Latin-1, which never fails.
    """
    if isinstance(value, str):
        value = value[:LONGEST_VALUE]
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    cut = bytes(value[:LONGEST_VALUE])
    try:
        return cut.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(value) > LONGEST_VALUE and error.start > LONGEST_VALUE - 4:
            return cut[: error.start].decode("utf-8")  # the cut went through a character
        return cut.decode("latin-1")


class QueryRedaction:
    """Replaces the values of sensitive parameters in query strings by `REDACTED`.

    Args:
        sensitive: Words, as in `SENSITIVE_PARAMETERS`.
    """

    def __init__(self, sensitive: Iterable[str]) -> None:
        listed = [word.lower() for word in sensitive]
        names = frozenset(word[1:] for word in listed if word.startswith("="))
        parts = tuple(word for word in listed if len(word) >= _SHORTEST_PART and word[0] != "=")
        words = frozenset(word for word in listed if 0 < len(word) < _SHORTEST_PART and word[0] != "=")

        @lru_cache(maxsize=256)
        def is_sensitive(name: str) -> bool:
            plain = unquote_to_bytes(name).decode("latin-1")
            in_name = [word.lower() for word in _WORD.findall(plain)]
            joined = "".join(in_name)
            ends = any(word.endswith(parts) for word in [*in_name, joined])
            return ends or joined in names or not words.isdisjoint(in_name)

        self._is_sensitive = is_sensitive

    def __call__(self, query: bytes | str) -> str:
        """Return a query string cut to 1,024 characters, without the values of sensitive parameters."""
        query = text(query)
        parameters = query.split("&")
        for index, parameter in enumerate(parameters):
            name, equals, _ = parameter.partition("=")
            if equals and self._is_sensitive(name):
                parameters[index] = f"{name}={REDACTED}"
        return "&".join(parameters)
