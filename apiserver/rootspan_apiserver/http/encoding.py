"""Encode an object, given as compact JSON, in a representation: JSON, indented JSON, YAML or protobuf.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/writers.go
"""

import orjson

from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.kube.go_yaml_emitter import emit
from rootspan_apiserver.kube.media_types import PROTOBUF, YAML
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.types.protobuf import MAGIC, encode


def encoded(body: bytes, shown: Representation) -> tuple[bytes, int]:
    """Return the body as it is sent, and the bytes of the first piece where it can be streamed, 0 where it cannot.

    Raises:
        StatusError: 406, the kind has no protobuf form.
    """
    if shown.media_type == PROTOBUF:
        return to_protobuf(orjson.loads(body)), len(MAGIC)
    if shown.media_type == YAML:
        return to_yaml(orjson.loads(body)), 0
    if shown.pretty:
        return indented(orjson.loads(body)), 0
    return body + b"\n", 1


def indented(obj: JSONObject) -> bytes:
    """Return JSON for humans."""
    return orjson.dumps(obj, option=orjson.OPT_INDENT_2)


def to_protobuf(obj: JSONObject) -> bytes:
    """Raises StatusError 406 for a kind that has no protobuf form."""
    group, _, version = obj.get("apiVersion", "v1").rpartition("/")
    found = encode(obj, GroupVersionKind(group, version, obj["kind"]))
    if found is None:
        message = f"object {obj['kind']} does not implement the protobuf marshalling interface"
        raise StatusError(406, "NotAcceptable", f"{message} and cannot be encoded to a protobuf message")
    return found


def to_yaml(obj: object) -> bytes:
    """Return YAML as Go writes it."""
    return emit(obj).encode()
