"""The user of the server's own client, `system:apiserver`.

Upstream: staging/src/k8s.io/apiserver/pkg/authentication/authenticatorfactory/loopback.go
"""

from rootspan_apiserver.authn.tokens import StaticTokens
from rootspan_apiserver.kube.users import APISERVER, MASTERS, User


def loopback_authenticator(token: str) -> StaticTokens:
    """Return an authenticator of the loopback client, which presents the random `token` of this process."""
    return StaticTokens({token: User(APISERVER, groups=(MASTERS,))})
