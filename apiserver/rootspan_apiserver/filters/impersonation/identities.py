"""What the name of a user says about it, and the groups that it is in for that reason.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/filters/impersonation/mode.go,
staging/src/k8s.io/apiserver/pkg/authentication/serviceaccount/util.go
"""

from dataclasses import replace

from rootspan_apiserver.kube.names import dns_label, dns_subdomain
from rootspan_apiserver.kube.users import (
    ACCOUNT_PREFIX,
    ALL_AUTHENTICATED,
    ALL_UNAUTHENTICATED,
    ANONYMOUS,
    User,
    account_groups,
)

NODES = "system:nodes"
_NODE = "system:node:"
_NODE_NAME = "authentication.kubernetes.io/node-name"


def service_account(username: str) -> tuple[str, str] | None:
    """Return the namespace and the name in the user name of a service account; None for any other user."""
    namespace, colon, name = username.removeprefix(ACCOUNT_PREFIX).partition(":")
    if not username.startswith(ACCOUNT_PREFIX) or not colon or dns_label(namespace) or dns_subdomain(name):
        return None
    return namespace, name


def node(username: str) -> str | None:
    """Return the name of the node in the user name of a kubelet; None for any other user."""
    name = username.removeprefix(_NODE)
    return None if not username.startswith(_NODE) or dns_subdomain(name) else name


def runs_on(user: User, node_name: str) -> bool:
    """Return whether a user is a service account whose token says that it is used on this node."""
    return service_account(user.name) is not None and user.extra.get(_NODE_NAME) == (node_name,)


def only_named(user: User) -> bool:
    """Return whether nothing but the name of a user is given."""
    return not (user.uid or user.groups or user.extra)


def completed(wanted: User, *, constrained: bool = False) -> User:
    """Return the user with the groups that all users of its kind are in; nodes have theirs in constrained impersonation only."""
    groups = wanted.groups
    if constrained and node(wanted.name) is not None:
        groups = (NODES,)
    if not groups and (account := service_account(wanted.name)):
        groups = account_groups(account[0])
    unauthenticated = wanted.name == ANONYMOUS or ALL_UNAUTHENTICATED in groups
    added = ALL_UNAUTHENTICATED if unauthenticated else ALL_AUTHENTICATED
    return replace(wanted, groups=groups if added in groups else (*groups, added))
