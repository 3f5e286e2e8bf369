"""The schemas of a document: the types that its paths name, and the types that those refer to.

Upstream: k8s.io/kube-openapi/pkg/builder3/openapi.go
"""

from collections.abc import Iterable

from rootspan_apiserver.documents.openapi.custom_schemas import META, custom_name, custom_schemas
from rootspan_apiserver.kube.meta import GroupVersionKind, JSONObject
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types import openapi
from rootspan_apiserver.types.tables import go_types


def published_name(kind: GroupVersionKind, resource: Resource) -> str:
    """Return the name of a resource's own type, or of one of its subresources'."""
    if resource.custom and kind.group == resource.kind.group:
        return custom_name(kind)
    struct = go_types().struct_of(kind)
    return custom_name(kind) if struct is None else openapi.published_name(struct.name)


def components(resources: Iterable[Resource], names: Iterable[str], *, v2: bool = False) -> JSONObject:
    """Return the schemas of custom `resources`, and of the published `names` with all that they refer to."""
    schemas = openapi.components([*names, f"{META}ObjectMeta", f"{META}ListMeta"])
    for resource in resources:
        if resource.custom:
            schemas |= custom_schemas(resource, v2=v2)
    return dict(sorted(schemas.items()))
