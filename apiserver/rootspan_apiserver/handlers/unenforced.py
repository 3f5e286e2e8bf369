"""What is stored but not acted on, though kube-apiserver acts on it: the client that writes such an object is warned.

UNENFORCED has a row for each feature. A row goes when its feature comes, and so does its line in docs/apiserver.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.storage.stored_object import StoredObject

RBAC, RESOURCE = "rbac.authorization.k8s.io", "resource.k8s.io"


def _always(obj: JSONObject) -> bool:
    return True


def _annotated(*names: str) -> Callable[[JSONObject], bool]:
    """Return whether one of the annotations says `true`."""

    def annotated(obj: JSONObject) -> bool:
        annotations = obj["metadata"].get("annotations") or {}
        return any(annotations.get(name) == "true" for name in names)

    return annotated


def _device_requests(obj: JSONObject) -> Iterator[JSONObject]:
    spec = obj.get("spec") or {}
    claim = (spec.get("spec") or spec) if obj["kind"] == "ResourceClaimTemplate" else spec
    for request in (claim.get("devices") or {}).get("requests") or ():
        yield request.get("exactly") or {}
        yield from request.get("firstAvailable") or ()


def _wants_admin_access(obj: JSONObject) -> bool:
    return any(request.get("adminAccess") for request in _device_requests(obj))


@dataclass(frozen=True, slots=True)
class Unenforced:
    """A feature: what is to be said of it, of which resources (group and plural), and of which of their objects.

    `at_creation` says that kube-apiserver acts when such an object is created, and on no later change of it. `without_rbac` says that
    the server does so as well where RBAC is one of its authorization modes.
    """

    sentence: str
    resources: tuple[tuple[str, str], ...]
    asked_for_by: Callable[[JSONObject], bool] = _always
    at_creation: bool = False
    without_rbac: bool = False


UNENFORCED = (
    Unenforced(
        "roles and their bindings are stored but not enforced: RBAC is not one of the authorization modes",
        ((RBAC, "roles"), (RBAC, "rolebindings"), (RBAC, "clusterroles"), (RBAC, "clusterrolebindings")),
        without_rbac=True,
    ),
    Unenforced(
        "admin access to devices is stored whatever the labels of the namespace",
        ((RESOURCE, "resourceclaims"), (RESOURCE, "resourceclaimtemplates")),
        _wants_admin_access,
    ),
)
"""In the order of docs/apiserver.md."""

_FEATURES = {
    resource: tuple(feature for feature in UNENFORCED if resource in feature.resources)
    for resource in {resource for feature in UNENFORCED for resource in feature.resources}
}


def warnings_of_unenforced(
    resource: Resource, stored: StoredObject, *, created: bool, enforces_roles: bool
) -> list[str]:
    """Return the warnings of what a stored object asks for in vain."""
    features = _FEATURES.get((resource.kind.group, resource.plural))
    if not features:
        return []
    obj = stored.decode()
    effective = [
        each
        for each in features
        if (created or not each.at_creation) and not (each.without_rbac and enforces_roles) and each.asked_for_by(obj)
    ]
    return [f"rootspan: {each.sentence}" for each in effective]
