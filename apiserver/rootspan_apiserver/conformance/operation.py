"""One operation of the conformance run: a request, and its conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from rootspan_apiserver.kube.meta import JSONObject


class Caller(Enum):
    """The sender of a request: the administrator, an anonymous user, a user with an invalid token, or a service account."""

    ADMIN = "admin"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True)
class Operation:
    """A request whose trace is recorded.

    Attributes:
        name: The name in a recording; the request's user agent is `op-` and the name.
        path: May contain `{resourceVersion}` and `{continue}`, which stand for the values of the last list.
        body: An object to be sent as JSON, or bytes.
        amend: Instead of `body`: fields to merge into the stored object.
        content_type: The type of the body.
        headers: Headers in addition to `Accept`, `User-Agent` and the caller's token.
        caller: The sender.
        setting: Whether the request is only a precondition of later ones: it is not recorded, and may be rejected.
        settles: Whether to wait until the server has observed the change.
        awaits: A path to poll until it exists, before the next operation.
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
