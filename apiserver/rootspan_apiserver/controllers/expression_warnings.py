"""Check the expressions of a validating policy against the types of the objects that it matches.

A policy is accepted though its expressions do not fit; its status says what does not.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go,
staging/src/k8s.io/apiserver/pkg/cel/openapi/resolver/refs.go
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rootspan_apiserver.documents.openapi.components import components, published_name
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.admissionregistration.expression_types import (
    NAMESPACE,
    REQUEST,
    VARIABLES,
    AdmissionTypes,
)
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.definition import kind_in
from rootspan_apiserver.rules.cel.checking import compiled
from rootspan_apiserver.rules.cel.environment import base_environment
from rootspan_apiserver.rules.cel.errors import CELSyntaxError
from rootspan_apiserver.rules.cel.schema_types import DeclaredTypes, schema_type
from rootspan_apiserver.rules.cel.types import AUTHORIZER, DYN, CELType, SchemaType, object_type

MAX_TYPES = 10
"""The kinds of objects that a policy is checked for."""
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"


class ExpressionTypeChecker:
    """Checks policies against the schemas of the kinds that `registry` serves."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def warnings(self, policy: JSONObject) -> list[JSONObject]:
        """Return the `expressionWarnings` of a policy."""
        spec = policy["spec"]
        objects = [(kind, declared) for kind in self._kinds(spec) if (declared := self._declared(kind)) is not None]
        param_kind = spec.get("paramKind")
        params = self._declared(kind_in(param_kind["apiVersion"], param_kind["kind"])) if param_kind else None
        found = []
        for index, validation in enumerate(spec.get("validations") or ()):
            for field in ("expression", "messageExpression"):
                text = validation.get(field)
                issues = [
                    f"{kind.group}/{kind.version}, Kind={kind.kind}: {issue}\n"
                    for kind, declared in objects
                    if text and (issue := _issue(text, spec, declared, params))
                ]
                if issues:
                    found.append({"fieldRef": f"spec.validations[{index}].{field}", "warning": "\n".join(issues)})
        return found

    def _kinds(self, spec: JSONObject) -> Sequence[GroupVersionKind]:
        """Return the kinds of the rules that name groups, versions and resources without `*`."""
        found: set[GroupVersionKind] = set()
        for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
            for kind in self._named(rule):
                found.add(kind)
                if len(found) == MAX_TYPES:
                    break
        return sorted(found, key=lambda kind: (kind.group, kind.version, kind.kind))

    def _named(self, rule: Mapping[str, Any]) -> Iterator[GroupVersionKind]:
        groups, versions = sorted(rule.get("apiGroups") or ()), sorted(rule.get("apiVersions") or ())
        if any("*" in each for each in (*groups, *versions)):
            return
        plurals = sorted(each for each in rule.get("resources") or () if "*" not in each and "/" not in each)
        for group in groups:
            for version in versions:
                for plural in plurals:
                    resource = self._registry.lookup(group, version, plural)
                    if resource is not None:
                        yield resource.kind

    def _declared(self, kind: GroupVersionKind) -> SchemaType | None:
        """Return the type of the objects of a kind, None if it is not served or has no schema."""
        resource = self._registry.by_kind(kind)
        if resource is None:
            return None
        name = published_name(kind, resource)
        schemas = components([resource], [name])
        if name not in schemas:
            return None
        return schema_type(_whole(schemas[name], schemas, frozenset({name})), kind.kind, is_resource_root=True)


def _whole(schema: JSONObject, schemas: Mapping[str, JSONObject], seen: frozenset[str]) -> JSONObject:
    """Return a schema with the schemas that it refers to in their places; one that is in itself is any object there."""
    target = _reference(schema)
    if target is not None:
        if target in seen or target not in schemas:
            return {"type": "object"}
        schema, seen = schemas[target], seen | {target}
    whole = dict(schema)
    if target == _INT_OR_STRING:
        whole["x-kubernetes-int-or-string"] = True
    if "properties" in whole:
        whole["properties"] = {name: _whole(each, schemas, seen) for name, each in whole["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(whole.get(key), dict):
            whole[key] = _whole(whole[key], schemas, seen)
    return whole


def _reference(schema: JSONObject) -> str | None:
    for each in (schema, *(schema.get("allOf") or ())):
        if "$ref" in each:
            name: str = each["$ref"].rpartition("/")[2]
            return name
    return None


def _issue(text: str, spec: JSONObject, declared: SchemaType, params: SchemaType | None) -> str:
    """Return what does not fit in an expression, "" if everything does."""
    variables: dict[str, CELType] = {
        "object": declared.type,
        "oldObject": declared.type,
        "namespaceObject": NAMESPACE.type,
        "request": REQUEST.type,
        "authorizer": AUTHORIZER,
        "variables": object_type(VARIABLES),
    }
    if spec.get("paramKind"):
        variables["params"] = params.type if params is not None else DYN
    known = [each for each in (declared, params) if each is not None]
    defined: dict[str, CELType] = {}
    for variable in spec.get("variables") or ():
        types = AdmissionTypes(defined, others=DeclaredTypes(*known))
        try:
            found = compiled(variable["expression"], base_environment().extended(variables, types)).output_type
        except CELSyntaxError:
            found = DYN
        defined[variable["name"]] = found
    try:
        compiled(text, base_environment().extended(variables, AdmissionTypes(defined, others=DeclaredTypes(*known))))
    except CELSyntaxError as exc:
        return str(exc)
    return ""
