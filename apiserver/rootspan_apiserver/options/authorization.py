"""The options of authorization: the modes and their order, as flags or as a file.

Upstream: pkg/kubeapiserver/options/authorization.go
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rootspan import ConfigurationError
from rootspan_apiserver.authz.authorizer_configuration import AuthorizerConfiguration, WebhookConfiguration
from rootspan_apiserver.authz.modes import MODES
from rootspan_apiserver.kube.go_quote import quote, quoted_list
from rootspan_apiserver.options.flags import flag, seconds, text

ABAC, ALWAYS_ALLOW, WEBHOOK = "ABAC", "AlwaysAllow", "Webhook"
ALL_MODES = (*MODES, ABAC, WEBHOOK)
_VERSIONS = ("v1", "v1beta1")
_OF_MODES = frozenset(
    {
        "authorization_mode",
        "authorization_webhook_config_file",
        "authorization_webhook_version",
        "authorization_webhook_cache_authorized_ttl",
        "authorization_webhook_cache_unauthorized_ttl",
    }
)
"""The flags that --authorization-config replaces."""


@dataclass(frozen=True, kw_only=True)  # no slots, which only one of several base classes may have
class AuthorizationOptions:
    """The flags. An empty string means that the option is not set."""

    authorization_mode: tuple[str, ...] = flag(
        (ALWAYS_ALLOW,), text, f"Ordered list of plug-ins to do authorization: {', '.join(ALL_MODES)}."
    )
    authorization_policy_file: str = flag(
        "", text, "File with authorization policy in json line by line format, used with --authorization-mode=ABAC."
    )
    authorization_config: str = flag(
        "", text, "File with the configuration of the authorizers, instead of --authorization-mode and its flags."
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
    given: frozenset[str] = field(default=frozenset(), compare=False)
    """The fields whose flags are in the command line."""

    def authorizers(self) -> Sequence[AuthorizerConfiguration]:
        """Return the configuration of the authorizers, in order. Raises rootspan.ConfigurationError."""
        if self.authorization_config:
            return self._configured()
        return [
            AuthorizerConfiguration(type=mode, name="default", webhook=self._webhook())
            if mode == WEBHOOK
            else AuthorizerConfiguration.of_mode(mode)
            for mode in self.authorization_mode
        ]

    def has_mode(self, mode: str) -> bool:
        """Return whether a mode is among those of the server. Raises rootspan.ConfigurationError."""
        return any(each.type == mode for each in self.authorizers())

    def _configured(self) -> Sequence[AuthorizerConfiguration]:
        # Decoding a file needs more than the command line's help should wait for.
        from rootspan_apiserver.authz.configuration_file import read_configuration

        return read_configuration(self.authorization_config)[0]

    def _webhook(self) -> WebhookConfiguration:
        return WebhookConfiguration(
            kubeconfig=self.authorization_webhook_config_file,
            version="v1" if self.authorization_webhook_version == "v1" else "v1beta1",
            authorized_seconds=self.authorization_webhook_cache_authorized_ttl,
            unauthorized_seconds=self.authorization_webhook_cache_unauthorized_ttl,
        )

    def faults_of_authorization(self) -> Iterator[str]:
        """Yield what is wrong with the flags."""
        if not self.authorization_config:
            yield from self._faults_of_modes()
        elif self.given & _OF_MODES:
            yield (
                "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are "
                "defined"
            )
        else:
            try:
                self._configured()
            except ConfigurationError as error:
                yield str(error)

    def _faults_of_modes(self) -> Iterator[str]:
        modes = self.authorization_mode
        if not modes:
            yield "at least one authorization-mode must be passed"
        for mode in modes:
            if mode not in ALL_MODES:
                yield f"authorization-mode {quote(mode)} is not a valid mode"
            if mode == ABAC and not self.authorization_policy_file:
                yield "authorization-mode ABAC's authorization policy file not passed"
            if mode == WEBHOOK and not self.authorization_webhook_config_file:
                yield "authorization-mode Webhook's authorization config file not passed"
        if self.authorization_policy_file and ABAC not in modes:
            yield "cannot specify --authorization-policy-file without mode ABAC"
        if self.authorization_webhook_config_file and WEBHOOK not in modes:
            yield "cannot specify --authorization-webhook-config-file without mode Webhook"
        if len(set(modes)) != len(modes):
            yield f"authorization-mode {quoted_list(modes)} has mode specified more than once"
        version = self.authorization_webhook_version
        if WEBHOOK in modes and version not in _VERSIONS:
            supported = ", ".join(map(quote, _VERSIONS))
            yield f"unsupported webhook authorizer version {quote(version)}, supported versions are {supported}"
