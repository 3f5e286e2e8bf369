"""The options of tokens of an OpenID provider.

Upstream: pkg/kubeapiserver/options/authentication.go (OIDCAuthenticationOptions)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rootspan_apiserver.options.flags import flag, text

if TYPE_CHECKING:  # the command line's help needs no configuration
    from rootspan_apiserver.authn.jwt_configuration import JWTConfiguration


def _pair(value: str) -> str:
    if "=" not in value:
        raise ValueError("malformed pair, expect string=string")
    return value


@dataclass(frozen=True, kw_only=True)  # no slots, which only one of several base classes may have
class OIDCOptions:
    """The flags. An empty string means that the option is not set."""

    authentication_config: str = flag(
        "", text, "File with the configuration of the issuers of JSON Web Tokens, and of anonymous users."
    )
    oidc_issuer_url: str = flag("", text, "The URL of the OpenID issuer of tokens, which has to be an HTTPS one.")
    oidc_client_id: str = flag("", text, "The audience that tokens of --oidc-issuer-url have to be for.")
    oidc_ca_file: str = flag("", text, "File of the authorities of the provider. Default: those of the system.")
    oidc_username_claim: str = flag("sub", text, "The claim that is the user name.")
    oidc_username_prefix: str = flag(
        "", text, "What user names begin with, '-' for nothing. Default: the issuer, except of the claim 'email'."
    )
    oidc_groups_claim: str = flag("", text, "The claim that is the groups: a string, or an array of them.")
    oidc_groups_prefix: str = flag("", text, "What the names of groups begin with.")
    oidc_required_claim: tuple[str, ...] = flag(
        (), _pair, "A key=value pair that the claims of a token have to have. Repeatable.", whole=True
    )
    oidc_signing_algs: tuple[str, ...] = flag(("RS256",), text, "The signing algorithms that are allowed.")

    def faults_of_oidc(self, given: frozenset[str]) -> Iterator[str]:
        """Yield what is wrong with the flags. `given` are the names of all that are on the command line."""
        if not any(name.startswith("oidc_") for name in given):
            return
        if self.authentication_config:
            yield "authentication-config file and oidc-* flags are mutually exclusive"
        elif not self.oidc_issuer_url or not self.oidc_client_id:
            yield "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set"

    def oidc_configuration(self) -> "tuple[JWTConfiguration, ...]":
        """Return the configuration that the flags are short for. Raises OSError where the file of authorities cannot be read."""
        from rootspan_apiserver.authn.jwt_configuration import (
            ClaimMapping,
            IssuerConfiguration,
            JWTConfiguration,
            ValidationRule,
        )

        if not self.oidc_issuer_url or not self.oidc_client_id:
            return ()
        authorities = ""
        if self.oidc_ca_file:
            with open(self.oidc_ca_file, encoding="utf-8") as stream:
                authorities = stream.read()
        groups = ClaimMapping()
        if self.oidc_groups_claim:
            groups = ClaimMapping(claim=self.oidc_groups_claim, prefix=self.oidc_groups_prefix)
        pairs = (pair.partition("=") for pair in self.oidc_required_claim)
        rules = {name: ValidationRule(claim=name, required_value=value) for name, _, value in pairs}
        issuer = IssuerConfiguration(
            url=self.oidc_issuer_url, audiences=(self.oidc_client_id,), certificate_authority=authorities
        )
        username = ClaimMapping(claim=self.oidc_username_claim, prefix=self._username_prefix())
        return (JWTConfiguration(issuer=issuer, username=username, groups=groups, claim_rules=tuple(rules.values())),)

    def _username_prefix(self) -> str:
        if self.oidc_username_prefix == "-":
            return ""
        if not self.oidc_username_prefix and self.oidc_username_claim != "email":
            return f"{self.oidc_issuer_url}#"
        return self.oidc_username_prefix
