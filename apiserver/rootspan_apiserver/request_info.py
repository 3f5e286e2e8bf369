"""What a request is about, read from its method and path alone (`RequestInfo` of k8s.io/apiserver)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """`verb` is the API's verb (get, list, watch, create, update, patch, delete, deletecollection, or the lower-case HTTP method
    for a path that is not a resource); `parts` the path below the version, the namespace taken off."""

    is_resource_request: bool
    path: str
    verb: str
    api_prefix: str = ""
    api_group: str = ""
    api_version: str = ""
    namespace: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    parts: tuple[str, ...] = ()
    field_selector: str = ""
    label_selector: str = ""
