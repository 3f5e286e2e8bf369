"""For each feature that is stored but not acted on: objects that ask for it, and such that do not."""

from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject

RBAC = "roles and their bindings"


@dataclass(frozen=True, slots=True)
class Case:
    """An object that asks for the feature whose sentence begins with `about`, made at `collection`; and one that does not."""

    about: str
    collection: str
    object: JSONObject
    otherwise: JSONObject | None = None

    @classmethod
    def of(
        cls,
        about: str,
        path: str,
        kind: str,
        fields: JSONObject,
        otherwise: JSONObject | None = None,
        *,
        name: str = "mine",
    ) -> "Case":
        """`path` begins with the group, if there is one, and the version."""
        parts = path.split("/")
        version = parts[0] if parts[0] == "v1" else "/".join(parts[:2])

        def whole(fields: JSONObject) -> JSONObject:
            metadata = {"name": name, **fields.get("metadata", {})}
            return {"apiVersion": version, "kind": kind, **fields, "metadata": metadata}

        root = "/api" if version == "v1" else "/apis"
        return cls(about, f"{root}/{path}", whole(fields), whole(otherwise) if otherwise is not None else None)

    @property
    def plural(self) -> str:
        return self.collection.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.object['kind']}: {self.about}"


def annotated(name: str, **fields: Any) -> JSONObject:
    return {"metadata": {"annotations": {name: "true"}}, **fields}


def claim(request: JSONObject) -> JSONObject:
    return {"devices": {"requests": [{"name": "one", **request}]}}


def pod(**spec: Any) -> JSONObject:
    return {"spec": {"containers": [{"name": "c", "image": "i"}], **spec}}


ACCESS = "rbac.authorization.k8s.io/v1"
RESOURCE = "resource.k8s.io/v1"
IN_DEFAULT = "namespaces/default"
NAMED = {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}}

CASES = [
    Case.of(RBAC, f"{ACCESS}/{IN_DEFAULT}/roles", "Role", {"rules": []}),
    Case.of(RBAC, f"{ACCESS}/clusterroles", "ClusterRole", {"rules": []}),
    Case.of(RBAC, f"{ACCESS}/{IN_DEFAULT}/rolebindings", "RoleBinding", NAMED),
    Case.of(RBAC, f"{ACCESS}/clusterrolebindings", "ClusterRoleBinding", NAMED),
    Case.of(
        "admin access",
        f"{RESOURCE}/{IN_DEFAULT}/resourceclaims",
        "ResourceClaim",
        {"spec": claim({"exactly": {"deviceClassName": "d", "adminAccess": True}})},
        {"spec": claim({"exactly": {"deviceClassName": "d", "adminAccess": False}})},
    ),
    Case.of(
        "admin access",
        f"{RESOURCE}/{IN_DEFAULT}/resourceclaimtemplates",
        "ResourceClaimTemplate",
        {"spec": {"spec": claim({"exactly": {"deviceClassName": "d", "adminAccess": True}})}},
        {"spec": {"spec": claim({"exactly": {"deviceClassName": "d"}})}},
    ),
]
