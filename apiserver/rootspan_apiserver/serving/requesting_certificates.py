"""TLS that asks clients for a certificate and takes any: who signed it is a question of authentication, as in kube-apiserver.

The standard library cannot do that: it ends the connection of a client whose certificate it does not trust, also where a token would have
authenticated the request, and it cannot name the authorities. pyOpenSSL is used instead, for servers with --client-ca-file or
--requestheader-client-ca-file only.

Upstream: staging/src/k8s.io/apiserver/pkg/server/secure_serving.go (tls.RequestClientCert)
"""

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from rootspan_apiserver.serving.certificates import CertificateError, ServingCertificate

_HTTP = b"http/1.1"


def requesting_context(serving: ServingCertificate, authorities: Iterable[Path]) -> SSL.Context:
    """Return the TLS settings of a server that names the authorities in its request for a certificate: TLS 1.2 or later.

    Raises:
        CertificateError: a file does not contain a usable certificate.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET)
    # A resumed session would have the client's certificate without its chain.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_alpn_select_callback(lambda _, offered: _HTTP if _HTTP in offered else SSL.NO_OVERLAPPING_PROTOCOLS)
    try:
        own, *chain = x509.load_pem_x509_certificates(serving.pair.certificate)
        context.use_certificate(own)
        for each in chain:
            context.add_extra_chain_cert(each)
        context.use_privatekey(load_pem_private_key(serving.pair.key, None))  # type: ignore[arg-type] # it refuses other kinds itself
        context.check_privatekey()
    except (SSL.Error, TypeError, ValueError) as exc:
        raise CertificateError(f"failed to load serving certificate: {exc}") from exc
    for path in authorities:
        for authority in read_authorities(path):
            context.add_client_ca(authority)
    context.set_verify(SSL.VERIFY_PEER, lambda connection, certificate, error, depth, verified: True)
    return context


def read_authorities(path: Path) -> list[x509.Certificate]:
    """Return the certificates in a PEM file. Raises CertificateError."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as exc:
        raise CertificateError(f"unable to load client CA file {str(path)!r}: {exc}") from exc
