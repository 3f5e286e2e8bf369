"""What an update of an object may decide, and what comes of it.

`Storage.guaranteed_update` asks for a decision on the present object, as often as it takes to decide on the latest one. Only `Write` stores
anything; the other decisions are returned to the caller once they have been confirmed on the latest object.
"""

from dataclasses import dataclass

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.storage.stored_object import StoredObject


@dataclass(frozen=True, slots=True)
class Write:
    """Store `obj` in place of the present object."""

    obj: JSONObject


@dataclass(frozen=True, slots=True)
class Keep:
    """Leave the present object, `stored`, as it is."""

    stored: StoredObject


@dataclass(frozen=True, slots=True)
class Delete:
    """Store nothing: the caller deletes the object, whose last state is `last`."""

    last: StoredObject


@dataclass(frozen=True, slots=True)
class Written:
    """The result of `Write`: the object as stored, and whether there was none before."""

    stored: StoredObject
    created: bool


Decision = Write | Keep | Delete
Outcome = Written | Keep | Delete
