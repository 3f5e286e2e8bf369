"""Serving certificates: self-signed ones, so that HTTPS works without preparation, and those of the operator.

Upstream: staging/src/k8s.io/apiserver/pkg/server/options/serving.go, staging/src/k8s.io/client-go/util/cert/io.go
"""

import contextlib
import datetime
import ipaddress
import os
import socket
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rootspan_apiserver.processes.private_files import make_folder, private_opener, replace_file

LIFETIME = datetime.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes

    def load_into(self, context: ssl.SSLContext) -> None:
        """Make `context` present this certificate.

        The standard library reads certificates from files only, so the pair is written to a temporary file with mode 0600.
        """
        with tempfile.TemporaryDirectory() as folder:
            both = Path(folder) / "pair.pem"
            replace_file(both, self.key + self.certificate)
            context.load_cert_chain(both)


class CertificateAuthority:
    """Signs serving and client certificates with an EC P-256 key."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def create(cls, common_name: str) -> Self:
        """Return a new authority with a key of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @property
    def pem(self) -> bytes:
        """The authority's certificate, which clients must trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self, common_name: str, *, hosts: Iterable[str] = (), organizations: Iterable[str] = (), client: bool = False
    ) -> KeyPair:
        """Issue a certificate for a server at `hosts` (names or addresses), or for a `client` in the groups `organizations`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organizations),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = (
            _builder(subject, self._certificate.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        names = [_general_name(host) for host in dict.fromkeys(hosts)]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return KeyPair(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass(frozen=True, slots=True)
class ServingCertificate:
    """The certificate that the server presents, and the CA bundle that verifies it."""

    pair: KeyPair
    ca_bundle: bytes


class CertificateError(ValueError):
    """A certificate or key of the operator is not usable."""


def self_signed(hosts: Iterable[str], folder: Path | None) -> ServingCertificate:
    """Return a serving certificate for `hosts` by a new authority, stored in `folder` (--cert-dir) if one is given.

    An existing pair `apiserver.crt` and `apiserver.key` is used; existing files are never overwritten.

    Raises:
        CertificateError: one file of the pair is missing, or the folder is not usable.
    """
    if folder is None:
        return _issue(hosts)
    names = certificate, key, authority = [folder / name for name in ("apiserver.crt", "apiserver.key", "ca.crt")]
    try:
        missing = [file for file in (certificate, key) if not os.access(file, os.R_OK)]
        if not missing:
            return _found(*names)
        if len(missing) == 1:
            raise CertificateError(
                f"error creating self-signed certificates: error reading {missing[0]}, "
                "certificate and key must be supplied as a pair"
            )
        issued = _issue(hosts)
        chain = KeyPair(issued.pair.certificate + issued.ca_bundle, issued.pair.key)
        make_folder(folder)
        with contextlib.suppress(FileExistsError):
            _write(authority, issued.ca_bundle)
        _write(key, chain.key)
        _write(certificate, chain.certificate)
    except OSError as exc:
        raise CertificateError(f"error creating self-signed certificates: {exc}") from exc
    return ServingCertificate(chain, issued.ca_bundle)


def _write(file: Path, content: bytes) -> None:
    with open(file, "xb", opener=private_opener) as stream:
        stream.write(content)


def _found(certificate: Path, key: Path, authority: Path) -> ServingCertificate:
    """Read the pair. The CA bundle is the authority's file if it exists and has signed the pair."""
    found = from_files(certificate, key)
    try:
        bundle = authority.read_bytes()
        x509.load_pem_x509_certificate(found.pair.certificate).verify_directly_issued_by(
            x509.load_pem_x509_certificate(bundle)
        )
    except (OSError, ValueError, TypeError, InvalidSignature):
        return found
    return ServingCertificate(found.pair, bundle)


def _issue(hosts: Iterable[str]) -> ServingCertificate:
    authority = CertificateAuthority.create("rootspan")
    return ServingCertificate(authority.issue("kube-apiserver", hosts=hosts), authority.pem)


def from_files(certificate: Path, key: Path) -> ServingCertificate:
    """Read the operator's certificate. Its file is also the CA bundle: it is a chain up to the authority, or self-signed."""
    try:
        pair = KeyPair(certificate.read_bytes(), key.read_bytes())
    except OSError as exc:
        raise CertificateError(f"failed to load serving certificate: {exc}") from exc
    return ServingCertificate(pair, pair.certificate)


def serving_certificate(
    *, certificate_file: str, key_file: str, folder: Path | None, addresses: Iterable[str]
) -> ServingCertificate:
    """Return the operator's certificate, or a self-signed one for the names of the service `kubernetes` and for `addresses`.

    Raises:
        CertificateError: A file or the folder cannot be used.
    """
    if certificate_file:
        return from_files(Path(certificate_file), Path(key_file))
    service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
    hosts = [*service, "localhost", "127.0.0.1", "::1", socket.gethostname(), *addresses]
    return self_signed(filter(None, hosts), folder)


def server_context(serving: ServingCertificate) -> ssl.SSLContext:
    """Return the TLS settings of a server that asks for no client certificates: TLS 1.2 or later.

    Raises:
        CertificateError: a file does not contain a usable certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        serving.pair.load_into(context)
    except (ssl.SSLError, ValueError) as exc:
        raise CertificateError(f"failed to load serving certificate: {exc}") from exc
    return context
