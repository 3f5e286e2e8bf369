"""Make the definitions and the resources of a CustomResourceDefinition, one for each version that it serves.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (getOrCreateServingInfoFor)
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial, reduce
from typing import Any

import orjson

from rootspan_apiserver.kube.durations import age
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.times import write_time
from rootspan_apiserver.resources.columns import NAME, Column, at
from rootspan_apiserver.resources.converter import Converter
from rootspan_apiserver.resources.custom.defaulting import apply_defaults
from rootspan_apiserver.resources.custom.deprecation import deprecation_warning
from rootspan_apiserver.resources.custom.effort import Effort
from rootspan_apiserver.resources.custom.finalizer_warnings import finalizer_warnings
from rootspan_apiserver.resources.custom.rules import (
    BlocksExpressions,
    FitsSchema,
    ListsAreUnique,
    ResourcesInside,
    ScaleFits,
    StatusFitsSchema,
)
from rootspan_apiserver.resources.custom.stored_form import StoredForm
from rootspan_apiserver.resources.custom.structural import schemas_in, structural_schema
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import Generation
from rootspan_apiserver.resources.json_paths import find
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.resources.selectable import text
from rootspan_apiserver.resources.strategy import Strategy
from rootspan_apiserver.resources.subresource_definition import ALL_METADATA, ScalePaths, SubresourceDefinition
from rootspan_apiserver.rules import ABSENT, Rule, struct
from rootspan_apiserver.rules.metadata import metadata_update, object_metadata
from rootspan_apiserver.types.schema import Schema

SCALE = GroupVersionKind("autoscaling", "v1", "Scale")
AGE = Column("Age", lambda obj, now: age(at(obj, "metadata", "creationTimestamp"), now), "date")


def resources_of(definition: JSONObject, converter: Converter | None = None) -> tuple[Resource, ...]:
    """Return the resources of a valid definition, one a served version.

    Args:
        converter: converts between the versions; None where the definition has only one.
    """
    spec = definition["spec"]
    versions = spec.get("versions") or []
    kept = next((version["name"] for version in versions if version.get("storage")), "")
    schemas = schemas_of(definition)
    return tuple(_resource(spec, version, kept, schemas, converter) for version in versions if version.get("served"))


def schemas_of(definition: JSONObject) -> dict[str, Schema]:
    """Return the schema of each version of a definition, by group-version."""
    spec = definition["spec"]
    versions = spec.get("versions") or []
    return {f"{spec['group']}/{version['name']}": structural_schema(_published(version)) for version in versions}


def _resource(
    spec: JSONObject, version: JSONObject, kept: str, schemas: Mapping[str, Schema], converter: Converter | None
) -> Resource:
    names, group = spec["names"], spec["group"]
    kind = GroupVersionKind(group, version["name"], names["kind"])
    schema = schemas[kind.api_version]
    definition = _definition(spec, version, kept, schema)
    return Resource.of(
        definition,
        Strategy(definition),
        schema,
        kind=kind,
        deprecation=deprecation_warning(version, kind, spec),
        published=_published(version),
        stored_form=StoredForm(schemas=schemas, stored=f"{group}/{kept}", served=kind.api_version),
        converter=converter,
    )


def _published(version: JSONObject) -> JSONObject:
    return (version.get("schema") or {}).get("openAPIV3Schema") or {}


@dataclass(frozen=True, kw_only=True)
class _Rules:
    """The rules of a version of a custom resource, on create, on update and for its status."""

    create: Rule
    update: Rule
    status: Rule


def _rules(
    version: JSONObject, schema: Schema, effort: Effort, scale: ScalePaths | None, *, namespaced: bool
) -> _Rules:
    metadata = struct(metadata=object_metadata(namespaced=namespaced, standard_finalizers=False))
    identified = metadata & struct(metadata=metadata_update)
    expressions = any(each.get("x-kubernetes-validations") for each in schemas_in(_published(version)))

    def whole(head: Rule, *fits: Rule) -> Rule:
        rule = reduce(operator.and_, fits, head) & ListsAreUnique(schema)
        return BlocksExpressions(rule) if expressions else rule

    fits: list[Rule] = [FitsSchema(schema, effort)]
    status_fits: list[Rule] = [StatusFitsSchema(schema)]
    if scale is not None:
        fits.append(ScaleFits(scale, True))
        status_fits.append(ScaleFits(scale, False))
    fits.append(ResourcesInside(schema))
    return _Rules(
        create=whole(metadata, *fits), update=whole(identified, *fits), status=whole(identified, *status_fits)
    )


def _definition(spec: JSONObject, version: JSONObject, kept: str, schema: Schema) -> Definition:
    names, group = spec["names"], spec["group"]
    given = version.get("subresources") or {}
    namespaced = spec.get("scope") == "Namespaced"
    has_status = given.get("status") is not None
    scale = _scale(given["scale"]) if given.get("scale") is not None else None
    effort = Effort(schema)
    rules = _rules(version, schema, effort, scale, namespaced=namespaced)
    status = SubresourceDefinition("status", writes=("status",), keeps_metadata=ALL_METADATA, rules=rules.status)
    fields = [field["jsonPath"] for field in version.get("selectableFields") or []]
    shown = version.get("additionalPrinterColumns") or []

    def default(obj: JSONObject) -> None:
        apply_defaults(obj, schema)

    def desired_state_changed(obj: JSONObject, old: JSONObject) -> bool:
        aside = {"apiVersion", "kind", "metadata", *(("status",) if has_status else ())}
        return any(obj.get(key, ABSENT) != old.get(key, ABSENT) for key in (obj.keys() | old.keys()) - aside)

    return Definition(
        f"{group}/{version['name']}",
        names["kind"],
        names["plural"],
        singular=names.get("singular") or names["kind"].lower(),
        list_kind=names.get("listKind") or f"{names['kind']}List",
        namespaced=namespaced,
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=(
            *((status,) if has_status else ()),
            *((SubresourceDefinition("scale", SCALE, scale=scale),) if scale is not None else ()),
        ),
        storage_path=f"/{group}/{names['plural']}",
        go_type="*unstructured.Unstructured",
        hashed_version=kept,
        defaults=(default,),
        generation=Generation(changed=desired_state_changed),
        update_needs_resource_version=True,
        name_rule=None,
        rules=rules.create,
        update_rules=rules.update,
        is_slow_to_validate=effort.is_large,
        warnings=finalizer_warnings,
        selectable={path.removeprefix("."): partial(_first, path=path) for path in fields},
        columns=(NAME, *map(_column, shown)) if shown else (NAME, AGE),
    )


def _first(obj: JSONObject, path: str) -> str:
    found = find(obj, path)
    return text(found[0]) if found else ""


def _scale(given: JSONObject) -> ScalePaths:
    return ScalePaths(
        spec_replicas=given.get("specReplicasPath") or "",
        status_replicas=given.get("statusReplicasPath") or "",
        selector=given.get("labelSelectorPath") or "",
    )


def _column(given: JSONObject) -> Column:
    kind = given.get("type", "string")
    return Column(
        given.get("name", ""),
        partial(_cell, path=given.get("jsonPath", ""), kind=kind),
        kind,
        format=given.get("format") or "",
        priority=given.get("priority") or 0,
        description=given.get("description") or "",
    )


def _cell(obj: JSONObject, now: datetime, *, path: str, kind: str) -> Any:
    values = find(obj, path)
    if not values:
        return None
    value = values[0] if len(values) == 1 else values
    match kind:
        case "date":
            return age(value, now)
        case "string":
            return value if isinstance(value, str) else orjson.dumps(value).decode()
        case "integer":
            return value if isinstance(value, int) and not isinstance(value, bool) else None
        case "number":
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        case "boolean":
            return value if isinstance(value, bool) else None
    return value


def accepted_status(definition: JSONObject, now: datetime, conflict: str = "") -> JSONObject:
    """The status of a definition whose names were looked at: accepted and served, or refused because of a `conflict`."""
    before = definition.get("status") or {}
    known = {condition["type"]: condition for condition in before.get("conditions") or []}
    served = not conflict or bool((before.get("acceptedNames") or {}).get("kind"))
    wanted = [
        ("NamesAccepted", "False", "NamesConflict", conflict)
        if conflict
        else ("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
        ("Established", "True", "InitialNamesAccepted", "the initial names have been accepted")
        if served
        else ("Established", "False", "NotAccepted", "not all names are accepted"),
    ]
    moment = write_time(now)
    conditions = []
    for kind, value, reason, message in wanted:
        last = known.get(kind, {})
        since = last.get("lastTransitionTime") if last.get("status") == value else None
        condition = {"type": kind, "status": value, "lastTransitionTime": since or moment}
        conditions.append({**condition, "reason": reason, "message": message})
    others = [condition for kind, condition in known.items() if kind not in ("NamesAccepted", "Established")]
    names = before.get("acceptedNames") if conflict else definition["spec"]["names"]
    return {**before, "conditions": [*conditions, *others], "acceptedNames": names or {"plural": "", "kind": ""}}
