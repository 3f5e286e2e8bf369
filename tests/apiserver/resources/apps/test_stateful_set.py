"""StatefulSet: its rules, its defaults, its warning, its status, its table."""

import pytest

from rootspan_apiserver.resources.apps.stateful_set import ALL_HISTORY, definition
from rootspan_apiserver.resources.catalogue import builtin_resources
from tests.apiserver.resources.apps.templates import CONTAINER, POD, SELECTOR, TEMPLATE, without_pods
from tests.apiserver.resources.kind_checks import REMOVED, Changes, KindCheck

CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
MOUNTS = {f"{POD}.containers": [{**CONTAINER, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}
KIND = KindCheck(definition, {"spec": {"selector": SELECTOR, "template": TEMPLATE, "volumeClaimTemplates": [CLAIM]}})
UPDATE = "spec.updateStrategy"
ROWS: list[tuple[Changes, list[str]]] = [
    ({}, []),
    (MOUNTS, []),
    ({"metadata.name": "a.b"}, ['metadata.name: Invalid value: "a.b": must not contain dots']),
    ({"spec": {}}, [
        "spec.selector: Required value",
        "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
        "spec.template.spec.containers: Required value",
    ]),
    ({"spec.podManagementPolicy": "Random"}, ["spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'"]),
    ({UPDATE: {"type": "OnDelete"}}, []),
    ({UPDATE: {"type": "OnDelete", "rollingUpdate": {"partition": 1}}}, ["spec.updateStrategy.rollingUpdate: Invalid value: {\"Partition\":1,\"MaxUnavailable\":null}: only allowed for updateStrategy 'RollingUpdate'"]),
    ({UPDATE: {"type": "Blue"}}, ["spec.updateStrategy: Invalid value: {\"Type\":\"Blue\",\"RollingUpdate\":null}: must be 'RollingUpdate' or 'OnDelete'"]),
    ({UPDATE: {"rollingUpdate": {"partition": -1}}}, ["spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0"]),
    ({"spec.persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Keep", "whenScaled": "Drop"}}, [
        'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"',
        'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Drop": supported values: "Retain", "Delete"',
    ]),
    ({"spec.replicas": -1, "spec.minReadySeconds": -1, "spec.ordinals": {"start": -1}}, [
        "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
        "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
        "spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0",
    ]),
    ({"spec.selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for statefulset"]),
    ({"spec.selector": {"matchLabels": {"a b": ""}, "matchExpressions": [{"key": "app", "operator": "In"}]}}, [
        "spec.selector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        'spec.selector: Invalid value: {"matchLabels":{"a b":""},"matchExpressions":[{"key":"app","operator":"In"}]}',
    ]),
    ({"spec.template.metadata.labels.app": "a b"}, [
        'spec.template.metadata.labels: Invalid value: {"app":"a b"}: `selector` does not match template `labels`',
        "spec.template.labels: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        "spec.template.labels: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ]),
    ({f"{POD}.restartPolicy": "OnFailure", f"{POD}.activeDeadlineSeconds": 5}, [
        'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
        "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported",
    ]),
    ({**MOUNTS, "spec.volumeClaimTemplates": []}, ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"']),
    ({**MOUNTS, "spec.volumeClaimTemplates.0.metadata": REMOVED}, [
        "spec.template.spec.volumes[0].persistentVolumeClaim.claimName: Required value",
        "spec.template.spec.volumes[0].name: Required value",
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ]),
    ({"spec.serviceName": "a.b"}, ['spec.serviceName: Invalid value: "a.b": must not contain dots']),
    ({"spec.volumeClaimTemplates.0.spec": {"accessModes": ["Any"], "storageClassName": "A", "volumeMode": "Tape"}}, [
        'spec.volumeClaimTemplates[0].spec.accessModes: Unsupported value: "Any": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value",
        "spec.volumeClaimTemplates[0].spec.storageClassName: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'spec.volumeClaimTemplates[0].spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
    ]),
    ({"spec.volumeClaimTemplates.0.spec.selector": {"matchLabels": {"a b": ""}, "matchExpressions": [{"key": "", "operator": "Exists"}]}}, [
        "spec.volumeClaimTemplates[0].spec.selector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'spec.volumeClaimTemplates[0].spec.selector.matchExpressions[0].key: Invalid value: "": name part must be non-empty',
        "spec.volumeClaimTemplates[0].spec.selector.matchExpressions[0].key: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ]),
    ({"spec.volumeClaimTemplates.0.spec.selector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["!"]}]}}, ["spec.volumeClaimTemplates[0].spec.selector.matchExpressions[0].values[0]: Invalid value: \"!\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"]),
    ({"spec.volumeClaimTemplates.0.spec.accessModes": []}, ["spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required"]),
]  # fmt: skip
UPDATE_ROWS: list[tuple[Changes, list[str]]] = [
    ({"spec.replicas": 3, "spec.ordinals": {"start": 1}, "spec.minReadySeconds": 2, f"{UPDATE}.type": "OnDelete", f"{UPDATE}.rollingUpdate": REMOVED}, []),
    ({"spec.serviceName": "other"}, ["spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"]),
    ({"spec.volumeClaimTemplates.1": CLAIM}, ["spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"]),
]  # fmt: skip
STATUS_ROWS: list[tuple[Changes, list[str]]] = [
    ({"status": {"replicas": 3, "currentReplicas": 3, "updatedReplicas": 3, "readyReplicas": 2, "availableReplicas": 1}}, []),
    ({"status": {"replicas": 1, "currentReplicas": 2, "updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 4}}, [
        "status.readyReplicas: Invalid value: 3: cannot be greater than status.replicas",
        "status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 4: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 4: cannot be greater than status.readyReplicas",
    ]),
    ({"status": {"replicas": -1, "currentReplicas": -1, "updatedReplicas": -1, "readyReplicas": -1, "availableReplicas": -1, "observedGeneration": -1, "collisionCount": -1}}, [
        "status.replicas: Invalid value: -1: must be greater than or equal to 0",
        "status.readyReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.currentReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.updatedReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.availableReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.observedGeneration: Invalid value: -1: must be greater than or equal to 0",
        "status.collisionCount: Invalid value: -1: must be greater than or equal to 0",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "errors"), ROWS)
def test_create_is_checked(changes: Changes, errors: list[str]) -> None:
    """Each rule for the spec refuses with upstream's words, in upstream's order; claims are volumes of the pods."""
    assert KIND.refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), UPDATE_ROWS)
def test_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """Only what can be rolled out may change."""
    assert KIND.update_refusals(changes) == errors


@pytest.mark.parametrize(("changes", "errors"), STATUS_ROWS)
def test_status_update_is_checked(changes: Changes, errors: list[str]) -> None:
    """The numbers of pods are not negative, and no part is greater than the whole."""
    assert KIND.update_refusals(changes, "status") == errors


def test_every_rule_has_row() -> None:
    """No rule of the kind is without a row that it refuses."""
    errors = [KIND.updated(changes)[1] for changes, _ in UPDATE_ROWS]
    errors += [KIND.updated(changes, "status")[1] for changes, _ in STATUS_ROWS]
    assert without_pods(KIND.unchecked([changes for changes, _ in ROWS], errors)) == []


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
        ({"rollingUpdate": {"partition": 2}}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}),
        ({"type": "RollingUpdate"}, {"type": "RollingUpdate"}),
        ({"type": "OnDelete"}, {"type": "OnDelete"}),
        ({"rollingUpdate": {"maxUnavailable": 2}}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}),
    ],
)
def test_partition_is_filled_in_with_type(given: object, stored: object) -> None:
    """The partition has a default where the type has; the number of unavailable pods is a feature that is off."""
    assert KIND.stored({} if given is None else {UPDATE: given})["spec"]["updateStrategy"] == stored


def test_spec_is_filled_in() -> None:
    """Pods are made in their order, claims stay, and claims say what they are."""
    spec = KIND.stored()["spec"]
    assert (spec["podManagementPolicy"], spec["replicas"], spec["revisionHistoryLimit"]) == ("OrderedReady", 1, 10)
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    claim = spec["volumeClaimTemplates"][0]
    assert (claim["kind"], claim["apiVersion"], claim["status"]) == (
        "PersistentVolumeClaim",
        "v1",
        {"phase": "Pending"},
    )
    assert claim["spec"]["volumeMode"] == "Filesystem"


def test_negative_history_limit_warns() -> None:
    """Such a limit keeps everything, which is hardly meant."""
    strategy = next(iter(builtin_resources(definition))).strategy
    assert strategy.warnings(KIND.stored({"spec.revisionHistoryLimit": -1}), None) == [ALL_HISTORY]
    assert strategy.warnings(KIND.stored(), None) == []


def test_table_shows_pods() -> None:
    """Ready pods are shown of those that are wanted."""
    assert list(KIND.row({"spec.replicas": 3, "status.readyReplicas": 2}).values()) == [
        "x",
        "2/3",
        "5m",
        "c",
        "nginx:1",
    ]
    assert KIND.bookmark_row() == ["", "0/0", "<unknown>", "", ""]
