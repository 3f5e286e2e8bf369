"""Who manages the replicas: the entries of an object seen through its `scale` subresource, and the way back.

Seen through the Scale, each manager of the object's replicas manages `.spec.replicas` of autoscaling/v1. What a write of the Scale makes
of these entries is put back: who lost the replicas loses them in the object, and who gained them gets an entry for them.

Upstream: staging/src/k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.managed_fields import entries
from rootspan_apiserver.managed_fields.entries import Managed, Managers
from rootspan_apiserver.managed_fields.field_set import FieldSet, difference, intersection

ReplicasPaths = Mapping[str, str]
"""Where the replicas are, by apiVersion of the object: a dotted path, "" in a version without a `scale`."""

_SCALE = "autoscaling/v1"
_REPLICAS: FieldSet = {"f:spec": {"f:replicas": {}}}


def to_scale(listed: Sequence[JSONObject], paths: ReplicasPaths) -> list[JSONObject]:
    """The `managedFields` of the Scale of an object that has the entries `listed`. Raises StatusError 500 where one is not valid."""
    return entries.write(
        {
            key: Managed(_REPLICAS, _SCALE, managed.time)
            for key, managed in _read(listed).items()
            if (path := paths.get(managed.api_version)) and intersection(managed.fields, _set_of(path))
        }
    )


def to_parent(
    scaled: Sequence[JSONObject], listed: Sequence[JSONObject], paths: ReplicasPaths, api_version: str
) -> list[JSONObject]:
    """Return the `managedFields` of the object, in `api_version`, once its Scale has the entries `scaled`; `listed` are those it had."""
    known, managers = _read(listed), _read(scaled)
    out: Managers = {}
    for key, managed in known.items():
        path = paths.get(managed.api_version)
        if path is None:
            continue
        own = _set_of(path) if path else {}
        if not intersection(managed.fields, own) or managers.pop(key, None) is not None:
            out[key] = managed
        elif left := difference(managed.fields, own):
            out[key] = replace(managed, fields=left)
    for key, managed in managers.items():
        if intersection(managed.fields, _REPLICAS):
            # The time is that of the object's own entry: a manager that is new has none.
            time = known[key].time if key in known else ""
            out[key] = Managed(_set_of(paths[api_version]), api_version, time)
    return entries.write(out)


def _read(listed: Sequence[JSONObject]) -> Managers:
    managers = entries.read(listed)
    if managers is None:
        raise StatusError(500, "", "failed to decode managed fields: metadata.managedFields of the object is not valid")
    return managers


def _set_of(path: str) -> FieldSet:
    fields: FieldSet = {}
    for name in reversed(path.strip(".").split(".")):
        fields = {f"f:{name}": fields}
    return fields
