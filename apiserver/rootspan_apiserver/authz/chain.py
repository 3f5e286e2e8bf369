"""The authorizers of a server, in the order of its configuration, which may change while the server runs.

Authorizers that keep something of the cluster live as long as the server; webhooks are made anew with each configuration.

Upstream: pkg/kubeapiserver/authorizer/config.go, pkg/kubeapiserver/authorizer/reload.go
"""

from collections.abc import Callable, Mapping, Sequence

from rootspan import ConfigurationError
from rootspan_apiserver.authz.authorizer import (
    AuthorizationAttributes,
    AuthorizationDecision,
    Authorizer,
    RuleResolver,
    UserRules,
    Verdict,
)
from rootspan_apiserver.authz.authorizer_configuration import AuthorizerConfiguration
from rootspan_apiserver.authz.privileged_groups import PrivilegedGroups
from rootspan_apiserver.authz.union import UnionAuthorizer
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.telemetry.authorization_metrics import AuthorizationMetrics
from rootspan_apiserver.telemetry.metric_types import Number

WEBHOOK = "Webhook"
MakeWebhook = Callable[[AuthorizerConfiguration], Authorizer]
"""Makes the authorizer of a webhook. Raises rootspan.ConfigurationError."""


class AuthorizerChain:
    """Allows `system:masters` everything and consults the authorizers of the configuration in order.

    Args:
        modes: The authorizers that live as long as the server, by mode.
        webhook: Makes the others.
    """

    def __init__(
        self,
        configuration: Sequence[AuthorizerConfiguration],
        *,
        modes: Mapping[str, Authorizer],
        webhook: MakeWebhook,
        metrics: AuthorizationMetrics,
    ) -> None:
        self._modes = modes
        self._webhook = webhook
        self._metrics = metrics
        self.configure(configuration)

    def configure(self, configuration: Sequence[AuthorizerConfiguration]) -> None:
        """Consult other authorizers from now on. Raises rootspan.ConfigurationError and changes nothing."""
        made = [self._made(each) for each in configuration]
        self._current = UnionAuthorizer([PrivilegedGroups(), *made])

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return the first decision to allow or to deny; else `no opinion`."""
        return await self._current.authorize(attributes)

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return the rules of all authorizers that can list them."""
        return await self._current.rules_for(user, namespace)

    def _made(self, configuration: AuthorizerConfiguration) -> "CountedAuthorizer":
        mode = configuration.type
        of_mode = self._webhook(configuration) if mode == WEBHOOK else self._modes.get(mode)
        if of_mode is None:
            raise ConfigurationError(
                f"authorizer type {mode} is not allowed if it was not enabled at initial server startup"
            )
        return CountedAuthorizer(of_mode, configuration, self._metrics)


class CountedAuthorizer:
    """Counts the decisions of an authorizer."""

    def __init__(
        self, inner: Authorizer, configuration: AuthorizerConfiguration, metrics: AuthorizationMetrics
    ) -> None:
        self._inner = inner
        self._type, self._name = configuration.type, configuration.name
        self._metrics = metrics
        self._counted: dict[Verdict, Number] = {}

    async def authorize(self, attributes: AuthorizationAttributes) -> AuthorizationDecision:
        """Return the decision of the authorizer."""
        decision = await self._inner.authorize(attributes)
        verdict = decision.verdict
        if verdict != "no opinion":
            if verdict not in self._counted:
                self._counted[verdict] = self._metrics.decisions(self._type, self._name, verdict)
            self._counted[verdict].inc()
        return decision

    async def rules_for(self, user: User, namespace: str) -> UserRules:
        """Return its rules, none if it cannot list them."""
        inner = self._inner
        return await inner.rules_for(user, namespace) if isinstance(inner, RuleResolver) else UserRules()
