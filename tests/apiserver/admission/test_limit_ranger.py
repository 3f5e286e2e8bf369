"""LimitRanger: defaults of containers, and bounds of containers, pods and claims."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from tests.apiserver.admission.parts import Parts, admission

pytestmark = pytest.mark.anyio


def _limit_range(parts: Parts, *limits: JSONObject, name: str = "limits", namespace: str = "default") -> None:
    metadata = {"name": name, "namespace": namespace}
    parts.put(
        "limitranges",
        {"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": {"limits": list(limits)}},
    )


def _container(name: str = "c", requests: Any = None, limits: Any = None, **fields: Any) -> JSONObject:
    resources = {"requests": requests, "limits": limits}
    return {"name": name, "resources": {side: value for side, value in resources.items() if value}, **fields}


def _pod(*containers: JSONObject, **spec: Any) -> JSONObject:
    metadata = {"name": "p", "namespace": "default"}
    spec = {"automountServiceAccountToken": False, "serviceAccountName": "default", **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": list(containers), **spec}}


def _claim(**requests: str) -> JSONObject:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "default"},
        "spec": {"resources": {"requests": requests}},
    }


async def _refusal(parts: Parts, obj: JSONObject, path: str = "pods", **fields: Any) -> str:
    """The message of the 403 without its beginning, "" if the object is accepted."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}
    parts.put("serviceaccounts", account)
    try:
        await parts.admission.validate(parts.attributes(obj, path=path, **fields))
    except StatusError as exc:
        return exc.message.removeprefix(f'{path} "{obj["metadata"]["name"]}" is forbidden: ')
    return ""


async def test_containers_get_missing_defaults() -> None:
    """Requests and limits that a container has stay; the annotation names the others, of all containers, in upstream's words."""
    async with admission() as parts:
        parts.put(
            "serviceaccounts",
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}},
        )
        _limit_range(
            parts,
            {
                "type": "Container",
                "default": {"memory": "64Mi", "cpu": "2"},
                "defaultRequest": {"cpu": "250m", "memory": "32Mi"},
            },
            {"type": "Pod", "max": {"cpu": "8"}},
        )
        pod = _pod(
            _container("a", {"cpu": "1"}), _container("b"), initContainers=[_container("i", limits={"cpu": "1"})]
        )
        admitted = await parts.admission.mutate(parts.attributes(pod, path="pods"))
        assert admitted is not None
        default = {"requests": {"cpu": "250m", "memory": "32Mi"}, "limits": {"cpu": "2", "memory": "64Mi"}}
        spec = admitted["spec"]
        assert [each["resources"] for each in (*spec["containers"], *spec["initContainers"])] == [
            {"requests": {"cpu": "1", "memory": "32Mi"}, "limits": {"cpu": "2", "memory": "64Mi"}},
            default,
            {"requests": {"cpu": "250m", "memory": "32Mi"}, "limits": {"cpu": "1", "memory": "64Mi"}},
        ]
        assert admitted["metadata"]["annotations"] == {
            "kubernetes.io/limit-ranger": "LimitRanger plugin set: memory request for container a; "
            "cpu, memory limit for container a; cpu, memory request for container b; cpu, memory limit for container b; "
            "cpu, memory request for init container i; memory limit for init container i"
        }


TOO_LITTLE = "minimum {} usage per Container is {}, but request is {}"
CONTAINER_BOUNDS: list[tuple[JSONObject, JSONObject, str]] = [
    ({"min": {"cpu": "100m"}}, _container(), "minimum cpu usage per Container is 100m.  No request is specified"),
    (
        {"min": {"cpu": "100m"}},
        _container(requests={"cpu": "99m"}),
        "minimum cpu usage per Container is 100m, but request is 99m",
    ),
    (
        {"min": {"cpu": "1"}},
        _container(requests={"cpu": "1"}, limits={"cpu": "500m"}),
        "minimum cpu usage per Container is 1, but limit is 500m",
    ),
    ({"max": {"memory": "1Gi"}}, _container(), "maximum memory usage per Container is 1Gi.  No limit is specified"),
    (
        {"max": {"memory": "1Gi"}},
        _container(limits={"memory": "1025Mi"}),
        "maximum memory usage per Container is 1Gi, but limit is 1025Mi",
    ),
    (
        {"max": {"cpu": "1"}},
        _container(requests={"cpu": "1001m"}, limits={"cpu": "1"}),
        "maximum cpu usage per Container is 1, but request is 1001m",
    ),
    (
        {"maxLimitRequestRatio": {"cpu": "2"}},
        _container(limits={"cpu": "1"}),
        "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0",
    ),
    (
        {"maxLimitRequestRatio": {"cpu": "2"}},
        _container(requests={"cpu": "1"}),
        "cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
    ),
    (
        {"maxLimitRequestRatio": {"cpu": "2"}},
        _container(requests={"cpu": "300m"}, limits={"cpu": "1"}),
        "cpu max limit to request ratio per Container is 2, but provided ratio is 3.333333",
    ),
    (
        {"maxLimitRequestRatio": {"cpu": "1.5"}},
        _container(requests={"cpu": "2"}, limits={"cpu": "3"}),
        "",
    ),
    (
        {"max": {"example.com/huge": "10P"}},
        _container(limits={"example.com/huge": "10000000000000001"}),
        "maximum example.com/huge usage per Container is 10P, but limit is 10000000000000001",
    ),
    (
        {"min": {"cpu": "2", "memory": "2Mi"}},
        _container(requests={"cpu": "1", "memory": "1Mi"}),
        f"[{TOO_LITTLE.format('cpu', 2, 1)}, {TOO_LITTLE.format('memory', '2Mi', '1Mi')}]",
    ),
]


@pytest.mark.parametrize(("limit", "container", "refusal"), CONTAINER_BOUNDS)
async def test_bounds_of_containers(limit: JSONObject, container: JSONObject, refusal: str) -> None:
    """Each container is within the bounds, and each init container; the message is the real server's."""
    async with admission() as parts:
        _limit_range(parts, {"type": "Container", **limit})
        assert await _refusal(parts, _pod(container)) == refusal
        within = _container("w", dict.fromkeys(("cpu", "memory"), "3Gi"), dict.fromkeys(("cpu", "memory"), "3Gi"))
        if refusal and "max" not in limit:
            assert await _refusal(parts, _pod(within, initContainers=[container])) == refusal
        # Two containers with the same fault give one message.
        assert await _refusal(parts, _pod(container, container)) == refusal


async def test_bounds_of_pods_count_all_containers() -> None:
    """A pod needs the sum of its containers and sidecars, or what an init container needs; its own cpu and memory override both."""
    async with admission() as parts:
        _limit_range(parts, {"type": "Pod", "max": {"cpu": "3"}})
        one = _container(limits={"cpu": "1"})
        sidecar = {**one, "restartPolicy": "Always"}
        assert await _refusal(parts, _pod(one, one, initContainers=[sidecar])) == ""
        words = "maximum cpu usage per Pod is 3, but limit is {}"
        assert await _refusal(parts, _pod(one, one, one, initContainers=[sidecar])) == words.format(4)
        large = _container(limits={"cpu": "2500m"})
        assert await _refusal(parts, _pod(one, initContainers=[large])) == ""
        assert await _refusal(parts, _pod(one, initContainers=[sidecar, large])) == words.format("3500m")
        whole = {"resources": {"limits": {"cpu": "2"}}}
        assert await _refusal(parts, _pod(one, one, one, one, **whole)) == ""
        assert await _refusal(parts, _pod(one, resources={"limits": {"cpu": "5"}})) == words.format(5)


async def test_bounds_of_claims() -> None:
    """The requested storage of a claim is bounded on create and update; its limits do not count."""
    async with admission() as parts:
        _limit_range(
            parts, {"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "10Gi"}}, name="l"
        )
        path = "persistentvolumeclaims"
        assert await _refusal(parts, _claim(storage="5Gi"), path) == ""
        less = "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"
        assert await _refusal(parts, _claim(storage="1Mi"), path) == less
        more = "maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 11Gi"
        assert (
            await _refusal(parts, _claim(storage="11Gi"), path, operation="UPDATE", old=_claim(storage="5Gi")) == more
        )
        both = (
            "[minimum storage usage per PersistentVolumeClaim is 1Gi.  No request is specified, "
            "maximum storage usage per PersistentVolumeClaim is 10Gi.  No request is specified]"
        )
        assert await _refusal(parts, _claim(), path) == both
        old = _claim(storage="11Gi")
        old["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
        assert await _refusal(parts, old, path, operation="UPDATE", old=old) == ""


async def test_limit_ranges_apply_to_their_namespace_and_operations() -> None:
    """A pod is checked when it is created or resized, not when it is updated; another namespace has other limits."""
    async with admission() as parts:
        _limit_range(parts, {"type": "Container", "max": {"cpu": "1"}}, namespace="other")
        pod = _pod(_container(limits={"cpu": "2"}))
        assert await _refusal(parts, pod) == ""
        _limit_range(parts, {"type": "Container", "max": {"cpu": "1"}})
        words = "maximum cpu usage per Container is 1, but limit is 2"
        assert await _refusal(parts, pod) == words
        assert await _refusal(parts, pod, operation="UPDATE", old=pod) == ""
        assert await _refusal(parts, pod, operation="UPDATE", old=pod, subresource="status") == ""
        assert await _refusal(parts, pod, operation="UPDATE", old=pod, subresource="resize") == words
