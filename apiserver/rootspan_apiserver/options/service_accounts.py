"""The options of service account tokens.

Upstream: pkg/kubeapiserver/options/authentication.go (ServiceAccountAuthenticationOptions), pkg/controlplane/apiserver/options/options.go
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_url import URLError, parse
from rootspan_apiserver.options.flags import boolean, flag, seconds, text

_LONGEST = range(3600, (1 << 32) + 1)
"""The seconds that --service-account-max-token-expiration may be."""


@dataclass(frozen=True, kw_only=True)  # no slots, which only one of several base classes may have
class ServiceAccountOptions:
    """The flags. An empty string means that the option is not set."""

    service_account_issuer: tuple[str, ...] = flag(
        (),
        text,
        "Identifier of the service account token issuer. The first issues tokens, all are accepted.",
        whole=True,
    )
    service_account_key_file: tuple[str, ...] = flag(
        (), text, "File with PEM-encoded RSA or ECDSA keys that verify service account tokens. Repeatable.", whole=True
    )
    service_account_signing_key_file: str = flag(
        "", text, "File with the private key that signs service account tokens. Without it a key is generated."
    )
    service_account_signing_endpoint: str = flag("", text, "Not implemented: the socket of an external signer.")
    service_account_jwks_uri: str = flag("", text, "Overrides the URI of the key set in the discovery document.")
    external_hostname: str = flag("", text, "Host name of this server in the URI of the key set. Default: its address.")
    service_account_max_token_expiration: float = flag(
        0.0, seconds, "The maximum validity duration of a service account token. 0: no limit."
    )
    service_account_extend_token_expiration: bool = flag(
        True, boolean, "Make the tokens that admission requests for pods valid for a year."
    )
    service_account_lookup: bool = flag(True, boolean, "Check that the secrets of tokens without expiry exist.")
    api_audiences: tuple[str, ...] = flag((), text, "Identifiers of the API. Default: the service account issuers.")

    def faults_of_service_accounts(self) -> Iterator[str]:
        """Yield what is wrong with the flags."""
        issuers = self.service_account_issuer
        for index, issuer in enumerate(issuers):
            if not issuer:
                yield "service-account-issuer should not be an empty string"
            elif issuer in issuers[:index]:
                yield f"service-account-issuer {quote(issuer)} is already specified"
            elif ":" in issuer and (fault := url_fault(issuer)):
                told = f"service-account-issuer {quote(issuer)} contained a ':' but was not a valid URL"
                yield f"{told}: {fault}"
        if self.service_account_signing_endpoint:
            yield "--service-account-signing-endpoint is not implemented here: tokens are signed by the server itself"
        if uri := self.service_account_jwks_uri:
            if fault := url_fault(uri):
                yield f"service-account-jwks-uri must be a valid URL: {fault}"
            elif parse(uri).scheme != "https":
                yield f"service-account-jwks-uri requires https scheme, parsed as: {uri}"
        longest = self.service_account_max_token_expiration
        if longest and not _LONGEST.start <= longest < _LONGEST.stop:
            yield "the service-account-max-token-expiration must be between 1 hour and 2^32 seconds"


def url_fault(text: str) -> str:
    """Return why a text is no URL, in the words of Go, "" where it is one."""
    try:
        parse(text)
    except URLError as exc:
        return str(exc)
    return ""
