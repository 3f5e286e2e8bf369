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


async def test_a_pod_that_wants_no_token_gets_an_account_a_priority_and_tolerations() -> None:
    """What kube-apiserver adds to the smallest pod."""
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


async def test_a_token_is_mounted_where_clients_look_for_it() -> None:
    """A projected volume with the token, the authority and the namespace, in each container that has none there."""
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


async def test_an_account_that_does_not_exist_is_refused() -> None:
    """403, as the real server says it."""
    async with admission() as parts:
        with pytest.raises(StatusError) as refused:
            await _created(parts, serviceAccountName="nobody")
        assert refused.value.code == 403
        assert refused.value.message.startswith(
            'pods "p1" is forbidden: error looking up service account default/nobody: '
        )


async def test_a_priority_class_becomes_a_number() -> None:
    """A class by name, the default class, of which there is one, and a name that is none."""
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


async def test_a_pod_replaced_by_its_manifest_keeps_its_priority() -> None:
    """What creation put in and the client does not know of is no change, as with kube-apiserver."""
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


async def test_tolerations_that_are_there_stay() -> None:
    """A pod that tolerates everything gets nothing added."""
    async with admission() as parts:
        _account(parts)
        everything = [{"operator": "Exists"}]
        assert (await _created(parts, tolerations=everything))["tolerations"] == everything
        one = [TOLERATIONS[1] | {"tolerationSeconds": 5}]
        assert (await _created(parts, tolerations=one))["tolerations"] == [*one, TOLERATIONS[0]]


def test_names_of_plugins_are_checked() -> None:
    """An unknown name is refused as kube-apiserver refuses it; asking for what is not there, too; switching that off is fine."""
    assert list(plugin_faults(["NamespaceLifecycle"], ["PodSecurity", "ServiceAccount"])) == []
    assert list(plugin_faults(["Nonsense", "PodSecurity"], ["Other"])) == [
        'enable-admission-plugins plugin "Nonsense" is unknown',
        'enable-admission-plugins plugin "PodSecurity" is not implemented',
        'disable-admission-plugins plugin "Other" is unknown',
    ]
