"""What the filters learn of a request on its way in, and collect for its answer on the way out."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.request_info import RequestInfo
from rootspan_apiserver.kube.users import ALL_UNAUTHENTICATED, ANONYMOUS, User

NOBODY = User(ANONYMOUS, groups=(ALL_UNAUTHENTICATED,))
_KEY = "rootspan.request_context"


@dataclass(slots=True)
class RequestContext:
    """One request. `warnings` become `Warning: 299` headers, `audit_annotations` go into the audit event."""

    info: RequestInfo
    audit_id: str
    user: User = NOBODY
    impersonated_by: User | None = None
    warnings: list[str] = field(default_factory=list)
    audit_annotations: dict[str, str] = field(default_factory=dict)
    flow_schema_uid: str = ""
    priority_level_uid: str = ""

    def put(self, scope: MutableMapping[str, Any]) -> None:
        scope[_KEY] = self


def request_context(scope: MutableMapping[str, Any]) -> RequestContext:
    """The context the outermost filter put into the scope. Raises KeyError outside the chain."""
    context: RequestContext = scope[_KEY]
    return context
