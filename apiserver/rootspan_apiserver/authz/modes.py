"""The modes of --authorization-mode that need nothing but the cluster: a new one is a file in this package and a row in `MODES`.

The other modes, which have files of their own, are made by `authorization.py` of the server.

Upstream: pkg/kubeapiserver/authorizer/modes/modes.go, pkg/kubeapiserver/authorizer/reload.go
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from rootspan_apiserver.authz.always_allow import AlwaysAllow
from rootspan_apiserver.authz.always_deny import AlwaysDeny
from rootspan_apiserver.authz.authorizer import Authorizer

if TYPE_CHECKING:  # the command line reads the names of the modes, and must not import the store for its help
    from rootspan_apiserver.resources.catalogue import Registry
    from rootspan_apiserver.storage.cache_reads import CacheReads

BuildAuthorizer = Callable[["CacheReads", "Registry"], Authorizer]
"""Makes the authorizer of a mode. It may keep the cache and read objects from it whenever it decides."""


def _rbac(cache: "CacheReads", registry: "Registry") -> Authorizer:
    from rootspan_apiserver.authz.rbac import RBACAuthorizer
    from rootspan_apiserver.authz.role_bindings import RoleBindings

    return RBACAuthorizer(RoleBindings(cache, registry))


def _node(cache: "CacheReads", registry: "Registry") -> Authorizer:
    from rootspan_apiserver.authz.bootstrap_policy import bootstrap_policy
    from rootspan_apiserver.authz.node import NodeAuthorizer
    from rootspan_apiserver.authz.node_graph import NodeGraph
    from rootspan_apiserver.authz.policy_rules import PolicyRule

    rules = [PolicyRule.of(rule) for role in bootstrap_policy() if role.name == "system:node" for rule in role.rules]
    return NodeAuthorizer(NodeGraph(cache, registry), rules)


MODES: Mapping[str, BuildAuthorizer] = MappingProxyType(
    {
        "AlwaysAllow": lambda cache, registry: AlwaysAllow(),
        "AlwaysDeny": lambda cache, registry: AlwaysDeny(),
        "Node": _node,
        "RBAC": _rbac,
    }
)


def authorizers_of(modes: Iterable[str], cache: "CacheReads", registry: "Registry") -> Mapping[str, Authorizer]:
    """Return the authorizers of those of the `modes` that need nothing but the cluster, by mode."""
    return {mode: MODES[mode](cache, registry) for mode in modes if mode in MODES}
