"""Schemas derived from the Go types: what patches, server-side apply and validation need of built-in types."""

import pytest

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.types.openapi import components, published_name
from rootspan_apiserver.types.schema import Schema, schema_named, schema_of


def at(struct: str, path: str) -> Schema:
    schema = schema_named(struct)
    for name in path.split("."):
        schema = schema.properties[name]
    return schema


def test_list_of_containers_merges_by_name() -> None:
    """List type, map keys, patch strategy and merge key are those of the field; the items are the element's type."""
    containers = at("core/v1.PodSpec", "containers")
    assert (containers.type, containers.list_type, containers.list_map_keys) == ("array", "map", ("name",))
    assert (containers.patch_strategies, containers.patch_merge_key) == (frozenset({"merge"}), "name")
    assert containers.items is not None
    assert containers.items.properties.keys() == schema_named("core/v1.Container").properties.keys()
    assert at("core/v1.PodSpec", "volumes").patch_strategies == {"merge", "retainKeys"}


@pytest.mark.parametrize(
    ("struct", "path", "type_", "format_", "default"),
    [
        ("core/v1.ContainerPort", "protocol", "string", "", "TCP"),
        ("core/v1.ContainerPort", "containerPort", "integer", "int32", 0),
        ("core/v1.ContainerPort", "hostPort", "integer", "int32", None),
        ("core/v1.Pod", "metadata.generation", "integer", "int64", None),
        ("core/v1.Pod", "spec", "object", "", {}),
        ("core/v1.Probe", "httpGet", "object", "", None),
        ("core/v1.ReplicationControllerSpec", "replicas", "integer", "int32", 1),
        ("core/v1.ConfigMap", "immutable", "boolean", "", None),
        ("core/v1.LocalObjectReference", "name", "string", "", ""),
        ("meta/v1.ObjectMeta", "creationTimestamp", "string", "date-time", None),
        ("apiextensions/v1.JSONSchemaProps", "maximum", "number", "double", None),
        ("apiextensions/v1.WebhookClientConfig", "caBundle", "string", "byte", None),
    ],
)
def test_field_has_type_format_and_default(struct: str, path: str, type_: str, format_: str, default: object) -> None:
    """A declared default, or the zero value of a required scalar and of a struct that is no pointer."""
    found = at(struct, path)
    assert (found.type, found.format, found.default) == (type_, format_, default)


def test_opaque_types_take_what_they_read() -> None:
    """Quantities and ports are ints or strings, embedded objects have any fields, atomic structs are owned as one."""
    assert at("core/v1.EmptyDirVolumeSource", "sizeLimit").int_or_string
    assert at("core/v1.TCPSocketAction", "port").int_or_string
    assert at("apps/v1.ControllerRevision", "data").preserve_unknown_fields
    assert at("core/v1.Pod", "metadata.managedFields").items is not None
    assert at("core/v1.PodSpec", "nodeSelector").map_type == "atomic"
    assert schema_named("meta/v1.LabelSelector").map_type == "atomic"
    assert at("apps/v1.DeploymentSpec", "selector").map_type == "atomic"
    assert not schema_of(GroupVersionKind("", "v1", "Pod")).preserve_unknown_fields


def test_required_fields_are_those_that_kubernetes_publishes() -> None:
    """A field without omitempty, or with the marker `+required`; not one marked `+optional`."""
    assert schema_named("core/v1.ContainerPort").required == {"containerPort"}
    assert schema_named("networking/v1.IPAddressSpec").required == {"parentRef"}
    assert "rules" not in schema_named("rbac/v1.Role").required


def test_kind_that_is_not_built_in_has_no_schema() -> None:
    """Custom resources bring their own."""
    with pytest.raises(KeyError):
        schema_of(GroupVersionKind("example.com", "v1", "Widget"))


def test_struct_that_refers_to_itself_has_a_schema() -> None:
    """JSONSchemaProps has properties of its own type, as deep as one looks."""
    schema = schema_named("apiextensions/v1.JSONSchemaProps")
    for _ in range(3):
        inner = schema.properties["properties"].additional
        assert inner is not None
        assert inner.properties.keys() == schema.properties.keys()
        schema = inner


def test_components_hold_all_that_a_type_refers_to() -> None:
    """The published form of a type: references, extensions, defaults, required fields, the kind of objects."""
    name = published_name("core/v1.LimitRangeList")
    found = components([name, "com.example.v1.Widget"])
    assert list(found[name]["properties"]["metadata"]) == ["description", "allOf", "default"]
    assert found[name]["required"] == ["items"]
    assert found[name]["x-kubernetes-group-version-kind"] == [{"group": "", "kind": "LimitRangeList", "version": "v1"}]
    limits = found["io.k8s.api.core.v1.LimitRangeSpec"]["properties"]["limits"]
    assert limits == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/io.k8s.api.core.v1.LimitRangeItem"},
        "x-kubernetes-list-type": "atomic",
    }
    assert found["io.k8s.apimachinery.pkg.api.resource.Quantity"]["oneOf"] == [{"type": "string"}, {"type": "integer"}]
    time = found["io.k8s.apimachinery.pkg.apis.meta.v1.Time"]
    assert (time["type"], time["format"], time["description"][:6]) == ("string", "date-time", "A time")
    assert "com.example.v1.Widget" not in found


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("core/v1.Pod", "io.k8s.api.core.v1.Pod"),
        ("meta/v1.ObjectMeta", "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"),
        ("util/intstr.IntOrString", "io.k8s.apimachinery.pkg.util.intstr.IntOrString"),
        ("apiregistration/v1.APIService", "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService"),
    ],
)
def test_published_name_is_the_import_path(name: str, published: str) -> None:
    """With the domain reversed, as OpenAPI names Go types."""
    assert published_name(name) == published


def test_object_of_any_type_has_one_owner() -> None:
    """The data of a ControllerRevision has no declared fields that managers could own one by one."""
    assert schema_named("apps/v1.ControllerRevision").properties["data"].map_type == "atomic"
