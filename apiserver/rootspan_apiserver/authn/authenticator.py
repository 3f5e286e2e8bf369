"""The interface of every authenticator: the credentials of a request in, a user out.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/authenticator/interfaces.go, audiences.go,
request/bearertoken/bearertoken.go, group/authenticated_group_adder.go
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from rootspan_apiserver.kube.users import ALL_AUTHENTICATED, User


class InvalidCredentialsError(Exception):
    """The credentials are of the authenticator's kind and not valid. Clients see the reason in TokenReviews only.

    `annotations` are for the audit event of the request.
    """

    def __init__(self, reason: str, annotations: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(reason)
        self.annotations = annotations


@dataclass(frozen=True, slots=True)
class Credentials:
    """The bearer token of a request and the certificates of its TLS client (PEM, its own first); empty if absent.

    They must be intended for one of the `audiences`, or for the API server itself if there are none. `headers` are all headers of a
    request with a certificate, by their names in lower case. `path` is that of the request.
    """

    token: str = ""
    certificates: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    headers: Mapping[bytes, tuple[str, ...]] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The user of a request, and the requested audiences that the credentials are valid for.

    `audiences` is empty for credentials without audiences, such as certificates. `warnings` are for the client, `annotations` for the
    audit event of the request.
    """

    user: User
    audiences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)


class Authenticator(Protocol):
    """Recognizes one kind of credentials."""

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user, or None if there are no credentials of this kind.

        Raises:
            InvalidCredentialsError: the credentials are of this kind and not valid; the request is rejected.
        """
        ...


def bearer_token(authorization: str) -> str:
    """Return the token in an Authorization header, "" if there is none."""
    scheme, _, rest = authorization.strip().partition(" ")
    return rest.partition(" ")[0] if scheme.lower() == "bearer" else ""


def common_audiences(supported: Collection[str], requested: Iterable[str]) -> tuple[str, ...]:
    """Return the requested audiences that are supported."""
    return tuple(audience for audience in requested if audience in supported)


def with_authenticated_group(user: User) -> User:
    """Return the user as a member of `system:authenticated`."""
    if ALL_AUTHENTICATED in user.groups:
        return user
    return User(user.name, user.uid, (*user.groups, ALL_AUTHENTICATED), user.extra)
