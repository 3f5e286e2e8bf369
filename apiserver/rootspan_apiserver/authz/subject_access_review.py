"""Attributes of a request as the spec of a SubjectAccessReview, and the other way round.

Upstream: pkg/registry/authorization/util/helpers.go, staging/src/k8s.io/apiserver/plugin/pkg/authorizer/webhook/webhook.go
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from rootspan_apiserver.authz.authorizer import AuthorizationAttributes, read_field_selector, read_label_selector
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import listed
from rootspan_apiserver.kube.users import User
from rootspan_apiserver.selectors import FieldSelector, Requirement
from rootspan_apiserver.selectors.requirements import Operator

_Read = TypeVar("_Read")
_LABEL_OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
)
_SHOWN_OPERATORS: Mapping[Operator, str] = MappingProxyType(
    {"=": "In", "==": "In", "in": "In", "!=": "NotIn", "notin": "NotIn", "exists": "Exists", "!": "DoesNotExist"}
)
"""The operators that a review can express: `<` and `>` are left out, which asks for more than is wanted and never for less."""


def attributes_of(
    user: User, resource: Mapping[str, Any] | None, other: Mapping[str, Any] | None
) -> AuthorizationAttributes:
    """Return the action that the `resourceAttributes` of a review describe, or else its `nonResourceAttributes`."""
    if resource is None:
        asked = other or {}
        verb, path = asked.get("verb") or "", asked.get("path") or ""
        return AuthorizationAttributes(user=user, verb=verb, is_resource=False, path=path)
    fields, fields_error = _field_selector(resource.get("fieldSelector") or {})
    labels, labels_error = _label_selector(resource.get("labelSelector") or {})
    return AuthorizationAttributes(
        user=user,
        verb=resource.get("verb") or "",
        is_resource=True,
        namespace=resource.get("namespace") or "",
        group=resource.get("group") or "",
        version=resource.get("version") or "*",
        resource=resource.get("resource") or "",
        subresource=resource.get("subresource") or "",
        name=resource.get("name") or "",
        field_selector=fields,
        label_selector=labels,
        field_selector_error=fields_error,
        label_selector_error=labels_error,
    )


def evaluation_error(attributes: AuthorizationAttributes, error: str) -> str:
    """Return the `evaluationError` of a review: the authorizer's error, and what was ignored of the selectors."""
    found = [error] if error else []
    for name, failed, read in (
        ("fieldSelector", attributes.field_selector_error, attributes.field_selector),
        ("labelSelector", attributes.label_selector_error, attributes.label_selector),
    ):
        if failed:
            ignored = "partially ignored" if read else "ignored"
            found.append(f"spec.resourceAttributes.{name} {ignored} due to parse error")
    return "; ".join(found)


def review_spec(attributes: AuthorizationAttributes, groups_field: str = "groups") -> JSONObject:
    """Return the spec of a review, as Go writes it: without empty fields. `groups_field` is `group` in v1beta1."""
    user = attributes.user
    spec: JSONObject = {}
    if attributes.is_resource:
        spec["resourceAttributes"] = _resource_attributes(attributes)
    else:
        path = {"path": attributes.path, "verb": attributes.verb}
        spec["nonResourceAttributes"] = {key: value for key, value in path.items() if value}
    about: JSONObject = {
        "user": user.name,
        groups_field: list(user.groups),
        "extra": {key: list(user.extra[key]) for key in sorted(user.extra)},
        "uid": user.uid,
    }
    return spec | {key: value for key, value in about.items() if value}


def _resource_attributes(attributes: AuthorizationAttributes) -> JSONObject:
    named = {name: getattr(attributes, name) for name in ("namespace", "verb", "group", "version", "resource")}
    named |= {"subresource": attributes.subresource, "name": attributes.name}
    found: JSONObject = {key: value for key, value in named.items() if value}
    if fields := [_shown_field(*term) for term in attributes.field_selector.terms]:
        found["fieldSelector"] = {"requirements": fields}
    labels = [_shown_label(each) for each in attributes.label_selector if each.operator in _SHOWN_OPERATORS]
    if labels:
        found["labelSelector"] = {"requirements": labels}
    return found


def _shown_field(field: str, equal: bool, value: str) -> JSONObject:
    return {"key": field, "operator": "In" if equal else "NotIn", "values": [value]}


def _shown_label(requirement: Requirement) -> JSONObject:
    shown: JSONObject = {"key": requirement.key, "operator": _SHOWN_OPERATORS[requirement.operator]}
    return shown | ({"values": list(requirement.values)} if requirement.values else {})


def _field_selector(selector: Mapping[str, Any]) -> tuple[FieldSelector, str]:
    if requirements := selector.get("requirements"):
        terms, error = _read(requirements, _field_term)
        return FieldSelector(tuple(terms)), error
    return read_field_selector(selector.get("rawSelector") or "")


def _field_term(requirement: Mapping[str, Any]) -> tuple[str, bool, str]:
    operator, values = requirement.get("operator") or "", requirement.get("values") or ()
    if len(values) > 1:
        raise ValueError("fieldSelectors do not yet support multiple values")
    match operator:
        case "In" | "NotIn":
            if not values:
                word = "in" if operator == "In" else "not in"
                raise ValueError(f"fieldSelectors {word} must have one value")
            return requirement.get("key") or "", operator == "In", values[0]
        case "Exists" | "DoesNotExist":
            raise ValueError(f"fieldSelectors do not yet support {operator}")
    raise ValueError(f"{quote(operator)} is not a valid field selector operator")


def _label_selector(selector: Mapping[str, Any]) -> tuple[tuple[Requirement, ...], str]:
    if requirements := selector.get("requirements"):
        found, error = _read(requirements, _label_requirement)
        return tuple(found), error
    return read_label_selector(selector.get("rawSelector") or "")


def _label_requirement(requirement: Mapping[str, Any]) -> Requirement:
    operator = _LABEL_OPERATORS.get(name := requirement.get("operator") or "")
    if operator is None:
        raise ValueError(f"{quote(name)} is not a valid label selector operator")
    return Requirement(requirement.get("key") or "", operator, tuple(requirement.get("values") or ()))


def _read(
    requirements: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], _Read]
) -> tuple[list[_Read], str]:
    """Return the requirements that can be read, and what is wrong with the others.

    Leaving one out asks for more than is wanted, never for less.
    """
    found, errors = [], []
    for requirement in requirements:
        try:
            found.append(read(requirement))
        except ValueError as error:
            errors.append(str(error))
    return found, listed(errors)
