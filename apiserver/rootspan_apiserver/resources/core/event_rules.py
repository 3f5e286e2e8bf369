"""The rules for events: those that each event has kept since v1, and those of events.k8s.io.

Upstream: pkg/apis/core/validation/events.go
"""

from collections.abc import Iterator
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain, qualified_name
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Path, RuleContext, function, immutable, struct
from rootspan_apiserver.rules.immutable_structs import immutable_struct

_LONGEST = {"reportingInstance": 128, "action": 128, "reason": 128, "message": 1024}


@function("legacyValidateEvent")
def legacy(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The event is in the namespace of its object; one that has a time says who reports what."""
    namespace = value["metadata"].get("namespace") or ""
    about = (value.get("involvedObject") or {}).get("namespace") or ""
    is_new = bool(value.get("eventTime"))
    fits = bool(about) or namespace == "default" or (is_new and namespace == "kube-system")
    if not is_new and about:
        fits = about == namespace
    if not fits:
        at = path / "involvedObject" / "namespace"
        yield FieldError.invalid(at, about, "does not match event.namespace")
    if is_new:
        yield from _report(value, path)
    yield from (FieldError.invalid(path / "namespace", namespace, reason) for reason in dns_subdomain(namespace))


def _report(value: JSONObject, path: Path) -> Iterator[FieldError]:
    controller, at = value.get("reportingComponent") or "", path / "reportingController"
    if not controller:
        yield FieldError.required(at)
    yield from (FieldError.invalid(at, controller, reason) for reason in qualified_name(controller))
    for field, limit in _LONGEST.items():
        found = value.get(field) or ""
        if not found and field != "message":
            yield FieldError.required(path / field)
        if len(found.encode()) > limit:
            yield FieldError.invalid(path / field, "", f"can have at most {limit} characters")


@function("validateV1EventSeries")
def _series(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A series has two events at least, and a last one; it is checked when it changes."""
    series = value.get("series")
    if series is None or (isinstance(old, dict) and same(series, old.get("series"))):
        return
    if (series.get("count") or 0) < 2:
        yield FieldError.invalid(path / "series" / "count", "", "should be at least 2")
    if not series.get("lastObservedTime"):
        yield FieldError.required(path / "series" / "lastObservedTime")


@function("ValidateEventCreate")
def _new_fields(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The event has a time and a type, and nothing in the fields that v1 alone has."""
    if not value.get("eventTime"):
        yield FieldError.required(path / "eventTime")
    if (kind := value.get("type") or "") not in ("Normal", "Warning"):
        yield FieldError.invalid(path / "type", "", f"has invalid value: {kind}")
    source = value.get("source") or {}
    set_fields = [key for key in ("firstTimestamp", "lastTimestamp", "count") if value.get(key)]
    if source.get("component") or source.get("host"):
        set_fields.append("source")
    yield from (FieldError.invalid(path / key, "", "needs to be unset") for key in set_fields)


@function("ValidateImmutableField", absent=True)
def _stays(value: Any, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """The text does not change; absent and empty are the same."""
    if (value or "") != (old or ""):
        yield FieldError.invalid(path, value or "", "field is immutable")


@function("ValidateEventUpdate")
def _reporter_stays(value: JSONObject, old: JSONObject, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """Who reports does not change."""
    for key, shown in (("reportingComponent", "reportingController"), ("reportingInstance", "reportingInstance")):
        yield from _stays.check(value.get(key), old.get(key), path / shown, context)


STRICT = _series & _new_fields
"""What events.k8s.io adds on create."""
CHANGES = (
    _series
    & struct(
        involvedObject=immutable_struct("core/v1.ObjectReference"),
        reason=_stays,
        message=_stays,
        source=immutable_struct("core/v1.EventSource"),
        firstTimestamp=immutable,
        lastTimestamp=immutable,
        count=immutable,
    )
    & struct(
        reason=_stays,
        type=_stays,
        eventTime=immutable,
        action=_stays,
        related=immutable_struct("core/v1.ObjectReference"),
    )
    & _reporter_stays
)
"""What events.k8s.io lets no update change."""
