"""Requests of a proxy that has authenticated the user: headers name the user, a client certificate proves who the proxy is.

The certificate has to be signed by an authority in --requestheader-client-ca-file, and to have one of the allowed names, if any are given.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/request/headerrequest/requestheader.go, request/x509/verify_options.go
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from rootspan_apiserver.authn.authenticator import Authenticated, Credentials, with_authenticated_group
from rootspan_apiserver.kube.users import User


class AuthoritiesError(ValueError):
    """A file of certificate authorities cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHeaderNames:
    """The headers that name a user, in lower case. The first of `usernames` that is there counts, all of the others do."""

    usernames: tuple[bytes, ...]
    uids: tuple[bytes, ...] = ()
    groups: tuple[bytes, ...] = ()
    extra_prefixes: tuple[bytes, ...] = ()


class Authorities:
    """The certificate authorities in a file, each of which may sign client certificates directly.

    Raises:
        AuthoritiesError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._certificates = x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as exc:
            raise AuthoritiesError(f"unable to load the authorities in {path}: {exc}") from exc
        self.signed = lru_cache(maxsize=256)(self._signed)

    def _signed(self, pem: str) -> x509.Certificate | None:
        """Return a certificate that one of them has signed, None for others."""
        certificate = x509.load_pem_x509_certificate(pem.encode())
        for authority in self._certificates:
            try:
                certificate.verify_directly_issued_by(authority)
            except (ValueError, TypeError, InvalidSignature):
                continue
            return certificate
        return None


class RequestHeaderAuthenticator:
    """Authenticates the user that a trusted proxy names. An empty `allowed_names` trusts every name that the authorities have signed."""

    def __init__(
        self, authorities: Authorities, headers: RequestHeaderNames, allowed_names: Iterable[str] = ()
    ) -> None:
        self._authorities = authorities
        self._names = headers
        self._allowed = frozenset(allowed_names)

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user in the headers, None where the proxy is not trusted or names none."""
        if not credentials.certificate or not self._is_trusted(credentials.certificate):
            return None
        names, headers = self._names, credentials.headers
        name = next((values[0] for each in names.usernames if (values := headers.get(each)) and values[0]), "")
        if not name:
            return None
        uid = next((values[0] for each in names.uids if (values := headers.get(each)) and values[0]), "")
        groups = tuple(group for each in names.groups for group in headers.get(each, ()))
        return Authenticated(with_authenticated_group(User(name, uid, groups, self._extra(headers))))

    def _is_trusted(self, pem: str) -> bool:
        certificate = self._authorities.signed(pem)
        if certificate is None:
            return False
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return not self._allowed or any(str(each.value) in self._allowed for each in names)

    def _extra(self, headers: Mapping[bytes, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, values in headers.items():
            for prefix in self._names.extra_prefixes:
                if name.startswith(prefix):
                    key = unquote(name[len(prefix) :].decode("latin-1")).lower()
                    found[key] = (*found.get(key, ()), *values)
        return found
