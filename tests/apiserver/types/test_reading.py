"""JSON values read into Go types: what is accepted, in which form, and the words of every refusal."""

from typing import Any

import pytest

from rootspan_apiserver.types.json_values import DuplicateKeys
from rootspan_apiserver.types.problems import NotDecodableError, Problems
from rootspan_apiserver.types.tables import go_types

GRAMMAR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

PROBE = "spec.containers.startupProbe"


def read(struct: str, value: Any) -> Any:
    return go_types().struct(struct).read_object(value, Problems())


@pytest.mark.parametrize(
    ("struct", "value", "expected"),
    [
        ("core/v1.EnvVar", {"name": "a", "value": ""}, {"name": "a"}),
        ("core/v1.EnvVar", {"name": ""}, {"name": ""}),
        ("core/v1.EnvVar", {"value": None}, {"name": ""}),
        ("core/v1.Capabilities", {"add": [], "drop": ["ALL"]}, {"add": [], "drop": ["ALL"]}),
        ("core/v1.Capabilities", {"add": [None, "a"]}, {"add": ["", "a"]}),
        ("core/v1.ConfigMapEnvSource", {"optional": False}, {"optional": False}),
        ("core/v1.ContainerPort", {"containerPort": 0, "hostPort": 0}, {"containerPort": 0}),
        ("core/v1.Probe", {"terminationGracePeriodSeconds": 0}, {"terminationGracePeriodSeconds": 0}),
        ("core/v1.ResourceRequirements", {"limits": {"cpu": 0.5}}, {"limits": {"cpu": "500m"}}),
        ("core/v1.ResourceRequirements", {"limits": {"cpu": " 1024Mi "}}, {"limits": {"cpu": "1Gi"}}),
        (
            "core/v1.ResourceRequirements",
            {"limits": {"cpu": None}, "requests": {}},
            {"limits": {"cpu": "0"}, "requests": {}},
        ),
        ("core/v1.EmptyDirVolumeSource", {"sizeLimit": "0"}, {"sizeLimit": "0"}),
        ("core/v1.TCPSocketAction", {}, {"port": 0}),
        ("core/v1.TCPSocketAction", {"port": "http"}, {"port": "http"}),
        ("batch/v1.JobStatus", {"startTime": "2026-01-01T01:00:00+01:00"}, {"startTime": "2026-01-01T00:00:00Z"}),
        (
            "coordination/v1.LeaseSpec",
            {"renewTime": "2026-01-01T01:00:00.123456+01:00"},
            {"renewTime": "2026-01-01T00:00:00.123456Z"},
        ),
        ("core/v1.Secret", {"data": {"a": "YQ\n=="}}, {"metadata": {}, "data": {"a": "YQ=="}}),
        ("core/v1.Volume", {"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}),
        ("meta/v1.TableRow", {"object": {"b": 1, "a": None}}, {"object": {"b": 1, "a": None}}),
        (
            "apiextensions/v1.JSONSchemaProps",
            {"maximum": 2.0, "default": {"b": 1}},
            {"maximum": 2, "default": {"b": 1}},
        ),
        ("apiextensions/v1.JSONSchemaProps", {"items": [{"type": "string"}]}, {"items": [{"type": "string"}]}),
        ("apiextensions/v1.JSONSchemaProps", {"items": {"type": ""}}, {"items": {}}),
        ("apiextensions/v1.JSONSchemaProps", {"additionalProperties": False}, {"additionalProperties": False}),
        ("apiextensions/v1.JSONSchemaProps", {"dependencies": {"a": ["b"]}}, {"dependencies": {"a": ["b"]}}),
        (
            "apps/v1.DeploymentSpec",
            {},
            {"template": {"metadata": {}, "spec": {}}, "strategy": {}},
        ),
    ],
)
def test_value_is_read_as_go_would_write_it(struct: str, value: Any, expected: Any) -> None:
    """Zero omitempty fields and nulls disappear, empty lists and maps are not nil, pointers keep their zero, structs appear."""
    assert read(struct, value) == expected
    assert read(struct, expected) == expected


@pytest.mark.parametrize(
    ("struct", "value", "why"),
    [
        ("core/v1.Pod", {"spec": []}, "array into Go struct field Pod.spec of type v1.PodSpec"),
        (
            "core/v1.Pod",
            {"metadata": {"name": 5}},
            "number into Go struct field ObjectMeta.metadata.name of type string",
        ),
        (
            "core/v1.Pod",
            {"metadata": {"labels": {"a": True}}},
            "bool into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            "core/v1.Pod",
            {"metadata": {"labels": "a"}},
            "string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
        ),
        (
            "core/v1.Pod",
            {"spec": {"containers": {}}},
            "object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            "core/v1.Pod",
            {"spec": {"containers": [{}, "x"]}},
            "string into Go struct field PodSpec.spec.containers of type v1.Container",
        ),
        (
            "core/v1.Pod",
            {"spec": {"restartPolicy": 5}},
            "number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
        ),
        (
            "core/v1.Pod",
            {"spec": {"volumes": [{"secret": "x"}]}},
            "string into Go struct field Volume.spec.volumes.VolumeSource.secret of type v1.SecretVolumeSource",
        ),
        (
            "core/v1.Pod",
            {"spec": {"containers": [{"startupProbe": {"tcpSocket": {"port": 1 << 31}}}]}},
            f"number {1 << 31} into Go struct field TCPSocketAction.{PROBE}.ProbeHandler.tcpSocket.port of type int32",
        ),
        (
            "core/v1.ResourceQuota",
            {"spec": {"hard": "x"}},
            "string into Go struct field ResourceQuotaSpec.spec.hard of type v1.ResourceList",
        ),
        (
            "admissionregistration/v1.ValidatingWebhookConfiguration",
            {"webhooks": [{"rules": [{"apiGroups": "x"}]}]},
            "string into Go struct field RuleWithOperations.webhooks.rules.Rule.apiGroups of type []string",
        ),
        (
            "apps/v1.Deployment",
            {"spec": {"replicas": 1.5}},
            "number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "apps/v1.Deployment",
            {"spec": {"replicas": -(1 << 31) - 1}},
            "number -2147483649 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "apps/v1.Deployment",
            {"spec": {"paused": "yes"}},
            "string into Go struct field DeploymentSpec.spec.paused of type bool",
        ),
        ("core/v1.Secret", {"data": {"a": 1}}, "number into Go struct field Secret.data of type []uint8"),
        (
            "coordination/v1.Lease",
            {"spec": {"renewTime": 5}},
            "number into Go struct field LeaseSpec.spec.renewTime of type string",
        ),
        (
            "apiextensions/v1.JSONSchemaProps",
            {"properties": {"a": {"maximum": "5"}}},
            "string into Go struct field JSONSchemaProps.properties.maximum of type float64",
        ),
    ],
)
def test_mismatch_names_go_struct_path_and_type(struct: str, value: Any, why: str) -> None:
    """The path is that of the fields, embedded structs included, without indices and map keys; the type has its declared name."""
    with pytest.raises(NotDecodableError) as refused:
        read(struct, value)
    assert str(refused.value) == f"json: cannot unmarshal {why}"


@pytest.mark.parametrize(
    ("struct", "value", "why"),
    [
        ("core/v1.Pod", [], "json: cannot unmarshal array into Go value of type v1.Pod"),
        ("core/v1.ResourceRequirements", {"limits": {"cpu": True}}, GRAMMAR),
        ("core/v1.ResourceRequirements", {"limits": {"cpu": "1KK"}}, "unable to parse quantity's suffix"),
        (
            "core/v1.Taint",
            {"timeAdded": "2026-01-01T00:00:00Zx"},
            'parsing time "2026-01-01T00:00:00Zx": extra text: "x"',
        ),
        ("apiextensions/v1.JSONSchemaProps", {"additionalProperties": 5}, "boolean or JSON schema expected"),
        *(
            ("core/v1.Secret", {"data": {"a": text}}, f"illegal base64 data at input byte {offset}")
            for text, offset in {
                "YQ": 0,
                "YQ=": 3,
                "YQ=x": 2,
                "YQ==x": 4,
                "YWI=x": 4,
                "a!": 1,
                "=": 0,
                "Y\nQ!": 3,
            }.items()
        ),
    ],
)
def test_refusals_without_a_field(struct: str, value: Any, why: str) -> None:
    """Types that read themselves say what is wrong with the value, not where it stands."""
    with pytest.raises(NotDecodableError) as refused:
        read(struct, value)
    assert str(refused.value) == why


def test_bytes_are_read_from_numbers_too() -> None:
    """As Go reads a list into bytes; a null is an empty value in a map."""
    assert read("core/v1.Secret", {"data": {"a": [104, 105], "b": [], "c": None, "d": [None]}})["data"] == {
        "a": "aGk=",
        "b": "",
        "c": "",
        "d": "AA==",
    }


@pytest.mark.parametrize(("item", "shown"), [("x", "string"), (256, "number 256"), (-1, "number -1"), ([1], "array")])
def test_number_that_is_no_byte_is_refused(item: Any, shown: str) -> None:
    """The error is about the element, at the field."""
    with pytest.raises(NotDecodableError) as refused:
        read("core/v1.Secret", {"data": {"a": [1, item]}})
    assert str(refused.value) == f"json: cannot unmarshal {shown} into Go struct field Secret.data of type uint8"


def test_unknown_and_repeated_fields_are_reported_with_indices_and_keys() -> None:
    """Each is reported with its path, once; all are dropped, and what is in an unknown field is not looked at."""
    repeated = DuplicateKeys({"a": "1"})
    repeated.repeated = ("a",)
    container = DuplicateKeys({"name": "c", "bad": {"worse": 1}})
    container.repeated = ("name",)
    pod = {"metadata": {"labels": repeated}, "spec": {"containers": [{}, container], "x": None}, "kind": "Pod"}
    problems = Problems()
    found = go_types().struct("core/v1.Pod").read_object(pod, problems)
    assert problems.found == [
        'duplicate field "metadata.labels.a"',
        'unknown field "spec.containers[1].bad"',
        'duplicate field "spec.containers[1].name"',
        'unknown field "spec.x"',
    ]
    assert found["spec"]["containers"][1] == {"name": "c", "resources": {}}


def test_object_read_as_a_part_reports_problems_with_its_path() -> None:
    """The metadata of a custom resource is an ObjectMeta of its own for type errors, and stands in the object for problems."""
    problems = Problems()
    metadata = go_types().struct("meta/v1.ObjectMeta")
    assert metadata.read_object({"name": "a", "x": 1}, problems, "metadata") == {"name": "a"}
    assert problems.found == ['unknown field "metadata.x"']
    with pytest.raises(NotDecodableError, match=r"Go struct field ObjectMeta\.name of type string"):
        metadata.read_object({"name": 1}, problems, "metadata")
