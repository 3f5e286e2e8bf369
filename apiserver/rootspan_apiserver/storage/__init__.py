"""Objects in etcd behind a watch cache: reading, writing, listing and watching them by key."""

from .listing import ListResult
from .scope import Predicate
from .storage import Storage
from .stored_object import StoredObject
from .watch import Watch, WatchEvent

__all__ = ["ListResult", "Predicate", "Storage", "StoredObject", "Watch", "WatchEvent"]
