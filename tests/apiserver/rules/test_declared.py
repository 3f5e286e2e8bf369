"""Each kind of tag, on a type that has it: a value that fails with upstream's words, and one that passes."""

from collections.abc import Mapping
from typing import Any

import pytest

from rootspan_apiserver.rules.declared import declared
from rootspan_apiserver.rules.declared_table import table
from rootspan_apiserver.rules.paths import ROOT
from rootspan_apiserver.rules.rule import ABSENT, RuleContext

LABEL = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"


def errors(name: str, value: Any, old: Any = ABSENT, **how: Any) -> list[str]:
    """Return what the rule of a type says: of a create, or of an update where there is an old value."""
    context = RuleContext(update=old is not ABSENT, root={})
    return [str(error).partition(" (e.g. ")[0] for error in declared(name, **how).check(value, old, ROOT, context)]


GROUPS = "scheduling/v1alpha2.WorkloadSpec"
GROUP = "scheduling/v1alpha2.PodGroupTemplate"
POLICY = "scheduling/v1alpha2.PodGroupSchedulingPolicy"
BASIC: Mapping[str, Any] = {"name": "a", "schedulingPolicy": {"basic": {}}}


@pytest.mark.parametrize(
    ("tag", "name", "good", "bad", "expected"),
    [
        ("required text", GROUP, {**BASIC}, {**BASIC, "name": ""}, ["name: Required value"]),
        (
            "required list",
            GROUPS,
            {"podGroupTemplates": [BASIC]},
            {"podGroupTemplates": []},
            ["podGroupTemplates: Required value"],
        ),
        (
            "required number",
            POLICY,
            {"gang": {"minCount": 1}},
            {"gang": {}},
            ["gang.minCount: Required value"],
        ),
        (
            "minimum",
            POLICY,
            {"gang": {"minCount": 1}},
            {"gang": {"minCount": -1}},
            ["gang.minCount: Invalid value: -1: must be greater than or equal to 1"],
        ),
        (
            "maximum",
            "resource/v1alpha3.ResourcePoolStatusRequestSpec",
            {"driver": "d", "limit": 1000},
            {"driver": "d", "limit": 1001},
            ["limit: Invalid value: 1001: must be less than or equal to 1000"],
        ),
        (
            "maxItems",
            GROUPS,
            {"podGroupTemplates": [{**BASIC, "name": f"n{index}"} for index in range(8)]},
            {"podGroupTemplates": [{"name": "Bad!"}] * 9},
            ["podGroupTemplates: Too many: 9: must have at most 8 items"],
        ),
        (
            "listType=map",
            GROUPS,
            {"podGroupTemplates": [BASIC, {**BASIC, "name": "b"}]},
            {"podGroupTemplates": [BASIC, BASIC]},
            ['podGroupTemplates[1]: Duplicate value: {"name":"a","schedulingPolicy":{"basic":{}}}'],
        ),
        ("unionMember: none", POLICY, {"basic": {}}, {}, [': Invalid value: "": must specify one of: `basic`, `gang`']),
        (
            "unionMember: two",
            POLICY,
            {"basic": {}},
            {"basic": {}, "gang": {"minCount": 1}},
            [': Invalid value: "{basic, gang}": must specify exactly one of: `basic`, `gang`'],
        ),
        ("format", GROUP, {**BASIC}, {**BASIC, "name": "Bad!"}, [f'name: Invalid value: "Bad!": {LABEL}']),
        (
            "optional",
            "scheduling/v1alpha2.TypedLocalObjectReference",
            {"kind": "K", "name": "n", "apiGroup": ""},
            {"kind": "K", "name": "n", "apiGroup": "a..b"},
            [
                (
                    'apiGroup: Invalid value: "a..b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters,'
                    " '-' or '.', and must start and end with an alphanumeric character"
                )
            ],
        ),
        ("enum", "resource/v1alpha3.DeviceTaint", {"effect": "None"}, {"effect": "Some"}, None),
        ("forbidden", GROUP, {**BASIC}, {**BASIC, "priority": 0}, ["priority: Forbidden"]),
    ],
)
def test_tag_in_force_is_checked(tag: str, name: str, good: Any, bad: Any, expected: list[str] | None) -> None:
    """A tag without a prefix refuses what it should, in upstream's words, and nothing else."""
    if expected is None:
        expected = ['effect: Unsupported value: "Some": supported values: "NoExecute", "NoSchedule", "None"']
    assert errors(name, good) == []
    assert errors(name, bad) == expected


CONDITIONS = "certificates/v1.CertificateSigningRequestStatus"
REQUESTS = "resource/v1.DeviceClaim"


@pytest.mark.parametrize(
    ("tag", "name", "good", "bad", "expected"),
    [
        (
            "zeroOrOneOfMember of items",
            CONDITIONS,
            {"conditions": [{"type": "Approved"}, {"type": "Failed"}]},
            {"conditions": [{"type": "Denied"}, {"type": "Approved"}]},
            [
                (
                    'conditions: Invalid value: "{conditions[{\\"type\\": \\"Approved\\"}], conditions[{\\"type\\": \\"Denied\\"}]}":'
                    ' must specify at most one of: `conditions[{"type": "Approved"}]`, `conditions[{"type": "Denied"}]`'
                )
            ],
        ),
        ("customUnique", CONDITIONS, {"conditions": [{"type": "Approved"}, {"type": "Approved"}]}, None, []),
        (
            "unique=map",
            REQUESTS,
            {"requests": [{"name": "a"}, {"name": "b"}]},
            {"requests": [{"name": "a"}, {"name": "a"}]},
            ['requests[1]: Duplicate value: {"name":"a"}'],
        ),
        (
            "unique=set",
            "resource/v1.DeviceConstraint",
            {"requests": ["a", "b"]},
            {"requests": ["a", "b", "a", "a"]},
            ['requests[2]: Duplicate value: "a"', 'requests[3]: Duplicate value: "a"'],
        ),
        (
            "eachKey",
            "resource/v1.CounterSet",
            {"name": "n", "counters": {"a": {"value": "1"}}},
            {"name": "n", "counters": {"A": {"value": "1"}}},
            [f'counters: Invalid value: "A": {LABEL}'],
        ),
        (
            "subfield",
            "resource/v1.DeviceClass",
            {"metadata": {"name": "a.b"}, "spec": {}},
            {"metadata": {"name": "a" * 254}, "spec": {}},
            [f'metadata.name: Invalid value: "{"a" * 254}": must be no more than 253 bytes'],
        ),
        (
            "maxLength",
            "resource/v1.OpaqueDeviceConfiguration",
            {"driver": "a" * 63},
            {"driver": "a" * 64},
            ["driver: Too long: may not be more than 63 characters"],
        ),
        (
            "maxBytes",
            "resource/v1.NetworkDeviceData",
            {"interfaceName": "é" * 128},
            {"interfaceName": "é" * 129},
            ["interfaceName: Too long: may not be more than 256 bytes"],
        ),
        (
            "ifDisabled",
            "autoscaling/v2.HorizontalPodAutoscalerSpec",
            {"minReplicas": 1, "maxReplicas": 1},
            {"minReplicas": 0, "maxReplicas": 1},
            ["minReplicas: Invalid value: 0: must be greater than or equal to 1"],
        ),
        (
            "member",
            "flowcontrol/v1.PriorityLevelConfigurationSpec",
            {"type": "Exempt", "exempt": {}},
            {"type": "Limited"},
            ["limited: Required value"],
        ),
        (
            "member of another value",
            "flowcontrol/v1.PriorityLevelConfigurationSpec",
            {"type": "Other"},
            {"type": "Other", "exempt": {}},
            ["exempt: Forbidden"],
        ),
        (
            "optional with a default",
            "resource/v1.DeviceToleration",
            {"operator": "Equal"},
            {},
            ["operator: Required value"],
        ),
        ("optional with the zero value as default", "autoscaling/v1.ScaleSpec", {}, {"replicas": -1}, None),
    ],
)
def test_shadowed_tag_is_checked_on_request(
    tag: str, name: str, good: Any, bad: Any, expected: list[str] | None
) -> None:
    """An alpha tag says nothing, as in kube-apiserver 1.36; with `shadowed` it refuses in upstream's words."""
    if expected is None:
        expected = ["replicas: Invalid value: -1: must be greater than or equal to 0"]
    assert errors(name, good, shadowed=True) == []
    if bad is not None:
        assert errors(name, bad, shadowed=True) == expected
        assert errors(name, bad) == []


def test_option_turns_tags_on() -> None:
    """`ifEnabled` tags count where the gate is on, `ifDisabled` tags where it is off."""
    gate = frozenset({"WorkloadAwarePreemption"})
    assert errors(GROUP, {**BASIC, "priority": 5}, options=gate) == []
    assert errors(GROUP, {**BASIC, "priority": 1000000001}, options=gate) == [
        "priority: Invalid value: 1000000001: must be less than or equal to 1000000000"
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (GROUPS, {"podGroupTemplates": [BASIC]}, {"podGroupTemplates": [BASIC]}, []),
        (
            GROUPS,
            {"podGroupTemplates": [BASIC]},
            {"podGroupTemplates": []},
            ["podGroupTemplates: Invalid value: null: field is immutable", "podGroupTemplates: Required value"],
        ),
        ("resource/v1.ResourceClaimStatus", {}, {"allocation": {}}, []),
        ("resource/v1.ResourceClaimStatus", {"allocation": {"devices": {}}}, {}, []),
        (
            "resource/v1.ResourceClaimStatus",
            {"allocation": {"devices": {}}},
            {"allocation": {"nodeSelector": {"nodeSelectorTerms": []}}},
            ["allocation: Invalid value: null: field cannot be modified once set"],
        ),
    ],
)
def test_forbidden_change_is_refused(name: str, old: Any, new: Any, expected: list[str]) -> None:
    """`immutable` and `update` refuse a change and say nothing about a field that stays as it is."""
    assert errors(name, new, old, shadowed=True) == expected


def test_unchanged_value_is_not_checked_again() -> None:
    """A stored value that a tag would refuse stays valid, at its place in a list by keys too; a changed one is checked."""
    stored = {"requests": [{"name": "a", "exactly": {"allocationMode": "Old"}}, {"name": "b"}]}
    unsupported = 'exactly.allocationMode: Unsupported value: "Old": supported values: "All", "ExactCount"'
    assert errors(REQUESTS, stored, shadowed=True) == [f"requests[0].{unsupported}"]
    assert errors(REQUESTS, {"requests": [{"name": "c"}, *stored["requests"]]}, stored, shadowed=True) == []
    renamed = {"requests": [{"name": "z", "exactly": {"allocationMode": "Old"}}]}
    assert errors(REQUESTS, renamed, stored, shadowed=True) == [f"requests[0].{unsupported}"]


def test_union_is_checked_again_when_its_membership_changes() -> None:
    """A union that was broken stays valid until a member is set or cleared."""
    assert errors(POLICY, {}, {}) == []
    assert errors(POLICY, {}, {"basic": {}}) == [': Invalid value: "": must specify one of: `basic`, `gang`']


def test_served_type_has_no_tag_in_force() -> None:
    """The types of the versions that kube-apiserver 1.36 serves by default have alpha tags only: their hand-written rules decide alone."""
    served = [name for name in table() if name.partition(".")[0].endswith(("/v1", "/v2"))]
    assert len(served) > 50
    assert [name for name in served if list(declared(name).describe())] == []


def test_every_type_has_a_rule() -> None:
    """No tag of the table is unknown: the rule of each type can be made, and that of each enum and each tagged struct has lines."""
    silent = {"listType", "listMapKey", "supportsSubresource", "isSubresource", "optional"}
    for name, found in table().items():
        tags = [
            tag
            for tag in (*found.tags, *(tag for member in found.members for tag in member.tags))
            if tag.word.name not in silent
        ]
        assert list(declared(name, shadowed=True).describe()) or not tags, name


def test_unknown_type_raises() -> None:
    """The name of a type without tags is an error of the caller."""
    with pytest.raises(KeyError):
        declared("core/v1.Nothing")
