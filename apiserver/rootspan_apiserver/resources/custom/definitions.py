"""What a CustomResourceDefinition defines: a resource for each version it serves."""

from datetime import datetime

from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.kube.times import write_time
from rootspan_apiserver.resources.catalogue import ALL_VERBS
from rootspan_apiserver.resources.custom.strategy import CustomStrategy
from rootspan_apiserver.resources.custom.structural import structural_schema
from rootspan_apiserver.resources.resource import Resource, ScalePaths, Subresource

SCALE = GroupVersionKind("autoscaling", "v1", "Scale")
PART_VERBS = frozenset({"get", "patch", "update"})


def resources_of(definition: JSONObject) -> tuple[Resource, ...]:
    """The resources of a valid definition, one a served version."""
    spec = definition["spec"]
    versions = spec.get("versions") or []
    kept = next((version["name"] for version in versions if version.get("storage")), "")
    return tuple(_resource(spec, version, kept) for version in versions if version.get("served"))


def _resource(spec: JSONObject, version: JSONObject, kept: str) -> Resource:
    names, group = spec["names"], spec["group"]
    kind = GroupVersionKind(group, version["name"], names["kind"])
    published = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    schema = structural_schema(published)
    namespaced = spec.get("scope") == "Namespaced"
    subresources = _subresources(version.get("subresources") or {}, kind)
    fields = tuple(field["jsonPath"] for field in version.get("selectableFields") or [])
    strategy = CustomStrategy(
        schema,
        namespaced=namespaced,
        has_status="status" in subresources,
        scale=subresources["scale"].scale if "scale" in subresources else None,
        paths=fields,
    )
    return Resource(
        kind=kind,
        plural=names["plural"],
        singular=names.get("singular") or names["kind"].lower(),
        namespaced=namespaced,
        verbs=ALL_VERBS,
        schema=schema,
        strategy=strategy,
        storage_path=f"/{group}/{names['plural']}",
        storage_kind=GroupVersionKind(group, kept, names["kind"]),
        go_type="*unstructured.Unstructured",
        list_kind=names.get("listKind") or f"{names['kind']}List",
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=subresources,
        selectable=frozenset({"metadata.name", "metadata.namespace", *(path.removeprefix(".") for path in fields)}),
        allow_unconditional_update=False,
        custom=True,
        published=published,
        columns=tuple(version.get("additionalPrinterColumns") or ()),
        deprecation=_deprecation(version, kind),
    )


def _subresources(given: JSONObject, kind: GroupVersionKind) -> dict[str, Subresource]:
    found = {}
    if given.get("status") is not None:
        found["status"] = Subresource("status", kind, PART_VERBS)
    if (scale := given.get("scale")) is not None:
        paths = ScalePaths(
            scale.get("specReplicasPath") or "",
            scale.get("statusReplicasPath") or "",
            scale.get("labelSelectorPath") or "",
        )
        found["scale"] = Subresource("scale", SCALE, PART_VERBS, paths)
    return found


def _deprecation(version: JSONObject, kind: GroupVersionKind) -> str:
    if not version.get("deprecated"):
        return ""
    return version.get("deprecationWarning") or f"{kind.api_version} {kind.kind} is deprecated"


def accepted_status(definition: JSONObject, now: datetime, conflict: str = "") -> JSONObject:
    """The status of a definition whose names were looked at: accepted and served, or refused because of a `conflict`."""
    before = definition.get("status") or {}
    known = {condition["type"]: condition for condition in before.get("conditions") or []}
    served = not conflict or bool((before.get("acceptedNames") or {}).get("kind"))
    wanted = [
        ("NamesAccepted", "False", "NamesConflict", conflict)
        if conflict
        else ("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
        ("Established", "True", "InitialNamesAccepted", "the initial names have been accepted")
        if served
        else ("Established", "False", "NotAccepted", "not all names are accepted"),
    ]
    moment = write_time(now)
    conditions = []
    for kind, value, reason, message in wanted:
        last = known.get(kind, {})
        since = last.get("lastTransitionTime") if last.get("status") == value else None
        condition = {"type": kind, "status": value, "lastTransitionTime": since or moment}
        conditions.append({**condition, "reason": reason, "message": message})
    others = [condition for kind, condition in known.items() if kind not in ("NamesAccepted", "Established")]
    names = before.get("acceptedNames") if conflict else definition["spec"]["names"]
    return {**before, "conditions": [*conditions, *others], "acceptedNames": names or {"plural": "", "kind": ""}}
