"""An audit event as it is handed to the backends: what a request was about, up to one of its stages.

Upstream: staging/src/k8s.io/apiserver/pkg/apis/audit/v1/types.go, staging/src/k8s.io/apiserver/pkg/audit/format.go
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import orjson

from rootspan_apiserver.audit.level import Level
from rootspan_apiserver.kube.go_quote import quote
from rootspan_apiserver.kube.meta import JSONObject

API_VERSION = "audit.k8s.io/v1"
_HEAD = {"kind": "Event", "apiVersion": API_VERSION}
_ESCAPES = (
    (b"&", rb"\u0026"),
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    ("\u2028".encode(), rb"\u2028"),
    ("\u2029".encode(), rb"\u2029"),
)


@dataclass(frozen=True)
class AuditEvent:
    """One event.

    Attributes:
        document: The fields of the event, but for its kind and version, in the order of the API.
    """

    level: Level
    document: JSONObject

    @cached_property
    def line(self) -> bytes:
        """The event as JSON, in one line. Raises TypeError or ValueError where it has no JSON."""
        return _json(_HEAD | self.document) + b"\n"

    def truncated(self) -> "AuditEvent":
        """Return the event without its objects, annotated as such."""
        kept = {key: value for key, value in self.document.items() if key not in ("requestObject", "responseObject")}
        annotations = (kept.get("annotations") or {}) | {"audit.k8s.io/truncated": "true"}
        return replace(self, document=kept | {"annotations": dict(sorted(annotations.items()))})

    def summary(self) -> str:
        """Return the event as one line of text, without its end: the `legacy` format."""
        document = self.document
        user, other = document["user"], document.get("impersonatedUser")
        name, groups = user.get("username", ""), _strings(user.get("groups") or ())
        as_name, as_groups = "<self>", "<lookup>"
        if other is not None:
            as_name = other.get("username", "")
            as_groups = _strings(other["groups"]) if "groups" in other else as_groups
        shown = {
            "id": document["auditID"],
            "stage": document["stage"],
            "ip": next(iter(document.get("sourceIPs") or ()), "<unknown>"),
            "method": document["verb"],
            "user": name or "<none>",
            "groups": groups if name and groups else "<none>",
            "as": as_name,
            "asgroups": as_groups,
            "user-agent": document.get("userAgent", ""),
            "namespace": (document.get("objectRef") or {}).get("namespace") or "<none>",
            "uri": document["requestURI"],
        }
        response = str(document["responseStatus"].get("code", 0)) if "responseStatus" in document else "<deferred>"
        fields = " ".join(f"{key}={quote(value)}" for key, value in shown.items())
        return f'{_nanoseconds(document["requestReceivedTimestamp"])} AUDIT: {fields} response="{response}"'


def event_list(events: Sequence[AuditEvent]) -> bytes:
    """Return the events as an `EventList` in JSON."""
    items = [event.document for event in events]
    return _json({"kind": "EventList", "apiVersion": API_VERSION, "metadata": {}, "items": items})


def _json(document: JSONObject) -> bytes:
    """Return the document as Go writes it, with `<`, `>` and `&` escaped."""
    text = orjson.dumps(document)
    for character, escape in _ESCAPES:
        if character in text:
            text = text.replace(character, escape)
    return text


def _strings(values: Iterable[str]) -> str:
    return ",".join(map(quote, values))


def _nanoseconds(moment: str) -> str:
    """Return a time as RFC3339Nano has it: without zeros at the end of its fraction."""
    whole, _, fraction = moment.removesuffix("Z").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"
