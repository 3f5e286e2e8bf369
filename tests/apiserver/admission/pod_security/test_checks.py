"""The rules of the pod security standards: what they say of pods, at which levels, and since which versions."""

from typing import Any

import pytest

from rootspan_apiserver.admission.plugins.pod_security.evaluator import CHECKS, violations
from rootspan_apiserver.admission.plugins.pod_security.levels import LevelVersion, PolicyVersion
from rootspan_apiserver.kube.meta import JSONObject

LATEST = PolicyVersion()


def pod(*containers: JSONObject, annotations: dict[str, str] | None = None, **spec: Any) -> JSONObject:
    """A pod with named containers; `safe` ones satisfy `restricted`, so that only the rule under test finds something."""
    named = [{"name": "abc"[i], **each} for i, each in enumerate(containers or (safe(),))]
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}} | spec.pop("securityContext", {})
    return {
        "metadata": {"name": "p", "annotations": annotations or {}},
        "spec": {"containers": named, "securityContext": context, **spec},
    }


def safe(**context: Any) -> JSONObject:
    """A container that satisfies every rule, but for the changes of its security context."""
    return {"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}} | context}


def found(level: str, version: PolicyVersion, checked: JSONObject) -> list[str]:
    return [str(each) for each in violations(LevelVersion(level, version), checked["metadata"], checked["spec"])]


ROWS: list[tuple[str, JSONObject, str]] = [
    (
        "baseline",
        pod(annotations={"container.apparmor.security.beta.kubernetes.io/a": 'un"confined'}),
        'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/a="un\\"confined"")',
    ),
    (
        "baseline",
        pod(
            safe(appArmorProfile={"type": "Unconfined"}),
            safe(appArmorProfile={"type": "Localhost"}),
            securityContext={"appArmorProfile": {"type": "Odd"}},
        ),
        'forbidden AppArmor profiles (pod and container "a" must not set AppArmor profile type to "Odd", "Unconfined")',
    ),
    (
        "baseline",
        pod(safe(capabilities={"add": ["SYS_TIME", "CHOWN"]}), safe(capabilities={"add": ["BPF"]})),
        'non-default capabilities (containers "a", "b" must not include "BPF", "SYS_TIME" in securityContext.capabilities.add)',
    ),
    ("baseline", pod(hostIPC=True, hostNetwork=True), "host namespaces (hostNetwork=true, hostIPC=true)"),
    (
        "baseline",
        pod(volumes=[{"name": "x", "hostPath": {"path": "/"}}, {"name": "y", "emptyDir": {}}]),
        'hostPath volumes (volume "x")',
    ),
    (
        "baseline",
        pod(safe() | {"ports": [{"hostPort": 9}, {"hostPort": 10}]}, safe() | {"ports": [{"containerPort": 1}]}),
        'hostPort (container "a" uses hostPorts 10, 9)',
    ),
    (
        "baseline",
        pod(
            safe() | {"livenessProbe": {"httpGet": {"host": "h"}}},
            safe() | {"lifecycle": {"preStop": {"tcpSocket": {"host": "g"}}}},
        ),
        'probe or lifecycle host (containers "a", "b" use probe or lifecycle hosts "g", "h")',
    ),
    ("baseline", pod(safe(privileged=True)), 'privileged (container "a" must not set securityContext.privileged=true)'),
    (
        "baseline",
        pod(safe(procMount="Unmasked")),
        'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    ),
    (
        "baseline",
        pod(safe(seLinuxOptions={"type": "spc_t", "role": "r"}), securityContext={"seLinuxOptions": {"user": "u"}}),
        'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
    ),
    (
        "baseline",
        pod(safe(seccompProfile={"type": "Unconfined"})),
        'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
    ),
    (
        "baseline",
        pod(securityContext={"sysctls": [{"name": "kernel.msgmax"}, {"name": "net.ipv4.tcp_rmem"}]}),
        "forbidden sysctls (kernel.msgmax)",
    ),
    (
        "baseline",
        pod(safe(windowsOptions={"hostProcess": True}), securityContext={"windowsOptions": {"hostProcess": True}}),
        'hostProcess (pod and container "a" must not set securityContext.windowsOptions.hostProcess=true)',
    ),
    (
        "restricted",
        pod(safe(allowPrivilegeEscalation=True), safe()),
        'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)',
    ),
    (
        "restricted",
        pod(safe(capabilities={"drop": ["KILL"], "add": ["CHOWN", "NET_BIND_SERVICE"]})),
        'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in securityContext.capabilities.add)',
    ),
    (
        "restricted",
        pod(safe(procMount="Unmasked"), hostUsers=False),
        'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    ),
    (
        "restricted",
        pod(volumes=[{"name": "n", "nfs": {}}, {"name": "i", "iscsi": {}}, {"name": "s", "secret": {}}]),
        'restricted volume types (volumes "n", "i" use restricted volume types "iscsi", "nfs")',
    ),
    (
        "restricted",
        pod(safe(runAsNonRoot=False), securityContext={"runAsNonRoot": None}),
        'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)',
    ),
    (
        "restricted",
        pod(safe(), safe(runAsNonRoot=True), securityContext={"runAsNonRoot": None}),
        'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
    ),
    (
        "restricted",
        pod(safe(runAsUser=0), securityContext={"runAsUser": 0}),
        'runAsUser=0 (pod and container "a" must not set runAsUser=0)',
    ),
    (
        "restricted",
        pod(safe(), securityContext={"seccompProfile": None}),
        'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ),
]


@pytest.mark.parametrize(("level", "checked", "words"), ROWS, ids=[row[2].partition(" (")[0] for row in ROWS])
def test_violation_names_reason_and_values(level: str, checked: JSONObject, words: str) -> None:
    """Each rule finds its violation and no other rule finds one; `baseline` lets pass what only `restricted` forbids."""
    assert found(level, LATEST, checked) == [words]
    if level == "restricted":
        assert found("baseline", LATEST, checked) == []
    assert found("privileged", LATEST, checked) == []


def test_pod_that_satisfies_restricted_has_no_violations() -> None:
    """In the latest version, in that of an old release, and in one that does not exist yet."""
    for version in (LATEST, PolicyVersion(0), PolicyVersion(22), PolicyVersion(99)):
        assert found("restricted", version, pod()) == []


def test_all_violations_are_reported_with_baseline_first() -> None:
    """The rules of restricted replace the weaker ones of baseline on the same subject."""
    bare = {
        "metadata": {},
        "spec": {"hostPID": True, "containers": [{"name": "a"}], "volumes": [{"name": "v", "hostPath": {}}]},
    }
    assert [each.partition(" (")[0] for each in found("restricted", LATEST, bare)] == [
        "host namespaces",
        "allowPrivilegeEscalation != false",
        "unrestricted capabilities",
        "restricted volume types",
        "runAsNonRoot != true",
        "seccompProfile",
    ]


SINCE: list[tuple[str, int, JSONObject]] = [
    ("restricted", 8, pod(safe(allowPrivilegeEscalation=None))),
    ("restricted", 22, pod(safe(capabilities={"drop": ["CHOWN"]}))),
    ("restricted", 23, pod(safe(runAsUser=0))),
    ("restricted", 19, pod(safe(), securityContext={"seccompProfile": None})),
    ("baseline", 34, pod(safe() | {"startupProbe": {"tcpSocket": {"host": "h"}}})),
]
UNTIL: list[tuple[str, int, JSONObject]] = [
    ("baseline", 19, pod(annotations={"seccomp.security.alpha.kubernetes.io/pod": "unconfined"})),
    ("baseline", 27, pod(securityContext={"sysctls": [{"name": "net.ipv4.ip_local_reserved_ports"}]})),
    ("baseline", 29, pod(securityContext={"sysctls": [{"name": "net.ipv4.tcp_fin_timeout"}]})),
    ("baseline", 31, pod(safe(seLinuxOptions={"type": "container_engine_t"}))),
    ("baseline", 32, pod(securityContext={"sysctls": [{"name": "net.ipv4.tcp_wmem"}]})),
    ("baseline", 35, pod(safe(procMount="Unmasked"), hostUsers=False)),
    ("restricted", 35, pod(safe(runAsUser=0), hostUsers=False)),
    ("restricted", 35, pod(securityContext={"runAsNonRoot": False}, hostUsers=False)),
    ("restricted", 25, pod(safe(allowPrivilegeEscalation=None), os={"name": "windows"})),
    ("restricted", 25, pod(safe(capabilities=None), os={"name": "windows"})),
    ("restricted", 25, pod(securityContext={"seccompProfile": None}, os={"name": "windows"})),
]


@pytest.mark.parametrize(("level", "minor", "checked"), SINCE)
def test_rule_applies_since_its_version(level: str, minor: int, checked: JSONObject) -> None:
    """The version before allows the pod."""
    assert len(found(level, PolicyVersion(minor), checked)) == 1
    assert found(level, PolicyVersion(minor - 1), checked) == []


@pytest.mark.parametrize(("level", "minor", "checked"), UNTIL)
def test_rule_is_relaxed_since_its_version(level: str, minor: int, checked: JSONObject) -> None:
    """The version before forbids the pod."""
    assert found(level, PolicyVersion(minor), checked) == []
    assert len(found(level, PolicyVersion(minor - 1), checked)) == 1


def test_init_and_ephemeral_containers_are_checked() -> None:
    """In the order init containers, containers, ephemeral containers."""
    checked = pod(safe(privileged=True))
    checked["spec"] |= {
        "ephemeralContainers": [{"name": "e", **safe(privileged=True)}],
        "initContainers": [{"name": "i", **safe(privileged=True)}],
    }
    assert found("baseline", LATEST, checked) == [
        'privileged (containers "i", "a", "e" must not set securityContext.privileged=true)'
    ]


def test_rules_are_sorted_and_unique() -> None:
    """Baseline before restricted, each by name: the order in which clients read them."""
    names = [(check.level, check.name) for check in CHECKS]
    assert names == sorted(set(names))
