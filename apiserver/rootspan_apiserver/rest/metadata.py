"""Object metadata: what the server alone sets, what it never changes again, and what it must look like."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from rootspan_apiserver.selectors.names import label_problems, label_value_problems, qualified_name_problems
from rootspan_apiserver.status import FieldError, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rootspan_apiserver.registry.resource import Resource

JSONObject = dict[str, Any]

NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
NAME_SUFFIX = 5
LONGEST_GENERATED_BASE = 63 - NAME_SUFFIX
ANNOTATIONS_LIMIT = 256 * 1024
STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
IMMUTABLE = "field is immutable"


def timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> datetime:
    return datetime.now(UTC)


def generate_name(base: str) -> str:
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


def validate(resource: Resource, metadata: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with the metadata of any object, new or updated."""
    errors = []
    for field in ("generateName", "name"):
        value = metadata.get(field, "")
        if field == "name" and not value:
            errors.append(FieldError.required("metadata.name", "name or generateName is required"))
        errors += [FieldError.invalid(f"metadata.{field}", value, problem) for problem in _segment_problems(value)]
    namespace = metadata.get("namespace", "")
    if not resource.namespaced:
        if namespace:
            errors.append(FieldError.forbidden("metadata.namespace", "not allowed on this type"))
    elif not namespace:
        errors.append(FieldError.required("metadata.namespace"))
    else:
        errors += [
            FieldError.invalid("metadata.namespace", namespace, problem) for problem in label_problems(namespace)
        ]
    errors += _labels(metadata.get("labels") or {})
    errors += _annotations(metadata.get("annotations") or {})
    errors += _owners(metadata.get("ownerReferences") or [])
    return errors + _finalizers(metadata.get("finalizers") or [])


def validate_update(metadata: Mapping[str, Any], old: Mapping[str, Any]) -> list[FieldError]:
    """What of the metadata an update may not have changed."""
    errors = []
    if "deletionTimestamp" in old:
        added = sorted(set(metadata.get("finalizers") or ()) - set(old.get("finalizers") or ()))
        if added:
            detail = f"no new finalizers can be added if the object is being deleted, found new finalizers {_go_strings(added)}"
            errors.append(FieldError.forbidden("metadata.finalizers", detail))
    for field in ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        value = metadata.get(field)
        if value != old.get(field):
            errors.append(FieldError.invalid(f"metadata.{field}", value, IMMUTABLE))
    if metadata.get("generation", 0) < old.get("generation", 0):
        errors.append(
            FieldError.invalid("metadata.generation", metadata.get("generation", 0), "must not be decremented")
        )
    return errors


def _segment_problems(value: str) -> Iterable[str]:
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{illegal}'" for illegal in ("/", "%") if illegal in value]


def _labels(labels: Mapping[str, str]) -> list[FieldError]:
    errors = []
    for key, value in sorted(labels.items()):
        errors += [FieldError.invalid("metadata.labels", key, problem) for problem in qualified_name_problems(key)]
        errors += [FieldError.invalid("metadata.labels", value, problem) for problem in label_value_problems(value)]
    return errors


def _annotations(annotations: Mapping[str, str]) -> list[FieldError]:
    errors = []
    for key in sorted(annotations):
        problems = qualified_name_problems(key.lower())
        errors += [FieldError.invalid("metadata.annotations", key, problem) for problem in problems]
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > ANNOTATIONS_LIMIT:
        errors.append(FieldError.too_long("metadata.annotations", ANNOTATIONS_LIMIT))
    return errors


def _owners(owners: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    errors = []
    controllers: list[str] = []
    for index, owner in enumerate(owners):
        field = f"metadata.ownerReferences[{index}]"
        if not owner.get("apiVersion"):
            errors.append(FieldError.invalid(f"{field}.apiVersion", "", "version must not be empty"))
        if not owner.get("kind"):
            errors.append(FieldError.invalid(f"{field}.kind", "", "must not be empty"))
        if not owner.get("name"):
            errors.append(FieldError.invalid(f"{field}.name", "", "must not be empty"))
        if not owner.get("uid"):
            errors.append(FieldError.invalid(f"{field}.uid", "", "must not be empty"))
        if owner.get("controller"):
            controllers.append(f"{owner.get('kind', '')}/{owner.get('name', '')}")
    if len(controllers) > 1:
        detail = f'Only one reference can have Controller set to true. Found "true" in references for {controllers[0]} and {controllers[1]}'
        errors.append(FieldError.invalid("metadata.ownerReferences", list(owners), detail))
    return errors


def _finalizers(finalizers: Iterable[str]) -> list[FieldError]:
    errors = []
    for index, finalizer in enumerate(finalizers):
        problems = qualified_name_problems(finalizer)
        errors += [FieldError.invalid("metadata.finalizers", finalizer, problem) for problem in problems]
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            errors.append(FieldError.invalid(f"metadata.finalizers[{index}]", finalizer, detail))
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        detail = "finalizer orphan and foregroundDeletion cannot be both set"
        errors.append(FieldError.invalid("metadata.finalizers", list(finalizers), detail))
    return errors


def _go_strings(values: Iterable[str]) -> str:
    return "[]string{" + ", ".join(f'"{value}"' for value in values) + "}"
