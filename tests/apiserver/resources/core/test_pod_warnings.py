"""What clients are warned of when they make pods and templates."""

import pytest

from rootspan_apiserver.resources.core.pod.warnings import pod_warnings, template_warnings
from rootspan_apiserver.rules import ROOT
from tests.apiserver.resources.core.pod_objects import CONTAINER, POD, PREFERRED, REQUIRED
from tests.apiserver.resources.kind_checks import NONE, Changes

ZONE = "failure-domain.beta.kubernetes.io/zone"
ZONE_WORDS = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'
SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
NOTHING = "a null labelSelector results in matching no pod"
TERM = {"matchExpressions": [{"key": ZONE, "operator": "Exists"}]}
ROWS: list[tuple[Changes, list[str]]] = [
    (NONE, []),
    ({"metadata.name": "a.b"}, ["metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"]),
    ({"spec.nodeSelector": {ZONE: "a"}}, [f"spec.nodeSelector[{ZONE}]: {ZONE_WORDS}"]),
    ({"spec.affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [TERM]}, PREFERRED: [{"weight": 1, "preference": TERM}]}}}, [
        f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0].key: {ZONE} is {ZONE_WORDS}",
        f"spec.affinity.nodeAffinity.{PREFERRED}[0].preference.matchExpressions[0].key: {ZONE} is {ZONE_WORDS}",
    ]),
    ({"spec.topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"}]}, [
        f"spec.topologySpreadConstraints[0].topologyKey: {ZONE} is {ZONE_WORDS}",
        f"spec.topologySpreadConstraints[0].labelSelector: {NOTHING}",
    ]),
    ({"spec.affinity": {"podAffinity": {REQUIRED: [{"topologyKey": "a"}]}, "podAntiAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm": {"topologyKey": "a"}}]}}}, [
        f"spec.affinity.podAffinity.{REQUIRED}[0].labelSelector: {NOTHING}",
        f"spec.affinity.podAntiAffinity.{PREFERRED}[0].podAffinityTerm.labelSelector: {NOTHING}",
    ]),
    ({"metadata.annotations": {"scheduler.alpha.kubernetes.io/critical-pod": ""}}, ['metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead']),
    ({"metadata.annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined", "container.seccomp.security.alpha.kubernetes.io/c": "unconfined"}}, [
        f"metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: {SECCOMP}",
        f"metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c]: {SECCOMP}",
    ]),
    ({"spec.volumes": [{"name": "v", "rbd": {"monitors": ["a"], "image": "b"}}]}, ["spec.volumes[0].rbd: deprecated in v1.28, non-functional in v1.31+"]),
    ({"spec.volumes": [{"name": "v", "configMap": {"name": "m", "items": [{"key": "a", "path": "x"}, {"key": "b", "path": "x/y"}]}}]}, ['volume "v" (ConfigMap "m"): overlapping paths: "x/y" with "x"']),
    ({"spec.volumes": [{"name": "v", "downwardAPI": {"items": [{"path": "x"}, {"path": "x"}]}}]}, ['volume "v" (DownwardAPI): overlapping paths: "x" with "x"']),
    ({"spec.volumes": [{"name": "v", "projected": {"sources": [{}, {"serviceAccountToken": {"path": "x"}}, {"secret": {"name": "s", "items": [{"key": "a", "path": "x"}]}}]}}]}, [
        'volume "v" (Projected) has no sources provided',
        'volume "v" (Projected): overlapping paths: "x" (Secret "s") with "x" (ServiceAccountToken)',
    ]),
    ({"spec.hostAliases": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.1"}]}, ['spec.hostAliases[1].ip: duplicate ip "10.0.0.1"']),
    ({"spec.imagePullSecrets": [{"name": "a"}, {"name": "a"}, {}]}, ['spec.imagePullSecrets[1].name: duplicate name "a"', 'spec.imagePullSecrets[2].name: invalid empty name ""']),
    ({"spec.overhead": {"memory": "100m"}}, ['spec.overhead[memory]: fractional byte value "100m" is invalid, must be an integer']),
    ({"spec.containers.0.resources": {"limits": {"memory": "1500m"}}}, [
        'spec.containers[0].resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer',
        'spec.containers[0].resources.requests[memory]: fractional byte value "1500m" is invalid, must be an integer',
    ]),
    ({"spec.containers.0.env": [{"name": "A", "value": "a"}, {"name": "A", "value": "$(A)b"}, {"name": "A", "value": "b"}]}, ['spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply']),
    ({"spec.containers.0.ports": [{"containerPort": 80, "hostIP": "10.0.0.1"}, {"containerPort": 80, "hostPort": 81}, {"containerPort": 80, "hostPort": 81, "hostIP": "10.0.0.1"}]}, [
        "spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:10.0.0.1}",
        "spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]",
        "spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[0]",
        "spec.containers[0].ports[2]: dangerously ambiguous port definition with spec.containers[0].ports[1]",
    ]),
    ({"spec.containers.1": {**CONTAINER, "name": "d", "ports": [{"containerPort": 80}]}, "spec.containers.0.ports": [{"containerPort": 80}]}, ["spec.containers[1].ports[0]: duplicate port definition with spec.containers[0].ports[0]"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "warnings"), ROWS)
def test_new_pod_is_warned_of(changes: Changes, warnings: list[str]) -> None:
    """What is valid but hardly meant makes a warning when a pod is created; updates have none."""
    stored = POD.stored(changes)
    assert pod_warnings(stored, None) == warnings
    assert pod_warnings(stored, stored) == []


def test_template_is_warned_of() -> None:
    """A template has the same warnings at its own place, and one for the AppArmor annotations that pods turn into fields."""
    armor = "container.apparmor.security.beta.kubernetes.io/c"
    template = {
        "metadata": {"annotations": {armor: "unconfined"}},
        "spec": {"containers": [CONTAINER], "imagePullSecrets": [{}]},
    }
    assert template_warnings(template, ROOT / "spec" / "template") == [
        'spec.template.spec.imagePullSecrets[0].name: invalid empty name ""',
        f'spec.template.metadata.annotations[{armor}]: deprecated since v1.30; use the "appArmorProfile" field instead',
    ]
