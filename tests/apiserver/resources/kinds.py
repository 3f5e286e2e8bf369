"""What a strategy makes of an object, as the tests ask for it."""

from copy import deepcopy
from typing import Any

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.strategy import Strategy

REGISTRY = builtin_registry()


def strategy_of(obj: JSONObject) -> Strategy:
    group, _, version = obj["apiVersion"].rpartition("/")
    resource = REGISTRY.by_kind(GroupVersionKind(group, version, obj["kind"]))
    assert resource is not None
    return resource.strategy


def created(obj: JSONObject) -> JSONObject:
    """`obj` as it would be stored."""
    obj = deepcopy(obj)
    obj["metadata"].setdefault("uid", "5f5c3bd7-9f2a-4c6e-8a59-0d0c0f0e0001")
    strategy_of(obj).default(obj)
    strategy_of(obj).prepare_for_create(obj)
    return obj


def refusals(obj: JSONObject) -> list[str]:
    """What a create of `obj` is refused for."""
    return [str(error) for error in strategy_of(obj).validate_create(created(obj))]


def updated(old: JSONObject, change: JSONObject, subresource: str = "") -> tuple[JSONObject, list[str]]:
    """`old` with top-level fields replaced by `change`: as it would be stored, and what that is refused for."""
    old = {**deepcopy(old), "metadata": {**old["metadata"], "resourceVersion": "7"}}
    new = deepcopy(old)
    for key, value in change.items():
        new[key] = {**new[key], **value} if isinstance(new.get(key), dict) and isinstance(value, dict) else value
    strategy_of(old).default(new)
    strategy_of(old).prepare_for_update(new, old, subresource)
    return new, [str(error) for error in strategy_of(old).validate_update(new, old, subresource)]


def an_object(api_version: str, kind: str, *, name: str = "x", namespace: str = "default", **fields: Any) -> JSONObject:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}
