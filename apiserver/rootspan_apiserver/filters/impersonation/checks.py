"""What must be allowed so that one user may be another: a question to the authorizer for each part of the other identity.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation/mode.go (impersonationModeState)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import perf_counter

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, Authorizer
from rootspan_apiserver.filters.authorization import forbidden_error
from rootspan_apiserver.filters.impersonation.identities import node, service_account
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.status import StatusError, listed
from rootspan_apiserver.kube.users import MASTERS, User
from rootspan_apiserver.rules import Path, RuleContext
from rootspan_apiserver.rules.domain_paths import domain_prefixed_path
from rootspan_apiserver.telemetry.impersonation_metrics import ImpersonationMetrics

AUTHENTICATION = "authentication.k8s.io"
MANY = 4
"""From so many groups, or values of extra, a permission for all of them is tried first."""
Adapt = Callable[[AuthorizationAttributes], AuthorizationAttributes]


class Checks:
    """Asks the authorizer what a user may do in one mode of impersonation.

    Args:
        mode: Its name in the metrics.
        verb: What must be allowed on each part of an identity: `impersonate`, or `impersonate:MODE`.
        adapt: Changes every question.
    """

    def __init__(
        self,
        authorizer: Authorizer,
        metrics: ImpersonationMetrics,
        mode: str,
        verb: str,
        adapt: Adapt = lambda attributes: attributes,
    ) -> None:
        self._authorizer = authorizer
        self._metrics = metrics
        self._mode = mode
        self._verb = verb
        self._adapt = adapt
        self._constrained = verb != "impersonate"

    async def check(self, attributes: AuthorizationAttributes) -> None:
        """Raise StatusError 403 unless this is allowed."""
        attributes = self._adapt(attributes)
        started = perf_counter()
        decision = await self._authorizer.authorize(attributes)
        allowed = decision.verdict == "allow"
        self._metrics.check(self._mode, allowed=allowed, seconds=perf_counter() - started)
        if not allowed:
            raise forbidden_error(attributes, ": ".join(filter(None, (decision.error, decision.reason))))

    async def check_identity(self, requestor: User, wanted: User) -> None:
        """Check each part of the identity `wanted`. Raises StatusError 403."""
        await self.check(self._of_name(requestor, wanted.name))
        if wanted.uid:
            await self.check(self._question(requestor, "uids", wanted.uid))
        if wanted.groups:
            await self._check_groups(requestor, wanted.groups)
        if wanted.extra:
            await self._check_extra(requestor, wanted.extra)

    def _of_name(self, requestor: User, name: str) -> AuthorizationAttributes:
        group = AUTHENTICATION if self._constrained else ""
        if self._constrained and (node_name := node(name)) is not None:
            return self._question(requestor, "nodes", node_name, group=group)
        if account := service_account(name):
            return self._question(requestor, "serviceaccounts", account[1], group=group, namespace=account[0])
        return self._question(requestor, "users", name, group=group)

    async def _check_groups(self, requestor: User, groups: Sequence[str]) -> None:
        group = AUTHENTICATION if self._constrained else ""
        question = self._question(requestor, "groups", "", group=group)
        if self._constrained and "" in groups:
            raise forbidden_error(question, "impersonating the empty string group is not allowed")
        if self._constrained and MASTERS in groups:
            why = "impersonating the system:masters group is not allowed"
            raise forbidden_error(replace(question, name=MASTERS), why)
        if len(groups) >= MANY and await self._are_all_allowed(replace(question, name="*")):
            return
        for each in groups:
            await self.check(replace(question, name=each))

    async def _check_extra(self, requestor: User, extra: Mapping[str, Sequence[str]]) -> None:
        question = self._question(requestor, "userextras", "")
        if self._constrained and (fault := next(_faults_of_extra(extra), None)):
            raise forbidden_error(question, fault)
        many = len(extra) >= MANY or sum(map(len, extra.values())) >= MANY
        if many and await self._are_all_allowed(replace(question, subresource="*", name="*")):
            return
        for key, values in extra.items():
            for each in values:
                await self.check(replace(question, subresource=key, name=each))

    async def _are_all_allowed(self, question: AuthorizationAttributes) -> bool:
        if not self._constrained:
            return False
        try:
            await self.check(question)
        except StatusError:
            return False
        return True

    def _question(
        self, requestor: User, resource: str, name: str, *, group: str = AUTHENTICATION, namespace: str = ""
    ) -> AuthorizationAttributes:
        return AuthorizationAttributes(
            user=requestor,
            verb=self._verb,
            is_resource=True,
            namespace=namespace,
            group=group,
            version="v1",
            resource=resource,
            name=name,
        )


def _faults_of_extra(extra: Mapping[str, Sequence[str]]) -> Iterator[str]:
    path, context = Path("extra") / "key", RuleContext(update=False, root={})
    for key, values in extra.items():
        if not key:
            yield "impersonating the empty string key in extra is not allowed"
        elif errors := list(domain_prefixed_path.check(key, None, path, context)):
            yield f"impersonating an invalid key in extra is not allowed: {listed(errors)}"
        elif key != key.lower():
            yield f"impersonating a non-lowercase key in extra is not allowed: {quote(key)}"
        elif not values:
            yield "impersonating empty values in extra is not allowed"
        elif "" in values:
            yield "impersonating the empty string value in extra is not allowed"
