"""`scale`: a small view of a workload, and of custom resources that name the paths, to read and to change its replicas.

Upstream: pkg/registry/apps/deployment/storage/storage.go and its siblings,
staging/src/k8s.io/apiextensions-apiserver/pkg/registry/customresource/etcd.go
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import orjson

from rootspan_apiserver.handlers.target import Target
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError, StatusError, bad_request, conflict, internal_error, invalid
from rootspan_apiserver.managed_fields.scale_fields import ReplicasPaths, to_parent, to_scale
from rootspan_apiserver.resources.catalogue import Registry
from rootspan_apiserver.resources.nested import integer_at, put, text_at
from rootspan_apiserver.resources.subresource_definition import ScalePaths
from rootspan_apiserver.rules import ABSENT, ROOT, RuleContext
from rootspan_apiserver.rules.metadata import object_metadata
from rootspan_apiserver.selectors.labels import LabelSelector
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.types.schema import Schema, schema_of

T = TypeVar("T")
_METADATA = object_metadata(dns_subdomain, namespaced=True, standard_finalizers=False)
_SHOWN_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
_NOT_SET = -(2**31)
"""The replicas that a write of a custom resource's Scale begins with where the object names none."""


@dataclass(frozen=True, slots=True)
class ScaleTarget(Target):
    """The Scale of an object. Raises StatusError 500 where a path of a custom resource leads to something that is no number."""

    registry: Registry | None = None

    @property
    def schema(self) -> Schema:
        return schema_of(self.kind)

    @property
    def stored_part(self) -> str:
        """None: the replicas are part of the object itself, and its generation counts them."""
        return ""

    @property
    def stored_as_asked(self) -> bool:
        return False

    def from_storage(self, obj: JSONObject) -> JSONObject:
        return self._scale(obj, self._replicas(obj) or 0)

    def live(self, stored: JSONObject) -> JSONObject:
        replicas = self._replicas(stored)
        if replicas is None:
            replicas = _NOT_SET if self.resource.custom else 0
        scale = self._scale(stored, replicas)
        if managed := to_scale(stored["metadata"].get("managedFields") or [], self._replicas_paths()):
            scale["metadata"]["managedFields"] = managed
        return scale

    def decoded(self, stored: StoredObject) -> JSONObject:
        obj = stored.decode()
        if self.resource.custom and self._replicas(obj) is None:
            raise internal_error(f'the spec replicas field "{self._paths.spec_replicas}" does not exist')
        return self.from_storage(obj)

    def unreadable(self, refusal: StatusError) -> StatusError:
        """Return the refusal of the scheme of custom resources, which does not know the type, whatever is wrong with the body."""
        if not self.resource.custom or refusal.code != 400:
            return refusal
        scheme = "k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go:781"
        return bad_request(f'no kind is registered for the type v1.Scale in scheme "{scheme}"')

    def check_applied(self, applied: JSONObject) -> None:
        """Raises StatusError 500: kube-apiserver cannot convert the Scale of a custom resource that was applied."""
        if self.resource.custom:
            metadata = applied.get("metadata") or {}
            what = f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}; autoscaling/v1, Kind=Scale"
            why = "request to convert CR to an invalid group/version: autoscaling/v1"
            raise StatusError(500, "", f"failed to convert new object ({what}) to proper version: {why}")

    def defaulted(self, obj: JSONObject) -> JSONObject:
        return obj

    def to_storage(self, obj: JSONObject, current: JSONObject | None = None) -> JSONObject:
        assert current is not None, "a Scale is a view of an object that is there"
        metadata, replicas = obj["metadata"], (obj.get("spec") or {}).get("replicas") or 0
        if self.resource.custom:
            if replicas == _NOT_SET:
                raise bad_request(f'the spec replicas field "{self._paths.spec_replicas}" cannot be empty')
        else:
            self._check(metadata, replicas, current)
        parent: JSONObject = orjson.loads(orjson.dumps(Target.from_storage(self, current)))
        _at(lambda obj, path: put(obj, path, replicas), parent, self._paths.spec_replicas)
        # Without a version in a built-in kind's Scale, whatever is stored is replaced.
        if metadata.get("resourceVersion") or not self.resource.custom:
            parent["metadata"]["resourceVersion"] = metadata.get("resourceVersion", "")
        before, after = parent["metadata"].pop("managedFields", None) or [], metadata.get("managedFields") or []
        if managed := to_parent(after, before, self._replicas_paths(), self.resource.kind.api_version):
            parent["metadata"]["managedFields"] = managed
        return Target.to_storage(self, parent)

    def _check(self, metadata: JSONObject, replicas: int, current: JSONObject) -> None:
        """Raises StatusError 422 for a Scale that is not valid, 409 for that of another object of the same name."""
        context = RuleContext(update=True, root={"metadata": metadata})
        errors = list(_METADATA.check(metadata, ABSENT, ROOT / "metadata", context))
        if replicas < 0:
            errors.append(FieldError.invalid("spec.replicas", replicas, "must be greater than or equal to 0"))
        if errors:
            raise invalid(self.kind.group, self.kind.kind, self.name, errors)
        uid, present = metadata.get("uid"), current["metadata"].get("uid")
        if uid and uid != present:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {present}"
            raise conflict(GroupResource(self.resource.kind.group, f"{self.resource.plural}/scale"), self.name, why)

    @property
    def _paths(self) -> ScalePaths:
        return (self.subresource.scale if self.subresource is not None else None) or ScalePaths()

    def _replicas_paths(self) -> ReplicasPaths:
        """Where each served version of the kind keeps its replicas."""
        if not self.resource.custom or self.registry is None:
            return {self.resource.kind.api_version: ScalePaths().spec_replicas}
        found = {}
        for other in self.registry.resources():
            if (other.kind.group, other.plural) == (self.resource.kind.group, self.resource.plural):
                scale = other.subresources.get("scale")
                found[other.kind.api_version] = scale.scale.spec_replicas if scale and scale.scale else ""
        return found

    def _replicas(self, obj: JSONObject) -> int | None:
        return _at(integer_at, obj, self._paths.spec_replicas)

    def _scale(self, obj: JSONObject, replicas: int) -> JSONObject:
        metadata = {key: obj["metadata"][key] for key in _SHOWN_METADATA if key in obj["metadata"]}
        status: JSONObject = {"replicas": _at(integer_at, obj, self._paths.status_replicas) or 0}
        if selector := self._selector(obj):
            status["selector"] = selector
        spec: JSONObject = {"replicas": replicas} if replicas else {}
        head = {"kind": self.kind.kind, "apiVersion": self.group_version}
        return {**head, "metadata": metadata, "spec": spec, "status": status}

    def _selector(self, obj: JSONObject) -> str:
        if self.resource.custom:
            return _at(text_at, obj, self._paths.selector) if self._paths.selector else ""
        selector = (obj.get("spec") or {}).get("selector") or {}
        if self.resource.kind.kind == "ReplicationController":
            selector = {"matchLabels": selector}
        return str(LabelSelector.from_object(selector))


def _at(access: Callable[[JSONObject, str], T], obj: JSONObject, path: str) -> T:
    try:
        return access(obj, path)
    except ValueError as error:
        raise StatusError(500, "", str(error)) from error
