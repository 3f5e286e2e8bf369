"""An etcd in the process, in memory or durable, that speaks etcd's JSON gateway."""

from .embedded import URL, EmbeddedEtcd
from .errors import DataDirectoryInUse, DataDirectoryUnreadable, EmbeddedEtcdError
from .transport import EmbeddedTransport

__all__ = [
    "URL",
    "DataDirectoryInUse",
    "DataDirectoryUnreadable",
    "EmbeddedEtcd",
    "EmbeddedEtcdError",
    "EmbeddedTransport",
]
