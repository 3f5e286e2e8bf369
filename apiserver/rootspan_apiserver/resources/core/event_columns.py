"""The columns of events.

Upstream: pkg/printers/internalversion/printers.go (printEvent)
"""

from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.durations import age
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.cells import name
from rootspan_apiserver.resources.columns import Column, at, value


def _first(event: JSONObject) -> Any:
    return event.get("firstTimestamp") or event.get("eventTime")


def _last_seen(event: JSONObject, now: datetime) -> str:
    last = event.get("lastTimestamp") or at(event, "series", "lastObservedTime") or _first(event)
    return age(last, now)


def _first_seen(event: JSONObject, now: datetime) -> str:
    return age(_first(event), now)


def _object(event: JSONObject, now: datetime) -> str:
    about = event.get("involvedObject") or {}
    kind = str(about.get("kind", "")).lower()
    return f"{kind}/{about['name']}" if about.get("name") else kind


def _source(event: JSONObject, now: datetime) -> str:
    reporter = at(event, "source", "component") or event.get("reportingComponent") or ""
    host = at(event, "source", "host") or event.get("reportingInstance") or ""
    return f"{reporter}, {host}" if host else reporter


def _message(event: JSONObject, now: datetime) -> str:
    return str(event.get("message") or "").strip()


def _count(event: JSONObject, now: datetime) -> Any:
    return at(event, "series", "count") or event.get("count") or 1


COLUMNS = (
    Column("Last Seen", _last_seen, description="Time since it happened last."),
    Column("Type", value("type"), description="Normal or Warning."),
    Column("Reason", value("reason"), description="What happened, in a word."),
    Column("Object", _object, description="What it happened to."),
    Column("Subobject", value("involvedObject.fieldPath"), priority=1, description="The part that it happened to."),
    Column("Source", _source, priority=1, description="Who reports it."),
    Column("Message", _message, description="What happened, in a sentence."),
    Column("First Seen", _first_seen, priority=1, description="Time since it happened first."),
    Column("Count", _count, priority=1, description="How often it happened."),
    Column("Name", lambda event, now: name(event), format="name", priority=1, description="The event's name."),
)
