"""Warnings for the user of a client, as the values of `Warning` headers (RFC 7234 §5.5, code 299).

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/warning.go
"""

from collections.abc import Iterable, Iterator

TOTAL_LIMIT = 4 * 1024
ITEM_LIMIT = 256
"""Characters: beyond the first of all texts together, each is cut to the second."""


def warning_headers(texts: Iterable[str]) -> Iterator[bytes]:
    """Each text once, in the order of their first mention. Control characters are left out, quotes and backslashes escaped."""
    distinct = list(filter(None, dict.fromkeys(map(_printable, texts))))
    limit = ITEM_LIMIT if sum(map(len, distinct)) > TOTAL_LIMIT else TOTAL_LIMIT
    written = 0
    for text in distinct:
        if written >= TOTAL_LIMIT:
            return
        shown = text[:limit]
        written += len(shown)
        escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
        yield f'299 - "{escaped}"'.encode()


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
