"""The paths of collections and objects, for the requests of the loopback client.

Names in such a path come from untrusted clients, and the requests have all rights. So a path is not concatenated text: each segment is
checked and escaped.

Upstream: staging/src/k8s.io/client-go/rest/request.go
"""

from dataclasses import dataclass
from typing import Self

from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.go_url import escape_path
from rootspan_apiserver.kube.names import path_segment
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.resource import Resource


@dataclass(frozen=True, slots=True)
class APIPath:
    """A path; `str` returns it escaped and absolute.

    Args:
        segments: Its segments, not escaped.

    Raises:
        StatusError: 500: a segment is empty, `.` or `..`, or contains a slash or a percent sign.
    """

    segments: tuple[str, ...]

    def __post_init__(self) -> None:
        for segment in self.segments:
            _check("path segment", segment)

    def __str__(self) -> str:
        return "".join(f"/{escape_path(segment)}" for segment in self.segments)

    @classmethod
    def of_collection(cls, resource: Resource, namespace: str = "") -> Self:
        """Return the path of a resource's objects, in one namespace if it is given. Raises StatusError 500."""
        kind = resource.kind
        root = ("apis", kind.group, kind.version) if kind.group else ("api", kind.version)
        if resource.namespaced and namespace:
            _check("namespace", namespace)
            root = (*root, "namespaces", namespace)
        return cls((*root, resource.plural))

    @classmethod
    def of_object(cls, resource: Resource, namespace: str, name: str) -> Self:
        """Return the path of one object; `namespace` is "" for a resource without namespaces. Raises StatusError 500."""
        if resource.namespaced and not namespace:
            raise _error("an empty namespace may not be set when a resource name is provided")
        collection = cls.of_collection(resource, namespace)
        _check("resource name", name)
        return cls((*collection.segments, name))

    def subresource(self, name: str) -> "APIPath":
        """Return the path of a subresource. Raises StatusError 500."""
        return APIPath((*self.segments, name))


def _check(what: str, text: str) -> None:
    if not text:
        raise _error(f"{what} may not be empty")
    if reasons := path_segment(text):
        raise _error(f"invalid {what} {quote(text)}: [{' '.join(reasons)}]")


def _error(message: str) -> StatusError:
    """Return an error that is not the API's: it has no reason."""
    return StatusError(500, "", message)
