"""Objects in etcd behind a watch cache: reading, writing, listing and watching them by key."""

from rootspan_apiserver.storage.listing import ListResult
from rootspan_apiserver.storage.outcome import Decision, Delete, Keep, Outcome, Write, Written
from rootspan_apiserver.storage.scope import Predicate
from rootspan_apiserver.storage.storage import Storage
from rootspan_apiserver.storage.stored_object import StoredObject
from rootspan_apiserver.storage.watch import CacheWatch, WatchEvent

__all__ = [
    "CacheWatch",
    "Decision",
    "Delete",
    "Keep",
    "ListResult",
    "Outcome",
    "Predicate",
    "Storage",
    "StoredObject",
    "WatchEvent",
    "Write",
    "Written",
]
