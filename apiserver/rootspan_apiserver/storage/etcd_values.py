"""From values in etcd to objects, and whether a value is the outcome of a write whose answer was lost.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go
"""

from collections.abc import Awaitable, Callable

import orjson

from rootspan_apiserver.dialects import events
from rootspan_apiserver.etcd import KeyValue
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.storage.errors import unreadable
from rootspan_apiserver.storage.outcome import Decision, Write
from rootspan_apiserver.storage.stored_object import StoredObject, encode, same_content
from rootspan_apiserver.telemetry.tracing import InternalSpan


def encoded_value(step: InternalSpan, obj: JSONObject) -> bytes:
    """Return an object as it is stored, before it is encrypted. Raises StatusError 400 where it holds what JSON cannot."""
    step.event(events.ENCODING)
    raw = encode(obj)
    step.event(events.ENCODED, length=len(raw))
    return raw


def stored_value(path: str, kv: KeyValue) -> StoredObject:
    """Return the object of a value. Raises StatusError 500 where it cannot be decrypted, or is no JSON."""
    if kv.fault:
        raise unreadable(kv.fault)
    if not kv.value.startswith(b"{"):
        raise StatusError(500, "", f"the value of {path} is not JSON")
    return StoredObject(path, kv.mod_revision, kv.value, stale=kv.stale)


def created_value(path: str, raw: bytes, present: KeyValue | None) -> StoredObject | None:
    """Return the new object `raw`, if it is the one that is `present`, perhaps changed since."""
    uid = orjson.loads(raw)["metadata"].get("uid")
    if not uid or present is None or stored_value(path, present).decode()["metadata"].get("uid") != uid:
        return None
    return StoredObject(path, present.create_revision, raw)


async def unchanged_value(
    path: str, present: KeyValue | None, change: Callable[[StoredObject], Awaitable[Decision]]
) -> StoredObject | None:
    """The object that is `present`, if `change` makes the same of it."""
    if present is None:
        return None
    stored = stored_value(path, present)
    try:
        decision = await change(stored)
        raw = encode(decision.obj) if isinstance(decision, Write) else b""
    except Exception:  # such as 409, because the resourceVersion is not the present one: the outcome stays unknown
        return None
    return stored if same_content(raw, stored.raw) else None
