"""What a list or a watch may be asked (`ListOptions` of meta/v1)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """`resource_version` stays text: "", "0" and a number mean different things. Times in seconds."""

    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    allow_watch_bookmarks: bool = False
    send_initial_events: bool | None = None
    timeout_seconds: float | None = None
