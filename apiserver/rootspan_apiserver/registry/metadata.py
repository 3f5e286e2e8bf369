"""Object metadata: what the server alone sets, what it never changes again, and what it must look like."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.kube.status import FieldError, bad_request
from rootspan_apiserver.resources.metadata import check_metadata, check_metadata_change
from rootspan_apiserver.resources.resource import Resource

NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
NAME_SUFFIX = 5
LONGEST_GENERATED_BASE = 63 - NAME_SUFFIX


def timestamp(moment: datetime) -> str:
    """Return a time as objects carry it: RFC 3339 in UTC, whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


def generate_name(base: str) -> str:
    """Return `base`, cut to 58 characters, and a random suffix of five."""
    suffix = "".join(secrets.choice(NAME_ALPHABET) for _ in range(NAME_SUFFIX))
    return base[:LONGEST_GENERATED_BASE] + suffix


def tidy(metadata: JSONObject) -> None:
    """Drop what has its zero value, as the API's own encoding does."""
    for name in [
        name for name, value in metadata.items() if value is None or value in ("", {}, []) or name == "selfLink"
    ]:
        del metadata[name]
    if metadata.get("generation") == 0:
        del metadata["generation"]


def resource_version(metadata: Mapping[str, Any]) -> int | None:
    """The version that an object says it has; 0: none, None: something that is no version."""
    text = metadata.get("resourceVersion") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def fill_system_fields(metadata: JSONObject) -> None:
    """Of a new object: an identity, a time, and no deletion."""
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
        metadata.pop(name, None)
    metadata["uid"] = str(uuid4())
    metadata["creationTimestamp"] = timestamp(now())


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
    metadata["creationTimestamp"] = old.get("creationTimestamp") or timestamp(now())
    if "deletionTimestamp" in old:
        metadata["deletionTimestamp"] = old["deletionTimestamp"]
    if "deletionGracePeriodSeconds" in old:
        metadata.setdefault("deletionGracePeriodSeconds", old["deletionGracePeriodSeconds"])


def check(resource: Resource, metadata: JSONObject, before: JSONObject | None = None) -> list[FieldError]:
    """What is wrong with the metadata of any object, or with changing it from `before`."""
    errors = check_metadata(metadata, namespaced=resource.namespaced, rule=path_segment)
    return errors if before is None else errors + check_metadata_change(metadata, before)
