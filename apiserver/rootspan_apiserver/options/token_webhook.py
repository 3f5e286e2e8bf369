"""The options of the webhook that knows tokens.

Upstream: pkg/kubeapiserver/options/authentication.go (WebHookAuthenticationOptions)
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.options.flags import flag, seconds, text

_VERSIONS = ("v1", "v1beta1")


@dataclass(frozen=True, kw_only=True)  # no slots, which only one of several base classes may have
class TokenWebhookOptions:
    """The flags. An empty string means that the option is not set."""

    authentication_token_webhook_config_file: str = flag(
        "", text, "File in kubeconfig format that says where the webhook for token authentication is."
    )
    authentication_token_webhook_version: str = flag(
        "v1beta1", text, "The API version of the TokenReviews that the webhook is sent."
    )
    authentication_token_webhook_cache_ttl: float = flag(
        120.0, seconds, "The duration to cache responses from the webhook token authenticator."
    )

    def faults_of_token_webhook(self) -> Iterator[str]:
        """Yield what is wrong with the flags."""
        version = self.authentication_token_webhook_version
        if self.authentication_token_webhook_config_file and version not in _VERSIONS:
            supported = ", ".join(map(quote, _VERSIONS))
            yield f"unsupported authentication webhook version {quote(version)}, supported versions are {supported}"
