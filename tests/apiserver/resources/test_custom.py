"""Custom resources, from their definition to the last validation."""

from copy import deepcopy

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.resources.custom.definitions import resources_of
from rootspan_apiserver.resources.custom.lists import check_lists
from rootspan_apiserver.resources.custom.serving import ServedDefinitions
from rootspan_apiserver.resources.custom.structural import structural_schema
from rootspan_apiserver.rules import ROOT
from tests.apiserver.resources.definitions import a_definition, a_widget
from tests.apiserver.resources.kinds import created, refusals

STATUS: JSONObject = {"subresources": {"status": {}}}


def test_serves_each_version_that_is_served() -> None:
    """One resource a served version, all kept in the storage version below the group and the plural."""
    definition = a_definition()
    definition["spec"]["versions"] += [
        {"name": "v2", "served": True, "storage": False},
        {"name": "v0", "served": False, "storage": False},
    ]
    first, second = resources_of(definition)
    assert (first.kind.version, second.kind.version) == ("v1", "v2")
    assert {first.storage_path, second.storage_path} == {"/example.com/widgets"}
    assert second.converter is not None
    assert second.converter.stored == first.kind.api_version
    assert first.go_type == "*unstructured.Unstructured"


def test_subresources_tell_where_the_scale_is() -> None:
    """Status and scale exist where the definition asks for them."""
    paths = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    (widgets,) = resources_of(a_definition(subresources={"status": {}, "scale": paths}))
    assert set(widgets.subresources) == {"status", "scale"}
    scale = widgets.subresources["scale"].scale
    assert scale is not None
    assert (scale.spec_replicas, scale.status_replicas, scale.selector) == (".spec.size", ".status.size", "")
    assert resources_of(a_definition())[0].subresources == {}


def test_defaults_by_the_schema() -> None:
    """Absent fields, and null ones that may not be null, get their default; absent parents stay absent."""
    (widgets,) = resources_of(a_definition())
    for given, wanted in (
        ({"spec": {}}, {"spec": {"size": 1}}),
        ({"spec": {"size": None}}, {"spec": {"size": 1}}),
        ({}, {}),
    ):
        widget = a_widget(**deepcopy(given))
        widgets.strategy.default(widget)
        assert widget == a_widget(**wanted)


def test_splits_the_status_off() -> None:
    """With a status subresource neither door changes what is behind the other; the generation counts the spec."""
    (widgets,) = resources_of(a_definition(**STATUS))
    old = a_widget(spec={"size": 1}, status={"seen": 1})
    old["metadata"] |= {"generation": 4, "resourceVersion": "7"}
    new = deepcopy(old) | {"spec": {"size": 2}, "status": {"seen": 2}}
    widgets.strategy.prepare_for_update(new, old, "")
    assert (new["spec"], new["status"], new["metadata"]["generation"]) == ({"size": 2}, {"seen": 1}, 5)
    new = deepcopy(old) | {"spec": {"size": 2}, "status": {"seen": 2}}
    new["metadata"]["labels"] = {"a": "b"}
    widgets.strategy.prepare_for_update(new, old, "status")
    assert (new["spec"], new["status"], new["metadata"]) == ({"size": 1}, {"seen": 2}, old["metadata"])


KEYED: JSONObject = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["k"],
    "items": {"type": "object", "properties": {"k": {"type": "string"}, "n": {"type": "integer", "maximum": 3}}},
}


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ([{"k": "a"}, {"k": "b"}, None], []),
        ([{"k": "a"}, {"k": "a"}, {"k": "a"}], ['a[1]: Duplicate value: {"k":"a"}']),
        ([{"k": "a"}, "b"], ['a[1]: Invalid value: "b": must be an object for an array of list-type map']),
        ([{}, {"n": 1}], ["a[1]: Duplicate value: {}"]),
    ],
)
def test_keys_of_list_are_unique(value: list[object], errors: list[str]) -> None:
    """What is there more than once is named once."""
    assert list(map(str, check_lists(value, structural_schema(KEYED), ROOT / "a"))) == errors


def test_update_keeps_what_was_invalid_before() -> None:
    """What did not change is no error, in fields and in elements of the same key; what changed is."""
    fields = {"list": KEYED, "size": {"type": "integer", "maximum": 3}}
    (widgets,) = resources_of(a_definition({"type": "object", "properties": fields}))
    old = a_widget(size=7, list=[{"k": "a", "n": 7}, {"k": "b", "n": 8}])
    old["metadata"]["resourceVersion"] = "1"
    assert widgets.strategy.validate_update({**old, "list": [{"k": "b", "n": 8}]}, old, "") == []
    changed = {**old, "size": 8, "list": [{"k": "a", "n": 8}]}
    assert list(map(str, widgets.strategy.validate_update(changed, old, ""))) == [
        "list[0].n: Invalid value: 8: list[0].n in body should be less than or equal to 3",
        "size: Invalid value: 8: size in body should be less than or equal to 3",
    ]


def test_update_keeps_duplicates() -> None:
    """A list with duplicates can be updated where there were some before, not where there were none."""
    (widgets,) = resources_of(a_definition({"type": "object", "properties": {"list": KEYED}}))
    twice, once = a_widget(list=[{"k": "a"}, {"k": "a"}]), a_widget(list=[{"k": "a"}])
    for obj in (twice, once):
        obj["metadata"]["resourceVersion"] = "1"
    assert widgets.strategy.validate_update({**twice, "other": 1}, twice, "") == []
    assert len(widgets.strategy.validate_update(twice, once, "")) == 1


INSIDE: JSONObject = {
    "type": "object",
    "x-kubernetes-embedded-resource": True,
    "x-kubernetes-preserve-unknown-fields": True,
}


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": "b"}}}, []),
        ({}, ["inner.apiVersion: Required value", "inner.kind: Required value"]),
        (
            {"apiVersion": "a/b/c", "kind": ""},
            [
                'inner.kind: Invalid value: "": must not be empty',
                'inner.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
            ],
        ),
        (
            {"apiVersion": 1, "kind": "Pod", "metadata": {"name": "a/b"}},
            [
                "inner.apiVersion: Invalid value: 1: must be a string",
                "inner.metadata.name: Invalid value: \"a/b\": may not contain '/'",
            ],
        ),
    ],
)
def test_resource_inside_resource_is_checked(value: JSONObject, errors: list[str]) -> None:
    """It has a version and a kind, and its metadata is valid; it needs no name."""
    (widgets,) = resources_of(a_definition({"type": "object", "properties": {"inner": INSIDE}}))
    assert list(map(str, widgets.strategy.validate_create(a_widget(inner=value)))) == errors


def test_errors_that_block_expressions_are_followed_by_a_note() -> None:
    """With rules in CEL, a client is told that they were not evaluated because of errors such as a wrong type, not because of a limit."""
    size = {"type": "integer", "maximum": 3}
    whole = {"type": "object", "properties": {"size": size}, "x-kubernetes-validations": [{"rule": "true"}]}
    (widgets,) = resources_of(a_definition(whole))
    (limit,) = widgets.strategy.validate_create(a_widget(size=7))
    assert "less than or equal" in str(limit)
    _, note = widgets.strategy.validate_create(a_widget(size="x"))
    words = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
    assert str(note) == f"<nil>: Invalid value: null: {words}"


def test_selects_by_the_fields_the_definition_names() -> None:
    """Selectable fields become labels of field selectors."""
    (widgets,) = resources_of(a_definition(selectableFields=[{"jsonPath": ".spec.colour"}]))
    assert "spec.colour" in widgets.selectable
    assert widgets.strategy.selectable_fields(a_widget(spec={"colour": "red"})) == {
        "metadata.name": "w",
        "metadata.namespace": "default",
        "spec.colour": "red",
    }


def test_warns_of_a_deprecated_version() -> None:
    """Each request through a deprecated version is told so, in the definition's own words if it has some."""
    (widgets,) = resources_of(a_definition(deprecated=True))
    assert widgets.deprecation == "example.com/v1 Widget is deprecated"
    (widgets,) = resources_of(a_definition(deprecated=True, deprecationWarning="take v2"))
    assert widgets.deprecation == "take v2"
    (widgets,) = resources_of(a_definition())
    assert widgets.deprecation == ""


def test_follows_the_definitions() -> None:
    """A definition is served when it is put, anew when it changes, no longer when it is removed; its status says so."""
    registry = builtin_registry()
    served = ServedDefinitions(registry)
    status = served.status_of(a_definition())
    served.put(a_definition())
    assert [(c["type"], c["status"]) for c in status["conditions"]] == [
        ("NamesAccepted", "True"),
        ("Established", "True"),
    ]
    first = registry.lookup("example.com", "v1", "widgets")
    assert served.status_of({**a_definition(), "status": status}) == status
    served.put({**a_definition(), "status": status})
    assert registry.lookup("example.com", "v1", "widgets") is first
    served.put(a_definition(deprecated=True))
    assert registry.lookup("example.com", "v1", "widgets") not in (None, first)
    served.remove("widgets.example.com")
    assert registry.lookup("example.com", "v1", "widgets") is None


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"scope": "Global"}, 'spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"'),
        (
            {"group": "example.org"},
            'metadata.name: Invalid value: "widgets.example.com": must be spec.names.plural+"."+spec.group',
        ),
    ],
)
def test_refuses_a_definition_that_makes_no_sense(change: JSONObject, refusal: str) -> None:
    """Scope and name must agree with the rest."""
    definition = a_definition()
    definition["spec"] |= change
    assert refusals(definition) == [refusal]


def test_asks_for_the_type_of_each_field() -> None:
    """A schema that is not structural is refused."""
    schema = {"type": "object", "properties": {"spec": {"properties": {}}}}
    at = "spec.validation.openAPIV3Schema.properties[spec].type"
    assert refusals(a_definition(schema)) == [f"{at}: Required value: must not be empty for specified object fields"]


A_STRING: JSONObject = {"type": "string", "pattern": "("}
REASON = "must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`"


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        (A_STRING, ""),
        ({"type": "object", "properties": {"b": A_STRING}}, ".properties[b]"),
        ({"type": "array", "items": A_STRING}, ".items"),
        ({"type": "object", "additionalProperties": A_STRING}, ".additionalProperties"),
        ({"type": "string", "anyOf": [{"pattern": "a"}, {"pattern": "("}]}, ".anyOf[1]"),
        ({"type": "string", "not": {"pattern": "("}}, ".not"),
        (
            {
                "type": "object",
                "properties": {"b": {"type": "string"}},
                "allOf": [{"properties": {"b": {"pattern": "("}}}],
            },
            ".allOf[0].properties[b]",
        ),
    ],
)
def test_refuses_a_pattern_that_does_not_compile(schema: JSONObject, place: str) -> None:
    """Wherever a pattern may stand, a wrong one is refused when the definition is created, in Go's words."""
    whole = {"type": "object", "properties": {"a": schema}}
    at = f"spec.validation.openAPIV3Schema.properties[a]{place}.pattern"
    assert refusals(a_definition(whole)) == [f'{at}: Invalid value: "(": {REASON}']


def test_names_the_version_whose_schema_is_wrong() -> None:
    """Where versions have schemas of their own, a refusal names the version."""
    definition = a_definition()
    other = {"type": "object", "properties": {"a": A_STRING}}
    version = {"name": "v2", "served": True, "storage": False, "schema": {"openAPIV3Schema": other}}
    definition["spec"]["versions"].append(version)
    at = "spec.versions[1].schema.openAPIV3Schema.properties[a].pattern"
    assert refusals(definition) == [f'{at}: Invalid value: "(": {REASON}']


def test_validates_at_length_what_is_large() -> None:
    """Objects are slow to validate by their size, and more so with the size of the schema's patterns; small ones are not."""

    def is_slow(schema: JSONObject, value: object) -> bool:
        whole = {"type": "object", "properties": {"spec": {"x-kubernetes-preserve-unknown-fields": True, **schema}}}
        (widgets,) = resources_of(a_definition(whole))
        widgets.strategy.validate_create(a_widget(metadata={"name": "w", "namespace": "default"}))
        return widgets.strategy.is_slow_to_validate(a_widget(spec=value))

    assert not is_slow({}, {"a": "x" * 10_000})
    assert is_slow({}, [{} for _ in range(60_000)])
    large = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^[a-z]{0,1000}$"}}}
    assert not is_slow(large, {"a": "x" * 1_000})
    assert is_slow(large, {"a": "x" * 10_000})


def test_answers_a_new_definition_without_conditions() -> None:
    """Names are accepted after the create, not by it."""
    assert created(a_definition())["status"] == {
        "conditions": None,
        "acceptedNames": {"plural": "", "kind": ""},
        "storedVersions": ["v1"],
    }
