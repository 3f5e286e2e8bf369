"""The modes of --authorization-mode: a new mode is a file in this package and a row in `MODES`.

Upstream: pkg/kubeapiserver/authorizer/modes/modes.go, pkg/kubeapiserver/authorizer/reload.go
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from rootspan_apiserver.authz.always_allow import AlwaysAllow
from rootspan_apiserver.authz.always_deny import AlwaysDeny
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.authz.privileged_groups import PrivilegedGroups
from rootspan_apiserver.authz.union import UnionAuthorizer

if TYPE_CHECKING:  # the command line reads the names of the modes, and must not import the store for its help
    from rootspan_apiserver.resources.catalogue import Registry
    from rootspan_apiserver.storage.cache_reads import CacheReads

BuildAuthorizer = Callable[["CacheReads", "Registry"], Authorizer]
"""Makes the authorizer of a mode. It may keep the cache and read objects from it whenever it decides."""


def _rbac(cache: "CacheReads", registry: "Registry") -> Authorizer:
    from rootspan_apiserver.authz.rbac import RBACAuthorizer
    from rootspan_apiserver.authz.role_bindings import RoleBindings

    return RBACAuthorizer(RoleBindings(cache, registry))


MODES: Mapping[str, BuildAuthorizer] = MappingProxyType(
    {
        "AlwaysAllow": lambda cache, registry: AlwaysAllow(),
        "AlwaysDeny": lambda cache, registry: AlwaysDeny(),
        "RBAC": _rbac,
    }
)


def authorizer_for(modes: Iterable[str], cache: "CacheReads", registry: "Registry") -> UnionAuthorizer:
    """Return an authorizer that allows `system:masters` everything and consults `modes`, names of `MODES`, in order."""
    return UnionAuthorizer([PrivilegedGroups(), *(MODES[mode](cache, registry) for mode in modes)])
