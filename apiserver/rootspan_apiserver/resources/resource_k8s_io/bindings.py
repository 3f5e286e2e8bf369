"""Conditions that a device must meet before a pod is bound to its node.

Upstream: pkg/apis/resource/validation/validation.go (validateDeviceBindingParameters)
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.resource_k8s_io.item_lists import items
from rootspan_apiserver.resources.resource_k8s_io.names import label_key
from rootspan_apiserver.rules import Path, RuleContext, function, struct

LIMIT = 4


@function("validateDeviceBindingParameters")
def _both_lists(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No condition stands twice, or in both lists, and neither list is there alone."""
    good, bad = value.get("bindingConditions") or [], value.get("bindingFailureConditions") or []
    at = path / "bindingConditions"
    yield from (FieldError.duplicate(at / index, name) for index, name in enumerate(good) if name in good[:index])
    at = path / "bindingFailureConditions"
    for index, name in enumerate(bad):
        if name in bad[:index]:
            yield FieldError.duplicate(at / index, name)
        if name in good:
            yield FieldError.invalid(
                at / index, name, "bindingFailureConditions must not overlap with bindingConditions"
            )
    for name, other in (
        ("bindingConditions", "bindingFailureConditions"),
        ("bindingFailureConditions", "bindingConditions"),
    ):
        if not value.get(name) and value.get(other):
            yield FieldError.invalid(path / name, value.get(name), f"{name} are required to use {other}")


_keys = items(label_key, limit=LIMIT)
binding_conditions = struct(bindingConditions=_keys, bindingFailureConditions=_keys) & _both_lists
"""The rule of a struct with both lists."""
