"""What the server puts into pods before they are stored."""

from typing import Any

import pytest

from rootspan_apiserver.admission.plugins.order import plugin_faults
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from tests.apiserver.admission.parts import Parts, admission

pytestmark = pytest.mark.anyio

TOLERATIONS = [
    {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
]


async def _created(parts: Parts, **spec: Any) -> JSONObject:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p1", "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": "nginx"}], **spec},
    }
    admitted = await parts.admission.mutate(parts.attributes(pod, path="pods"))
    assert admitted is not None
    created: JSONObject = admitted["spec"]
    return created


def _account(parts: Parts, name: str = "default", **fields: Any) -> None:
    metadata = {"name": name, "namespace": "default"}
    parts.put("serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, **fields})


async def test_minimal_pod_gets_account_priority_and_tolerations() -> None:
    """A pod without a token gets the fields that kube-apiserver sets."""
    async with admission() as parts:
        _account(parts)
        assert await _created(parts, automountServiceAccountToken=False) == {
            "containers": [{"name": "c", "image": "nginx"}],
            "automountServiceAccountToken": False,
            "serviceAccountName": "default",
            "serviceAccount": "default",
            "priority": 0,
            "preemptionPolicy": "PreemptLowerPriority",
            "tolerations": TOLERATIONS,
        }


async def test_token_volume_is_mounted_in_each_container() -> None:
    """A projected volume with token, CA and namespace is mounted, except in containers with a volume at that path."""
    async with admission() as parts:
        _account(parts)
        spec = await _created(parts)
        (volume,) = spec["volumes"]
        assert volume["name"].startswith("kube-api-access-")
        assert [next(iter(source)) for source in volume["projected"]["sources"]] == [
            "serviceAccountToken",
            "configMap",
            "downwardAPI",
        ]
        assert spec["containers"][0]["volumeMounts"] == [
            {
                "name": volume["name"],
                "readOnly": True,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            }
        ]


async def test_pod_with_missing_service_account_returns_403() -> None:
    """The message is that of the real server."""
    async with admission() as parts:
        with pytest.raises(StatusError) as refused:
            await _created(parts, serviceAccountName="nobody")
        assert refused.value.code == 403
        assert refused.value.message.startswith(
            'pods "p1" is forbidden: error looking up service account default/nobody: '
        )


async def test_priority_is_set_from_priority_class() -> None:
    """From a named class, from the default class, of which there is at most one; a missing class is rejected."""
    async with admission() as parts:
        _account(parts)
        for name, value, default in (("low", 5, True), ("high", 50, False)):
            parts.put(
                "scheduling.k8s.io/v1/priorityclasses",
                {
                    "apiVersion": "scheduling.k8s.io/v1",
                    "kind": "PriorityClass",
                    "metadata": {"name": name},
                    "value": value,
                    "globalDefault": default,
                    "preemptionPolicy": "Never",
                },
            )
        chosen = await _created(parts, priorityClassName="high")
        assert (chosen["priority"], chosen["preemptionPolicy"]) == (50, "Never")
        usual = await _created(parts)
        assert (usual["priority"], usual["priorityClassName"]) == (5, "low")
        second = {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": "second"},
            "value": 3,
        }
        path = "scheduling.k8s.io/v1/priorityclasses"
        await parts.admission.validate(parts.attributes(second, path=path))
        with pytest.raises(StatusError, match="PriorityClass low is already marked as default"):
            await parts.admission.validate(parts.attributes({**second, "globalDefault": True}, path=path))
        with pytest.raises(StatusError, match="no PriorityClass with name other was found"):
            await _created(parts, priorityClassName="other")
        with pytest.raises(StatusError, match=r"the integer value of priority \(7\) must not be provided"):
            await _created(parts, priority=7)


async def test_update_without_priority_keeps_priority() -> None:
    """An update that omits the fields set at creation does not change them."""
    async with admission() as parts:
        old = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"priority": 7, "preemptionPolicy": "Never"}}
        new = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"preemptionPolicy": "PreemptLowerPriority"}}
        admitted = await parts.admission.mutate(parts.attributes(new, path="pods", operation="UPDATE", old=old))
        assert admitted is not None
        assert admitted["spec"] | {"tolerations": None} == {
            "priority": 7,
            "preemptionPolicy": "PreemptLowerPriority",
            "tolerations": None,
        }


async def test_existing_tolerations_are_kept() -> None:
    """Nothing is added to a pod that tolerates everything."""
    async with admission() as parts:
        _account(parts)
        everything = [{"operator": "Exists"}]
        assert (await _created(parts, tolerations=everything))["tolerations"] == everything
        one = [TOLERATIONS[1] | {"tolerationSeconds": 5}]
        assert (await _created(parts, tolerations=one))["tolerations"] == [*one, TOLERATIONS[0]]


def test_unknown_and_missing_plugins_are_rejected() -> None:
    """Unknown names and enabling an unimplemented plugin are errors; disabling an unimplemented one is not."""
    assert list(plugin_faults(["NamespaceLifecycle"], ["ImagePolicyWebhook", "ServiceAccount"])) == []
    assert list(plugin_faults(["Nonsense", "ImagePolicyWebhook"], ["Other"])) == [
        'enable-admission-plugins plugin "Nonsense" is unknown',
        'enable-admission-plugins plugin "ImagePolicyWebhook" is not implemented',
        'disable-admission-plugins plugin "Other" is unknown',
    ]
