"""The options of authorization: the modes and their order, as flags or as a file.

Upstream: pkg/kubeapiserver/options/authorization.go
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rootspan_apiserver.authz.authorizer_configuration import AuthorizerConfiguration, WebhookConfiguration
from rootspan_apiserver.authz.modes import MODES
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.options.flags import flag, seconds, text

ABAC, ALWAYS_ALLOW, WEBHOOK = "ABAC", "AlwaysAllow", "Webhook"
_VERSIONS = ("v1", "v1beta1")
_OTHER_MODES = frozenset({ABAC, "Node", "RBAC"}) - MODES.keys()


@dataclass(frozen=True, kw_only=True)  # no slots, which only one of several base classes may have
class AuthorizationOptions:
    """The flags. An empty string means that the option is not set."""

    authorization_mode: tuple[str, ...] = flag(
        (ALWAYS_ALLOW,), text, f"Ordered list of plug-ins to do authorization: {', '.join(MODES)}, {WEBHOOK}."
    )
    authorization_webhook_config_file: str = flag(
        "", text, "File in kubeconfig format that says where the webhook of --authorization-mode=Webhook is."
    )
    authorization_webhook_version: str = flag(
        "v1beta1", text, "The API version of the SubjectAccessReviews that the webhook is sent."
    )
    authorization_webhook_cache_authorized_ttl: float = flag(
        300.0, seconds, "The duration to cache 'authorized' responses from the webhook authorizer."
    )
    authorization_webhook_cache_unauthorized_ttl: float = flag(
        30.0, seconds, "The duration to cache 'unauthorized' responses from the webhook authorizer."
    )

    def authorizers(self) -> Sequence[AuthorizerConfiguration]:
        """Return the configuration of the modes, in order."""
        return [
            AuthorizerConfiguration(type=mode, name="default", webhook=self._webhook())
            if mode == WEBHOOK
            else AuthorizerConfiguration.of_mode(mode)
            for mode in self.authorization_mode
        ]

    def _webhook(self) -> WebhookConfiguration:
        return WebhookConfiguration(
            kubeconfig=self.authorization_webhook_config_file,
            version="v1" if self.authorization_webhook_version == "v1" else "v1beta1",
            authorized_seconds=self.authorization_webhook_cache_authorized_ttl,
            unauthorized_seconds=self.authorization_webhook_cache_unauthorized_ttl,
        )

    def faults_of_authorization(self) -> Iterator[str]:
        """Yield what is wrong with the flags."""
        modes = self.authorization_mode
        if not modes:
            yield "at least one authorization-mode must be passed"
        for mode in modes:
            if mode in _OTHER_MODES:
                yield f"authorization-mode {quote(mode)} is not implemented here; there are {', '.join(MODES)}, {WEBHOOK}"
            elif mode not in MODES and mode != WEBHOOK:
                yield f"authorization-mode {quote(mode)} is not a valid mode"
            if mode == WEBHOOK and not self.authorization_webhook_config_file:
                yield "authorization-mode Webhook's authorization config file not passed"
        if self.authorization_webhook_config_file and WEBHOOK not in modes:
            yield "cannot specify --authorization-webhook-config-file without mode Webhook"
        if len(set(modes)) != len(modes):
            listed = " ".join(map(quote, modes))
            yield f"authorization-mode [{listed}] has mode specified more than once"
        version = self.authorization_webhook_version
        if WEBHOOK in modes and version not in _VERSIONS:
            supported = ", ".join(map(quote, _VERSIONS))
            yield f"unsupported webhook authorizer version {quote(version)}, supported versions are {supported}"
