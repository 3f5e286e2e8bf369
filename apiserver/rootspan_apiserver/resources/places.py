"""Where kube-apiserver keeps a resource below the prefix of its store, and the Go type its spans name.

Most resources lie under their plural; a few under the name they had before 1.0, and those of the aggregated servers and of custom
resources under group and plural. An internal Go type is named by its package and kind.
"""

from rootspan_apiserver.kube.meta import GroupResource, GroupVersionKind
from rootspan_apiserver.types.tables import go_types

OLD_NAMES = {
    GroupResource("", "replicationcontrollers"): "/controllers",
    GroupResource("", "services"): "/services/specs",
}
GROUPED = {"apiextensions.k8s.io"}


def storage_path(resource: GroupResource) -> str:
    """The place of a built-in resource, e.g. `/minions`."""
    if resource.group in GROUPED:
        return f"/{resource.group}/{resource.resource}"
    return OLD_NAMES.get(resource, f"/{resource.resource}")


def go_type(kind: GroupVersionKind) -> str:
    """The internal type of a built-in kind, e.g. `*core.Node`."""
    package = go_types().package(kind.group, kind.version) or kind.group.partition(".")[0]
    return f"*{package.partition('/')[0]}.{kind.kind}"
