"""The spans of the store, as kube-apiserver 1.36 records them: which, where, with what and in what order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from textwrap import dedent

import pytest
from opentelemetry.sdk.trace import TracerProvider

from rootspan.testing import SpanRecorder, recording_provider, tree
from rootspan_apiserver.dialects.v1_36 import COMPONENT, V1_36
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.registry.options import ListOptions
from rootspan_apiserver.storage import Storage, StoredObject
from rootspan_apiserver.telemetry.audit_id import audit_id
from tests.apiserver.storage.parts import WITHIN, config_map, config_maps, resource, storage_over, update

pytestmark = pytest.mark.anyio

CONFIG_MAPS = resource("configmaps")
CREATED = [
    "About to Encode",
    "Encode succeeded",
    "TransformToStorage succeeded",
    "Txn call succeeded",
    "decode succeeded",
]
RPC = ["message", "message"]


class Traced:
    """A store whose spans are recorded, those of a request below a span of its own."""

    def __init__(self, storage: Storage, provider: TracerProvider, recorder: SpanRecorder) -> None:
        self.storage = storage
        self._tracer = provider.get_tracer("test")
        self._recorder = recorder

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        self._recorder.clear()
        token = audit_id.set("audit-1")
        try:
            with self._tracer.start_as_current_span("request"):
                yield
        finally:
            audit_id.reset(token)

    def printed(self, *attributes: str) -> str:
        """The spans of the last request."""
        spans = self._recorder.spans
        (request,) = (span for span in spans if span.name == "request")
        return tree([span for span in spans if span.trace_id == request.trace_id], attributes=attributes)

    def events(self, name: str) -> list[str]:
        (span,) = (span for span in self._recorder.spans if span.name == name)
        return [event.name for event in span.events]

    def span_attributes(self, name: str) -> dict[str, object]:
        (span,) = (span for span in self._recorder.spans if span.name == name)
        assert (span.kind, span.scope.name) == ("INTERNAL", COMPONENT)
        return dict(span.attributes)


@pytest.fixture
async def traced() -> AsyncIterator[Traced]:
    provider, recorder = recording_provider(service="apiserver")
    async with (
        asyncio.timeout(6 * WITHIN),
        EmbeddedEtcd() as embedded,
        EtcdClient(
            [URL], transport=lambda: V1_36.etcd_client(embedded.transport(), tracer_provider=provider)
        ) as client,
        storage_over(client, tracer_provider=provider) as storage,
    ):
        assert await storage.wait_ready(WITHIN)
        yield Traced(storage, provider, recorder)


def expected(text: str) -> str:
    return dedent(text).strip()


async def created(traced: Traced, name: str = "c1") -> StoredObject:
    stored = await traced.storage.create(CONFIG_MAPS, "default", name, config_map(name))
    await traced.storage.cached(CONFIG_MAPS)
    return stored


async def test_spans_of_create(traced: Traced) -> None:
    """One transaction, with the object's key, type, group and resource."""
    with traced.request():
        await traced.storage.create(CONFIG_MAPS, "default", "c1", config_map("c1"))
    assert traced.printed() == expected("""
        request INTERNAL apiserver
        └─ Create etcd3 INTERNAL apiserver
           └─ etcdserverpb.KV/Txn CLIENT apiserver
    """)
    assert traced.events("Create etcd3") == CREATED
    assert traced.span_attributes("Create etcd3") == {
        "audit-id": "audit-1",
        "key": "/configmaps/default/c1",
        "type": "*core.ConfigMap",
        "group": "",
        "resource": "configmaps",
    }
    with traced.request(), pytest.raises(StatusError):
        await traced.storage.create(CONFIG_MAPS, "default", "c1", config_map("c1"))
    assert traced.events("Create etcd3") == CREATED[:-1]


async def test_spans_of_get(traced: Traced) -> None:
    """Without a resourceVersion from etcd, with one from the cache."""
    await created(traced)
    with traced.request():
        await traced.storage.get(CONFIG_MAPS, "default", "c1")
    assert traced.printed("key") == expected("""
        request INTERNAL apiserver
        └─ cacher.Get INTERNAL apiserver key=/configmaps/default/c1
           └─ etcdserverpb.KV/Range CLIENT apiserver
    """)
    assert traced.span_attributes("cacher.Get")["resource-version"] == ""
    assert traced.events("cacher.Get") == ["About to Get from underlying storage"]
    with traced.request():
        await traced.storage.get(CONFIG_MAPS, "default", "c1", "0")
    assert traced.printed("resource-version") == expected("""
        request INTERNAL apiserver
        └─ cacher.Get INTERNAL apiserver resource-version=0
    """)
    assert traced.events("cacher.Get") == [
        "About to fetch object from cache",
        "watchCache locked acquired",
        "watchCache fresh enough",
    ]


async def test_spans_of_list(traced: Traced) -> None:
    """A consistent list asks etcd for its revision and answers from the cache; one at resourceVersion 0 asks nobody."""
    await created(traced)
    with traced.request():
        await traced.storage.list("default", config_maps(), ListOptions())
    assert traced.printed("type", "key", "limit") == expected("""
        request INTERNAL apiserver
        └─ cacher.GetList INTERNAL apiserver type=configmaps
           └─ List(recursive=false) etcd3 INTERNAL apiserver key=/configmaps limit=1
              └─ etcdserverpb.KV/Range CLIENT apiserver
    """)
    listed = [
        "Ready",
        "watchCache locked acquired",
        "watchCache fresh enough",
        "Listed items from cache",
        "Resized result",
        "Filtered items",
    ]
    assert traced.events("cacher.GetList") == listed
    with traced.request():
        await traced.storage.list("default", config_maps(), ListOptions(resource_version="0"))
    assert traced.printed() == expected("""
        request INTERNAL apiserver
        └─ cacher.GetList INTERNAL apiserver
    """)
    with traced.request():
        await traced.storage.list("default", config_maps("a=b"), ListOptions(resource_version="0"))
    assert traced.events("cacher.GetList") == [event for event in listed if event != "Resized result"]


async def test_spans_of_pages(traced: Traced) -> None:
    """The second page of a list is read from the cache, as it was when the first one was."""
    for name in ("c1", "c2"):
        await created(traced, name)
    first = await traced.storage.list("", config_maps(), ListOptions(limit=1))
    with traced.request():
        await traced.storage.list("", config_maps(), ListOptions(limit=1, continue_token=first.continue_token))
    assert traced.printed() == expected("""
        request INTERNAL apiserver
        └─ cacher.GetList INTERNAL apiserver
    """)


async def test_spans_of_list_that_the_cache_cannot_answer(traced: Traced) -> None:
    """Goes to etcd, with the options it was asked with."""
    exact = ListOptions(resource_version="1", resource_version_match="Exact", limit=5)
    await created(traced)
    await traced.storage.expire_history()
    with traced.request(), pytest.raises(StatusError, match="too old"):
        await traced.storage.list("", config_maps(), exact)
    assert traced.printed("key", "resourceVersion", "resourceVersionMatch", "limit", "continue") == expected("""
        request INTERNAL apiserver
        └─ List(recursive=true) etcd3 INTERNAL apiserver key=/configmaps resourceVersion=1 resourceVersionMatch=Exact limit=5 continue=
           └─ etcdserverpb.KV/Range CLIENT apiserver ERROR: etcdserver: mvcc: required revision has been compacted
    """)


async def renewed(current: StoredObject | None) -> JSONObject:
    assert current is not None
    return config_map("c1", str(current.revision))


async def test_spans_of_update(traced: Traced) -> None:
    """From the cache's copy, in one transaction; what changes the object is called by the request, not by the store."""
    await created(traced)

    async def change(current: StoredObject | None) -> JSONObject:
        await traced.storage.get(CONFIG_MAPS, "default", "other")
        return await renewed(current)

    with traced.request():
        await update(traced.storage, change)
    assert traced.printed() == expected("""
        request INTERNAL apiserver
        ├─ GuaranteedUpdate etcd3 INTERNAL apiserver
        │  └─ etcdserverpb.KV/Txn CLIENT apiserver
        └─ cacher.Get INTERNAL apiserver
           └─ etcdserverpb.KV/Range CLIENT apiserver
    """)
    assert traced.events("GuaranteedUpdate etcd3") == [
        "initial value restored",
        "About to Encode",
        "Encode succeeded",
        "TransformToStorage succeeded",
        "Transaction prepared",
        "Txn call completed",
        "Transaction committed",
        "decode succeeded",
    ]
    assert traced.span_attributes("GuaranteedUpdate etcd3")["key"] == "/configmaps/default/c1"


async def test_spans_of_update_that_changes_nothing(traced: Traced) -> None:
    """Makes sure that the cache's copy is the present one, and writes nothing."""
    await created(traced)

    async def unchanged(_: StoredObject | None) -> JSONObject:
        return config_map("c1")

    with traced.request():
        await update(traced.storage, unchanged)
    assert traced.printed() == expected("""
        request INTERNAL apiserver
        └─ GuaranteedUpdate etcd3 INTERNAL apiserver
           └─ etcdserverpb.KV/Range CLIENT apiserver
    """)
    assert traced.events("GuaranteedUpdate etcd3") == ["initial value restored", "About to Encode", "Encode succeeded"]


async def test_spans_of_update_that_creates(traced: Traced) -> None:
    """Reads first, because the cache has nothing to begin with."""

    async def fresh(_: StoredObject | None) -> JSONObject:
        return config_map("c1")

    with traced.request():
        await update(traced.storage, fresh, missing_ok=True)
    assert traced.printed() == expected("""
        request INTERNAL apiserver
        └─ GuaranteedUpdate etcd3 INTERNAL apiserver
           ├─ etcdserverpb.KV/Range CLIENT apiserver
           └─ etcdserverpb.KV/Txn CLIENT apiserver
    """)


async def test_spans_of_refused_update(traced: Traced) -> None:
    """Is refused once it is sure that the copy it was refused for is the present one."""
    await created(traced)

    async def refused(_: StoredObject | None) -> JSONObject:
        raise StatusError(422, "Invalid", "no")

    with traced.request(), pytest.raises(StatusError, match=r"^no$"):
        await update(traced.storage, refused)
    assert traced.printed() == expected("""
        request INTERNAL apiserver
        └─ GuaranteedUpdate etcd3 INTERNAL apiserver
           └─ etcdserverpb.KV/Range CLIENT apiserver
    """)
    assert traced.events("GuaranteedUpdate etcd3") == ["initial value restored"]


async def test_spans_of_delete(traced: Traced) -> None:
    """Has no span of its own, only the transaction's."""
    await created(traced)

    async def let_go(_: StoredObject) -> None:
        return None

    with traced.request():
        await traced.storage.delete(CONFIG_MAPS, "default", "c1", let_go)
    assert traced.printed() == expected("""
        request INTERNAL apiserver
        └─ etcdserverpb.KV/Txn CLIENT apiserver
    """)


async def test_spans_of_watch(traced: Traced) -> None:
    """The span is that of beginning: with the probe of a consistent start, without it behind a resourceVersion."""
    stored = await created(traced)
    with traced.request():
        async with traced.storage.watch("default", config_maps(), ListOptions()) as watch:
            await anext(watch)
    assert traced.printed("type") == expected("""
        request INTERNAL apiserver
        └─ cacher.Watch INTERNAL apiserver type=configmaps
           └─ List(recursive=false) etcd3 INTERNAL apiserver
              └─ etcdserverpb.KV/Range CLIENT apiserver
    """)
    assert traced.events("cacher.Watch") == ["watchCache locked acquired", "watchCache fresh enough"]
    with traced.request():
        options = ListOptions(resource_version=stored.resource_version)
        async with traced.storage.watch("default", config_maps(), options):
            pass
    assert traced.printed() == expected("""
        request INTERNAL apiserver
        └─ cacher.Watch INTERNAL apiserver
    """)
    assert traced.events("cacher.Watch") == []
