"""The modes of impersonation: constrained ones, which also depend on what is done as the other user, and the original one.

A constrained mode asks for two permissions: `impersonate-on:MODE:VERB` on the resource of the request, and `impersonate:MODE` on the
identity. What succeeded is remembered for ten seconds.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation/mode.go, cache.go
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Protocol

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, Authorizer
from rootspan_apiserver.filters.impersonation.checks import Adapt, Checks
from rootspan_apiserver.filters.impersonation.identities import completed, node, only_named, runs_on, service_account
from rootspan_apiserver.kube.expiring_cache import ExpiringCache
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.telemetry.impersonation_metrics import ImpersonationMetrics

CACHE_SECONDS = 10.0
CACHE_SIZE = 8192
ASSOCIATED_NODE = "associated-node"
Applies = Callable[[User, User], bool]
"""Whether a mode is for this: the user that is wanted, and the requestor."""


@dataclass(frozen=True, slots=True)
class ImpersonatedUser:
    """Who the request is made as, and by which verb that was allowed: "" in the original mode."""

    user: User
    mode: str
    constraint: str = ""


class Mode(Protocol):
    """One way in which a user may be allowed to be another."""

    async def check(self, wanted: User, attributes: AuthorizationAttributes) -> ImpersonatedUser | None:
        """Return the other user, None if this mode is not for such users.

        Raises:
            StatusError: 403, it is not allowed.
        """
        ...


class LegacyMode:
    """The verb `impersonate`, which allows everything that the other user may do. It is asked for anew by every request."""

    def __init__(self, authorizer: Authorizer, metrics: ImpersonationMetrics) -> None:
        self._checks = Checks(authorizer, metrics, "legacy", "impersonate")

    async def check(self, wanted: User, attributes: AuthorizationAttributes) -> ImpersonatedUser | None:
        await self._checks.check_identity(attributes.user, wanted)
        return ImpersonatedUser(completed(wanted), "legacy")


class ConstrainedMode:
    """A mode `impersonate:MODE`, for the users to which it applies."""

    def __init__(
        self,
        authorizer: Authorizer,
        metrics: ImpersonationMetrics,
        name: str,
        applies: Applies,
        adapt: Adapt = lambda attributes: attributes,
    ) -> None:
        self._name = name
        self._applies = applies
        self._adapt = adapt
        self._checks = Checks(authorizer, metrics, name, f"impersonate:{name}", adapt)
        self._requests: ExpiringCache[Hashable, bool] = ExpiringCache(CACHE_SIZE)
        self._identities: ExpiringCache[Hashable, bool] = ExpiringCache(CACHE_SIZE)

    async def check(self, wanted: User, attributes: AuthorizationAttributes) -> ImpersonatedUser | None:
        requestor = attributes.user
        if not self._applies(wanted, requestor):
            return None
        seen = self._adapt(attributes)
        # Whichever its own node is: what an account may do there does not depend on it.
        named = User("system:node:*") if self._name == ASSOCIATED_NODE else wanted
        identity = (_identity(seen.user), _identity(named))
        # What is not understood of a request is not part of the key, so such a request is not remembered.
        understood = not (seen.field_selector_error or seen.label_selector_error)
        request = (identity, seen.key()) if understood else None
        if request is None or not self._requests.get(request):
            await self._checks.check(replace(attributes, verb=f"impersonate-on:{self._name}:{attributes.verb}"))
            if not self._identities.get(identity):
                await self._checks.check_identity(requestor, wanted)
                self._identities.set(identity, True, CACHE_SECONDS)
            if request is not None:
                self._requests.set(request, True, CACHE_SECONDS)
        user = completed(wanted, constrained=True)
        return ImpersonatedUser(user, self._name, f"impersonate:{self._name}")


def _identity(user: User) -> Hashable:
    return user.name, user.uid, user.groups, tuple((key, user.extra[key]) for key in sorted(user.extra))


def modes(authorizer: Authorizer, metrics: ImpersonationMetrics) -> tuple[Mode, ...]:
    """Return the modes, the most restricted one first."""
    return (
        ConstrainedMode(authorizer, metrics, ASSOCIATED_NODE, _is_own_node, _of_any_node),
        ConstrainedMode(authorizer, metrics, "arbitrary-node", _is_node),
        ConstrainedMode(authorizer, metrics, "serviceaccount", _is_service_account),
        ConstrainedMode(authorizer, metrics, "user-info", _is_other),
        LegacyMode(authorizer, metrics),
    )


def _is_own_node(wanted: User, requestor: User) -> bool:
    name = node(wanted.name)
    return only_named(wanted) and name is not None and runs_on(requestor, name)


def _is_node(wanted: User, requestor: User) -> bool:
    return only_named(wanted) and node(wanted.name) is not None


def _is_service_account(wanted: User, requestor: User) -> bool:
    return only_named(wanted) and service_account(wanted.name) is not None


def _is_other(wanted: User, requestor: User) -> bool:
    return node(wanted.name) is None and service_account(wanted.name) is None


def _of_any_node(attributes: AuthorizationAttributes) -> AuthorizationAttributes:
    """Return the question without what is particular to the requestor's node: the answer must hold for all of its nodes."""
    keys = "authentication.kubernetes.io/associated-node-keys"
    user = replace(attributes.user, extra={keys: tuple(sorted(attributes.user.extra))})
    any_node = attributes.verb == f"impersonate:{ASSOCIATED_NODE}"
    return replace(attributes, user=user, name="*" if any_node else attributes.name)
