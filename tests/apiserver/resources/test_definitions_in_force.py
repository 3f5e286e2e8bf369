"""Definitions in a running server: served, given a status, cleared up after."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from opentelemetry.trace import NoOpTracerProvider

from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.authn.loopback import loopback_authenticator
from rootspan_apiserver.authn.service_account_keys import generated
from rootspan_apiserver.authn.service_account_objects import ServiceAccountObjects
from rootspan_apiserver.authn.service_accounts import ServiceAccountSettings, ServiceAccountTokens
from rootspan_apiserver.authz.always_allow import AlwaysAllow
from rootspan_apiserver.clients.converters import Converters
from rootspan_apiserver.clients.loopback import LoopbackClient, pinned
from rootspan_apiserver.clients.service_resolver import ServiceResolver
from rootspan_apiserver.clients.webhook_clients import WebhookClients
from rootspan_apiserver.controllers.custom_resources import serving_custom_resources
from rootspan_apiserver.embedded_etcd import URL, EmbeddedEtcd
from rootspan_apiserver.etcd import EtcdClient
from rootspan_apiserver.filters.chain import chain
from rootspan_apiserver.handlers.routes import application
from rootspan_apiserver.http.lifecycle import Lifecycle
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import listen, serving
from rootspan_apiserver.storage import Storage
from rootspan_apiserver.telemetry.metrics import Metrics
from rootspan_apiserver.telemetry.tracing import Tracing
from tests.apiserver.resources.definitions import a_definition, a_widget

pytestmark = pytest.mark.anyio
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
DEFINITION = f"{DEFINITIONS}/widgets.example.com"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
SECONDS = 15
Condition = Callable[[JSONObject | None], bool]


async def etcd_up() -> None:
    """The check of a store that is always there."""


@dataclass(frozen=True, slots=True)
class Client:
    http: httpx.AsyncClient

    async def send(
        self, method: str, path: str, body: Any = None, media_type: str = "application/json"
    ) -> httpx.Response:
        content = None if body is None else orjson.dumps(body)
        return await self.http.request(method, path, content=content, headers={"content-type": media_type})

    async def until(self, condition: Condition, after: str = "") -> JSONObject | None:
        """The definition once `condition` holds for it, `after` a resourceVersion; None stands for one that is gone."""
        watch = f"{DEFINITIONS}?watch=1&resourceVersion={after}"
        async with asyncio.timeout(SECONDS), self.http.stream("GET", watch) as answer:
            async for line in answer.aiter_lines():
                event = orjson.loads(line)
                obj: JSONObject | None = None if event["type"] == "DELETED" else event["object"]
                if condition(obj):
                    return obj
        raise AssertionError("the watch ended")


def established(obj: JSONObject | None) -> bool:
    conditions = ((obj or {}).get("status") or {}).get("conditions") or []
    return "Established" in {each["type"] for each in conditions if each["status"] == "True"}


def reason_of(obj: JSONObject | None, kind: str) -> str:
    """Return the reason of a condition, "" if there is none."""
    conditions = ((obj or {}).get("status") or {}).get("conditions") or []
    return next((str(each["reason"]) for each in conditions if each["type"] == kind), "")


def is_named(obj: JSONObject | None) -> bool:
    """Return whether it is the second definition of a name."""
    return obj is not None and obj["metadata"]["name"] == "gadgets.example.com"


@asynccontextmanager
async def server(embedded: EmbeddedEtcd) -> AsyncIterator[Client]:
    provider = NoOpTracerProvider()
    tracing, registry = Tracing(provider), builtin_registry()
    loopback = LoopbackClient(provider)
    async with AsyncExitStack() as stack:
        etcd = await stack.enter_async_context(EtcdClient([URL], transport=embedded.transport))
        storage = await stack.enter_async_context(Storage(etcd, tracing, resources=registry.resources()))
        assert await storage.wait_ready(SECONDS)
        authenticator = loopback_authenticator(loopback.token)
        settings = ServiceAccountSettings(keys=generated())
        tokens = ServiceAccountTokens(settings, ServiceAccountObjects(storage, registry))
        authorizer, metrics, lifecycle = AlwaysAllow(), Metrics(), Lifecycle()
        handlers = application(
            registry=registry,
            store=Store(storage, registry.resources()),
            admission=AdmissionChain([]),
            authenticator=authenticator,
            authorizer=authorizer,
            tokens=tokens,
            metrics=metrics,
            lifecycle=lifecycle,
            etcd_check=etcd_up,
        )
        app = chain(
            handlers,
            authenticator=authenticator,
            authorizer=authorizer,
            registry=registry,
            tracing=tracing,
            metrics=metrics,
        )
        own = self_signed(["localhost"], None)
        tls = server_context(own)
        at = await stack.enter_async_context(
            serving(app, listen("127.0.0.1", 0), tls=tls, stopping=lifecycle.stopping.set)
        )
        loopback.connect(at.host, at.port, own.pair.certificate)
        stack.push_async_callback(loopback.aclose)
        webhooks = WebhookClients(ServiceResolver({}, loopback), provider)
        converters = Converters(webhooks, tracing, metrics.conversion)
        await stack.enter_async_context(
            serving_custom_resources(storage, registry, loopback, converters, metrics=metrics.queues)
        )
        headers = {"authorization": f"Bearer {loopback.token}"}
        verify = pinned(own.pair.certificate)
        http = httpx.AsyncClient(base_url=at.url, verify=verify, headers=headers, timeout=SECONDS, trust_env=False)
        yield Client(await stack.enter_async_context(http))


async def test_definition_is_served_until_it_is_deleted() -> None:
    """Created, established, used by every verb that matters, and deleted with all its objects."""
    async with EmbeddedEtcd(None) as embedded, server(embedded) as client:
        assert (await client.send("GET", WIDGETS)).status_code == 404
        assert (await client.send("POST", DEFINITIONS, a_definition(subresources={"status": {}}))).status_code == 201
        definition = await client.until(established)
        assert definition is not None
        assert "finalizers" not in definition["metadata"]
        assert definition["status"]["acceptedNames"]["plural"] == "widgets"

        made = await client.send("POST", WIDGETS, a_widget(spec={"junk": 1}, status={"seen": 1}))
        assert made.status_code == 201
        assert made.json()["spec"] == {"size": 1}
        assert "status" not in made.json()
        assert made.headers["warning"] == '299 - "unknown field \\"spec.junk\\""'
        merge = "application/merge-patch+json"
        refused = await client.send("PATCH", f"{WIDGETS}/w", {"spec": {"size": "x"}}, merge)
        assert refused.status_code == 422
        assert refused.json()["message"] == (
            'Widget.example.com "w" is invalid: spec.size: Invalid value: "string": '
            'spec.size in body must be of type integer: "string"'
        )
        seen = await client.send("PATCH", f"{WIDGETS}/w/status", {"status": {"seen": 2}, "spec": {"size": 5}}, merge)
        assert (seen.json()["spec"], seen.json()["status"]) == ({"size": 1}, {"seen": 2})

        version = (await client.send("GET", DEFINITION)).json()["metadata"]["resourceVersion"]
        deleted = (await client.send("DELETE", DEFINITION)).json()
        assert deleted["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
        assert deleted["status"]["conditions"][-1]["reason"] == "InstanceDeletionPending"
        await client.until(lambda obj: obj is None, after=version)
        assert (await client.send("POST", DEFINITIONS, a_definition())).status_code == 201
        await client.until(established)
        assert (await client.send("GET", WIDGETS)).json()["items"] == []


async def test_served_definition_is_established() -> None:
    """A client that finds the resource may update the definition: its status has been written, and no write of ours follows."""
    async with EmbeddedEtcd(None) as embedded, server(embedded) as client:
        await client.send("POST", DEFINITIONS, a_definition())
        async with asyncio.timeout(SECONDS):
            while (await client.send("GET", WIDGETS)).status_code == 404:
                pass
        definition = (await client.send("GET", DEFINITION)).json()
        assert established(definition)
        assert (await client.send("PUT", DEFINITION, definition)).status_code == 200


async def test_definition_waits_for_the_last_of_its_objects() -> None:
    """While an object is held, the definition says that it is being deleted, objects can be read and none can be created."""
    async with EmbeddedEtcd(None) as embedded, server(embedded) as client:
        await client.send("POST", DEFINITIONS, a_definition())
        await client.until(established)
        held = a_widget()
        held["metadata"]["finalizers"] = ["example.com/held"]
        assert (await client.send("POST", WIDGETS, held)).status_code == 201
        await client.send("DELETE", DEFINITION)
        definition = await client.until(lambda obj: reason_of(obj, "Terminating") == "InstanceDeletionInProgress")
        assert definition is not None
        refused = await client.send("POST", WIDGETS, {**a_widget(), "metadata": {"name": "late"}})
        words = "create not allowed while custom resource definition is terminating"
        assert (refused.status_code, refused.json()["message"]) == (
            403,
            f'widgets.example.com "late" is forbidden: {words}',
        )
        found = (await client.send("GET", WIDGETS)).json()["items"]
        assert [item["metadata"]["name"] for item in found] == ["w"]
        (shown,) = (await client.send("GET", "/apis/example.com/v1")).json()["resources"]
        assert shown["verbs"] == ["delete", "deletecollection", "get", "list", "watch"]
        free = {"metadata": {"finalizers": None}}
        await client.send("PATCH", f"{WIDGETS}/w", free, "application/merge-patch+json")
        await client.until(lambda obj: obj is None, after=definition["metadata"]["resourceVersion"])
        assert (await client.send("GET", WIDGETS)).status_code == 404


async def test_definition_takes_a_name_once_it_is_free() -> None:
    """The second definition of a name is established when the first one has gone."""
    second = a_definition()
    second["metadata"]["name"] = "gadgets.example.com"
    second["spec"]["names"] = {"plural": "gadgets", "singular": "widget", "kind": "Gadget", "listKind": "GadgetList"}
    async with EmbeddedEtcd(None) as embedded, server(embedded) as client:
        await client.send("POST", DEFINITIONS, a_definition())
        await client.until(established)
        await client.send("POST", DEFINITIONS, second)
        refused = await client.until(lambda obj: reason_of(obj, "NamesAccepted") == "SingularConflict")
        assert refused is not None
        assert (await client.send("GET", WIDGETS.replace("widgets", "gadgets"))).status_code == 404
        await client.send("DELETE", DEFINITION)
        version = refused["metadata"]["resourceVersion"]
        await client.until(
            lambda obj: reason_of(obj, "NamesAccepted") == "NoConflicts" and is_named(obj), after=version
        )
        assert (await client.send("GET", WIDGETS.replace("widgets", "gadgets"))).status_code == 200


async def test_stored_definition_is_served_from_the_start() -> None:
    """What was defined before the server began is served by its first answer."""
    async with EmbeddedEtcd(None) as embedded:
        async with server(embedded) as client:
            await client.send("POST", DEFINITIONS, a_definition())
            await client.until(established)
            await client.send("POST", WIDGETS, a_widget())
        async with server(embedded) as client:
            found = (await client.send("GET", WIDGETS)).json()
            assert [item["metadata"]["name"] for item in found["items"]] == ["w"]
            assert found["kind"] == "WidgetList"
