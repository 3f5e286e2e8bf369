"""Finalizers that the garbage collector works on: `orphan` and `foregroundDeletion`, set by how a deletion was asked for.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (deletionFinalizersForGarbageCollection)
"""

from collections.abc import Mapping
from typing import Any

from rootspan_apiserver.kube.deletion import FOREGROUND_FINALIZER, ORPHAN_FINALIZER
from rootspan_apiserver.registry.options import DeleteOptions
from rootspan_apiserver.resources.resource import Resource

_BY_POLICY: Mapping[str, tuple[str, ...]] = {
    "Orphan": (ORPHAN_FINALIZER,),
    "Foreground": (FOREGROUND_FINALIZER,),
    "Background": (),
}


def finalizers_for(resource: Resource, metadata: Mapping[str, Any], options: DeleteOptions) -> list[str]:
    """The finalizers an object has once its deletion was asked for like this.

    An explicit policy overrides the finalizer that is there, and that the resource's default.
    """
    present: list[str] = metadata.get("finalizers") or []
    others = [finalizer for finalizer in present if finalizer not in (ORPHAN_FINALIZER, FOREGROUND_FINALIZER)]
    if not resource.default_propagation:
        return others
    if options.orphan_dependents is not None:
        return [*others, ORPHAN_FINALIZER] if options.orphan_dependents else others
    if options.propagation_policy:
        return [*others, *_BY_POLICY[options.propagation_policy]]
    if len(others) < len(present):
        return present
    return [*others, *_BY_POLICY[resource.default_propagation]]
