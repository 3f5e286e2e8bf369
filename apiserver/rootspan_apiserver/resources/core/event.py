"""Event (v1, also served as events.k8s.io/v1): what happened to an object.

The newer group checks more than the older one, which clients of before 1.19 use.

Upstream: pkg/apis/core/validation/events.go, pkg/apis/events/v1/conversion.go, pkg/registry/core/event/strategy.go,
pkg/printers/internalversion/printers.go
"""

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.core.event_columns import COLUMNS
from rootspan_apiserver.resources.core.event_rules import CHANGES, STRICT, legacy
from rootspan_apiserver.resources.definition import Definition, ServedVersion
from rootspan_apiserver.resources.selectable import Values, at, paths, text
from rootspan_apiserver.rules import struct
from rootspan_apiserver.rules.metadata import metadata_update, object_metadata

TIME_TO_LIVE = 3600
_FIELDS = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
"""The names of v1 that are others in events.k8s.io/v1."""
_FIELDS_BACK = {new: old for old, new in _FIELDS.items()}
_OBJECT_FIELDS = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


def _to_events(event: JSONObject) -> JSONObject:
    return {_FIELDS.get(key, key): value for key, value in event.items()}


def _from_events(event: JSONObject) -> JSONObject:
    return {_FIELDS_BACK.get(key, key): value for key, value in event.items()}


def _reporter(event: JSONObject) -> str:
    return text((event.get("source") or {}).get("component") or event.get("reportingComponent"))


_SELECTABLE: Values = {
    **{f"involvedObject.{field}": at(f"involvedObject.{field}") for field in _OBJECT_FIELDS},
    **paths("reason", "reportingComponent"),
    "source": _reporter,
    **paths("type"),
}
_SELECTABLE_IN_EVENTS: Values = {
    **{f"regarding.{field}": at(f"involvedObject.{field}") for field in _OBJECT_FIELDS},
    **paths("reason"),
    "reportingController": at("reportingComponent"),
    **paths("type"),
}

definition = Definition(
    "v1",
    "Event",
    "events",
    short_names=("ev",),
    also_served=(
        ServedVersion(
            api_version="events.k8s.io/v1",
            to_storage=_from_events,
            from_storage=_to_events,
            selectable=_SELECTABLE_IN_EVENTS,
            rules=legacy & struct(metadata=object_metadata(namespaced=True)) & STRICT,
            update_rules=legacy & struct(metadata=metadata_update) & CHANGES,
        ),
    ),
    allow_create_on_update=True,
    name_rule=None,  # Upstream checks no metadata in v1.
    rules=legacy,
    selectable=_SELECTABLE,
    columns=COLUMNS,
    default_propagation="",
    time_to_live=TIME_TO_LIVE,
    watch_cache=False,
)
