"""A key at one revision, held as the JSON that will be sent of it.

The wire form of a value is base64, on its way in and on its way out, so a range is answered by joining documents that
were written once, when the value came in.
"""

from dataclasses import dataclass

from pybase64 import b64encode


@dataclass(frozen=True, slots=True)
class Record:
    """`version` 0 tells that the key was deleted."""

    key: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int
    document: bytes

    @property
    def live(self) -> bool:
        return self.version != 0

    @property
    def keys_only(self) -> bytes:
        return _document(
            self.key, b"", create=self.create_revision, mod=self.mod_revision, version=self.version, lease=self.lease
        )


def written(key: bytes, value: bytes, *, create_revision: int, mod_revision: int, version: int, lease: int) -> Record:
    """Return the record of a key that was written."""
    document = _document(key, value, create=create_revision, mod=mod_revision, version=version, lease=lease)
    return Record(
        key=key,
        create_revision=create_revision,
        mod_revision=mod_revision,
        version=version,
        lease=lease,
        document=document,
    )


def deleted(key: bytes, *, mod_revision: int) -> Record:
    """Return the record of a key that was deleted."""
    document = b'{"key":"%b","mod_revision":"%d"}' % (b64encode(key), mod_revision)
    return Record(
        key=key,
        create_revision=0,
        mod_revision=mod_revision,
        version=0,
        lease=0,
        document=document,
    )


def _document(key: bytes, value: bytes, *, create: int, mod: int, version: int, lease: int) -> bytes:
    return b'{"key":"%b","create_revision":"%d","mod_revision":"%d","version":"%d"%b%b}' % (
        b64encode(key),
        create,
        mod,
        version,
        b',"value":"%b"' % b64encode(value) if value else b"",
        b',"lease":"%d"' % lease if lease else b"",
    )
