"""Client certificates that an authority in --client-ca-file has signed: CN is the user name, each O a group.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/request/x509/x509.go
"""

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from rootspan_apiserver.authn.authenticator import (
    Authenticated,
    Credentials,
    InvalidCredentialsError,
    with_authenticated_group,
)
from rootspan_apiserver.kube.users import CREDENTIAL_ID, User

if TYPE_CHECKING:  # it loads pyOpenSSL, which servers without client certificates do not need
    from rootspan_apiserver.authn.certificate_authorities import CertificateAuthorities

USER_ID = x509.ObjectIdentifier("1.3.6.1.4.1.57683.2")
"""The attribute of a subject that is the uid of the user."""


class ClientCertificates:
    """Authenticates the subject of the client's certificate; `reads_uid` says whether it may have a uid."""

    def __init__(self, authorities: "CertificateAuthorities", *, reads_uid: bool = True) -> None:
        self._authorities = authorities
        self._reads_uid = reads_uid

    async def authenticate(self, credentials: Credentials) -> Authenticated | None:
        """Return the user, None without a certificate or without a common name in it.

        Raises:
            InvalidCredentialsError: The certificate is not valid, or its uid is not.
        """
        if not credentials.certificates:
            return None
        certificate = self._authorities.verify(credentials.certificates)
        names = _values(certificate, NameOID.COMMON_NAME)
        if not names or not names[-1]:
            return None
        uid = _uid(_values(certificate, USER_ID)) if self._reads_uid else ""
        groups = _values(certificate, NameOID.ORGANIZATION_NAME)
        extra = {CREDENTIAL_ID: (f"X509SHA256={certificate.fingerprint(hashes.SHA256()).hex()}",)}
        return Authenticated(with_authenticated_group(User(names[-1], uid, groups, extra)))


def _uid(values: tuple[str, ...]) -> str:
    if len(values) > 1:
        raise InvalidCredentialsError(f"expected 1 UID, but found multiple: [{' '.join(values)}]")
    if values and not values[0]:
        raise InvalidCredentialsError("UID cannot be an empty string")
    return values[0] if values else ""


def _values(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(oid))
