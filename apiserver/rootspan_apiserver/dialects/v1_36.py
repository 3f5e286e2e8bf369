"""The spans of kube-apiserver v1.36: those of otelhttp and otelgrpc 0.65, and component-base's internal spans.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/trace_util.go,
staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go, staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go,
staging/src/k8s.io/component-base/tracing/tracing.go
"""

import base64
import hashlib
import struct
from types import MappingProxyType

from opentelemetry.sdk.resources import OTELResourceDetector, Resource

from rootspan_apiserver.dialects import events, operations
from rootspan_apiserver.dialects.dialect import (
    AttributeKeys,
    ConformanceKeys,
    Dialect,
    EventDescription,
    SpanDescription,
    keys,
)
from rootspan_apiserver.dialects.otel_0_65 import EtcdSpans065, HTTPClientSpans065, ServerSpan065

COMPONENT = "k8s.io/component-base/tracing"
FILTERLATENCY = "k8s.op/apiserver/pkg/endpoints/filterlatency"
"""Upstream's own spelling."""


def api_server_id(hostname: str) -> str:
    """Return `apiserver-` and 26 characters of base32: half a SHA-256 of the host's and the component's name (since v1.27).

    It is the same after a restart on the same host.
    """
    hashed = b"".join(struct.pack(">H", len(part)) + part for part in (hostname.encode(), b"kube-apiserver"))
    return "apiserver-" + base64.b32encode(hashlib.sha256(hashed).digest()[:16]).decode().rstrip("=").lower()


def resource(hostname: str) -> Resource:
    """Return the resource of the server's spans, over the attributes from `OTEL_RESOURCE_ATTRIBUTES`."""
    named = Resource({"service.name": "apiserver", "service.instance.id": api_server_id(hostname)})
    return OTELResourceDetector().detect().merge(named)


_SLOW = 500_000_000
_SLOW_RESPONSE = 5_000_000_000


def _filter(name: str) -> SpanDescription:
    return SpanDescription(name=name, scope=FILTERLATENCY)


def _internal(name: str, recorded: AttributeKeys, slow_after: int | None = _SLOW) -> SpanDescription:
    return SpanDescription(name=name, scope=COMPONENT, keys=recorded, slow_after=slow_after)


_VERB = keys(
    accept="accept",
    audit_id="audit-id",
    client="client",
    api_group="api-group",
    api_version="api-version",
    name="name",
    subresource="subresource",
    namespace="namespace",
    protocol="protocol",
    resource="resource",
    scope="scope",
    url="url",
    user_agent="user-agent",
    verb="verb",
)
_RESPONSE = keys(
    audit_id="audit-id", method="method", url="url", protocol="protocol", media_type="mediaType", encoder="encoder"
)
_WEBHOOK = keys(
    configuration="configuration",
    webhook="webhook",
    resource="resource",
    subresource="subresource",
    operation="operation",
    uid="UID",
)
_CACHED_COLLECTION = keys(audit_id="audit-id", group_resource="type")
_STORED_OBJECT = keys(audit_id="audit-id", key="key", go_type="type", group="group", resource="resource")
_PROVIDER = keys(provider="transformer.provider.name")
_STORED_LIST = keys(
    audit_id="audit-id",
    key="key",
    resource_version="resourceVersion",
    resource_version_match="resourceVersionMatch",
    limit="limit",
    continue_token="continue",
)

SPANS = MappingProxyType(
    {
        operations.AUTHENTICATION: _filter("authentication"),
        operations.AUDIT: _filter("audit"),
        operations.IMPERSONATION: _filter("constrainedimpersonation"),
        operations.PRIORITY_AND_FAIRNESS: _filter("priorityandfairness"),
        operations.AUTHORIZATION: _filter("authorization"),
        operations.CREATE: _internal("Create", _VERB),
        operations.UPDATE: _internal("Update", _VERB),
        operations.PATCH: _internal("Patch", _VERB),
        operations.DELETE: _internal("Delete", _VERB),
        operations.GET: _internal("Get", _VERB),
        operations.LIST: _internal("List", _VERB),
        operations.WATCH_LIST: _internal("WatchList", _VERB),
        operations.WRITE_RESPONSE: _internal("SerializeObject", _RESPONSE, slow_after=_SLOW_RESPONSE),
        operations.WRITE_WATCH: _internal("WatchServer.HandleHTTP", _RESPONSE),
        operations.CALL_MUTATING_WEBHOOK: _internal("Call mutating webhook", _WEBHOOK),
        operations.CALL_VALIDATING_WEBHOOK: _internal("Call validating webhook", _WEBHOOK),
        operations.CALL_CONVERSION_WEBHOOK: _internal(
            "Call conversion webhook",
            keys(
                definition="custom-resource-definition", desired="desired-api-version", count="object-count", uid="UID"
            ),
            slow_after=58_000_000,  # for one object; 8 ms more for each further one
        ),
        operations.CALL_AUDIT_WEBHOOK: _internal(
            "Call Audit Events webhook",
            keys(name="name", count="event-count"),
            slow_after=75_000_000,  # for one event; 25 ms more for each further one
        ),
        operations.CACHE_GET: _internal(
            "cacher.Get", keys(audit_id="audit-id", key="key", resource_version="resource-version")
        ),
        operations.CACHE_LIST: _internal("cacher.GetList", _CACHED_COLLECTION),
        operations.CACHE_WATCH: _internal("cacher.Watch", _CACHED_COLLECTION),
        operations.TRANSFORM_TO_STORAGE: _internal("TransformToStorage with envelopeTransformer", _PROVIDER),
        operations.TRANSFORM_FROM_STORAGE: _internal("TransformFromStorage with envelopeTransformer", _PROVIDER),
        operations.ETCD_CREATE: _internal("Create etcd3", _STORED_OBJECT),
        operations.ETCD_UPDATE: _internal("GuaranteedUpdate etcd3", _STORED_OBJECT),
        operations.ETCD_LIST: _internal("List(recursive=true) etcd3", _STORED_LIST),
        operations.ETCD_LIST_SINGLE: _internal("List(recursive=false) etcd3", _STORED_LIST),
    }
)

_LENGTH = keys(length="len")
_ERROR = keys(error="err")
_LENGTH_AND_ERROR = keys(length="len", error="err")
_COUNT = keys(count="count")

EVENTS = MappingProxyType(
    {
        events.BODY_READ: EventDescription("limitedReadBody succeeded", _LENGTH),
        events.BODY_REFUSED: EventDescription("limitedReadBody failed", _LENGTH_AND_ERROR),
        events.CONVERTING: EventDescription("About to convert to expected version"),
        events.CONVERTED: EventDescription("Conversion done"),
        events.STORING: EventDescription("About to store object in database"),
        events.STORED: EventDescription("Write to database call succeeded", _LENGTH),
        events.STORING_FAILED: EventDescription("Write to database call failed", _LENGTH_AND_ERROR),
        events.AUDIT_RECORDED: EventDescription("Recorded the audit event"),
        events.PATCHING: EventDescription("About to apply patch"),
        events.ADMITTING: EventDescription("About to check admission control"),
        events.PATCH_STORED: EventDescription("Object stored in database"),
        events.DELETE_OPTIONS_DECODED: EventDescription("Decoded delete options"),
        events.DELETING: EventDescription("About to delete object from database"),
        events.DELETED: EventDescription("Object deleted from database"),
        events.READING_GET_OPTIONS: EventDescription("About to process Get options"),
        events.GETTING: EventDescription("About to Get from storage"),
        events.RESPONDING: EventDescription("About to write a response"),
        events.RESPONDED: EventDescription("Writing http response done"),
        events.WRITE_STARTING: EventDescription("About to start writing response", keys(writer="writer", size="size")),
        events.WRITE_SUCCEEDED: EventDescription("Write call succeeded", keys(size="size")),
        events.INITIAL_EVENTS_WRITTEN: EventDescription("Writing initial events done"),
        events.WEBHOOK_ANSWERED: EventDescription("Request completed"),
        events.WEBHOOK_PATCH_APPLIED: EventDescription("Patch applied"),
        events.CACHE_READY: EventDescription("Ready"),
        events.CACHE_LOCKED: EventDescription("watchCache locked acquired"),
        events.CACHE_FRESH: EventDescription("watchCache fresh enough"),
        events.CACHE_LISTED: EventDescription("Listed items from cache", _COUNT),
        events.CACHE_RESIZED: EventDescription("Resized result"),
        events.CACHE_FILTERED: EventDescription("Filtered items", _COUNT),
        events.GETTING_FROM_STORAGE: EventDescription("About to Get from underlying storage"),
        events.GETTING_FROM_STORAGE_WITHOUT_CACHE: EventDescription(
            "About to Get from underlying storage - cache not initialized"
        ),
        events.GETTING_FROM_CACHE: EventDescription("About to fetch object from cache"),
        events.ENCODING: EventDescription("About to Encode"),
        events.ENCODED: EventDescription("Encode succeeded", _LENGTH),
        events.TRANSFORMED: EventDescription("TransformToStorage succeeded"),
        events.TRANSFORMING_FAILED: EventDescription("TransformToStorage failed", _ERROR),
        events.INITIAL_VALUE_RESTORED: EventDescription("initial value restored"),
        events.RETRY_VALUE_RESTORED: EventDescription("Retry value restored"),
        events.ENCRYPTING: EventDescription("About to encrypt data using DEK"),
        events.ENCRYPTED: EventDescription("Data encryption succeeded"),
        events.ENCODING_ENCRYPTED: EventDescription("About to encode encrypted object"),
        events.ENCODED_ENCRYPTED: EventDescription("Encoded encrypted object"),
        events.DECODING_ENCRYPTED: EventDescription("About to decode encrypted object"),
        events.DECODING_ENCRYPTED_FAILED: EventDescription("Decoding encrypted object failed"),
        events.DECODED_ENCRYPTED: EventDescription("Decoded encrypted object"),
        events.DECRYPTING_KEY: EventDescription("About to decrypt DEK using remote service"),
        events.DECRYPTING_KEY_FAILED: EventDescription("DEK decryption failed"),
        events.DECRYPTED_KEY: EventDescription("DEK decryption succeeded"),
        events.DECRYPTING: EventDescription("About to decrypt data using DEK"),
        events.DECRYPTING_FAILED: EventDescription("Data decryption failed"),
        events.DECRYPTED: EventDescription("Data decryption succeeded"),
        events.TXN_PREPARED: EventDescription("Transaction prepared"),
        events.TXN_SUCCEEDED: EventDescription("Txn call succeeded"),
        events.TXN_COMPLETED: EventDescription("Txn call completed"),
        events.TXN_COMMITTED: EventDescription("Transaction committed"),
        events.TXN_FAILED: EventDescription("Txn call failed", _ERROR),
        events.DECODED: EventDescription("decode succeeded", _LENGTH),
    }
)

V1_36 = Dialect(
    version="1.36",
    server_span=ServerSpan065,
    http_client=HTTPClientSpans065,
    etcd_client=EtcdSpans065,
    spans=SPANS,
    text_traces=SPANS,
    events=EVENTS,
    resource=resource,
    joins_traces=True,
    flushes_at_shutdown=True,
    strict_tracing_configuration=True,
    conformance=ConformanceKeys(
        requests=("audit-id", ServerSpan065.user_agent_key),
        numbers=frozenset(
            {
                "server.port",
                "network.peer.port",
                "len",
                "size",
                "count",
                "rpc.message.compressed_size",
                "rpc.message.uncompressed_size",
                "http.request.body.size",
                "http.response.body.size",
            }
        ),
        ids=frozenset({"audit-id", "UID"}),
        objects=frozenset({"key"}),
        revisions=frozenset({"resource-version"}),
    ),
)
