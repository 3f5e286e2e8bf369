"""Make the definitions and the resources of a CustomResourceDefinition, one for each version that it serves.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go (getOrCreateServingInfoFor)
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial, reduce

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.converter import Converter
from rootspan_apiserver.resources.custom.acceptance import is_true
from rootspan_apiserver.resources.custom.columns import columns_of
from rootspan_apiserver.resources.custom.defaulting import apply_defaults
from rootspan_apiserver.resources.custom.deprecation import deprecation_warning
from rootspan_apiserver.resources.custom.effort import Effort
from rootspan_apiserver.resources.custom.expression_nodes import RuleNode, rule_nodes
from rootspan_apiserver.resources.custom.finalizer_warnings import finalizer_warnings
from rootspan_apiserver.resources.custom.none_converter import NoneConverter
from rootspan_apiserver.resources.custom.rules import (
    EvaluatesExpressions,
    FitsSchema,
    ListsAreUnique,
    ResourcesInside,
    ScaleFits,
    StatusFitsSchema,
)
from rootspan_apiserver.resources.custom.stored_form import StoredForm
from rootspan_apiserver.resources.custom.structural import structural_schema
from rootspan_apiserver.resources.definition import Definition
from rootspan_apiserver.resources.hooks import Generation
from rootspan_apiserver.resources.json_path_parser import parse
from rootspan_apiserver.resources.json_paths import Steps, follow
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.resources.selectable import text
from rootspan_apiserver.resources.strategy import Strategy
from rootspan_apiserver.resources.subresource_definition import ALL_METADATA, ScalePaths, SubresourceDefinition
from rootspan_apiserver.rules import ABSENT, Rule, struct
from rootspan_apiserver.rules.metadata import metadata_update, object_metadata
from rootspan_apiserver.types.schema import Schema

SCALE = GroupVersionKind("autoscaling", "v1", "Scale")


def resources_of(definition: JSONObject, converter: Converter | None = None) -> tuple[Resource, ...]:
    """Return the resources of a valid definition, one a served version.

    Args:
        converter: converts between the versions; None where they differ in nothing but their names.
    """
    spec = definition["spec"]
    versions = spec.get("versions") or []
    kept = next((version["name"] for version in versions if version.get("storage")), "")
    schemas = schemas_of(definition)
    shared = _Shared(
        spec=spec,
        kept=kept,
        schemas=schemas,
        converter=converter or NoneConverter(f"{spec['group']}/{kept}"),
        form=StoredForm(schemas),
        is_terminating=is_true(definition, "Terminating"),
    )
    return tuple(_resource(shared, version) for version in versions if version.get("served"))


@dataclass(frozen=True, kw_only=True)
class _Shared:
    """What the versions of a definition have in common; `kept` is the one that is stored."""

    spec: JSONObject
    kept: str
    schemas: Mapping[str, Schema]
    converter: Converter
    form: StoredForm
    is_terminating: bool


def schemas_of(definition: JSONObject) -> dict[str, Schema]:
    """Return the schema of each version of a definition, by group-version."""
    spec = definition["spec"]
    versions = spec.get("versions") or []
    return {f"{spec['group']}/{version['name']}": structural_schema(_published(version)) for version in versions}


def _resource(shared: _Shared, version: JSONObject) -> Resource:
    spec = shared.spec
    kind = GroupVersionKind(spec["group"], version["name"], spec["names"]["kind"])
    schema = shared.schemas[kind.api_version]
    definition = _definition(spec, version, shared.kept, schema)
    return Resource.of(
        definition,
        Strategy(definition),
        schema,
        kind=kind,
        deprecation=deprecation_warning(version, kind, spec),
        published=_published(version),
        converter=shared.converter,
        stored_form=shared.form,
        is_terminating=shared.is_terminating,
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
    schema: Schema, effort: Effort, scale: ScalePaths | None, nodes: RuleNode | None, *, namespaced: bool
) -> _Rules:
    metadata = struct(metadata=object_metadata(namespaced=namespaced, standard_finalizers=False))
    identified = struct(metadata=metadata_update)

    def whole(head: Rule, *fits: Rule) -> Rule:
        rule = reduce(operator.and_, fits, head) & ListsAreUnique(schema)
        return rule if nodes is None else EvaluatesExpressions(rule, nodes)

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
    nodes = rule_nodes(_published(version), schema)
    effort = Effort(schema, nodes)
    rules = _rules(schema, effort, scale, nodes, namespaced=namespaced)
    status = SubresourceDefinition("status", writes=("status",), keeps_metadata=ALL_METADATA, rules=rules.status)
    fields = [field["jsonPath"] for field in version.get("selectableFields") or []]

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
        selectable={path.removeprefix("."): partial(_first, steps=parse(path)) for path in fields},
        columns=columns_of(version.get("additionalPrinterColumns") or ()),
    )


def _first(obj: JSONObject, steps: Steps) -> str:
    found = follow([obj], steps)
    return text(found[0]) if found else ""


def _scale(given: JSONObject) -> ScalePaths:
    return ScalePaths(
        spec_replicas=given.get("specReplicasPath") or "",
        status_replicas=given.get("statusReplicasPath") or "",
        selector=given.get("labelSelectorPath") or "",
    )
