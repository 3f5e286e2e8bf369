"""CustomResourceDefinition: its rules, its defaults, its status, its deletion."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.apiextensions.custom_resource_definition import CLEANUP, definition
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck, changed

LABEL = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
SUBDOMAIN = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
MIXED = "may have mixed case, but should otherwise match: "
FIELDS: JSONObject = {"type": "object", "properties": {"size": {"type": "integer"}, "shade": {"type": "string"}}}
SCHEMA: JSONObject = {"type": "object", "properties": {"spec": FIELDS, "status": {"type": "object"}}}
VERSION: JSONObject = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": SCHEMA}}
SPEC: JSONObject = {
    "group": "things.example.org",
    "scope": "Namespaced",
    "names": {"plural": "lamps", "kind": "Lamp"},
    "versions": [VERSION],
}
LAMPS = KindCheck(definition, {"metadata": {"name": "lamps.things.example.org"}, "spec": SPEC})
FIRST = "spec.versions.0"
PATH = "must be a simple json path starting with ."
OTHER: JSONObject = {"name": "v2", "schema": {"openAPIV3Schema": {"type": "object"}}}
UNNAMED = 'metadata.name: Invalid value: "lamps.things.example.org": must be spec.names.plural+"."+spec.group'
WEBHOOK: JSONObject = {
    "strategy": "Webhook",
    "webhook": {"clientConfig": {"url": "https://hooks.example.org"}, "conversionReviewVersions": ["v1"]},
}
BAD_BUNDLE: JSONObject = {
    **WEBHOOK,
    "webhook": {**WEBHOOK["webhook"], "clientConfig": {"url": "https://hooks.example.org", "caBundle": "eHl6"}},
}
CONVERSION = "spec.conversion"
NAMES: list[tuple[Changes, list[str]]] = [
    ({}, []),
    ({"spec.group": "example", "metadata.name": "lamps.example"}, ['spec.group: Invalid value: "example": should be a domain with at least one dot']),
    ({"spec.group": "a_b.c", "metadata.name": "lamps.a-b.c"}, ['metadata.name: Invalid value: "lamps.a-b.c": must be spec.names.plural+"."+spec.group', f'spec.group: Invalid value: "a_b.c": {SUBDOMAIN}']),
    ({"spec.group": REMOVED}, [UNNAMED, "spec.group: Required value"]),
    ({"spec.scope": REMOVED}, ["spec.scope: Required value"]),
    ({"spec.scope": "Universal"}, ['spec.scope: Unsupported value: "Universal": supported values: "Cluster", "Namespaced"']),
    ({"spec.names.plural": REMOVED}, [UNNAMED, "spec.names.plural: Required value"]),
    ({"spec.names.kind": REMOVED}, ["spec.names.singular: Required value", "spec.names.kind: Required value", "spec.names.listKind: Required value"]),
    ({"spec.names.plural": "l_s", "metadata.name": "l-s.things.example.org"}, ['metadata.name: Invalid value: "l-s.things.example.org": must be spec.names.plural+"."+spec.group', f'spec.names.plural: Invalid value: "l_s": {LABEL}']),
    ({"spec.names.singular": "Lamp"}, [f'spec.names.singular: Invalid value: "Lamp": {LABEL}']),
    ({"spec.names.kind": "La_mp", "spec.names.singular": "lamp", "spec.names.listKind": "Lamps"}, [f'spec.names.kind: Invalid value: "La_mp": {MIXED}{LABEL}']),
    ({"spec.names.listKind": "La_mps"}, [f'spec.names.listKind: Invalid value: "La_mps": {MIXED}{LABEL}']),
    ({"spec.names.listKind": "Lamp"}, ['spec.names.listKind: Invalid value: "Lamp": kind and listKind may not be the same']),
    ({"spec.names.shortNames": ["lp", "L"]}, [f'spec.names.shortNames[1]: Invalid value: "L": {LABEL}']),
    ({"spec.names.categories": ["all", ""]}, [f'spec.names.categories[1]: Invalid value: "": {LABEL}']),
    ({"spec.preserveUnknownFields": True}, ["spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"]),
    ({"spec.group": "lights.k8s.io", "metadata.name": "lamps.lights.k8s.io"}, ['metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111']),
    ({"spec.group": "lights.k8s.io", "metadata.name": "lamps.lights.k8s.io", "metadata.annotations": {"api-approved.kubernetes.io": "yes"}}, ['metadata.annotations[api-approved.kubernetes.io]: Invalid value: "yes": protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111']),
    ({"spec.group": "lights.k8s.io", "metadata.name": "lamps.lights.k8s.io", "metadata.annotations": {"api-approved.kubernetes.io": "unapproved, an experiment"}}, []),
    ({"spec.group": "lights.k8s.io", "metadata.name": "lamps.lights.k8s.io", "metadata.annotations": {"api-approved.kubernetes.io": "https://example.org/1"}}, []),
]  # fmt: skip
VERSIONS: list[tuple[Changes, list[str]]] = [
    ({"spec.versions.1": OTHER}, []),
    ({f"{FIRST}.name": "V1"}, [f'spec.versions[0].name: Invalid value: "V1": {LABEL}', f'spec.version: Invalid value: "V1": {LABEL}']),
    ({f"{FIRST}.schema": REMOVED}, ["spec.versions[0].schema.openAPIV3Schema: Required value"]),
    ({f"{FIRST}.deprecated": True, f"{FIRST}.deprecationWarning": "use v2"}, []),
    ({f"{FIRST}.deprecationWarning": "use v2"}, ['spec.versions[0].deprecationWarning: Invalid value: "use v2": can only be set for deprecated versions']),
    ({f"{FIRST}.deprecated": True, f"{FIRST}.deprecationWarning": ""}, ['spec.versions[0].deprecationWarning: Invalid value: "": must not be an empty string']),
    ({f"{FIRST}.deprecated": True, f"{FIRST}.deprecationWarning": "a\nb" + "c" * 254}, [f'spec.versions[0].deprecationWarning: Invalid value: "a\\nb{"c" * 254}": {words}' for words in ("must be <= 256 characters long", "must only contain printable UTF-8 characters; non-printable character found at index 1")]),
    ({f"{FIRST}.subresources": {"scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size", "labelSelectorPath": ".spec.shade"}}}, []),
    ({f"{FIRST}.subresources": {"scale": {"specReplicasPath": "size", "statusReplicasPath": ".spec.size", "labelSelectorPath": ".metadata.labels"}}}, [
        f'spec.subresources.scale.specReplicasPath: Invalid value: "size": {PATH}',
        'spec.subresources.scale.statusReplicasPath: Invalid value: ".spec.size": should be a json path under .status',
        'spec.subresources.scale.labelSelectorPath: Invalid value: ".metadata.labels": should be a json path under either .spec or .status',
    ]),
    ({"spec.versions.1": OTHER, f"{FIRST}.subresources": {"scale": {"specReplicasPath": ".status.size", "statusReplicasPath": "", "labelSelectorPath": "x"}}}, [
        'spec.versions[0].subresources.scale.specReplicasPath: Invalid value: ".status.size": should be a json path under .spec',
        "spec.versions[0].subresources.scale.statusReplicasPath: Required value",
        f'spec.versions[0].subresources.scale.labelSelectorPath: Invalid value: "x": {PATH}',
    ]),
    ({f"{FIRST}.additionalPrinterColumns": [{"name": "Size", "type": "integer", "format": "int32", "jsonPath": ".spec.size"}]}, []),
    ({f"{FIRST}.additionalPrinterColumns": [{"format": "big"}]}, [
        "spec.additionalPrinterColumns[0].name: Required value",
        "spec.additionalPrinterColumns[0].type: Required value: must be one of boolean,date,integer,number,string",
        'spec.additionalPrinterColumns[0].format: Invalid value: "big": must be one of byte,date,date-time,double,float,int32,int64,password',
        "spec.additionalPrinterColumns[0].JSONPath: Required value",
    ]),
    ({"spec.versions.1": OTHER, f"{FIRST}.additionalPrinterColumns": [{"name": "", "type": "text", "format": "big", "jsonPath": "x"}]}, [
        "spec.versions[0].additionalPrinterColumns[0].name: Required value",
        'spec.versions[0].additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
        'spec.versions[0].additionalPrinterColumns[0].format: Invalid value: "big": must be one of byte,date,date-time,double,float,int32,int64,password',
        f'spec.versions[0].additionalPrinterColumns[0].JSONPath: Invalid value: "x": {PATH}',
    ]),
    ({f"{FIRST}.selectableFields": [{"jsonPath": ".spec.shade"}, {"jsonPath": ".spec.size"}]}, []),
    ({f"{FIRST}.selectableFields": [{"jsonPath": path} for path in ("", "spec", ".spec.shade", ".spec.shade", ".spec", ".spec['shade']", ".spec.tint", ".spec.")]}, [
        "spec.selectableFields[0].jsonPath: Required value",
        'spec.selectableFields[1].jsonPath: Invalid value: "spec": is an invalid path: expected [ or . but got: spec',
        'spec.selectableFields[3].jsonPath: Duplicate value: ".spec.shade"',
        'spec.selectableFields[4].jsonPath: Invalid value: ".spec": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        "spec.selectableFields[5].jsonPath: Invalid value: \".spec['shade']\": is an invalid path: array notation is not allowed",
        'spec.selectableFields[6].jsonPath: Invalid value: ".spec.tint": is an invalid path: does not refer to a valid field',
        'spec.selectableFields[7].jsonPath: Invalid value: ".spec.": is an invalid path: unexpected end of JSON path',
    ]),
    ({"spec.versions.1": {"name": "v2"}, f"{FIRST}.schema": REMOVED, f"{FIRST}.selectableFields": [{"jsonPath": ".spec.shade"}]}, [
        "spec.versions[0].schema.openAPIV3Schema: Required value",
        "spec.versions[1].schema.openAPIV3Schema: Required value",
        'spec.versions[0].selectableFields: Invalid value: "": may only be set when `version.schema.openAPIV3Schema` is not included',
    ]),
]  # fmt: skip
CONVERSIONS: list[tuple[Changes, list[str]]] = [
    ({CONVERSION: WEBHOOK}, []),
    ({CONVERSION: {}}, [f"{CONVERSION}.strategy: Required value"]),
    ({CONVERSION: {"strategy": "Magic"}}, [f'{CONVERSION}.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"']),
    ({CONVERSION: {**WEBHOOK, "strategy": "None"}}, [f"{CONVERSION}.{name}: Forbidden: should not be set when strategy is not set to Webhook" for name in ("webhookClientConfig", "conversionReviewVersions")]),
    ({CONVERSION: {"strategy": "Webhook"}}, [f"{CONVERSION}.webhookClientConfig: Required value: required when strategy is set to Webhook", f"{CONVERSION}.conversionReviewVersions: Required value"]),
    ({CONVERSION: {"strategy": "Webhook", "webhook": {"clientConfig": {}, "conversionReviewVersions": ["v3", "V", "v3"]}}}, [
        f"{CONVERSION}.webhookClientConfig: Required value: exactly one of url or service is required",
        f'{CONVERSION}.conversionReviewVersions[1]: Invalid value: "V": {LABEL}',
        f'{CONVERSION}.conversionReviewVersions[2]: Invalid value: "v3": duplicate version',
        f'{CONVERSION}.conversionReviewVersions: Invalid value: ["v3","V","v3"]: must include at least one of v1, v1beta1',
    ]),
    ({CONVERSION: WEBHOOK, "spec.preserveUnknownFields": True}, [
        f'{CONVERSION}.strategy: Invalid value: "Webhook": must be None if spec.preserveUnknownFields is true',
        "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
    ]),
]  # fmt: skip
AT = "spec.validation.openAPIV3Schema"
ROOT_ONLY = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
ROWS = NAMES + VERSIONS + CONVERSIONS
ESTABLISHED: Changes = {"status.conditions": [{"type": "Established", "status": "True"}]}
STORED = "missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions"
UPDATES: list[tuple[Changes, Changes, list[str]]] = [
    (ESTABLISHED, {"spec.names.shortNames": ["lp"]}, []),
    (ESTABLISHED, {CONVERSION: BAD_BUNDLE}, ['spec.conversion.webhookClientConfig.caBundle: Invalid value: "eHl6": unable to load root certificates: unable to parse bytes as PEM block']),
    ({**ESTABLISHED, CONVERSION: BAD_BUNDLE}, {"spec.names.shortNames": ["lp"]}, []),
    ({}, {CONVERSION: BAD_BUNDLE}, []),
    (ESTABLISHED, {"spec.scope": "Cluster", "spec.names.kind": "Light"}, ['spec.scope: Invalid value: "Cluster": field is immutable', 'spec.names.kind: Invalid value: "Light": field is immutable']),
    ({}, {"spec.scope": "Cluster", "spec.names.kind": "Light"}, []),
    ({}, {"spec.group": "example.net"}, ['spec.group: Invalid value: "example.net": field is immutable']),
    ({}, {"spec.names.plural": "lights"}, ['spec.names.plural: Invalid value: "lights": field is immutable']),
    ({}, {"spec.versions.0.name": "v2"}, [f'status.storedVersions[0]: Invalid value: "v1": {STORED}']),
]  # fmt: skip


def _refusals(schema: JSONObject, **version: Any) -> list[str]:
    """Why a definition with this schema for all versions is refused, without the place of the schema."""
    changes = {f"{FIRST}.schema.openAPIV3Schema": schema, **{f"{FIRST}.{key}": value for key, value in version.items()}}
    return [error.removeprefix(AT) for error in LAMPS.refusals(changes)]


def _ruled(*rules: str) -> JSONObject:
    return {"x-kubernetes-validations": [{"rule": rule} for rule in rules]}


def _in_spec(field: JSONObject) -> JSONObject:
    return {"type": "object", "properties": {"f": field}}


F = ".properties[f]"
TYPES = 'supported values: "array", "boolean", "integer", "number", "object", "string"'
KEYED: JSONObject = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}
ITEM: JSONObject = {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}}
KEY = "this property is in x-kubernetes-list-map-keys, so it"
SCHEMAS: list[tuple[JSONObject, list[str]]] = [
    ({"type": "string"}, [".type: Invalid value: \"string\": must be object at the root"]),
    ({"type": "object", "nullable": True}, [".nullable: Forbidden: nullable cannot be true at the root"]),
    ({"type": "object", "additionalProperties": True}, [".additionalProperties: Forbidden: must not be used at the root"]),
    ({"type": "object", "properties": {"metadata": {"type": "object"}}}, []),
    ({"type": "object", "properties": {"metadata": {"type": "object", "properties": {"name": {"type": "string", "pattern": "^a"}}}}}, []),
    ({"type": "object", "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}, "kind": {"type": "integer"}}}, [
        '.properties[kind].type: Invalid value: "integer": must be string',
        ".properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
    ]),
    ({"type": "object", "properties": {"metadata": {"type": "object", "default": {}}}}, [".properties[metadata].default: Forbidden: must not be set in top-level metadata"]),
    (_in_spec({}), [f"{F}.type: Required value: must not be empty for specified object fields"]),
    (_in_spec({"type": "text"}), [f'{F}.type: Unsupported value: "text": {TYPES}']),
    (_in_spec({"type": "array"}), [f"{F}.items: Required value: must be specified"]),
    (_in_spec({"type": "array", "items": {"x-kubernetes-preserve-unknown-fields": True}}), []),
    (_in_spec({"type": "array", "items": {"nullable": True}}), [f"{F}.items.type: Required value: must not be empty for specified array items"]),
    (_in_spec({"type": "string", "uniqueItems": True}), [f"{F}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"]),
    (_in_spec({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}), [f"{F}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"]),
    (_in_spec({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}), []),
    (_in_spec({"x-kubernetes-int-or-string": True, "allOf": [{"anyOf": [{"type": "integer"}, {"type": "string"}]}]}), []),
    (_in_spec({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "string"}]}), [f"{F}.anyOf[0].type: Forbidden: must be empty to be structural"]),
    (_in_spec({"x-kubernetes-int-or-string": True, "x-kubernetes-preserve-unknown-fields": True}), [f"{F}.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true"]),
    (_in_spec({"type": "object", "x-kubernetes-preserve-unknown-fields": False}), [f"{F}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined"]),
    (_in_spec({"type": "object", "not": {"properties": {"a": {"default": 1}}}}), [f"{F}.not.properties[a].default: Forbidden: must be undefined to be structural"]),
    ({"type": "object", "oneOf": [{"properties": {"a": {"minimum": 1}}}]}, [".properties[a]: Required value: because it is defined in spec.validation.openAPIV3Schema.oneOf[0].properties[a]"]),
    (_in_spec({"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}), []),
    (_in_spec({"type": "object", "x-kubernetes-embedded-resource": True}), [f"{F}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"]),
    (_in_spec({"x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}), [f"{F}.type: Required value: must be object if x-kubernetes-embedded-resource is true"]),
    (_in_spec({"type": "string", "x-kubernetes-map-type": "flat"}), [f'{F}.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified', f'{F}.x-kubernetes-map-type: Unsupported value: "flat": supported values: "atomic", "granular"']),
    (_in_spec({"type": "string", "x-kubernetes-list-type": "bag"}), [f'{F}.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified', f'{F}.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "set", "map"']),
    (_in_spec({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object", "nullable": True}}), [f"{F}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set", f"{F}.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set"]),
    (_in_spec({**KEYED, "items": ITEM}), []),
    (_in_spec({**KEYED, "x-kubernetes-list-type": "atomic", "items": ITEM}), [f'{F}.x-kubernetes-list-type: Invalid value: "atomic": must be map if x-kubernetes-list-map-keys is non-empty']),
    (_in_spec({**KEYED, "x-kubernetes-list-map-keys": [], "items": ITEM}), [f"{F}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"]),
    (_in_spec({**KEYED, "x-kubernetes-list-map-keys": ["k", "k", "x"], "items": ITEM}), [f'{F}.x-kubernetes-list-map-keys: Invalid value: ["k","k","x"]: {words}' for words in ("must not contain duplicate entries", "entries must all be names of item properties")]),
    (_in_spec({**KEYED, "items": {"type": "string"}}), [f'{F}.items.type: Invalid value: "string": must be object if parent array\'s x-kubernetes-list-type is map']),
    (_in_spec({**KEYED, "items": {**ITEM, "required": [], "properties": {"k": {"type": "string", "nullable": True}}}}), [f"{F}.items.properties[k].default: Required value: {KEY} must have a default or be a required property", f"{F}.items.properties[k].nullable: Forbidden: {KEY} cannot be nullable"]),
    (_in_spec({"type": "integer", "maximum": 3, "default": 7}), [f"{F}.default: Invalid value: 7:  in body should be less than or equal to 3"]),
    (_in_spec({"type": "object", "default": {"a": 1}}), [f'{F}.default: Invalid value: {{"a":1}}: must not have unknown fields']),
    (_in_spec({"type": "integer", "default": 3, **_ruled("self > 5")}), [f"{F}.default: Invalid value: 3: failed rule: self > 5"]),
    (_in_spec({"type": "integer", "default": 7, **_ruled("self > 5", "self == oldSelf")}), []),
    (_in_spec({"type": "integer", "default": 7, "x-kubernetes-validations": [{"rule": "oldSelf.hasValue()", "optionalOldSelf": True}]}), [f"{F}.default: Invalid value: 7: failed rule: oldSelf.hasValue()"]),
    (_in_spec({"type": "object", "default": {"a": 1}, "properties": {"a": {"type": "integer", **_ruled("self > 5")}}}), [f"{F}.default.a: Invalid value: 1: failed rule: self > 5"]),
    (_in_spec({"x-kubernetes-int-or-string": True, "default": 5, **_ruled("type(self) == int && self > 7")}), [f"{F}.default: Invalid value: 5: failed rule: type(self) == int && self > 7"]),
    (_in_spec({"type": "string", "x-kubernetes-validations": [{"rule": "self != ''", "message": "give one"}]}), []),
    (_in_spec({"type": "string", "x-kubernetes-validations": [{"rule": " ", "reason": "Sad", "fieldPath": ".x", "messageExpression": " "}, {"rule": "a\nb"}, {"rule": "a", "message": "b\nc"}, {"rule": "a", "message": " "}]}), [
        f"{F}.x-kubernetes-validations[0].rule: Required value: rule is not specified",
        f"{F}.x-kubernetes-validations[0].messageExpression: Required value: messageExpression must be non-empty if specified",
        f'{F}.x-kubernetes-validations[0].reason: Unsupported value: "Sad": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
        f'{F}.x-kubernetes-validations[0].fieldPath: Invalid value: ".x": must be a valid path',
        f"{F}.x-kubernetes-validations[1].message: Required value: message must be specified if rule contains line breaks",
        f'{F}.x-kubernetes-validations[2].message: Invalid value: "b\\nc": must not contain line breaks',
        f'{F}.x-kubernetes-validations[3].message: Invalid value: " ": must be non-empty if specified',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule refuses with upstream's words, in upstream's order; what all versions share is named above them."""
    assert LAMPS.refusals(changes) == errors


def test_versions_agree() -> None:
    """Names are unique, and one version is stored."""
    (unique,) = LAMPS.refusals({"spec.versions.1": {**OTHER, "name": "v1"}})
    assert unique.startswith("spec.versions: Invalid value: [")
    assert unique.endswith("must contain unique version names")
    one, stored = LAMPS.refusals({"spec.versions": []})
    assert one == "spec.versions: Invalid value: []: must have exactly one version marked as storage version"
    assert stored == "status.storedVersions: Invalid value: null: must have at least one stored version"


@pytest.mark.parametrize(("schema", "errors"), SCHEMAS)
def test_schema_is_checked(schema: JSONObject, errors: list[str]) -> None:
    """A schema is structural, its keywords are supported and go together, its defaults fit."""
    assert _refusals(schema) == errors


def test_root_of_schema_with_status_is_object() -> None:
    """The schema of the status is taken out of that of the object."""
    refused = _refusals({"type": "array", "items": {"type": "string"}}, subresources={"status": {}})
    assert refused[0] == f'.type: Invalid value: "array": {ROOT_ONLY}'


def test_defaults_need_pruning() -> None:
    """A definition that keeps unknown fields can have no defaults."""
    changes = {
        f"{FIRST}.schema.openAPIV3Schema": _in_spec({"type": "string", "default": "a"}),
        "spec.preserveUnknownFields": True,
    }
    assert (
        LAMPS.refusals(changes)[0]
        == "spec.preserveUnknownFields: Invalid value: true: must be false in order to use defaults in the schema"
    )


@pytest.mark.parametrize(("old", "changes", "errors"), UPDATES)
def test_update_is_checked(old: Changes, changes: Changes, errors: list[str]) -> None:
    """Group and plural stay; scope and kind stay once the definition is established."""
    assert LAMPS.update_refusals(changes, old=old) == errors


def test_names_in_status_are_checked() -> None:
    """A controller accepts names that are valid."""
    refusal = f'status.acceptedNames.plural: Invalid value: "L": {LABEL}'
    assert LAMPS.update_refusals({"status.acceptedNames": {"plural": "L", "kind": "Lamp"}}, "status") == [refusal]


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    updates = [LAMPS.updated(changes, old=old)[1] for old, changes, _ in UPDATES]
    names = {"plural": "L", "singular": "L", "kind": "L_", "listKind": "L_", "shortNames": ["L"], "categories": ["L"]}
    updates.append(LAMPS.updated({"status.acceptedNames": names}, "status")[1])
    assert LAMPS.unchecked([changes for changes, _ in ROWS], updates) == []


def test_absent_names_are_made_of_kind() -> None:
    """The singular is the kind in lower case; objects are not converted unless a webhook does."""
    stored = LAMPS.stored()
    assert stored["spec"]["names"] == {"plural": "lamps", "singular": "lamp", "kind": "Lamp", "listKind": "LampList"}
    assert stored["spec"]["conversion"] == {"strategy": "None"}
    service = {"webhook": {"clientConfig": {"service": {"namespace": "a", "name": "b"}}}, "strategy": "Webhook"}
    webhook = LAMPS.stored({CONVERSION: service})["spec"]["conversion"]["webhook"]
    assert webhook["clientConfig"]["service"]["port"] == 443


def test_storage_version_is_added_to_stored_versions() -> None:
    """What was stored once stays in the list."""
    assert LAMPS.stored()["status"]["storedVersions"] == ["v1"]
    updated, errors = LAMPS.updated({"spec.versions.0.storage": False, "spec.versions.1": {**OTHER, "storage": True}})
    assert (updated["status"]["storedVersions"], errors) == (["v1", "v2"], [])


@pytest.mark.parametrize(
    ("field", "form"),
    [({"type": "string", "format": "date-time"}, ""), ({"type": "string", "format": "shoe-size"}, "shoe-size"), ({"type": "integer", "format": "int8"}, "int8")],
)  # fmt: skip
def test_unrecognized_formats_are_warned_of_once(field: JSONObject, form: str) -> None:
    """The server ignores them; an update is warned of new ones."""
    assert definition.warnings is not None
    obj = changed(LAMPS.valid, {f"{FIRST}.schema.openAPIV3Schema": _in_spec(field)})
    assert definition.warnings(obj, None) == ([f'unrecognized format "{form}"'] if form else [])
    assert definition.warnings(obj, obj) == []


def test_deletion_waits_for_cleanup() -> None:
    """A definition whose deletion begins gets the finalizer, and says that it terminates."""
    obj = LAMPS.stored({"metadata.finalizers": ["example.org/own"]})
    assert definition.finalization is not None
    definition.finalization.begin(obj)
    assert obj["metadata"]["finalizers"] == ["example.org/own", CLEANUP]
    (condition,) = obj["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "Terminating",
        "True",
        "InstanceDeletionPending",
    )


POD: JSONObject = {
    "type": "object",
    "x-kubernetes-embedded-resource": True,
    "x-kubernetes-preserve-unknown-fields": True,
}


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ({**POD, "default": {"apiVersion": "v1", "kind": "Pod"}}, ""),
        ({**POD, "default": {"apiVersion": "v1"}}, ".default.kind: Required value"),
        ({**POD, "default": {"apiVersion": "v1", "kind": 1}}, ".default.kind: Invalid value: 1: must be a string"),
        (
            {**POD, "properties": {"metadata": {"type": "object", "default": {"name": "a/b"}}}},
            (
                '.properties[metadata].default: Invalid value: {"name":"a/b"}: must result in valid metadata: '
                "metadata.name: Invalid value: \"a/b\": may not contain '/'"
            ),
        ),
        (
            {**POD, "properties": {"kind": {"type": "string", "default": ""}}},
            (
                '.properties[kind].default: Invalid value: "": must result in valid metadata: '
                'kind: Invalid value: "": must not be empty'
            ),
        ),
        ({"x-kubernetes-int-or-string": True, "default": True}, ""),
        (
            {"type": "array", "items": [{"type": "string"}]},
            ".items: Forbidden: items must be a schema object and not an array",
        ),
        ({"type": "string", "additionalItems": False}, ".additionalItems: Forbidden: additionalItems is not supported"),
    ],
)
def test_default_of_resource_makes_a_valid_one(field: JSONObject, error: str) -> None:
    """Defaults of resources inside the resource, and below their metadata, are held to what holds for resources."""
    at = "spec.validation.openAPIV3Schema.properties[x]"
    schema = {"type": "object", "properties": {"x": field}}
    assert LAMPS.refusals({f"{FIRST}.schema.openAPIV3Schema": schema}) == ([at + error] if error else [])


def test_keyword_that_makes_a_schema_unreadable_is_named_where_nothing_else_is_wrong() -> None:
    """The error is at the whole schema."""
    schema = {"type": "object", "properties": {"x": {"type": "string", "$schema": "s"}}}
    (error,) = LAMPS.refusals({f"{FIRST}.schema.openAPIV3Schema": schema})
    assert error == "spec.validation.openAPIV3Schema: Invalid value: \"\": OpenAPIV3Schema 'schema' is not supported"


@pytest.mark.parametrize("field", [{"maxProperties": 3}, {"nullable": True}, {"x-kubernetes-map-type": "atomic"}])
def test_root_beside_a_status_subresource_has_few_fields(field: JSONObject) -> None:
    """The status is validated by itself, so nothing may be said of the whole; the error shows the schema as Go has it."""
    changes = {f"{FIRST}.schema.openAPIV3Schema": {**SCHEMA, **field}, f"{FIRST}.subresources": {"status": {}}}
    error, *_ = LAMPS.refusals(changes)
    assert error.startswith('spec.validation.openAPIV3Schema: Invalid value: {"ID":"","Schema":"","Ref":null,')
    assert error.endswith(
        "Example XPreserveUnknownFields XValidations] fields are allowed at the root of the schema if the status subresource is enabled"
    )
    assert len(LAMPS.refusals({**changes, f"{FIRST}.subresources": {}})) == ("nullable" in field)


def test_versions_are_shown_as_go_has_them() -> None:
    """Under the names of the fields of its structs, what is not set included."""
    (error,) = LAMPS.refusals({"spec.versions.1": {**OTHER, "storage": True}, "status.storedVersions": ["v1", "v2"]})[
        :1
    ]
    assert error.startswith(
        'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":true,"Deprecated":false,'
    )


def test_stored_versions_are_never_empty() -> None:
    """Where a client empties them, the storage version is there again."""
    stored, errors = LAMPS.updated({"status.storedVersions": []}, "status")
    assert (stored["status"]["storedVersions"], errors) == (["v1"], [])
