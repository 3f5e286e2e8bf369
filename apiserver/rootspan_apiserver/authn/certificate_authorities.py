"""The authorities that sign client certificates, and the verification of a certificate by OpenSSL.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go, verify_options.go
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto

from rootspan_apiserver.authn.authenticator import InvalidCredentialsError

_CLIENT_USAGES = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})
_REMEMBERED = 256
"""The number of certificates whose signatures are not verified again."""


class AuthoritiesError(ValueError):
    """A file of certificate authorities cannot be read."""


@dataclass(frozen=True, slots=True)
class _Verified:
    """A client's certificate, and when all certificates up to the authority are valid."""

    certificate: x509.Certificate
    begins: datetime
    ends: datetime


class CertificateAuthorities:
    """The certificates in a file, which are trusted to sign client certificates, with others between them or not.

    Raises:
        AuthoritiesError: the file cannot be read, or has no certificate in it.
    """

    def __init__(self, path: Path) -> None:
        self._store = crypto.X509Store()
        self._store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
        try:
            for each in x509.load_pem_x509_certificates(path.read_bytes()):
                self._store.add_cert(crypto.X509.from_cryptography(each))
        except (OSError, ValueError) as exc:
            raise AuthoritiesError(f"unable to load the authorities in {path}: {exc}") from exc
        self._verified = lru_cache(maxsize=_REMEMBERED)(self._verify)

    def verify(self, chain: tuple[str, ...]) -> x509.Certificate:
        """Return the first certificate of a chain (PEM), the client's.

        Raises:
            InvalidCredentialsError: None of the authorities has signed it, it is not valid now, or it is not for clients.
        """
        found = self._verified(chain)
        if not found.begins <= datetime.now(UTC) <= found.ends:
            raise _failed(found.certificate, "x509: certificate has expired or is not yet valid")
        return found.certificate

    def _verify(self, chain: tuple[str, ...]) -> _Verified:
        own, *others = (x509.load_pem_x509_certificate(each.encode()) for each in chain)
        untrusted = [crypto.X509.from_cryptography(each) for each in others]
        context = crypto.X509StoreContext(self._store, crypto.X509.from_cryptography(own), untrusted)
        try:
            verified = [each.to_cryptography() for each in context.get_verified_chain()]
        except crypto.X509StoreContextError as exc:
            raise _failed(own, f"x509: {exc}") from exc
        if not all(map(_is_for_clients, verified)):
            raise _failed(own, "x509: certificate specifies an incompatible key usage")
        begins = max(each.not_valid_before_utc for each in verified)
        return _Verified(own, begins, min(each.not_valid_after_utc for each in verified))


def _is_for_clients(certificate: x509.Certificate) -> bool:
    """Return whether the extended key usages are those of clients, as they have to be all the way up, or there are none."""
    try:
        usages: Iterable[x509.ObjectIdentifier] = certificate.extensions.get_extension_for_class(
            x509.ExtendedKeyUsage
        ).value
    except x509.ExtensionNotFound:
        return True
    return not _CLIENT_USAGES.isdisjoint(usages)


def _failed(certificate: x509.Certificate, reason: str) -> InvalidCredentialsError:
    return InvalidCredentialsError(f"verifying certificate SN={certificate.serial_number} failed: {reason}")
