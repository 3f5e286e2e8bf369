"""What the tests of the store and of the verbs above it are made of."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache

from opentelemetry.trace import NoOpTracerProvider, TracerProvider

from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.selectors import FieldSelector, LabelSelector
from rootspan_apiserver.storage import (
    CacheWatch,
    Decision,
    Predicate,
    Storage,
    StoredObject,
    WatchEvent,
    Write,
    Written,
)
from rootspan_apiserver.telemetry.tracing import Tracing

WITHIN = 10.0


@cache
def resource(plural: str, group: str = "", version: str = "v1") -> Resource:
    """A built-in resource."""
    found = builtin_registry().lookup(group, version, plural)
    assert found is not None
    return found


def config_map(
    name: str, data: str = "", *, labels: dict[str, str] | None = None, namespace: str = "default"
) -> JSONObject:
    metadata: JSONObject = {"name": name, "namespace": namespace, "uid": f"uid-of-{name}"}
    if labels:
        metadata["labels"] = labels
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"value": data}}


Transform = Callable[[StoredObject | None], Awaitable[JSONObject]]


async def update(
    storage: Storage,
    transform: Transform,
    *,
    name: str = "c1",
    namespace: str = "default",
    missing_ok: bool = False,
    dry_run: bool = False,
) -> StoredObject:
    """Store what `transform` makes of the present config map."""

    async def change(current: StoredObject | None) -> Decision:
        return Write(await transform(current))

    outcome = await storage.guaranteed_update(
        resource("configmaps"), namespace, name, change, missing_ok=missing_ok, dry_run=dry_run
    )
    assert isinstance(outcome, Written)
    return outcome.stored


async def put(storage: Storage, name: str, data: str = "", namespace: str = "default", **labels: str) -> StoredObject:
    """Create or replace a config map."""

    async def transform(_: StoredObject | None) -> JSONObject:
        return config_map(name, data, labels=labels, namespace=namespace)

    return await update(storage, transform, name=name, namespace=namespace, missing_ok=True)


async def remove(storage: Storage, name: str, namespace: str = "default") -> StoredObject:
    """Delete a config map."""

    async def check(_: StoredObject) -> None:
        return None

    return await storage.delete(resource("configmaps"), namespace, name, check)


def value(stored: StoredObject) -> str:
    """What `config_map` was given as data."""
    found: str = stored.decode()["data"]["value"]
    return found


def names(items: list[StoredObject]) -> list[str]:
    return [stored.key.rpartition("/")[2] for stored in items]


def config_maps(labels: str = "", fields: str = "") -> Predicate:
    return Predicate(resource("configmaps"), LabelSelector.parse(labels), FieldSelector.parse(fields))


def seen(event: WatchEvent) -> tuple[str, str, str]:
    """An event as kind, name and resource version."""
    return event.kind, "" if event.object is None else names([event.object])[0], event.resource_version


async def take(watch: CacheWatch, count: int) -> list[tuple[str, str, str]]:
    return [seen(await anext(watch)) for _ in range(count)]


def storage_over(
    client: EtcdClient,
    prefix: str = "/registry",
    *,
    tracer_provider: TracerProvider | None = None,
    bookmark_interval: float = 60.0,
) -> Storage:
    return Storage(
        client,
        Tracing(tracer_provider or NoOpTracerProvider()),
        prefix=prefix,
        resources=(resource("configmaps"), resource("pods"), resource("namespaces")),
        bookmark_interval=bookmark_interval,
    )


@contextlib.asynccontextmanager
async def embedded_storage(bookmark_interval: float = 60.0) -> AsyncIterator[tuple[Storage, EtcdClient, EmbeddedEtcd]]:
    """A store that is ready, with its client and its etcd."""
    async with (
        EmbeddedEtcd() as embedded,
        EtcdClient([URL], transport=embedded.transport) as client,
        storage_over(client, bookmark_interval=bookmark_interval) as storage,
    ):
        assert await storage.wait_ready(WITHIN)
        yield storage, client, embedded
