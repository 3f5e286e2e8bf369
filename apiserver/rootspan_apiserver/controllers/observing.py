"""The objects of a resource and every change of them, observed through the watch cache.

Upstream: staging/src/k8s.io/client-go/tools/cache/shared_informer.go
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage import Predicate, Storage, StoredObject
from rootspan_apiserver.storage.list_options import ListOptions

PAUSE = 1.0
"""Seconds before a watch that ended is begun again."""


@dataclass(frozen=True, slots=True)
class Observation:
    """An object as it is now, or as it was when it was `deleted`."""

    object: StoredObject
    deleted: bool


async def observe(storage: Storage, resource: Resource) -> AsyncGenerator[Observation, None]:
    """Yield every object, then every change, without end. Changes between two watches are yielded when the next one begins."""
    predicate = Predicate(resource)
    known: dict[str, StoredObject] = {}
    while True:
        try:
            found = await storage.list("", predicate, ListOptions(resource_version="0"))
            present = {stored.key: stored for stored in found.items}
            for key in known.keys() - present.keys():
                yield Observation(known[key], deleted=True)
            for key, stored in present.items():
                if key not in known or known[key].revision != stored.revision:
                    yield Observation(stored, deleted=False)
            known = present
            options = ListOptions(resource_version=found.resource_version)
            async with storage.watch("", predicate, options) as watch:
                async for event in watch:
                    if event.object is None:
                        continue
                    deleted = event.kind == "DELETED"
                    if deleted:
                        known.pop(event.object.key, None)
                    else:
                        known[event.object.key] = event.object
                    yield Observation(event.object, deleted)
        except StatusError:
            pass
        await asyncio.sleep(PAUSE)
