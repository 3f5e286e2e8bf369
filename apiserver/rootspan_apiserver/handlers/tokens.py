"""`serviceaccounts/token`: a token for a service account, as `kubectl create token` asks for one."""

from datetime import UTC, datetime

from rootspan_apiserver.handlers.request import Request
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.registry.resource import JSONObject
from rootspan_apiserver.status import FieldError, GroupResource, bad_request, conflict, invalid

_SHORTEST = 600
_LONGEST = 2**32
_DEFAULT = 3600
_BINDABLE = {"Node": "nodes", "Pod": "pods", "Secret": "secrets"}


async def issue(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    """Raises StatusError 404 where there is no such account or no such object to bind to, 409 where that is another one by now, 422 for
    another account's name in the body and for a lifetime that is not allowed."""
    if (name := obj["metadata"].get("name")) and name != target.name:
        error = FieldError.invalid("metadata.name", name, "must match the service account name if specified")
        raise invalid("authentication.k8s.io", "TokenRequest", target.name, [error])
    stored = await request.parts.store.get(target.resource, target.namespace, target.name)
    spec = obj.get("spec") or {}
    seconds = spec.get("expirationSeconds") or _DEFAULT
    errors = []
    field = "spec.expirationSeconds"
    if seconds < _SHORTEST:
        errors.append(FieldError.invalid(field, seconds, "may not specify a duration less than 10 minutes"))
    if seconds > _LONGEST:
        errors.append(FieldError.invalid(field, seconds, "may not specify a duration larger than 2^32 seconds"))
    if errors:
        raise invalid("authentication.k8s.io", "TokenRequest", "", errors)
    tokens = request.parts.tokens
    audiences = spec.get("audiences") or [tokens.issuer]
    uid = stored.decode()["metadata"].get("uid", "")
    bound = await _bound(request, target, spec["boundObjectRef"]) if spec.get("boundObjectRef") else None
    token, expires = tokens.issue(target.namespace, target.name, uid, audiences=audiences, seconds=seconds, bound=bound)
    expiration = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {**obj["metadata"], "name": target.name, "namespace": target.namespace}
    metadata["creationTimestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    spec = {**spec, "audiences": audiences, "expirationSeconds": seconds}
    status = {"token": "" if dry_run else token, "expirationTimestamp": expiration}
    return {**obj, "metadata": metadata, "spec": spec, "status": status}


async def _bound(request: Request, target: Target, ref: JSONObject) -> dict[str, dict[str, str]]:
    """The object that the token is made for, as its claims name it."""
    kind, name, uid = ref.get("kind", ""), ref.get("name", ""), ref.get("uid", "")
    plural = _BINDABLE.get(kind) if ref.get("apiVersion", "") in ("", "v1") else None
    resource = request.parts.registry.lookup("", "v1", plural) if plural else None
    if resource is None:
        group, _, version = ref.get("apiVersion", "").rpartition("/")
        raise bad_request(f"cannot bind token to object of type {group}/{version}, Kind={kind}")
    namespace = target.namespace if resource.namespaced else ""
    found = (await request.parts.store.get(resource, namespace, name)).decode()
    if kind == "Pod" and (found["spec"].get("serviceAccountName") or "") != target.name:
        raise bad_request(
            f'cannot bind token for serviceaccount "{target.name}" to pod running with different serviceaccount name.'
        )
    if uid and uid != found["metadata"]["uid"]:
        why = f"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted"
        raise conflict(GroupResource("", kind), name, f"{why} and then recreated")
    return {kind.lower(): {"name": name, "uid": found["metadata"]["uid"]}}
