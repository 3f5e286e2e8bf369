"""The authenticators of a server, in the order in which they are asked.

Upstream: pkg/kubeapiserver/authenticator/config.go
"""

from pathlib import Path

from rootspan_apiserver.authn.anonymous import AnonymousAuthenticator
from rootspan_apiserver.authn.authenticator import Authenticator
from rootspan_apiserver.authn.client_certificates import ClientCertificates
from rootspan_apiserver.authn.loopback import loopback_authenticator
from rootspan_apiserver.authn.request_header import RequestHeaderAuthenticator
from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.authn.tokens import StaticTokens, read_token_file
from rootspan_apiserver.authn.union import UnionAuthenticator
from rootspan_apiserver.kube.users import MASTERS, User


def server_authenticator(
    *,
    loopback_token: str,
    admin_token: str,
    accounts: ServiceAccountTokens,
    client_certificates: ClientCertificates | None = None,
    front_proxy: RequestHeaderAuthenticator | None = None,
    token_file: str = "",
    token_webhook: Authenticator | None = None,
    anonymous: bool = True,
) -> Authenticator:
    """Return the authenticator of a server.

    Args:
        admin_token: The token of the administrator in the kubeconfig.
        client_certificates: Names users by the certificates that TLS has verified; None where none are asked for.
        front_proxy: Names the users of a proxy that is trusted; None where there is none.
        token_file: A file of static tokens, "" for none.
        token_webhook: Asks a webhook about tokens that no other authenticator knows; None where there is none.
        anonymous: Whether requests without credentials are authenticated as `system:anonymous`.

    Raises:
        TokenFileError: `token_file` cannot be read.
    """
    known: list[Authenticator] = [] if front_proxy is None else [front_proxy]
    known += [
        loopback_authenticator(loopback_token),
        StaticTokens({admin_token: User("kubernetes-admin", groups=(MASTERS,))}),
    ]
    if client_certificates is not None:
        known.append(client_certificates)
    if token_file:
        known.append(read_token_file(Path(token_file)))
    known.append(accounts)
    if token_webhook is not None:
        known.append(token_webhook)
    if anonymous:
        known.append(AnonymousAuthenticator())
    return UnionAuthenticator(known, accounts.settings.api_audiences)
