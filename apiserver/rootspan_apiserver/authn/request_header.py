"""Requests of a proxy that has authenticated the user: headers name the user, a client certificate proves who the proxy is.

The certificate has to be signed by an authority in --requestheader-client-ca-file, and to have one of the allowed names, if any are given.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/request/headerrequest/requestheader.go, request/x509/verify_options.go
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cryptography.x509.oid import NameOID

from rootspan_apiserver.authn.authenticator import (
    Authenticated,
    Credentials,
    InvalidCredentialsError,
    with_authenticated_group,
)
from rootspan_apiserver.kube.users import User

if TYPE_CHECKING:  # it loads pyOpenSSL, which servers without client certificates do not need
    from rootspan_apiserver.authn.certificate_authorities import CertificateAuthorities


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHeaderNames:
    """The headers that name a user, in lower case. The first of `usernames` that is there counts, all of the others do."""

    usernames: tuple[bytes, ...]
    uids: tuple[bytes, ...] = ()
    groups: tuple[bytes, ...] = ()
    extra_prefixes: tuple[bytes, ...] = ()


class RequestHeaderAuthenticator:
    """Authenticates the user that a trusted proxy names. An empty `allowed_names` trusts every name that the authorities have signed."""

    def __init__(
        self, authorities: "CertificateAuthorities", headers: RequestHeaderNames, allowed_names: Iterable[str] = ()
    ) -> None:
        self._authorities = authorities
        self._names = headers
        self._allowed = frozenset(allowed_names)

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user in the headers, None where there is no certificate or no name.

        Raises:
            InvalidCredentialsError: The certificate is not that of a proxy which is trusted.
        """
        if not credentials.certificates:
            return None
        self._check(credentials.certificates)
        names, headers = self._names, credentials.headers
        name = next((values[0] for each in names.usernames if (values := headers.get(each)) and values[0]), "")
        if not name:
            return None
        uid = next((values[0] for each in names.uids if (values := headers.get(each)) and values[0]), "")
        groups = tuple(group for each in names.groups for group in headers.get(each, ()))
        return Authenticated(with_authenticated_group(User(name, uid, groups, self._extra(headers))))

    def _check(self, chain: tuple[str, ...]) -> None:
        subject = self._authorities.verify(chain).subject
        names = [str(each.value) for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if self._allowed and not (names and names[-1] in self._allowed):
            raise InvalidCredentialsError(f"x509: subject with cn={''.join(names[-1:])} is not in the allowed list")

    def _extra(self, headers: Mapping[bytes, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, values in headers.items():
            for prefix in self._names.extra_prefixes:
                if name.startswith(prefix):
                    key = unquote(name[len(prefix) :].decode("latin-1")).lower()
                    found[key] = (*found.get(key, ()), *values)
        return found
