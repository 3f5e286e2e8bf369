"""Where a server listens, by what it is known, and whom it knows."""

import contextlib
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rootspan_apiserver.authn.service_accounts import ServiceAccountSettings
from rootspan_apiserver.options import identities
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.serving.accepting import TLSContext
from rootspan_apiserver.serving.certificates import ServingCertificate, server_context, serving_certificate
from rootspan_apiserver.serving.http import listen


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerIdentity:
    """What all processes of a server have in common.

    Attributes:
        bound: The socket that listens.
        certificate: What it presents; `tls` are the settings with it.
        administrator_token: The token in the kubeconfig.
        loopback_token: By which it knows its own clients.
        accounts: The keys of service account tokens, and how they are checked.
    """

    bound: socket.socket
    certificate: ServingCertificate
    tls: TLSContext
    administrator_token: str
    loopback_token: str
    accounts: ServiceAccountSettings


@contextlib.contextmanager
def server_identity(options: Options) -> Iterator[ServerIdentity]:
    """Listen, and have the certificate, the tokens and the keys that all processes of the server use, while the block runs.

    Raises:
        BindError, CertificateError, KeyFileError: There can be no server.
    """
    with listen(options.bind_address, options.secure_port) as bound:
        certificate, context = _tls(options)
        yield ServerIdentity(
            bound=bound,
            certificate=certificate,
            tls=context,
            administrator_token=identities.administrator_token(options),
            loopback_token=secrets.token_urlsafe(32),
            accounts=identities.service_accounts(options, bound),
        )


def _tls(options: Options) -> tuple[ServingCertificate, TLSContext]:
    """Return the certificate that the server presents, and its TLS settings. Raises CertificateError."""
    certificate = serving_certificate(
        certificate_file=options.tls_cert_file,
        key_file=options.tls_private_key_file,
        folder=Path(options.cert_dir) if options.cert_dir else None,
        addresses=(options.bind_address, options.advertise_address),
    )
    files = [Path(file) for file in (options.client_ca_file, options.requestheader_client_ca_file) if file]
    if not files:
        return certificate, server_context(certificate)
    from rootspan_apiserver.serving.requesting_certificates import requesting_context  # loads pyOpenSSL

    return certificate, requesting_context(certificate, files)
