"""What the pods of a service account may refer to, and what a mirror pod may not.

A service account annotated with `kubernetes.io/enforce-mountable-secrets` allows the secrets that it lists, and no others.

Upstream: plugin/pkg/admission/serviceaccount/admission.go (limitSecretReferences, limitEphemeralContainerSecretReferences)
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rootspan_apiserver.kube.go_numbers import parse_bool
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.core.pod.references import projections, secret_names
from rootspan_apiserver.resources.core.service_account import ENFORCE_MOUNTABLE_SECRETS


def enforces_mountable_secrets(account: Mapping[str, Any]) -> bool:
    """Return whether the annotation of a service account says so; a value that is no boolean says no."""
    try:
        return parse_bool((account["metadata"].get("annotations") or {}).get(ENFORCE_MOUNTABLE_SECRETS, "false"))
    except ValueError:
        return False


def refused_secrets(spec: JSONObject, account: Mapping[str, Any]) -> Iterator[str]:
    """Yield why a new pod may not refer to a secret."""
    mountable, name = _names(account, "secrets"), account["metadata"]["name"]
    for volume in spec.get("volumes") or ():
        if (source := volume.get("secret")) is not None and source.get("secretName", "") not in mountable:
            secret = f'secret.secretName="{source.get("secretName", "")}"'
            yield f"volume with {secret} is not allowed because service account {name} does not reference that secret"
    yield from _in_containers(spec, "initContainers", "init container", account)
    yield from _in_containers(spec, "containers", "container", account)
    pulled = _names(account, "imagePullSecrets")
    for index, reference in enumerate(spec.get("imagePullSecrets") or ()):
        if reference.get("name", "") not in pulled:
            yield (
                f'imagePullSecrets[{index}].name="{reference.get("name", "")}" is not allowed because service account {name} '
                "does not reference that imagePullSecret"
            )


def refused_secrets_of_ephemeral(spec: JSONObject, account: Mapping[str, Any]) -> Iterator[str]:
    """Yield why an ephemeral container may not refer to a secret."""
    return _in_containers(spec, "ephemeralContainers", "ephemeral container", account)


def refused_in_mirror_pod(spec: JSONObject) -> Iterator[str]:
    """Yield why a pod that a kubelet mirrors may not be as it is."""
    if spec.get("serviceAccountName"):
        yield "a mirror pod may not reference service accounts"
    if any(secret_names(spec)):
        yield "a mirror pod may not reference secrets"
    if any(source.get("serviceAccountToken") is not None for source in projections(spec)):
        yield "a mirror pod may not use ServiceAccountToken volume projections"


def _in_containers(spec: JSONObject, key: str, kind: str, account: Mapping[str, Any]) -> Iterator[str]:
    mountable, name = _names(account, "secrets"), account["metadata"]["name"]
    for container in spec.get(key) or ():
        for where, secret in _referenced(container):
            if secret not in mountable:
                words = f'referencing secret.secretName="{secret}" is not allowed because service account {name}'
                yield f"{kind} {container['name']} with {where} {words} does not reference that secret"


def _referenced(container: JSONObject) -> Iterator[tuple[str, str]]:
    """Yield where a container refers to a secret, and its name."""
    for variable in container.get("env") or ():
        if (reference := (variable.get("valueFrom") or {}).get("secretKeyRef")) is not None:
            yield f"envVar {variable['name']}", reference.get("name", "")
    for source in container.get("envFrom") or ():
        if (reference := source.get("secretRef")) is not None:
            yield "envFrom", reference.get("name", "")


def _names(account: Mapping[str, Any], key: str) -> Collection[str]:
    return {reference.get("name", "") for reference in account.get(key) or ()}
