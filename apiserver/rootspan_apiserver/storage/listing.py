"""The result of a list, and how a limit cuts it."""

from dataclasses import dataclass

from rootspan_apiserver.storage.continue_token import ContinueToken
from rootspan_apiserver.storage.scope import KeyScope
from rootspan_apiserver.storage.stored_object import StoredObject


@dataclass(frozen=True, slots=True)
class ListResult:
    """The objects of a list; `continue_token` is "" if the list is complete, `remaining` None if that is unknown or nothing remains."""

    items: list[StoredObject]
    resource_version: str
    continue_token: str = ""
    remaining: int | None = None


def cut(items: list[StoredObject], scope: KeyScope, revision: int, remaining: int | None) -> ListResult:
    """Return a list of `items` that goes on after them."""
    token = ContinueToken(revision, items[-1].key[len(scope.path) :] + "\0").encode()
    return ListResult(items, str(revision), token, remaining)
