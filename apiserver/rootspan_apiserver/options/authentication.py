"""The options of authentication.

Upstream: pkg/kubeapiserver/options/authentication.go
"""

from dataclasses import dataclass

from rootspan_apiserver.options.flags import boolean, flag, text
from rootspan_apiserver.options.oidc import OIDCOptions


@dataclass(frozen=True, kw_only=True)  # no slots, which only one of several base classes may have
class AuthenticationOptions(OIDCOptions):
    """The flags. An empty string means that the option is not set."""

    client_ca_file: str = flag(
        "", text, "A client certificate signed by an authority in this file authenticates by its CommonName."
    )
    token_auth_file: str = flag("", text, 'File of static tokens: token,user name,user uid,"group,group" a line.')
    enable_bootstrap_token_auth: bool = flag(
        False, boolean, "Accept the tokens in secrets of type bootstrap.kubernetes.io/token of kube-system."
    )
    anonymous_auth: bool = flag(True, boolean, "Accept requests without credentials as those of system:anonymous.")
