"""A change of one key in the watch cache."""

from dataclasses import dataclass

from rootspan_apiserver.storage.stored_object import StoredObject


@dataclass(frozen=True, slots=True)
class Change:
    """The new and the previous object of a key; the `object` of a deletion is the last content, at the revision of the deletion."""

    object: StoredObject
    previous: StoredObject | None
    deleted: bool
