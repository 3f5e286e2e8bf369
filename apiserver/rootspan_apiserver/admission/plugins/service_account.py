"""ServiceAccount: every pod runs as a service account that exists, with its token mounted at the path that clients read.

Upstream: plugin/pkg/admission/serviceaccount/admission.go
"""

import asyncio
import random
from collections.abc import Iterator, Mapping
from typing import Any

from rootspan_apiserver.admission.attributes import AdmissionAttributes
from rootspan_apiserver.admission.chain import ReinvocationContext
from rootspan_apiserver.admission.forbidden import new_forbidden
from rootspan_apiserver.admission.object_lookup import ObjectReader
from rootspan_apiserver.admission.plugins.service_account_secrets import (
    enforces_mountable_secrets,
    refused_in_mirror_pod,
    refused_secrets,
    refused_secrets_of_ephemeral,
)
from rootspan_apiserver.clients.api_path import APIPath
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.names import random_suffix
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.object_cache import ObjectCache

DEFAULT_ACCOUNT = "default"
DEFAULT_ATTEMPTS = 10
"""How often the default account is looked up, which a controller creates in every new namespace."""
MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SECONDS = 3607
"""An odd number of seconds, by which upstream recognizes tokens that admission requested."""
TOKEN_VOLUME = "kube-api-access-"
"""The beginning of the name of the volume with the token; a pod that has one keeps it."""
_PODS = GroupResource("", "pods")
_MIRROR_POD = "kubernetes.io/config.mirror"


class ServiceAccount:
    """Sets the service account of new pods; `resource` is that of service accounts."""

    def __init__(self, cache: ObjectCache, resource: Resource, loopback: ObjectReader) -> None:
        self._cache = cache
        self._resource = resource
        self._loopback = loopback

    async def mutate(self, attributes: AdmissionAttributes, reinvocation: ReinvocationContext) -> JSONObject | None:
        """Set the account, its token volume and its image pull secrets.

        Raises:
            StatusError: 403, the account does not exist or does not allow a secret; the pod is a mirror pod with an account or a secret.
        """
        pod = attributes.object
        if pod is None or attributes.operation != "CREATE" or not attributes.is_pod:
            return pod
        spec = pod.setdefault("spec", {})
        if _is_mirror(pod):
            _refuse_first(attributes, refused_in_mirror_pod(spec))
            return pod
        name = spec.get("serviceAccountName") or DEFAULT_ACCOUNT
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        account = await self._account(attributes, name)
        if _automounts(spec, account):
            _mount_token(spec)
        if not spec.get("imagePullSecrets") and (pull := account.get("imagePullSecrets")):
            spec["imagePullSecrets"] = [dict(each) for each in pull]
        if enforces_mountable_secrets(account):
            _refuse_first(attributes, refused_secrets(spec, account))
        return pod

    async def validate(self, attributes: AdmissionAttributes) -> None:
        """Check the account and the secrets of a new pod, and those of ephemeral containers.

        Raises:
            StatusError: as `mutate`; 500 for a secret of an ephemeral container.
        """
        if attributes.resource.group_resource != _PODS:
            return
        pod = attributes.object or {}
        spec, is_new = pod.get("spec") or {}, attributes.operation == "CREATE" and attributes.is_pod
        is_debugged = attributes.operation == "UPDATE" and attributes.subresource == "ephemeralcontainers"
        if is_new and _is_mirror(pod):
            _refuse_first(attributes, refused_in_mirror_pod(spec))
        elif is_new or is_debugged:
            name = spec.get("serviceAccountName")
            if not name:
                why = f"no service account specified for pod {attributes.namespace}/{pod['metadata'].get('name', '')}"
                raise new_forbidden(attributes, why)
            account = await self._account(attributes, name)
            if not enforces_mountable_secrets(account):
                return
            if is_new:
                _refuse_first(attributes, refused_secrets(spec, account))
            elif why := next(refused_secrets_of_ephemeral(spec, account), ""):
                raise StatusError(500, "", why)

    async def _account(self, attributes: AdmissionAttributes, name: str) -> Mapping[str, Any]:
        """Return the account. The lookup of `default` is repeated for a second or two."""
        namespace = attributes.namespace
        what = f"error looking up service account {namespace}/{name}"
        try:
            path = APIPath.of_object(self._resource, namespace, name)
        except StatusError as exc:
            raise new_forbidden(attributes, f"{what}: {exc.message}") from exc
        why = ""
        for attempt in range(DEFAULT_ATTEMPTS if name == DEFAULT_ACCOUNT else 1):
            if attempt:
                await asyncio.sleep(random.uniform(0.1, 0.2))
            stored = await self._cache.cached_object(self._resource, namespace, name)
            if stored is not None:
                return stored.decode()
            try:
                return await self._loopback.get(path)
            except StatusError as exc:
                why = f"serviceaccount {quote(name)} not found" if exc.code == 404 else exc.message
        raise new_forbidden(attributes, f"{what}: {why}")


def _is_mirror(pod: JSONObject) -> bool:
    return _MIRROR_POD in (pod["metadata"].get("annotations") or {})


def _refuse_first(attributes: AdmissionAttributes, reasons: Iterator[str]) -> None:
    """Raise StatusError 403 with the first reason, if there is one."""
    if reason := next(reasons, ""):
        raise new_forbidden(attributes, reason)


def _automounts(spec: Mapping[str, Any], account: Mapping[str, Any]) -> bool:
    for owner in (spec, account):
        if owner.get("automountServiceAccountToken") is not None:
            return bool(owner["automountServiceAccountToken"])
    return True


def _mount_token(spec: JSONObject) -> None:
    names = (volume["name"] for volume in spec.get("volumes") or ())
    present = next((name for name in names if name.startswith(TOKEN_VOLUME)), "")
    volume = present or TOKEN_VOLUME + random_suffix()
    mounted = False
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        mounts = container.get("volumeMounts") or []
        if any(mount.get("mountPath") == MOUNT_PATH for mount in mounts):
            continue
        container["volumeMounts"] = [*mounts, {"name": volume, "readOnly": True, "mountPath": MOUNT_PATH}]
        mounted = True
    if mounted and not present:
        spec["volumes"] = [*(spec.get("volumes") or ()), _token_volume(volume)]


def _token_volume(name: str) -> JSONObject:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": 420}}
