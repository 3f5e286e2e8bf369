"""Who is calling: the ways kube-apiserver knows a caller, tried in order.

An authenticator answers with the user, or None for credentials that are not of its kind, or raises `Unauthenticated` for credentials that
are and are wrong. A request with wrong credentials is refused even where anonymous requests are allowed.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/authenticator/audagnostic.go, request/union/union.go,
request/bearertoken/bearertoken.go
"""

import csv
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.x509.oid import NameOID

from rootspan_apiserver.kube.users import ALL_AUTHENTICATED, ALL_UNAUTHENTICATED, ANONYMOUS, APISERVER, MASTERS, User

INVALID_TOKEN = "invalid bearer token"


class Unauthenticated(Exception):  # noqa: N818 - the state, as the API names it
    """The credentials are wrong; the text says why. Only a TokenReview shows it."""


class TokenFileError(ValueError):
    """The token file cannot be read as `token,user,uid,"group1,group2"` lines."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request carries: its bearer token, and the certificate of its TLS client as PEM. They must be meant for one of the
    `audiences`; empty, for the server itself."""

    token: str = ""
    certificate: str = ""
    audiences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Who the caller is, and for which of the wanted audiences the credentials are meant; empty if their kind knows no audiences."""

    user: User
    audiences: tuple[str, ...] = ()


class Authenticator(Protocol):
    async def authenticate(self, credentials: Credentials) -> Authenticated | None: ...


class Union:
    """The first authenticator that knows the caller. Credentials that know no audiences are meant for the server's own `audiences`."""

    def __init__(self, authenticators: Iterable[Authenticator], audiences: Iterable[str] = ()) -> None:
        self._authenticators = tuple(authenticators)
        self._audiences = tuple(audiences)

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """
        Raises:
            Unauthenticated: one authenticator says that the credentials are wrong, or there is a token and nobody knows it.
        """
        audiences = self._audiences
        if credentials.audiences:
            audiences = common_audiences(audiences, credentials.audiences)
        for authenticator in self._authenticators:
            try:
                found = await authenticator.authenticate(credentials)
            except Unauthenticated as exc:
                # Upstream puts together what all authenticators say, and the one of its own client does not know the token either.
                raise Unauthenticated(f"[{INVALID_TOKEN}, {exc}]") from exc
            if found is None or (not found.audiences and credentials.audiences and not audiences):
                continue
            return found if found.audiences else Authenticated(found.user, audiences)
        if credentials.token:
            raise Unauthenticated(INVALID_TOKEN)
        return None


def common_audiences(known: Collection[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Those of the `wanted` that are `known`."""
    return tuple(audience for audience in wanted if audience in known)


def bearer_token(authorization: str) -> str:
    """The token in an Authorization header; "" if there is none."""
    scheme, _, rest = authorization.strip().partition(" ")
    return rest.partition(" ")[0] if scheme.lower() == "bearer" else ""


class Tokens:
    """Bearer tokens known beforehand. They are compared in constant time."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = [(token.encode(), Authenticated(_authenticated(user))) for token, user in users.items()]

    @classmethod
    def of_file(cls, path: Path) -> "Tokens":
        """Reads `--token-auth-file`: CSV lines of token, user name, user uid and, optionally, groups.

        Raises:
            TokenFileError: the file is unreadable, or a line has fewer than three columns or no token.
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
        return cls(users)

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        if not credentials.token:
            return None
        presented = credentials.token.encode("utf-8", "surrogateescape")
        found: Authenticated | None = None
        for token, user in self._users:
            if hmac.compare_digest(token, presented):
                found = user
        return found


def loopback_tokens(token: str) -> Tokens:
    """The server's own client, known by a random token of the process."""
    return Tokens({token: User(APISERVER, groups=(MASTERS,))})


class ClientCertificates:
    """The subject of a certificate that TLS has verified: CN is the name, O are the groups."""

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        user = _subject(credentials.certificate) if credentials.certificate else None
        return None if user is None else Authenticated(user)


class Anonymous:
    """Whoever brings no credentials (`--anonymous-auth`)."""

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        if credentials.token:
            return None
        return Authenticated(User(ANONYMOUS, groups=(ALL_UNAUTHENTICATED,)), credentials.audiences)


@lru_cache(maxsize=256)
def _subject(pem: str) -> User | None:
    subject = x509.load_pem_x509_certificate(pem.encode()).subject
    names = _values(subject, NameOID.COMMON_NAME)
    if not names:
        return None
    return _authenticated(User(names[0], groups=tuple(_values(subject, NameOID.ORGANIZATION_NAME))))


def _values(subject: x509.Name, oid: x509.ObjectIdentifier) -> Sequence[str]:
    return [str(attribute.value) for attribute in subject.get_attributes_for_oid(oid)]


def _authenticated(user: User) -> User:
    if ALL_AUTHENTICATED in user.groups:
        return user
    return User(user.name, user.uid, (*user.groups, ALL_AUTHENTICATED), user.extra)
