"""The objects in requests, as audit events record them.

Upstream: staging/src/k8s.io/apiserver/pkg/audit/request.go (LogRequestObject, LogRequestPatch)
"""

from contextlib import suppress
from typing import Any

import orjson

from rootspan_apiserver.codec import yaml_body
from rootspan_apiserver.handlers.bodies import metadata_of
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.types.json_values import plain
from rootspan_apiserver.types.normal_form import written
from rootspan_apiserver.types.problems import NotDecodableError

_OPTIONS = GroupVersionKind("", "v1", "DeleteOptions")
_INTERNAL_OPTIONS = {"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/__internal"}


def log_request_object(request: Request, target: Target, obj: JSONObject, *, calculated: bool = False) -> None:
    """Record the object that a client sent, its defaults filled in, before anything else is made of it.

    Args:
        obj: The object in the version of the path.
        calculated: Whether the object is not stored; its defaults are filled in already.
    """
    if request.audit is None:
        return

    def encode() -> JSONObject:
        copy: JSONObject = orjson.loads(orjson.dumps(obj))
        return written(copy if calculated else target.defaulted(copy), target.kind)

    request.audit.log_request_object(metadata_of(obj), encode)


def log_delete_options(request: Request, options: JSONObject) -> None:
    """Record the options in the body of a deletion."""
    if request.audit is not None:
        request.audit.log_request_object({}, lambda: written(dict(options), _OPTIONS) | _INTERNAL_OPTIONS)


def log_request_patch(request: Request, body: bytes) -> None:
    """Record a patch. That of a server-side apply may be YAML, whose event kube-apiserver loses; here it is recorded as JSON."""
    if request.audit is not None:
        request.audit.log_request_patch(lambda: orjson.dumps(_patch(body)))


def _patch(body: bytes) -> Any:
    """Return the patch as a value; as a text if it cannot be read."""
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(body)
    with suppress(NotDecodableError):
        return plain(yaml_body.load(body)[0])
    return body.decode("utf-8", "replace")
