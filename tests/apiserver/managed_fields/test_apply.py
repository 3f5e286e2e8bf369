"""Server-side apply."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.managed_fields import FieldManager
from rootspan_apiserver.resources.catalogue import builtin_registry
from rootspan_apiserver.types.schema import Schema
from tests.apiserver.managed_fields.conftest import Managers
from tests.apiserver.managed_fields.objects import NOW, THEN, config_map, managed, owners

UNSTRUCTURED = "&value.valueUnstructured{Value:"


def deployment(**spec: Any) -> dict[str, Any]:
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "d"}, "spec": spec}


def containers(obj: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = obj["spec"]["template"]["spec"]["containers"]
    return found


def template(*items: dict[str, Any]) -> dict[str, Any]:
    return {"template": {"spec": {"containers": list(items)}}}


def test_applying_to_nothing_creates_and_owns_what_it_says(field_manager: Managers) -> None:
    """The configuration becomes the object; the applier owns its leaves, not the maps around them."""
    created = field_manager("", "v1", "configmaps").apply(None, config_map({"a": "1"}), "me", NOW)
    assert created["data"] == {"a": "1"}
    assert managed(created) == [
        {
            "manager": "me",
            "operation": "Apply",
            "apiVersion": "v1",
            "time": NOW,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:a": {}}},
        }
    ]


def test_field_that_is_not_applied_any_more_is_removed_unless_owned_by_others(field_manager: Managers) -> None:
    """Fields, map keys and list items that the applier drops are removed; those another manager owns too stay."""
    fields = field_manager("apps", "v1", "deployments")
    first = template({"name": "a", "image": "1"}, {"name": "b", "image": "1"})
    live = fields.apply(None, deployment(paused=True, minReadySeconds=5, **first), "me", THEN)
    live = fields.apply(live, deployment(minReadySeconds=5), "other", THEN)
    live = fields.apply(live, deployment(**template({"name": "b", "image": "2"})), "me", NOW)
    assert "paused" not in live["spec"]
    assert live["spec"]["minReadySeconds"] == 5
    assert containers(live) == [{"name": "b", "image": "2", "resources": {}}]
    assert owners(live) == {
        "me/Apply": {
            "f:spec": {
                "f:template": {"f:spec": {"f:containers": {'k:{"name":"b"}': {".": {}, "f:image": {}, "f:name": {}}}}}
            }
        },
        "other/Apply": {"f:spec": {"f:minReadySeconds": {}}},
    }


def test_items_of_other_managers_keep_their_place(field_manager: Managers) -> None:
    """An apply neither removes nor reorders what it never spoke of."""
    fields = field_manager("apps", "v1", "deployments")
    live = fields.apply(None, deployment(**template({"name": "b", "image": "1"})), "me", THEN)
    sidecar = {**live, "spec": {**live["spec"], **template({"name": "sidecar", "image": "s"}, *containers(live))}}
    live = fields.update(live, sidecar, "injector", THEN)
    live = fields.apply(
        live, deployment(**template({"name": "b", "image": "2"}, {"name": "c", "image": "1"})), "me", NOW
    )
    assert [(item["name"], item["image"]) for item in containers(live)] == [("sidecar", "s"), ("b", "2"), ("c", "1")]


def test_conflict_names_every_field_and_its_manager(field_manager: Managers) -> None:
    """Another manager's value is not changed: a 409 whose message and causes say whose and which."""
    fields = field_manager("", "v1", "configmaps")
    live = fields.update(None, config_map({"a": "1", "b": "1"}), "editor", THEN)
    with pytest.raises(StatusError) as caught:
        fields.apply(live, config_map({"a": "2"}), "me", NOW)
    error = caught.value
    assert (error.code, error.reason) == (409, "Conflict")
    assert error.message == 'Apply failed with 1 conflict: conflict with "editor" using v1: .data.a'
    assert error.details == {
        "causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "editor" using v1', "field": ".data.a"}]
    }
    live = fields.apply(live, config_map({"c": "1"}), "applier", THEN)
    with pytest.raises(StatusError) as caught:
        fields.apply(live, config_map({"a": "2", "b": "2", "c": "2"}), "me", NOW)
    assert caught.value.message == (
        'Apply failed with 3 conflicts: conflicts with "applier":\n- .data.c\nconflicts with "editor" using v1:\n- .data.a\n- .data.b'
    )


def test_conflicts_show_list_items_by_their_keys_and_the_subresource(field_manager: Managers) -> None:
    """The path of an item carries its keys; a manager that wrote through a subresource is named with it."""
    fields = field_manager("apps", "v1", "deployments")
    port = {"containerPort": 80, "protocol": "TCP", "name": "http"}
    live = fields.update(None, deployment(**template({"name": "a", "image": "1", "ports": [port]})), "editor", THEN)
    live["spec"]["replicas"] = 2
    scaled: dict[str, object] = {
        "manager": "autoscaler",
        "operation": "Update",
        "apiVersion": "apps/v1",
        "subresource": "scale",
    }
    scaled |= {"fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    live["metadata"]["managedFields"].append(scaled)
    wanted = deployment(replicas=9, **template({"name": "a", "ports": [{**port, "name": "web"}]}))
    with pytest.raises(StatusError) as caught:
        fields.apply(live, wanted, "me", NOW)
    assert caught.value.message == (
        'Apply failed with 2 conflicts: conflicts with "autoscaler" with subresource "scale" using apps/v1:\n- .spec.replicas\n'
        'conflicts with "editor" using apps/v1:\n'
        '- .spec.template.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].name'
    )


def test_force_takes_the_fields(field_manager: Managers) -> None:
    """With force the value changes and the other manager loses it."""
    fields = field_manager("", "v1", "configmaps")
    live = fields.update(None, config_map({"a": "1", "b": "1"}), "editor", THEN)
    forced = fields.apply(live, config_map({"a": "2"}), "me", NOW, force=True)
    assert forced["data"] == {"a": "2", "b": "1"}
    assert owners(forced) == {"me/Apply": {"f:data": {"f:a": {}}}, "editor/Update": {"f:data": {".": {}, "f:b": {}}}}


def test_same_value_is_shared(field_manager: Managers) -> None:
    """Applying what is already so is no conflict: both own it, and neither time changes when nothing else does."""
    fields = field_manager("", "v1", "configmaps")
    live = fields.update(None, config_map({"a": "1"}), "editor", THEN)
    shared = fields.apply(live, config_map({"a": "1"}), "me", NOW)
    assert owners(shared) == {"me/Apply": {"f:data": {"f:a": {}}}, "editor/Update": {"f:data": {".": {}, "f:a": {}}}}
    assert fields.apply(shared, config_map({"a": "1"}), "me", "2026-12-01T00:00:00Z") == shared


def test_object_from_before_belongs_to_before_first_apply(field_manager: Managers) -> None:
    """An object without managedFields gets an entry for what it holds, so that applying another value conflicts."""
    fields = field_manager("", "v1", "configmaps")
    live = config_map({"a": "1"})
    with pytest.raises(StatusError, match=r'conflict with "before-first-apply" using v1: \.data\.a'):
        fields.apply(live, config_map({"a": "2"}), "me", NOW)


def test_kubectl_takes_over_what_its_client_side_apply_set(field_manager: Managers) -> None:
    """Fields in the last-applied annotation that still have that value are no conflict for kubectl, which renews the annotation."""
    key = "kubectl.kubernetes.io/last-applied-configuration"
    fields = field_manager("", "v1", "configmaps")
    last = orjson.dumps(config_map({"a": "1"})).decode()
    live = fields.update(None, config_map({"a": "1"}, annotations={key: last}), "kubectl-client-side-apply", THEN)
    with pytest.raises(StatusError):
        fields.apply(live, config_map({"a": "2"}), "me", NOW)
    applied = fields.apply(live, config_map({"a": "2"}), "kubectl", NOW)
    assert applied["data"] == {"a": "2"}
    assert (
        applied["metadata"]["annotations"][key]
        == orjson.dumps(config_map({"a": "2"}), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE).decode()
    )


@pytest.mark.parametrize(
    ("applied", "code", "message"),
    [
        ({"apiVersion": "v1", "kind": "Secret"}, 400, "invalid object type: /v1, Kind=Secret"),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"managedFields": []}},
            400,
            "metadata.managedFields must be nil",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "junk": 1},
            500,
            "failed to create typed patch object (n/c; /v1, Kind=ConfigMap): .junk: field not declared in schema",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"finalizers": ["a", "a"]}},
            500,
            'failed to create typed patch object (/; /v1, Kind=ConfigMap): .metadata.finalizers: duplicate entries for key [="a"]',
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "data": ["a"]},
            500,
            "failed to create typed patch object (/; /v1, Kind=ConfigMap): .data: expected map, got &{[a]}",
        ),
    ],
)
def test_configuration_that_does_not_fit_is_refused(
    field_manager: Managers, applied: dict[str, Any], code: int, message: str
) -> None:
    """Another kind and managedFields are 400s; what the schema does not allow is answered as the real server does, with 500."""
    with pytest.raises(StatusError) as caught:
        field_manager("", "v1", "configmaps").apply(None, applied, "me", NOW)
    assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    ("plural", "group", "spec", "why"),
    [
        (
            "persistentvolumes",
            "",
            {"accessModes": ["a", ["b"]]},
            f'[1]: expected string, got {UNSTRUCTURED}[]interface {{}}{{"b"}}}}',
        ),
        (
            "persistentvolumes",
            "",
            {"accessModes": [{"a": 1}]},
            f'[0]: expected string, got {UNSTRUCTURED}map[string]interface {{}}{{"a":1}}}}',
        ),
        ("leases", "coordination.k8s.io", {"renewTime": ["t"]}, "expected any scalar, got &{[t]}"),
        (
            "leases",
            "coordination.k8s.io",
            {"leaseTransitions": {"a": 1}},
            "expected numeric (int or float), got map[string]interface {}",
        ),
        (
            "leases",
            "coordination.k8s.io",
            {"leaseTransitions": [1]},
            "expected numeric (int or float), got []interface {}",
        ),
    ],
)
def test_value_of_another_kind_is_shown_as_go_prints_it(
    field_manager: Managers, plural: str, group: str, spec: dict[str, Any], why: str
) -> None:
    """An element of a list has its index; a text with a format may be any scalar; what should be a text is shown with its Go type."""
    fields = field_manager(group, "v1", plural)
    kind = fields.kind
    applied = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "x"}, "spec": spec}
    with pytest.raises(StatusError) as caught:
        fields.apply(None, applied, "me", NOW)
    [name] = spec
    assert caught.value.message.partition(f": .spec.{name}")[2].removeprefix(": ") == why


@pytest.mark.parametrize(("applied", "stored"), [(2**33 + 7, 7), (2**31, -(2**31)), (3.0, 3)])
def test_number_of_another_size_is_converted(field_manager: Managers, applied: float, stored: int) -> None:
    """The converter keeps the lowest bits of an integer, and takes a float without a fraction."""
    head = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}}
    fields = field_manager("coordination.k8s.io", "v1", "leases")
    live = fields.apply(None, {**head, "spec": {"leaseTransitions": applied}}, "me", NOW)
    assert live["spec"]["leaseTransitions"] == stored


def test_custom_resources_are_applied_by_their_schema() -> None:
    """Labels of a custom resource are owned one by one though its schema does not speak of metadata; a list without type is one."""
    spec = Schema(type="object", properties={"tags": Schema(type="array", items=Schema(type="string"))})
    widget = Schema(type="object", properties={"spec": spec})
    base = builtin_registry().lookup("", "v1", "configmaps")
    assert base is not None
    resource = replace(base, kind=GroupVersionKind("example.com", "v1", "Widget"), schema=widget, published={})
    fields = FieldManager.of(resource)
    head = {"apiVersion": "example.com/v1", "kind": "Widget"}
    live = fields.apply(
        None, {**head, "metadata": {"name": "w", "labels": {"a": "b"}}, "spec": {"tags": ["x", "y"]}}, "me", THEN
    )
    assert owners(live) == {"me/Apply": {"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:tags": {}}}}
    updated = {**live, "spec": {"tags": ["y"]}}
    assert owners(fields.update(live, updated, "editor", NOW)) == {
        "me/Apply": {"f:metadata": {"f:labels": {"f:a": {}}}},
        "editor/Update": {"f:spec": {"f:tags": {}}},
    }


def test_taking_the_last_field_out_of_a_map_leaves_no_null() -> None:
    """A map that becomes empty because nobody applies its keys any more goes where it may not be null; one that may be is null."""
    text = Schema(type="string")
    labels = {
        "plain": Schema(type="object", additional=text),
        "nullable": Schema(type="object", additional=text, nullable=True),
    }
    schema = Schema(
        type="object", properties={**labels, "kind": text, "apiVersion": text, "metadata": Schema(type="object")}
    )
    fields = FieldManager(kind=GroupVersionKind("example.com", "v1", "Widget"), schema=schema, empty={})
    head = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {}}
    live = fields.update(None, {**head, "plain": {}, "nullable": {}}, "creator", THEN)
    live = fields.apply(live, {**head, "plain": {"a": "1"}, "nullable": {"a": "1"}}, "me", THEN)
    left = fields.apply(live, {**head, "nullable": {"b": "1"}}, "me", NOW)
    assert {key: left.get(key, "gone") for key in labels} == {"plain": "gone", "nullable": {"b": "1"}}
    left = fields.apply(left, head, "me", NOW)
    assert {key: left.get(key, "gone") for key in labels} == {"plain": "gone", "nullable": None}


DATA = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "2"]), max_size=5)
APPLIES = st.lists(st.tuples(st.sampled_from(["x", "y", "z"]), DATA), max_size=6)


def stated(data: dict[str, str]) -> dict[str, Any]:
    configuration = config_map(data)
    return configuration if data else {key: value for key, value in configuration.items() if key != "data"}


@given(DATA, APPLIES)
def test_series_of_applies_leaves_what_somebody_owns(
    updated: dict[str, str], applies: list[tuple[str, dict[str, str]]]
) -> None:
    """After each forced apply its data is there, applying it again changes nothing, and just the keys that are there have an owner."""
    resource = builtin_registry().lookup("", "v1", "configmaps")
    assert resource is not None
    fields = FieldManager.of(resource)
    live = fields.update(None, stated(updated), "editor", THEN)
    for manager, data in applies:
        live = fields.apply(live, stated(data), manager, NOW, force=True)
        found = live.get("data") or {}
        assert data.items() <= found.items()
        assert fields.apply(live, stated(data), manager, NOW) == live
        owned = {key[2:] for fields_v1 in owners(live).values() for key in fields_v1.get("f:data", {}) if key != "."}
        assert found.keys() == owned


def test_configuration_that_does_not_fit_its_type_is_named(field_manager: Managers) -> None:
    """The schema has no formats: the converter refuses, in its words, and the error says of which object."""
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "binaryData": {"a": "!!"}}
    with pytest.raises(StatusError) as refused:
        field_manager("", "v1", "configmaps").apply(None, applied, "me", NOW)
    where = "failed to convert new object (/c; /v1, Kind=ConfigMap) to proper version"
    why = "unable to convert unstructured object to /v1, Kind=ConfigMap: error decoding from json: illegal base64 data at input byte 0"
    assert refused.value.message == f"{where}: {why}"
    with pytest.raises(StatusError, match=r"invalid object type: /v1, Kind=$"):
        field_manager("", "v1", "configmaps").apply(None, {**applied, "kind": 5}, "me", NOW)
