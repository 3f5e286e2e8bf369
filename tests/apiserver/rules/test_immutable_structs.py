"""Structs that may not change, and the form in which kube-apiserver shows them."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.rules.immutable_structs import immutable_struct
from rootspan_apiserver.types.internal_form import internal_form
from rootspan_apiserver.types.tables import go_types
from tests.apiserver.rules.checking import errors_of

EMPTY_REQUEST = {
    "DeviceClassName": "",
    "Selectors": None,
    "AllocationMode": "",
    "Count": 0,
    "AdminAccess": None,
    "Tolerations": None,
    "Capacity": None,
}


@pytest.mark.parametrize(
    ("struct", "value", "expected"),
    [
        ("resource/v1.ResourceClaimSpec", {}, {"Devices": {"Requests": None, "Constraints": None, "Config": None}}),
        ("resource/v1.DeviceRequest", {"name": "a"}, {"Name": "a", "Exactly": None, "FirstAvailable": None}),
        (
            "resource/v1.DeviceRequest",
            {"exactly": {}, "firstAvailable": []},
            {"Name": "", "Exactly": EMPTY_REQUEST, "FirstAvailable": []},
        ),
        ("resource/v1.DeviceSelector", {"cel": {"expression": "true"}}, {"CEL": {"Expression": "true"}}),
        (
            "resource/v1.DeviceClaimConfiguration",
            {"requests": ["a"], "opaque": {"driver": "d", "parameters": {"a": 1}}},
            {"Requests": ["a"], "Opaque": {"Driver": "d", "Parameters": {"a": 1}}},
        ),
        (
            "resource/v1.ResourceClaimTemplateSpec",
            {"metadata": {"labels": {"a": "b"}}, "spec": {}},
            {"labels": {"a": "b"}, "Spec": {"Devices": {"Requests": None, "Constraints": None, "Config": None}}},
        ),
        (
            "resource/v1.CapacityRequirements",
            {"requests": {"b": "1", "a": "2"}},
            {"Requests": {"a": "2", "b": "1"}},
        ),
    ],
)
def test_internal_form(struct: str, value: JSONObject, expected: JSONObject) -> None:
    """Fields have the names of Go and their zero values; embedded structs, metadata and opaque values are in their place."""
    found = internal_form(value, go_types().struct(struct))
    assert found == expected
    assert list(found) == list(expected)


SPEC: JSONObject = {"devices": {"requests": [{"name": "a"}]}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (SPEC, []),
        ({"devices": {"requests": [{"name": "a"}], "config": []}}, []),
        (
            {},
            [
                'invalid: f: Invalid value: {"Devices":{"Requests":null,"Constraints":null,"Config":null}}: field is immutable'
            ],
        ),
        (None, ["invalid: f: Invalid value: null: field is immutable"]),
    ],
)
def test_immutable_struct(value: Any, expected: list[str]) -> None:
    """A change is refused, an empty list instead of none is no change."""
    assert errors_of(immutable_struct("resource/v1.ResourceClaimSpec"), value, SPEC) == expected
