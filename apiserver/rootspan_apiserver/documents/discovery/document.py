"""A discovery document as compact JSON, with its entity tag.

Upstream: staging/src/k8s.io/apiserver/pkg/endpoints/discovery/aggregated/etag.go
"""

from dataclasses import dataclass
from hashlib import sha512

import orjson

from rootspan_apiserver.kube.meta import JSONObject


@dataclass(frozen=True, slots=True)
class Document:
    """`body` has no final newline; `etag` is its SHA-512 in upper-case hexadecimal, as kube-apiserver makes it."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, content: JSONObject) -> "Document":
        body = orjson.dumps(content)
        return cls(body, sha512(body).hexdigest().upper())
