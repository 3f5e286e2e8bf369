"""The options of a list or a watch.

Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/types.go (ListOptions)
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """The options; `resource_version` stays text, because "", "0" and a number mean different things. Times are in seconds."""

    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    allow_watch_bookmarks: bool = False
    send_initial_events: bool | None = None
    timeout_seconds: float | None = None
