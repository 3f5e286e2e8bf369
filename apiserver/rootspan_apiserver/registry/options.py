"""The options of the API's verbs, as values (`ListOptions` and `DeleteOptions` of meta/v1)."""

from dataclasses import dataclass

from rootspan_apiserver.storage.list_options import ListOptions

__all__ = ["DeleteOptions", "ListOptions"]


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """Of delete and deletecollection. `propagation_policy` is Background, Foreground, Orphan or "" for the resource's default."""

    grace_period_seconds: int | None = None
    propagation_policy: str = ""
    orphan_dependents: bool | None = None
    precondition_uid: str = ""
    precondition_resource_version: str = ""
    dry_run: bool = False
