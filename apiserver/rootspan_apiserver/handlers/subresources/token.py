"""`serviceaccounts/token`: a token for a service account, as `kubectl create token` asks for one.

Upstream: pkg/registry/core/serviceaccount/storage/token.go
"""

from rootspan_apiserver.authn.service_accounts import ServiceAccountTokens
from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.http.request import Request
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import FieldError, StatusError, bad_request, conflict, invalid
from rootspan_apiserver.kube.times import from_seconds, read_time, timestamp
from rootspan_apiserver.registry.store import Store
from rootspan_apiserver.resources.catalogue import Registry

_SHORTEST = 600
_LONGEST = 2**32
_DEFAULT = 3600
_WARN_ONLY = 3607
"""The seconds by which upstream recognizes the tokens that admission requests for pods, ..."""
_EXTENDED = 365 * 24 * 3600
"""... and for how long those are valid."""
_BINDABLE = {"Node": "nodes", "Pod": "pods", "Secret": "secrets"}
_GROUP, _KIND = "authentication.k8s.io", "TokenRequest"


def default_lifetime(obj: JSONObject) -> None:
    """Give a request the lifetime that tokens have unless the client says."""
    spec = obj.setdefault("spec", {})
    if spec.get("expirationSeconds") is None:
        spec["expirationSeconds"] = _DEFAULT


class TokenRequests:
    """Issues tokens for service accounts."""

    def __init__(self, registry: Registry, store: Store, tokens: ServiceAccountTokens) -> None:
        self._registry = registry
        self._store = store
        self._tokens = tokens

    async def issue(self, request: Request, target: Target, obj: JSONObject, dry_run: bool) -> JSONObject:
        """Raises StatusError 404 where there is no such account or no such object to bind to, 409 where that is another one by now, 422 for
        a lifetime that is not allowed or another account's name."""
        metadata = obj["metadata"]
        if (named := metadata.get("name") or target.name) != target.name:
            why = "must match the service account name if specified"
            raise invalid(_GROUP, _KIND, target.name, [FieldError.invalid("metadata.name", named, why)])
        stored = await self._store.get(target.resource, target.namespace, target.name)
        if (uid := metadata.get("uid") or stored.uid) != stored.uid:
            why = f"the UID in the token request ({uid}) does not match the UID of the service account ({stored.uid})"
            raise conflict(GroupResource(_GROUP, _KIND), target.name, why)
        spec = obj.get("spec") or {}
        seconds = spec["expirationSeconds"]
        errors = []
        field = "spec.expirationSeconds"
        if seconds < _SHORTEST:
            errors.append(FieldError.invalid(field, seconds, "may not specify a duration less than 10 minutes"))
        if seconds > _LONGEST:
            errors.append(FieldError.invalid(field, seconds, "may not specify a duration larger than 2^32 seconds"))
        if errors:
            raise invalid(_GROUP, _KIND, "", errors)
        settings = self._tokens.settings
        audiences = spec.get("audiences") or list(settings.api_audiences)
        ref = spec.get("boundObjectRef")
        bound = {} if ref is None else await self._bound(target, ref)
        if 0 < settings.longest < seconds:
            told = f"requested expiration of {seconds} seconds shortened to {settings.longest} seconds"
            request.warnings.append(told)
            seconds = settings.longest
        extended = settings.extends and "pod" in bound and seconds == _WARN_ONLY
        extended = extended and set(audiences) <= set(settings.api_audiences)
        now = timestamp()
        issued = self._tokens.issue(
            target.namespace,
            target.name,
            uid,
            audiences=audiences,
            seconds=_EXTENDED if extended else seconds,
            warn_after=seconds if extended else 0,
            bound=bound,
        )
        request.audit_annotations.add("authentication.kubernetes.io/issued-credential-id", issued.credential_id)
        metadata = {
            **metadata,
            "name": target.name,
            "namespace": target.namespace,
            "uid": uid,
            "creationTimestamp": now,
        }
        spec = {**spec, "audiences": audiences, "expirationSeconds": seconds}
        expiration = from_seconds(int(read_time(now).timestamp()) + seconds)
        return {
            **obj,
            "metadata": metadata,
            "spec": spec,
            "status": {"token": issued.token, "expirationTimestamp": expiration},
        }

    async def _bound(self, target: Target, ref: JSONObject) -> dict[str, dict[str, str]]:
        """The object that the token is made for, as its claims name it."""
        kind, name, uid = ref.get("kind", ""), ref.get("name", ""), ref.get("uid", "")
        plural = _BINDABLE.get(kind) if "/" not in ref.get("apiVersion", "") else None
        resource = self._registry.lookup("", "v1", plural) if plural else None
        if resource is None:
            group, _, version = ref.get("apiVersion", "").rpartition("/")
            raise bad_request(f"cannot bind token to object of type {group}/{version}, Kind={kind}")
        namespace = target.namespace if resource.namespaced else ""
        stored = await self._store.get(resource, namespace, name)
        bound = {kind.lower(): {"name": name, "uid": stored.uid}}
        if kind == "Pod":
            spec = stored.decode()["spec"]
            if (spec.get("serviceAccountName") or "") != target.name:
                raise bad_request(
                    f'cannot bind token for serviceaccount "{target.name}" to pod running with different serviceaccount name.'
                )
            if spec.get("nodeName"):
                bound["node"] = await self._node(spec["nodeName"])
        if uid and uid != stored.uid:
            why = f"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted"
            raise conflict(GroupResource("", kind), name, f"{why} and then recreated")
        return bound

    async def _node(self, name: str) -> dict[str, str]:
        """Return the node of a pod, as claims name it: without a uid where there is no such node."""
        nodes = self._registry.lookup("", "v1", "nodes")
        assert nodes is not None
        try:
            return {"name": name, "uid": (await self._store.get(nodes, "", name)).uid}
        except StatusError as exc:
            if exc.code != 404:
                raise
            return {"name": name}
