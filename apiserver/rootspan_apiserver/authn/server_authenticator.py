"""The authenticators of a server, in the order in which they are asked.

Upstream: pkg/kubeapiserver/authenticator/config.go
"""

from pathlib import Path

from rootspan_apiserver.authn.anonymous import AnonymousAuthenticator
from rootspan_apiserver.authn.authenticator import Authenticator
from rootspan_apiserver.authn.bootstrap_tokens import BootstrapTokens
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
    bootstrap: BootstrapTokens | None = None,
    jwt: Authenticator | None = None,
    anonymous: AnonymousAuthenticator | None = None,
) -> Authenticator:
    """Return the authenticator of a server.

    Args:
        admin_token: The token of the administrator in the kubeconfig.
        client_certificates: Names users by their certificates; None where none are asked for.
        front_proxy: Names the users of a proxy that is trusted; None where there is none.
        token_file: A file of static tokens, "" for none.
        token_webhook: Asks a webhook about tokens that no other authenticator knows; None where there is none.
        bootstrap: Authenticates bootstrap tokens; None where they are not accepted.
        jwt: Authenticates tokens of OpenID providers; None where there are none.
        anonymous: Authenticates requests without credentials; None where they are refused.

    Raises:
        TokenFileError: `token_file` cannot be read.
    """
    known: list[Authenticator] = [loopback_authenticator(loopback_token)]
    if front_proxy is not None:
        known.append(front_proxy)
    if client_certificates is not None:
        known.append(client_certificates)
    known.append(StaticTokens({admin_token: User("kubernetes-admin", groups=(MASTERS,))}))
    if token_file:
        known.append(read_token_file(Path(token_file)))
    known.append(accounts)
    if bootstrap is not None:
        known.append(bootstrap)
    if jwt is not None:
        known.append(jwt)
    if token_webhook is not None:
        known.append(token_webhook)
    return UnionAuthenticator(known, accounts.settings.api_audiences, anonymous)
