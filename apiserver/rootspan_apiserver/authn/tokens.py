"""Static bearer tokens: those of --token-auth-file, and the administrator's.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/token/tokenfile/tokenfile.go
"""

import csv
import hmac
from collections.abc import Mapping
from pathlib import Path

from rootspan_apiserver.authn.authenticator import Authenticated, Credentials, with_authenticated_group
from rootspan_apiserver.kube.users import User


class TokenFileError(ValueError):
    """The token file is not CSV with lines of `token,user,uid,"group1,group2"`."""


class StaticTokens:
    """A fixed set of tokens, compared in constant time. Users become members of `system:authenticated`."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = [(token.encode(), Authenticated(with_authenticated_group(user))) for token, user in users.items()]

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user of the token, None if it is not in the set."""
        if not credentials.token:
            return None
        presented = credentials.token.encode("utf-8", "surrogateescape")
        found: Authenticated | None = None
        for token, user in self._users:
            if hmac.compare_digest(token, presented):
                found = user
        return found


def read_token_file(path: Path) -> StaticTokens:
    """Read CSV lines of token, user name, user uid and, optionally, groups.

    Raises:
        TokenFileError: the file is not readable, or a line has fewer than three columns, no token or no user name.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise TokenFileError(f"cannot read the token file {path}: {exc}") from exc
    users: dict[str, User] = {}
    for number, row in enumerate(csv.reader(text.splitlines(), skipinitialspace=True), 1):
        if not row or row[0].startswith("#"):
            continue
        if len(row) < 3:
            raise TokenFileError(
                f"{path}, line {number}: expected token, user name and user uid, found {len(row)} columns"
            )
        token, name, uid, *rest = row
        if not token or not name:
            raise TokenFileError(f"{path}, line {number}: the token and the user name must not be empty")
        groups = tuple(group.strip() for group in rest[0].split(",") if group.strip()) if rest else ()
        users[token] = User(name, uid, groups)
    return StaticTokens(users)
