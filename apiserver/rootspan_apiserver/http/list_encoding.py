"""Encode a list in a representation piece by piece, so that neither its time nor its memory grows with the number of its items.

The pieces together are what `encoding.encoded` makes of the whole list. Protobuf, which begins with its length, is kept until its last item
has been encoded.

Upstream: staging/src/k8s.io/apimachinery/pkg/runtime/serializer/json/collections.go, protobuf/collections.go beside it
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson

from rootspan_apiserver.http.encoding import indented, to_yaml
from rootspan_apiserver.http.negotiation import Representation
from rootspan_apiserver.kube.media_types import PROTOBUF, YAML
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.types.protobuf import MAGIC, encode_list


class Batch(Protocol):
    """Some items of a list."""

    def json(self) -> bytes:
        """Return the items as compact JSON, with commas between them."""
        ...

    def objects(self) -> list[JSONObject]:
        """Return the items as objects."""
        ...


@dataclass(frozen=True, slots=True)
class EncodedList:
    """A list whose items have not been encoded.

    Attributes:
        head: The list without its items.
        field: The field of the items, which comes after those of `head`.
        batches: The items, at least one batch.
    """

    head: JSONObject
    field: str
    batches: Sequence[Batch]

    def pieces(self, shown: Representation) -> Iterator[bytes]:
        """Yield the list in a representation; a piece that is empty says only that time has passed.

        Raises:
            StatusError: 406, the kind has no protobuf form.
        """
        if shown.media_type == PROTOBUF:
            return self._protobuf()
        if shown.media_type == YAML:
            return self._yaml()
        return self._indented() if shown.pretty else self._compact()

    def json(self) -> bytes:
        """Return the whole list as compact JSON, without a final newline."""
        return b"".join(self._compact())[:-1]

    def _compact(self) -> Iterator[bytes]:
        before = orjson.dumps(self.head)[:-1] + f',"{self.field}":['.encode()
        for batch in self.batches:
            yield before + batch.json()
            before = b","
        yield b"]}\n"

    def _indented(self) -> Iterator[bytes]:
        before = indented(self.head)[:-2] + f',\n  "{self.field}": ['.encode()
        end = b"]\n}"
        for batch in self.batches:
            if items := b"".join(b",\n    " + indented(item).replace(b"\n", b"\n    ") for item in batch.objects()):
                yield before + items[1:] if end == b"]\n}" else items
                before, end = b"", b"\n  ]\n}"
        yield before + end

    def _yaml(self) -> Iterator[bytes]:
        before = {key: value for key, value in self.head.items() if key < self.field}
        after = {key: value for key, value in self.head.items() if key > self.field}
        begin = (to_yaml(before) if before else b"") + f"{self.field}:".encode()
        empty = True
        for batch in self.batches:
            if items := batch.objects():
                yield (begin + b"\n" if empty else b"") + to_yaml(items)
                empty = False
        yield (begin + b" []\n" if empty else b"") + (to_yaml(after) if after else b"")

    def _protobuf(self) -> Iterator[bytes]:
        encoded = encode_list(self.head, self.field)
        if encoded is None:
            message = f"object {self.head['kind']} does not implement the protobuf marshalling interface"
            raise StatusError(406, "NotAcceptable", f"{message} and cannot be encoded to a protobuf message")
        kept = deque[bytes]()
        for batch in self.batches:
            kept.append(encoded.items(batch.objects()))
            yield b""
        yield MAGIC + encoded.beginning(sum(map(len, kept)))
        while kept:
            yield kept.popleft()
        yield encoded.end
