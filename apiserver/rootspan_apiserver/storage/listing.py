"""What a list answers, and how a limit cuts it."""

from dataclasses import dataclass

from rootspan_apiserver.storage.continuation import Continuation
from rootspan_apiserver.storage.scope import Scope
from rootspan_apiserver.storage.stored_object import StoredObject


@dataclass(frozen=True, slots=True)
class ListResult:
    """`continue_token` is "" where the list is whole; `remaining` is None where that is unknown or nothing remains."""

    items: list[StoredObject]
    resource_version: str
    continue_token: str = ""
    remaining: int | None = None


def cut(items: list[StoredObject], scope: Scope, revision: int, remaining: int | None) -> ListResult:
    """A list of `items` after which there is more."""
    token = Continuation(revision, items[-1].key[len(scope.path) :] + "\0").encode()
    return ListResult(items, str(revision), token, remaining)
