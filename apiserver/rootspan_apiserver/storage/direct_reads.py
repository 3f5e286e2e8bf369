"""Reads of resources that have no watch cache: gets, lists and watches of etcd.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go
"""

from contextlib import AbstractAsyncContextManager

from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.errors import parse_resource_version, too_large
from rootspan_apiserver.storage.etcd_list import EtcdLists
from rootspan_apiserver.storage.etcd_store import EtcdStore
from rootspan_apiserver.storage.etcd_watch import EtcdWatches
from rootspan_apiserver.storage.list_options import ListOptions
from rootspan_apiserver.storage.listing import ListResult
from rootspan_apiserver.storage.scope import KeyScope, Predicate, object_path
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.storage.watch import CacheWatch


class DirectReads:
    """Reads from etcd, below `prefix`."""

    def __init__(self, etcd: EtcdClient, store: EtcdStore, lists: EtcdLists, prefix: str) -> None:
        self._store = store
        self._lists = lists
        self._watches = EtcdWatches(etcd, lists, prefix)

    async def get(self, resource: Resource, namespace: str, name: str, resource_version: str) -> StoredObject | None:
        """Return one object, None if there is none. Raises StatusError 504: there is no such resourceVersion yet."""
        requested = parse_resource_version(resource_version)
        found = await self._store.get(object_path(resource, namespace, name))
        if requested > (found.revision if found is not None else 0):
            current = await self._lists.current_revision(resource)
            if requested > current:
                raise too_large(requested, current, retry_after=0)
        return found

    async def list(self, namespace: str, predicate: Predicate, options: ListOptions) -> ListResult:
        """Return the objects that match. Raises StatusError."""
        scope = KeyScope.of(predicate, namespace, continued=bool(options.continue_token))
        return await self._lists.list(scope, predicate, options)

    def watch(
        self, namespace: str, predicate: Predicate, options: ListOptions
    ) -> AbstractAsyncContextManager[CacheWatch]:
        """Watch the objects that match. Raises StatusError when it is entered or iterated."""
        return self._watches.watch(namespace, predicate, options)
