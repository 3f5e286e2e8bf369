"""ServiceAccount: which secrets the pods of an account may refer to, and what mirror pods may not."""

from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.admission.objects_of_nodes import account, mutated, pod, refusal
from tests.apiserver.admission.parts import Parts, admission

pytestmark = pytest.mark.anyio
DENIED = "is not allowed because service account strict does not reference that secret"
SECRET = {"valueFrom": {"secretKeyRef": {"name": "s2", "key": "k"}}}


def strict(parts: Parts, value: str = "T") -> None:
    annotations = {"kubernetes.io/enforce-mountable-secrets": value}
    account(parts, "strict", annotations, secrets=[{"name": "s1"}], imagePullSecrets=[{"name": "pull"}])


def containers(**fields: Any) -> list[JSONObject]:
    return [{"name": "c", "image": "i", **fields}]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"volumes": [{"name": "v", "secret": {"secretName": "s2"}}]}, f'volume with secret.secretName="s2" {DENIED}'),
        (
            {"containers": containers(env=[{"name": "E", **SECRET}])},
            f'container c with envVar E referencing secret.secretName="s2" {DENIED}',
        ),
        (
            {"initContainers": containers(envFrom=[{"secretRef": {"name": "s3"}}])},
            f'init container c with envFrom referencing secret.secretName="s3" {DENIED}',
        ),
        (
            {"imagePullSecrets": [{"name": "other"}]},
            'imagePullSecrets[0].name="other" is not allowed because service account strict does not reference that imagePullSecret',
        ),
        ({"volumes": [{"name": "v", "secret": {"secretName": "s1"}}], "imagePullSecrets": [{"name": "pull"}]}, ""),
    ],
)
async def test_secrets_outside_of_account_return_403(spec: JSONObject, words: str) -> None:
    """In both phases, if the account says so; any spelling of true that Go reads counts, nothing else."""
    async with admission() as parts:
        strict(parts)
        for phase in ("mutate", "validate"):
            assert await refusal(parts, pod(serviceAccountName="strict", **spec), phase=phase) == words
        strict(parts, "yes")
        assert await refusal(parts, pod(serviceAccountName="strict", **spec)) == ""


async def test_secret_of_ephemeral_container_is_refused() -> None:
    """As kube-apiserver: without a reason, and without the name of the pod."""
    async with admission() as parts:
        strict(parts)
        debugged = pod(
            serviceAccountName="strict", ephemeralContainers=containers(envFrom=[{"secretRef": {"name": "s2"}}])
        )
        update: dict[str, Any] = {"operation": "UPDATE", "old": pod(), "subresource": "ephemeralcontainers"}
        words = f'ephemeral container c with envFrom referencing secret.secretName="s2" {DENIED}'
        assert await refusal(parts, debugged, phase="validate", **update) == words


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "a mirror pod may not reference service accounts"),
        ({"serviceAccountName": "", "imagePullSecrets": [{"name": "s"}]}, "a mirror pod may not reference secrets"),
        (
            {
                "serviceAccountName": "",
                "volumes": [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {}}]}}],
            },
            "a mirror pod may not use ServiceAccountToken volume projections",
        ),
        ({"serviceAccountName": ""}, ""),
    ],
)
async def test_mirror_pod_with_account_or_secret_returns_403(spec: JSONObject, words: str) -> None:
    """A mirror pod is stored as it is."""
    async with admission() as parts:
        for phase in ("mutate", "validate"):
            mirror = pod(annotations={"kubernetes.io/config.mirror": "x"}, **spec)
            assert await refusal(parts, mirror, phase=phase) == words


async def test_pod_with_token_volume_keeps_it() -> None:
    """A volume that is named like that of the token is mounted instead of a new one."""
    async with admission() as parts:
        volumes = [{"name": "kube-api-access-mine", "emptyDir": {}}]
        made = await mutated(parts, pod(automountServiceAccountToken=True, volumes=volumes))
        assert made["spec"]["volumes"] == volumes
        assert [mount["name"] for mount in made["spec"]["containers"][0]["volumeMounts"]] == ["kube-api-access-mine"]
