"""One operation of the conformance run: a request, and what must be so before it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from rootspan_apiserver.kube.meta import JSONObject

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


class Caller(Enum):
    """Who sends a request: the administrator of the kubeconfig, nobody, one with a token of no worth, or a service account."""

    ADMIN = "admin"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True)
class Operation:
    """A request whose trace is recorded.

    Attributes:
        name: What it is called in a recording; the request's user agent is `op-` and this.
        body: The request's body: an object to be sent as JSON, or the very bytes.
        amend: Instead of `body`: what to merge into the object as it is stored when the request is sent.
        content_type: Of the body.
        headers: Of the request, besides `Accept`, `User-Agent` and the caller's token.
        caller: Who sends it.
        setting: A request of which nothing is recorded, sent to make the next ones possible; its refusal is no fault.
        settles: Whether the server may need a while before what was written has its effect.
        awaits: A path that is asked for until there is something, before the next operation.

    `path` may have `{resourceVersion}` and `{continue}` in it, which are those of the last list.
    """

    name: str
    method: str
    path: str
    body: JSONObject | bytes | None = None
    amend: JSONObject | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    caller: Caller = Caller.ADMIN
    setting: bool = False
    settles: bool = False
    awaits: str = ""
