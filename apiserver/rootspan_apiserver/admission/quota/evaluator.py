"""What the objects of a resource count for in quotas. By default each counts as one: `count/deployments.apps`.

Upstream: staging/src/k8s.io/apiserver/pkg/quota/v1/generic/evaluator.go
"""

from collections.abc import Iterable, Mapping
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.resource_amounts import ONE, Amounts


def object_count(resource: GroupResource) -> str:
    """Return the name in quotas of the number of objects of a resource."""
    return f"count/{resource.resource}.{resource.group}" if resource.group else f"count/{resource.resource}"


class Evaluator:
    """Counts the objects of `resource`, in quotas for `count/…` and for the `aliases`. Subclasses count what is in the objects."""

    def __init__(self, resource: GroupResource, aliases: Iterable[str] = ()) -> None:
        self.resource = resource
        self.count = object_count(resource)
        self._names = frozenset({self.count, *aliases})

    def handles(self, attributes: AdmissionAttributes) -> bool:
        """Return whether the operation can change what is used."""
        return attributes.operation == "CREATE" and not attributes.subresource

    def counts(self, name: str) -> bool:
        """Return whether the objects can use the resource `name` of a quota."""
        return name in self._names

    def may_count(self, name: str) -> bool:
        """Return whether the objects can use the resource `name` of a quota, or could if other objects changed."""
        return self.counts(name)

    def matching(self, names: Iterable[str]) -> list[str]:
        """Return which of the resources of a quota the objects can use."""
        return [name for name in names if self.counts(name)]

    def missing(self, required: Iterable[str], obj: JSONObject) -> str:
        """Return what the object does not specify although a quota of the `required` resources makes it do so, "" if nothing."""
        return ""

    def is_in_scope(self, selector: JSONObject, obj: JSONObject) -> bool:
        """Return whether an object is in the scope of a quota."""
        return False

    def usage(self, obj: JSONObject) -> Amounts:
        """Return what the object counts for."""
        return dict.fromkeys(self._names, ONE)

    def is_replenished(self, old: JSONObject, new: JSONObject) -> bool:
        """Return whether a change of an object, that admission did not count, can change what is used."""
        return False


def scope_selectors(quota: JSONObject) -> list[JSONObject]:
    """Return the scopes of a quota as selectors; an object has to be in each."""
    spec = quota.get("spec") or {}
    scopes = [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    return [*scopes, *((spec.get("scopeSelector") or {}).get("matchExpressions") or ())]


def is_selected(selector: Mapping[str, Any], value: str) -> bool:
    """Return whether a scope selector matches a value, "" for none."""
    operator, values = selector.get("operator"), selector.get("values") or ()
    if operator == "In":
        return bool(value) and value in values
    if operator == "NotIn":
        return not value or value not in values
    return bool(value) == (operator == "Exists")
