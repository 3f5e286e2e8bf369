"""What etcd answers, as values."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class KeyValue:
    """One key at one revision (`mvccpb.KeyValue`).

    Attributes:
        fault: Why the value cannot be decrypted; "" if it can.
        stale: Whether the value is not encrypted as new ones are.
    """

    key: bytes
    value: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int = 0
    fault: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class RangeResult:
    """`revision` is the store's when it answered; `count` is of all keys in the range, whatever the limit."""

    revision: int
    kvs: tuple[KeyValue, ...]
    count: int
    more: bool


@dataclass(frozen=True, slots=True)
class TxnResult:
    """The outcome of a compare-and-swap.

    `current` is what stands under the key when the comparison lost (None: nothing does), what a won delete removed,
    and None when a put won. `revision` is the write's own when it won.
    """

    succeeded: bool
    revision: int
    current: KeyValue | None


@dataclass(frozen=True, slots=True)
class EtcdEvent:
    """A change of one key; the `kv` of a DELETE holds no more than the key and the revision of the deletion."""

    kind: Literal["PUT", "DELETE"]
    kv: KeyValue
    prev_kv: KeyValue | None


@dataclass(frozen=True, slots=True)
class WatchBatch:
    """The events of one or more whole transactions; none when the watch was created or made progress.

    With this batch, every event of the range up to and including `revision` has been delivered.
    """

    revision: int
    events: tuple[EtcdEvent, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """One member's own view (`etcdserverpb.StatusResponse`); `database_size` is in bytes."""

    version: str
    revision: int
    member_id: int
    leader: int
    raft_term: int
    database_size: int
