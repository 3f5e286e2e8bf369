"""What tests of admission are made of: a cache that is a dictionary, a webhook on a real TLS socket, the chain over both."""

import base64
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import trustme
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler
from opentelemetry.trace import TracerProvider

from rootspan.testing import SpanRecorder, recording_provider
from rootspan_apiserver.admission.attributes import AdmissionAttributes, Operation
from rootspan_apiserver.admission.chain import AdmissionChain
from rootspan_apiserver.admission.configuration import AdmissionConfiguration
from rootspan_apiserver.admission.initializer import PluginInitializer
from rootspan_apiserver.admission.plugins.order import admission_chain
from rootspan_apiserver.authz.always_allow import AlwaysAllow
from rootspan_apiserver.authz.authorizer import Authorizer
from rootspan_apiserver.clients.loopback import LoopbackClient
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.resources.catalogue import Registry, builtin_registry
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.serving.http import Address, listen, serving
from rootspan_apiserver.storage.scope import object_path
from rootspan_apiserver.storage.stored_object import StoredObject, encode
from rootspan_apiserver.telemetry.step_metrics import AdmissionMetrics
from rootspan_apiserver.telemetry.tracing import Tracing

Reply = Callable[[JSONObject], JSONObject]
ADMIN = User("admin", "u1", ("system:masters", "system:authenticated"))
AUTHORITY = trustme.CA()
"""Signs the certificates of all webhooks under test."""
BUNDLE = AUTHORITY.cert_pem.bytes()


class Dictionary:
    """The watch cache's methods, on objects put into it by hand."""

    def __init__(self) -> None:
        self._objects: dict[str, StoredObject] = {}
        self._revision = 0

    def put(self, resource: Resource, obj: JSONObject) -> None:
        self._revision += 1
        key = "/".join(filter(None, [resource.storage_path, obj["metadata"].get("namespace"), obj["metadata"]["name"]]))
        self._objects[key] = StoredObject(key, self._revision, encode(obj))

    async def cached(self, resource: Resource, namespace: str = "") -> Sequence[StoredObject]:
        prefix = "/".join(filter(None, [resource.storage_path, namespace])) + "/"
        return [stored for key, stored in self._objects.items() if key.startswith(prefix)]

    async def cached_object(self, resource: Resource, namespace: str, name: str) -> StoredObject | None:
        return self._objects.get(object_path(resource, namespace, name))


@dataclass
class Webhook:
    """A bare ASGI application: answers each review with what `replies` says for its path, and remembers what it was asked."""

    replies: dict[str, Callable[[JSONObject], Awaitable[JSONObject] | JSONObject]] = field(default_factory=dict)
    asked: list[JSONObject] = field(default_factory=list)
    headers: list[list[tuple[str, str]]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        review = orjson.loads(body)
        self.asked.append(review)
        self.headers.append([(name.decode(), value.decode()) for name, value in scope["headers"]])
        self.paths.append(f"{scope['path']}?{scope['query_string'].decode()}")
        response = self.replies.get(scope["path"], allow)(review["request"])
        if not isinstance(response, dict):
            response = await response
        answer = {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": orjson.dumps(answer)})


def allow(request: JSONObject) -> JSONObject:
    return {"uid": request["uid"], "allowed": True}


def server_tls(*names: str, authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
    return context


@contextlib.asynccontextmanager
async def served(app: Any, *names: str) -> AsyncIterator[Address]:
    async with serving(app, listen("127.0.0.1", 0), tls=server_tls(*names)) as address:
        yield address


@dataclass
class Parts:
    """A chain with all that is around it."""

    cache: Dictionary
    registry: Registry
    admission: AdmissionChain
    loopback: LoopbackClient
    provider: TracerProvider
    recorder: SpanRecorder
    metrics: AdmissionMetrics

    def resource(self, path: str) -> Resource:
        """The resource at `plural`, `version/plural` of the core, or `group/version/plural`."""
        group, version, plural = ["", "v1", *path.split("/")][-3:]
        found = self.registry.lookup(group, version, plural)
        assert found is not None
        return found

    def put(self, path: str, obj: JSONObject) -> None:
        self.cache.put(self.resource(path), obj)

    def namespace(self, name: str, *, labels: Mapping[str, str] | None = None, phase: str = "Active") -> None:
        metadata = {"name": name, "labels": dict(labels or {})}
        self.put(
            "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": {"phase": phase}}
        )

    def webhook(self, name: str, url: str, *, mutating: bool = False, configuration: str = "", **fields: Any) -> None:
        """Put a configuration with one webhook: for all operations on config maps, unless `fields` say otherwise."""
        kind = "MutatingWebhookConfiguration" if mutating else "ValidatingWebhookConfiguration"
        rule = {
            "operations": ["*"],
            "apiGroups": ["*"],
            "apiVersions": ["*"],
            "resources": ["configmaps"],
            "scope": "*",
        }
        hook = {
            "name": name,
            "clientConfig": {"url": url, "caBundle": base64.b64encode(BUNDLE).decode()},
            "rules": [rule],
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "timeoutSeconds": 10,
        } | fields
        self.put(
            f"admissionregistration.k8s.io/v1/{kind.lower()}s",
            {
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": kind,
                "metadata": {"name": configuration or name.partition(".")[0]},
                "webhooks": [hook],
            },
        )

    def attributes(
        self,
        obj: JSONObject | None,
        *,
        path: str = "configmaps",
        operation: Operation = "CREATE",
        old: JSONObject | None = None,
        **fields: Any,
    ) -> AdmissionAttributes:
        resource = self.resource(path)
        metadata = (obj or old or {})["metadata"]
        kind = {"CREATE": "CreateOptions", "UPDATE": "UpdateOptions", "DELETE": "DeleteOptions"}[operation]
        given: dict[str, Any] = {
            "operation": operation,
            "resource": resource,
            "kind": resource.kind,
            "subresource": "",
            "namespace": metadata.get("namespace", ""),
            "name": metadata.get("name", ""),
            "object": obj,
            "old_object": old,
            "options": {"kind": kind, "apiVersion": "meta.k8s.io/v1"},
            "user": ADMIN,
        }
        return AdmissionAttributes(**(given | fields))


@contextlib.contextmanager
def _parts(
    addresses: Mapping[tuple[str, str], tuple[str, int]],
    sampler: Sampler,
    enable: Sequence[str],
    configuration: Mapping[str, JSONObject],
    authorizer: Authorizer,
) -> Iterator[Parts]:
    provider, recorder = recording_provider(service="apiserver", sampler=sampler)
    cache, registry = Dictionary(), builtin_registry()
    loopback, metrics = LoopbackClient(provider), AdmissionMetrics()
    admission = admission_chain(
        PluginInitializer(
            cache=cache,
            registry=registry,
            authorizer=authorizer,
            loopback=loopback,
            tracing=Tracing(provider),
            tracer_provider=provider,
            service_addresses=addresses,
            configuration=AdmissionConfiguration(configuration),
            metrics=metrics,
        ),
        enable=enable,
    )
    parts = Parts(cache, registry, admission, loopback, provider, recorder, metrics)
    parts.namespace("default")
    yield parts
    provider.shutdown()


@contextlib.asynccontextmanager
async def admission(
    addresses: Mapping[tuple[str, str], tuple[str, int]] | None = None,
    *,
    sampler: Sampler = ALWAYS_ON,
    enable: Sequence[str] = (),
    configuration: Mapping[str, JSONObject] | None = None,
    authorizer: Authorizer | None = None,
) -> AsyncIterator[Parts]:
    """A chain in a server that has the namespace `default` and no webhooks; `configuration` is that of plugins, by name.

    It allows everything unless it has an `authorizer`.
    """
    with _parts(addresses or {}, sampler, enable, configuration or {}, authorizer or AlwaysAllow()) as parts:
        try:
            yield parts
        finally:
            await parts.admission.aclose()
            await parts.loopback.aclose()


async def refusal_of(parts: Parts, attributes: AdmissionAttributes) -> str:
    """The message of the 403 by which the validating phase refuses, "" if it does not."""
    try:
        await parts.admission.validate(attributes)
    except StatusError as exc:
        if exc.code != 403:
            raise
        return exc.message
    return ""


def config_map(name: str = "c1", **metadata: Any) -> JSONObject:
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "default", **metadata},
        "data": {"a": "1"},
    }
