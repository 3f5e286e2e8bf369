"""`serviceaccounts/token`: a token for a service account, as `kubectl create token` asks for one."""

from datetime import UTC, datetime

from rootspan_apiserver.handlers.request import Request
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.registry.resource import JSONObject
from rootspan_apiserver.status import FieldError, bad_request, invalid

_SHORTEST = 600
_LONGEST = 2**32
_DEFAULT = 3600


async def issue(request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
    """Raises StatusError 404 where there is no such account, 422 for a lifetime that is not allowed."""
    stored = await request.parts.store.get(target.resource, target.namespace, target.name)
    if obj["metadata"].get("name", target.name) != target.name:
        raise bad_request("name in URL does not match name in TokenRequest object")
    spec = obj.get("spec") or {}
    seconds = spec.get("expirationSeconds") or _DEFAULT
    errors = []
    field = "spec.expirationSeconds"
    if seconds < _SHORTEST:
        errors.append(FieldError.invalid(field, seconds, "may not specify a duration less than 10 minutes"))
    if seconds > _LONGEST:
        errors.append(FieldError.invalid(field, seconds, "may not specify a duration larger than 2^32 seconds"))
    if errors:
        raise invalid("authentication.k8s.io", "TokenRequest", target.name, errors)
    tokens = request.parts.tokens
    audiences = spec.get("audiences") or [tokens.issuer]
    uid = stored.decode()["metadata"].get("uid", "")
    token, expires = tokens.issue(target.namespace, target.name, uid, audiences=audiences, seconds=seconds)
    expiration = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {**obj["metadata"], "name": target.name, "namespace": target.namespace}
    metadata["creationTimestamp"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    spec = {**spec, "audiences": audiences, "expirationSeconds": seconds}
    status = {"token": "" if dry_run else token, "expirationTimestamp": expiration}
    return {**obj, "metadata": metadata, "spec": spec, "status": status}
