"""The table of Go types: every line can be read, every kind is found, types are named as Go names them."""

import pytest

from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.types.structs import StructType
from rootspan_apiserver.types.tables import go_types


def test_every_struct_of_the_table_can_be_read() -> None:
    """Each field's type exists, and each struct can be read, written, defaulted and encoded when nothing is set."""
    for name in go_types().structs():
        struct = go_types().struct(name)
        empty = struct.write({})
        struct.normalise(empty)
        assert struct.zero().keys() <= struct.fields.keys(), name
        assert struct.decode(memoryview(struct.encode_fields(struct.zero()))) == struct.zero(), name


@pytest.mark.parametrize(
    ("struct", "field", "go_name"),
    [
        ("core/v1.Pod", "metadata", "v1.ObjectMeta"),
        ("core/v1.Pod", "kind", "string"),
        ("core/v1.PodSpec", "restartPolicy", "v1.RestartPolicy"),
        ("core/v1.PodSpec", "containers", "[]v1.Container"),
        ("core/v1.PodSpec", "nodeSelector", "map[string]string"),
        ("core/v1.ResourceRequirements", "limits", "v1.ResourceList"),
        ("core/v1.Secret", "data", "map[string][]uint8"),
        ("core/v1.EmptyDirVolumeSource", "sizeLimit", "resource.Quantity"),
        ("core/v1.HTTPGetAction", "port", "intstr.IntOrString"),
        ("rbac/v1.PolicyRule", "verbs", "[]string"),
        ("meta/v1.APIResource", "verbs", "v1.Verbs"),
        ("meta/v1.ObjectMeta", "uid", "types.UID"),
        ("autoscaling/v2.MetricSpec", "type", "v2.MetricSourceType"),
        ("resource/v1.DeviceCapacity", "value", "resource.Quantity"),
        ("apiextensions/v1.JSONSchemaProps", "items", "v1.JSONSchemaPropsOrArray"),
    ],
)
def test_types_have_the_names_of_gos_errors(struct: str, field: str, go_name: str) -> None:
    """The package is named by its last element; a named type has its own name, a list or map that of its elements."""
    assert go_types().struct(struct).fields[field].type.go_name == go_name


@pytest.mark.parametrize(
    ("kind", "struct"),
    [
        (GroupVersionKind("", "v1", "Pod"), "core/v1.Pod"),
        (GroupVersionKind("", "v1", "Status"), "meta/v1.Status"),
        (GroupVersionKind("", "v1", "Container"), None),
        (GroupVersionKind("rbac.authorization.k8s.io", "v1", "Role"), "rbac/v1.Role"),
        (
            GroupVersionKind("internal.apiserver.k8s.io", "v1alpha1", "StorageVersion"),
            "apiserverinternal/v1alpha1.StorageVersion",
        ),
        (GroupVersionKind("extensions", "v1beta1", "Ingress"), "extensions/v1beta1.Ingress"),
        (GroupVersionKind("meta.k8s.io", "v1", "Table"), "meta/v1.Table"),
        (GroupVersionKind("example.com", "v1", "Table"), None),
        (GroupVersionKind("example.com", "v1", "DeleteOptions"), "meta/v1.DeleteOptions"),
        (GroupVersionKind("apps", "v1", "WatchEvent"), "meta/v1.WatchEvent"),
        (GroupVersionKind("apps", "v9", "Deployment"), None),
    ],
)
def test_kinds_have_structs(kind: GroupVersionKind, struct: str | None) -> None:
    """Parts of objects are no kinds; options belong to every group, the other kinds of meta/v1 not to those of custom resources."""
    found = go_types().struct_of(kind)
    assert (found and found.name) == struct


def test_embedded_fields_stand_in_their_place() -> None:
    """The fields of an embedded struct belong to the struct around it, and remember where they come from."""
    volume = go_types().struct("core/v1.Volume")
    assert list(volume.fields)[:3] == ["name", "hostPath", "emptyDir"]
    assert volume.fields["emptyDir"].path_name.embedded_in == "VolumeSource."
    assert [field.name for field in volume.declared] == ["name", ""]


def test_name_that_is_no_struct_is_a_key_error() -> None:
    """Neither an unknown name nor that of another type gives a struct."""
    for name in ("core/v1.Unknown", "core/v1.RestartPolicy", "meta/v1.Time"):
        with pytest.raises(KeyError):
            go_types().struct(name)
    assert isinstance(go_types().struct("meta/v1.Patch"), StructType)
