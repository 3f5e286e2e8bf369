"""Object metadata: the fields that the server sets, the fields that no update changes, and the rules for any object.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/meta.go, create.go, update.go
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from rootspan_apiserver.kube.go_numbers import parse_uint
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.kube.status import FieldError, bad_request
from rootspan_apiserver.kube.times import timestamp
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.rules import ABSENT, ROOT, RuleContext
from rootspan_apiserver.rules.metadata import metadata_update, object_metadata

_METADATA = ROOT / "metadata"
_OF_ANY_OBJECT = {
    namespaced: object_metadata(path_segment, namespaced=namespaced, standard_finalizers=False)
    for namespaced in (True, False)
}


def tidy(metadata: JSONObject) -> None:
    """Drop what has its zero value, as the API's own encoding does."""
    for name in [
        name for name, value in metadata.items() if value is None or value in ("", {}, []) or name == "selfLink"
    ]:
        del metadata[name]
    if metadata.get("generation") == 0:
        del metadata["generation"]


def resource_version(metadata: Mapping[str, Any]) -> int | None:
    """Return the resource version of an object, 0 if it has none, None if it is not a number."""
    try:
        return parse_uint(metadata.get("resourceVersion") or "0")
    except ValueError:
        return None


def fill_system_fields(metadata: JSONObject) -> None:
    """Of a new object: an identity, a time, and no deletion."""
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
        metadata.pop(name, None)
    metadata["uid"] = str(uuid4())
    metadata["creationTimestamp"] = timestamp()


def match_namespace(resource: Resource, namespace: str, metadata: JSONObject) -> None:
    """Give the object the namespace of the request, and a cluster-scoped one none.

    Raises:
        StatusError: 400, it names another.
    """
    if not resource.namespaced:
        metadata.pop("namespace", None)
    elif (metadata.get("namespace") or namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    elif namespace:
        metadata["namespace"] = namespace


def keep_system_fields(metadata: JSONObject, old: Mapping[str, Any]) -> None:
    """What an update cannot change: the identity when left out, creation, a deletion that has begun."""
    metadata.setdefault("uid", old.get("uid", ""))
    metadata["creationTimestamp"] = old.get("creationTimestamp") or timestamp()
    if "deletionTimestamp" in old:
        metadata["deletionTimestamp"] = old["deletionTimestamp"]
    if "deletionGracePeriodSeconds" in old:
        metadata.setdefault("deletionGracePeriodSeconds", old["deletionGracePeriodSeconds"])


def check(resource: Resource, metadata: JSONObject, before: JSONObject | None = None) -> list[FieldError]:
    """Return what is wrong with the metadata of any object, or with changing it from `before`."""
    context = RuleContext(update=before is not None, root={"metadata": metadata})
    rule = _OF_ANY_OBJECT[resource.namespaced]
    errors = list(rule.check(metadata, ABSENT if before is None else before, _METADATA, context))
    if before is not None:
        errors += metadata_update.check(metadata, before, _METADATA, context)
    return errors
