"""The options of the API's verbs, as values (`ListOptions` and `DeleteOptions` of meta/v1)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListOptions:
    """Of list and watch. `resource_version` stays text: "", "0" and a number mean different things. Times in seconds."""

    label_selector: str = ""
    field_selector: str = ""
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    allow_watch_bookmarks: bool = False
    send_initial_events: bool | None = None
    timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """Of delete and deletecollection. `propagation_policy` is Background, Foreground, Orphan or "" for the resource's default."""

    grace_period_seconds: int | None = None
    propagation_policy: str = ""
    orphan_dependents: bool | None = None
    precondition_uid: str = ""
    precondition_resource_version: str = ""
    dry_run: bool = False
