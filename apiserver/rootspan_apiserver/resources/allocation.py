"""Values that no two objects of a resource may share, such as the cluster IPs of Services.

An allocator knows what the stored objects have, from the watch cache, and what writes on their way to the store have reserved. So a write
costs the same whatever the number of objects.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (BeginCreate, BeginUpdate)
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from rootspan_apiserver.kube.meta import JSONObject, ObjectKey
from rootspan_apiserver.processes.claims import Claims

Release = Callable[[], None]
"""Ends the reservations of a write, once it has failed, or has stored the object."""


class ObservedObjects(Protocol):
    """Observes the stored objects of one resource."""

    def clear(self) -> None:
        """Forget the stored objects: `put` follows for each."""
        ...

    def put(self, key: ObjectKey, obj: JSONObject) -> None:
        """Note what a stored object, new or changed, has."""
        ...

    def remove(self, key: ObjectKey) -> None:
        """Free what a deleted object had."""
        ...


class Allocator(ObservedObjects, Protocol):
    """The allocator of one resource of one server."""

    def also_observed(self) -> Mapping[str, ObservedObjects]:
        """Return what observes the objects of other resources, by storage path."""
        ...

    def share(self, claims: Claims) -> None:
        """Reserve only what no other process of the server has reserved."""
        ...

    def begin_create(self, obj: JSONObject, *, dry_run: bool) -> Release:
        """Reserve what a new object asks for, and fill in what it leaves to the server.

        Raises:
            StatusError: 422, another object has it, or it is out of range; 500, nothing is left.
        """
        ...

    def begin_update(self, obj: JSONObject, old: JSONObject, *, dry_run: bool) -> Release:
        """Reserve what `obj` asks for beyond what `old` has, and fill in what it leaves to the server.

        Raises:
            StatusError: as `begin_create`.
        """
        ...
