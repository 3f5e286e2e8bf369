"""etcd v3 through its JSON gateway: compare-and-swap, range, watch and leases over httpx."""

from rootspan_apiserver.etcd.client import EtcdClient
from rootspan_apiserver.etcd.errors import (
    Compacted,
    EtcdError,
    FutureRevision,
    LeaseNotFound,
    OutcomeUnknown,
    PermissionDenied,
    RequestTooLarge,
    Unauthenticated,
    Unavailable,
)
from rootspan_apiserver.etcd.values import EtcdEvent, KeyValue, RangeResult, Status, TxnResult, WatchBatch

__all__ = [
    "Compacted",
    "EtcdClient",
    "EtcdError",
    "EtcdEvent",
    "FutureRevision",
    "KeyValue",
    "LeaseNotFound",
    "OutcomeUnknown",
    "PermissionDenied",
    "RangeResult",
    "RequestTooLarge",
    "Status",
    "TxnResult",
    "Unauthenticated",
    "Unavailable",
    "WatchBatch",
]
