"""Client certificates, which TLS has verified against --client-ca-file: CN is the user name, each O a group.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go
"""

from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from rootspan_apiserver.authn.authenticator import Authenticated, Credentials, with_authenticated_group
from rootspan_apiserver.authn.request_header import Authorities
from rootspan_apiserver.kube.users import User


class ClientCertificates:
    """Authenticates the subject of the client's certificate.

    `authorities` are those that may sign it, where TLS trusts others too.
    """

    def __init__(self, authorities: Authorities | None = None) -> None:
        self._authorities = authorities

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user, None without a certificate or without a common name in it."""
        certificate = credentials.certificate
        if certificate and self._authorities is not None and self._authorities.signed(certificate) is None:
            return None
        user = _subject(certificate) if certificate else None
        return None if user is None else Authenticated(user)


@lru_cache(maxsize=256)
def _subject(pem: str) -> User | None:
    subject = x509.load_pem_x509_certificate(pem.encode()).subject
    names = _values(subject, NameOID.COMMON_NAME)
    if not names:
        return None
    return with_authenticated_group(User(names[0], groups=_values(subject, NameOID.ORGANIZATION_NAME)))


def _values(subject: x509.Name, oid: x509.ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(attribute.value) for attribute in subject.get_attributes_for_oid(oid))
