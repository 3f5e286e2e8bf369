"""The `Impersonate-*` headers: whom a request names to act as.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation/constrained_impersonation.go (processImpersonationHeaders)
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote_to_bytes

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.status import bad_request
from rootspan_apiserver.kube.users import User

_EXTRA = b"impersonate-extra-"
_BAD_ESCAPE = re.compile(rb"%(?![0-9a-fA-F]{2})")


def requested(headers: Iterable[tuple[bytes, bytes]]) -> User | None:
    """Return the user the headers name, nothing added; None if they name none.

    Raises:
        StatusError: 400, they name parts of a user without its name.
    """
    names: list[bytes] = []
    uids: list[bytes] = []
    groups: list[bytes] = []
    extra: dict[bytes, list[bytes]] = {}
    for header, value in headers:
        if header == b"impersonate-user":
            names.append(value)
        elif header == b"impersonate-uid":
            uids.append(value)
        elif header == b"impersonate-group":
            groups.append(value)
        elif header.startswith(_EXTRA):
            key = header[len(_EXTRA) :]
            extra.setdefault(key if _BAD_ESCAPE.search(key) else unquote_to_bytes(key), []).append(value)
    name, uid = next(iter(names), b""), next(iter(uids), b"")
    if not name and (uid or groups or extra):
        raise bad_request(f"requested {_go_syntax(uid, groups, extra)} without impersonating a user name")
    if not name:
        return None
    shown_extra = {_text(key): tuple(map(_text, values)) for key, values in extra.items()}
    return User(_text(name), _text(uid), tuple(map(_text, groups)), shown_extra)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _go_syntax(uid: bytes, groups: Sequence[bytes], extra: Mapping[bytes, Sequence[bytes]]) -> str:
    """Return a nameless user as Go's `%#v` writes it."""
    extras = ", ".join(f"{_quoted(key)}:{_go_strings(extra[key])}" for key in sorted(extra))
    shown = f"{{{extras}}}" if extra else "(nil)"
    return f'&user.DefaultInfo{{Name:"", UID:{_quoted(uid)}, Groups:{_go_strings(groups)}, Extra:map[string][]string{shown}}}'


def _go_strings(values: Sequence[bytes]) -> str:
    return "[]string{" + ", ".join(map(_quoted, values)) + "}" if values else "[]string(nil)"


def _quoted(value: bytes) -> str:
    return quote(value.decode("utf-8", "surrogateescape"))
