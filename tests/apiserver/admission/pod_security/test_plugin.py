"""What PodSecurity refuses, warns of and tells the audit log."""

from typing import Any

import pytest

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.plugins.pod_security import existing_pods
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.kube.users import User
from tests.apiserver.admission.parts import Parts, admission

pytestmark = pytest.mark.anyio
PREFIX = "pod-security.kubernetes.io/"
HOST_NETWORK = "host namespaces (hostNetwork=true)"


def labels(**levels: str) -> dict[str, str]:
    return {PREFIX + key.replace("_", "-"): value for key, value in levels.items()}


def pod(name: str = "p1", image: str = "nginx", **spec: Any) -> JSONObject:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": image}], **spec},
    }


def account(parts: Parts, namespace: str = "default") -> None:
    """Put the service account that pods run as."""
    metadata = {"name": "default", "namespace": namespace}
    parts.put("serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})


async def validated(parts: Parts, obj: JSONObject, **fields: Any) -> AdmissionAttributes:
    """Run the validating phase on an object that nothing else has to say about."""
    attributes = parts.attributes(obj, **({"path": "pods"} | fields))
    account(parts)
    if obj["kind"] == "Pod":
        obj["spec"]["serviceAccountName"] = "default"
    await parts.admission.validate(attributes)
    return attributes


def annotations(attributes: AdmissionAttributes) -> dict[str, str]:
    return {key.removeprefix(PREFIX): value for key, value in attributes.audit_annotations.items()}


async def test_pod_against_enforced_level_returns_403() -> None:
    """The refusal names the level and each violation; the audit log has the policy."""
    async with admission() as parts:
        parts.namespace("default", labels=labels(enforce="baseline"))
        attributes = parts.attributes(pod(hostNetwork=True, serviceAccountName="default"), path="pods")
        account(parts)
        with pytest.raises(StatusError) as refused:
            await parts.admission.validate(attributes)
        assert refused.value.body() | {"metadata": {}} == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": f'pods "p1" is forbidden: violates PodSecurity "baseline:latest": {HOST_NETWORK}',
            "reason": "Forbidden",
            "details": {"name": "p1", "kind": "pods"},
            "code": 403,
        }
        assert attributes.warnings == []
        assert annotations(attributes) == {"enforce-policy": "baseline:latest"}


async def test_pod_against_warned_and_audited_levels_is_admitted() -> None:
    """A warning for the client, an annotation for the audit log, each in its own version."""
    async with admission() as parts:
        parts.namespace(
            "default", labels=labels(warn="baseline", warn_version="v1.3", audit="restricted", audit_version="v1.7")
        )
        attributes = await validated(parts, pod(hostNetwork=True))
        assert attributes.warnings == [f'would violate PodSecurity "baseline:v1.3": {HOST_NETWORK}']
        violations = (
            f'{HOST_NETWORK}, runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)'
        )
        assert annotations(attributes) == {
            "enforce-policy": "privileged:latest",
            "audit-violations": f'would violate PodSecurity "restricted:v1.7": {violations}',
        }


async def test_namespace_without_labels_admits_every_pod() -> None:
    """Only the audit log is told of the policy."""
    async with admission() as parts:
        attributes = await validated(parts, pod(hostNetwork=True))
        assert (attributes.warnings, annotations(attributes)) == ([], {"enforce-policy": "privileged:latest"})


async def test_pod_in_namespace_with_invalid_labels_is_checked_against_restricted() -> None:
    """Labels from before the plugin was enabled fail closed, and the audit log has the reason."""
    async with admission() as parts:
        parts.namespace("default", labels=labels(enforce="strict"))
        attributes = parts.attributes(pod(serviceAccountName="default"), path="pods")
        account(parts)
        with pytest.raises(StatusError, match='violates PodSecurity "restricted:latest"'):
            await parts.admission.validate(attributes)
        assert annotations(attributes)["error"] == (
            'Failed to parse policy: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": '
            "must be one of privileged, baseline, restricted"
        )


async def test_update_is_checked_where_it_changes_images_or_adds_containers() -> None:
    """Changes of labels and of status pass in a namespace that has become stricter; a new image and an ephemeral container do not."""
    async with admission() as parts:
        parts.namespace("default", labels=labels(enforce="baseline"))
        old = pod(hostNetwork=True)
        fields: dict[str, Any] = {"operation": "UPDATE", "old": old}
        await validated(
            parts, {**pod(hostNetwork=True), "metadata": old["metadata"] | {"labels": {"a": "b"}}}, **fields
        )
        await validated(parts, pod(hostNetwork=True, image="other"), subresource="status", **fields)
        with pytest.raises(StatusError, match=r"hostNetwork=true"):
            await validated(parts, pod(hostNetwork=True, image="other"), **fields)
        debugged = pod(hostNetwork=True, ephemeralContainers=[{"name": "d", "image": "debug"}])
        with pytest.raises(StatusError, match=r"hostNetwork=true"):
            await validated(parts, debugged, subresource="ephemeralcontainers", **fields)
        await validated(parts, debugged, subresource="ephemeralcontainers", operation="UPDATE", old=debugged)


TEMPLATE = {"metadata": {}, "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "nginx"}]}}


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("podtemplates", "PodTemplate", {"template": TEMPLATE}),
        ("replicationcontrollers", "ReplicationController", {"spec": {"template": TEMPLATE}}),
        ("apps/v1/deployments", "Deployment", {"spec": {"template": TEMPLATE}}),
        ("apps/v1/daemonsets", "DaemonSet", {"spec": {"template": TEMPLATE}}),
        ("apps/v1/statefulsets", "StatefulSet", {"spec": {"template": TEMPLATE}}),
        ("apps/v1/replicasets", "ReplicaSet", {"spec": {"template": TEMPLATE}}),
        ("batch/v1/jobs", "Job", {"spec": {"template": TEMPLATE}}),
        ("batch/v1/cronjobs", "CronJob", {"spec": {"jobTemplate": {"spec": {"template": TEMPLATE}}}}),
    ],
)
async def test_template_is_warned_of_and_not_refused(path: str, kind: str, body: JSONObject) -> None:
    """The enforced level is warned of too, unless the namespace says otherwise; a subresource is not looked at."""
    async with admission() as parts:
        parts.namespace("default", labels=labels(enforce="baseline", audit="baseline"))
        obj = {"kind": kind, "metadata": {"name": "x", "namespace": "default"}, **body}
        attributes = await validated(parts, obj, path=path)
        words = f'would violate PodSecurity "baseline:latest": {HOST_NETWORK}'
        assert attributes.warnings == [words]
        assert annotations(attributes) == {"audit-violations": words}
        assert (await validated(parts, obj, path=path, subresource="status")).warnings == []


async def test_replication_controller_without_template_is_admitted() -> None:
    """There is nothing to check."""
    async with admission() as parts:
        parts.namespace("default", labels=labels(enforce="restricted"))
        obj = {"kind": "ReplicationController", "metadata": {"name": "x", "namespace": "default"}, "spec": {}}
        assert (await validated(parts, obj, path="replicationcontrollers")).warnings == []


EXEMPTIONS = {
    "PodSecurity": {"exemptions": {"usernames": ["carol"], "namespaces": ["spared"], "runtimeClasses": ["gvisor"]}}
}


async def test_exempt_users_namespaces_and_runtime_classes_are_admitted() -> None:
    """The audit log says why."""
    async with admission(configuration=EXEMPTIONS) as parts:
        for name in ("default", "spared"):
            parts.namespace(name, labels=labels(enforce="restricted"))
        runtime_class = {
            "apiVersion": "node.k8s.io/v1",
            "kind": "RuntimeClass",
            "metadata": {"name": "gvisor"},
            "handler": "runsc",
        }
        parts.put("node.k8s.io/v1/runtimeclasses", runtime_class)
        account(parts, "spared")
        by_user = await validated(parts, pod(), user=User("carol"))
        by_namespace = await validated(parts, pod(), namespace="spared")
        by_class = await validated(parts, pod(runtimeClassName="gvisor"))
        assert [annotations(each) for each in (by_user, by_namespace, by_class)] == [
            {"exempt": "user"},
            {"exempt": "namespace"},
            {"exempt": "runtimeClass"},
        ]


async def test_defaults_of_configuration_hold_for_namespaces_without_labels() -> None:
    """A default level is enforced, in its version."""
    defaults = {"PodSecurity": {"defaults": {"enforce": "baseline", "enforce-version": "v1.20"}}}
    async with admission(configuration=defaults) as parts:
        with pytest.raises(StatusError, match=r'violates PodSecurity "baseline:v1\.20"'):
            await validated(parts, pod(hostNetwork=True))


def namespace(name: str = "n", **levels: str) -> JSONObject:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels(**levels)}}


async def test_namespace_with_invalid_labels_returns_422() -> None:
    """On creation, and on an update that changes what is wrong."""
    async with admission() as parts:
        wrong = namespace(enforce="hard", warn_version="1")
        with pytest.raises(StatusError) as refused:
            await validated(parts, wrong, path="namespaces")
        assert refused.value.code == 422
        at = "metadata.labels[pod-security.kubernetes.io/"
        assert refused.value.message == (
            f'Namespace "n" is invalid: [{at}enforce]: Invalid value: "hard": must be one of privileged, baseline, restricted, '
            f'{at}warn-version]: Invalid value: "1": must be "latest" or "v1.x"]'
        )
        await validated(parts, wrong, path="namespaces", operation="UPDATE", old=wrong)
        with pytest.raises(StatusError, match="is invalid"):
            await validated(parts, wrong, path="namespaces", operation="UPDATE", old=namespace(enforce="hard"))


async def test_stricter_namespace_warns_of_existing_pods() -> None:
    """Pods with the same violations are one warning, with the first name and the number of the others."""
    async with admission() as parts:
        for name in ("c", "a", "b"):
            parts.put("pods", {**pod(hostNetwork=True), "metadata": {"name": name, "namespace": "n"}})
        parts.put("pods", {**pod(hostIPC=True, hostUsers=False), "metadata": {"name": "d", "namespace": "n"}})
        parts.put(
            "pods", {**pod(hostPID=True, runtimeClassName="gvisor"), "metadata": {"name": "e", "namespace": "other"}}
        )
        update: dict[str, Any] = {"path": "namespaces", "operation": "UPDATE"}
        made = await validated(parts, namespace(enforce="baseline"), old=namespace(), **update)
        assert made.warnings == [
            'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
            "a (and 3 other pods): host namespaces",
        ]
        for relaxed in (namespace(enforce="baseline", warn="restricted"), namespace(enforce="privileged")):
            assert (await validated(parts, relaxed, old=namespace(enforce="baseline"), **update)).warnings == []
        other_version = namespace(enforce="baseline", enforce_version="v1.20")
        assert len((await validated(parts, other_version, old=namespace(enforce="restricted"), **update)).warnings) == 2


async def test_number_of_checked_pods_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the pods of one controller the first is checked before the rest."""
    monkeypatch.setattr(existing_pods, "MAX_PODS", 3)
    async with admission() as parts:
        for name in ("r1", "r2", "r3", "single"):
            owners = [{"controller": True, "uid": "u"}] if name != "single" else []
            metadata = {"name": name, "namespace": "n", "ownerReferences": owners}
            parts.put("pods", {**pod(hostNetwork=name == "single", hostPID=name != "single"), "metadata": metadata})
        update: dict[str, Any] = {"path": "namespaces", "operation": "UPDATE", "old": namespace()}
        assert (await validated(parts, namespace(enforce="restricted", enforce_version="v1.0"), **update)).warnings == [
            "new PodSecurity enforce level only checked against the first 3 of 4 existing pods",
            'existing pods in namespace "n" violate the new PodSecurity enforce level "restricted:v1.0"',
            "r1 (and 2 other pods): host namespaces, runAsNonRoot != true",
        ]


async def test_labels_of_exempt_namespace_are_warned_of() -> None:
    """They have no effect; those that equal the defaults are not mentioned."""
    async with admission(configuration=EXEMPTIONS) as parts:
        made = await validated(parts, namespace("spared", enforce="baseline", audit_version="v1.2"), path="namespaces")
        assert made.warnings == [
            'namespace "spared" is exempt from Pod Security, and the policy (enforce=baseline:latest) will be ignored'
        ]
        assert (await validated(parts, namespace("spared", enforce="privileged"), path="namespaces")).warnings == []
