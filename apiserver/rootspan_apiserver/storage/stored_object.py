"""An object as etcd keeps it, and how its bytes become what clients read.

The value under a key is the object's JSON in its storage version: `kind` and `apiVersion` first, then `metadata` with its fields in the
API's order, and no resourceVersion, because that is the revision at which etcd took the value. Serving an object is therefore
inserting `"resourceVersion":"N",` into its bytes, and in a list of a built-in kind leaving the head away; nothing is decoded for it.
Labels and fields (for selectors) and the owners and deletion (for controllers) are decoded when first used, and kept: one `StoredObject` is
shared by the cache, every list and every watch, and is never changed.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import orjson

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import bad_request
from rootspan_apiserver.resources.resource import Resource
from rootspan_apiserver.types.json_values import sorted_keys

METADATA_ORDER = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
_HEAD = re.compile(rb'\{("kind":"[^"\\]*","apiVersion":"[^"\\]*",)"metadata":\{')
_API_VERSION = re.compile(rb'\{"kind":"[^"\\]*","apiVersion":"([^"\\]*)",')
_UID = re.compile(rb'"uid":"[^"\\]*",')
_BRACE = re.compile(rb"[{}]")
_NONE: Mapping[str, bool] = MappingProxyType({})


def encode(obj: JSONObject) -> bytes:
    """Return the value to store for `obj`, which is left as it is.

    Raises:
        StatusError: 400, it holds what JSON cannot, such as a lone surrogate or an integer beyond 64 bits.
    """
    metadata = obj["metadata"]
    ordered = {name: metadata[name] for name in METADATA_ORDER if name in metadata}
    for name, value in metadata.items():
        if name not in ordered and name not in ("resourceVersion", "selfLink"):
            ordered[name] = value
    document = {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": ordered}
    for name, value in obj.items():
        if name not in document:
            document[name] = value
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError as exc:
        raise bad_request(f"the object cannot be written as JSON: {exc}") from exc


def same_content(raw: bytes, other: bytes) -> bool:
    """Return whether two stored values say the same, whatever the order of their fields."""
    if raw == other:
        return True
    if len(raw) != len(other):
        return False
    sort = orjson.OPT_SORT_KEYS
    return orjson.dumps(orjson.loads(raw), option=sort) == orjson.dumps(orjson.loads(other), option=sort)


class StoredObject:
    """One object at one revision; `key` is its place below the prefix of the store (`/configmaps/default/c1`).

    A `revision` of 0 says that it is not stored: what a dry run answers. `stale` says that the value in etcd is to be written anew even if
    nothing of it changes, because it is not encrypted as new ones are.
    """

    __slots__ = (
        "_deletion_timestamp",
        "_fields",
        "_head",
        "_labels",
        "_owners",
        "_served",
        "_splice",
        "_uid",
        "key",
        "raw",
        "revision",
        "stale",
    )

    def __init__(self, key: str, revision: int, raw: bytes, *, stale: bool = False) -> None:
        self.key = key
        self.revision = revision
        self.raw = raw
        self.stale = stale
        self._head = 0
        self._splice = 0
        self._labels: Mapping[str, str] | None = None
        self._fields: tuple[Resource, Mapping[str, str]] | None = None
        self._served: tuple[Resource, StoredObject] | None = None
        self._uid: str | None = None
        self._deletion_timestamp: str | None = None
        self._owners: Mapping[str, bool] = _NONE

    def __repr__(self) -> str:
        return f"StoredObject({self.key!r}, revision={self.revision})"

    @property
    def name(self) -> str:
        """The object's name: the last segment of its key."""
        return self.key.rpartition("/")[2]

    @property
    def api_version(self) -> str:
        """The group-version that the object is stored in."""
        head = _API_VERSION.match(self.raw)
        return head[1].decode() if head is not None else str(orjson.loads(self.raw).get("apiVersion", ""))

    @property
    def resource_version(self) -> str:
        return str(self.revision) if self.revision else ""

    def at(self, revision: int) -> "StoredObject":
        """Return the same content at another revision: what a deletion leaves."""
        return StoredObject(self.key, revision, self.raw)

    def served(self, resource: Resource) -> "StoredObject":
        """Return the object as `resource` serves it, which is of the version that is stored.

        Raises:
            StatusError: 500, the defaults of the resource's schema make it too large.
        """
        form = resource.stored_form
        if form is None:
            return self
        if self._served is None or self._served[0] is not resource:
            raw = encode(sorted_keys(form.read(orjson.loads(self.raw))))
            same = StoredObject(self.key, self.revision, raw) if raw != self.raw else self
            self._served = resource, same
        return self._served[1]

    def json(self, kind: bool = True) -> bytes:
        """Return the object with its resourceVersion; without `kind` and `apiVersion` if not `kind`, as items of typed lists are."""
        head, splice = self._head, self._splice
        if not splice:
            head, splice = self._measure()
        raw = self.raw
        start = raw[:splice] if kind else b"{" + raw[head:splice]
        if not self.revision:
            return start + raw[splice:]
        if raw[splice] == 0x7D:
            return b'%b"resourceVersion":"%d"%b' % (start, self.revision, raw[splice:])
        return b'%b"resourceVersion":"%d",%b' % (start, self.revision, raw[splice:])

    def decode(self) -> JSONObject:
        """Return the object, fresh, with its resourceVersion."""
        obj: JSONObject = orjson.loads(self.json())
        return obj

    def metadata(self) -> JSONObject:
        """Return the object's metadata, fresh, without a resourceVersion."""
        metadata: JSONObject = orjson.loads(self.raw)["metadata"]
        return metadata

    @property
    def labels(self) -> Mapping[str, str]:
        if self._labels is None:
            self._labels = (self.metadata().get("labels") or {}) if b'"labels"' in self.raw else {}
        return self._labels

    @property
    def uid(self) -> str:
        if self._uid is None:
            self._uid = self.metadata().get("uid") or ""
        return self._uid

    @property
    def deletion_timestamp(self) -> str:
        """When the object's grace period ends or ended (RFC 3339); "" unless the object is being deleted."""
        return self._lifecycle()[0]

    @property
    def is_terminating(self) -> bool:
        """Whether the object is being deleted, which finalizers or its grace period delay."""
        return self._lifecycle()[0] != ""

    @property
    def owners(self) -> Mapping[str, bool]:
        """The uids in `metadata.ownerReferences`, and whether each blocks the owner's deletion in the foreground."""
        return self._lifecycle()[1]

    def _lifecycle(self) -> tuple[str, Mapping[str, bool]]:
        if self._deletion_timestamp is None:
            # Most objects have neither, which is seen without decoding them.
            known = b'"ownerReferences"' in self.raw or b'"deletionTimestamp"' in self.raw
            metadata = self.metadata() if known else {}
            if references := metadata.get("ownerReferences"):
                self._owners = {each["uid"]: bool(each.get("blockOwnerDeletion")) for each in references}
            self._deletion_timestamp = metadata.get("deletionTimestamp") or ""
        return self._deletion_timestamp, self._owners

    def fields(self, resource: Resource) -> Mapping[str, str]:
        """Return the values that field selectors of `resource` look at."""
        if self._fields is None or self._fields[0] is not resource:
            self._fields = resource, resource.strategy.selectable_fields(orjson.loads(self.raw))
        return self._fields[1]

    def _measure(self) -> tuple[int, int]:
        """Find where `metadata` begins and where in it the resourceVersion belongs: behind the uid."""
        head = _HEAD.match(self.raw)
        if head is None:
            self.raw = encode(orjson.loads(self.raw))
            head = _HEAD.match(self.raw)
            assert head is not None
        metadata, begin = head.end(1), head.end()
        brace = _BRACE.search(self.raw, begin)
        uid = _UID.search(self.raw, begin, brace.start() if brace else begin)
        splice = uid.end() if uid else begin
        self._head, self._splice = metadata, splice
        return metadata, splice
