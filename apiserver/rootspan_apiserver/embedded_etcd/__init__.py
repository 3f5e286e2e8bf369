"""An etcd in the process, in memory or durable, that speaks etcd's JSON gateway."""

from rootspan_apiserver.embedded_etcd.embedded import URL, EmbeddedEtcd
from rootspan_apiserver.embedded_etcd.errors import (
    DataDirectoryInUse,
    DataDirectoryUnreadable,
    EmbeddedEtcdError,
    SnapshotUnreadable,
)
from rootspan_apiserver.embedded_etcd.local_server import LocalServer
from rootspan_apiserver.embedded_etcd.local_transport import LocalClient
from rootspan_apiserver.embedded_etcd.transport import EmbeddedTransport

__all__ = [
    "URL",
    "DataDirectoryInUse",
    "DataDirectoryUnreadable",
    "EmbeddedEtcd",
    "EmbeddedEtcdError",
    "EmbeddedTransport",
    "LocalClient",
    "LocalServer",
    "SnapshotUnreadable",
]
