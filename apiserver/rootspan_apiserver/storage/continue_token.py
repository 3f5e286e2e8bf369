"""Continue tokens: where a list that was cut by its limit goes on, and at which revision.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/continue.go
"""

import posixpath
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from rootspan_apiserver.kube.json_syntax import explain
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError, bad_request

VERSION = "meta.k8s.io/v1"
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9_-]")
_GO_KINDS: Mapping[type, str] = {bool: "bool", float: "number", int: "number", list: "array", str: "string"}


@dataclass(frozen=True, slots=True)
class ContinueToken:
    """Where a list goes on: `start` is its next key, relative to the listed prefix and with a slash in front.

    A `revision` of -1 means the present one.
    """

    revision: int
    start: str

    def encode(self) -> str:
        document = {"v": VERSION, "rv": self.revision, "start": self.start}
        return urlsafe_b64encode(orjson.dumps(document)).rstrip(b"=").decode()

    @classmethod
    def decode(cls, token: str) -> "ContinueToken":
        """Read a token.

        Raises:
            StatusError: 400, it is not a token of this server, or was changed.
        """
        document = _document(token)
        if document.get("v") != VERSION:
            raise _invalid(f"server does not recognize this encoded version {document.get('v', '')}")
        revision, start = document.get("rv"), document.get("start")
        if not isinstance(revision, int) or isinstance(revision, bool) or revision == 0:
            raise _invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
        if not isinstance(start, str) or not start:
            raise _invalid("encoded start key empty (version meta.k8s.io/v1)")
        key = start if start.startswith("/") else "/" + start
        if key.startswith("//") or posixpath.normpath(key) != key:
            raise _invalid(start)
        return cls(revision, key)


def _invalid(reason: str) -> StatusError:
    return bad_request(f"invalid continue token: continue key is not valid: {reason}")


def _document(token: str) -> JSONObject:
    """Return the document in a token. Raises StatusError 400 with the words of Go's decoders."""
    token = token.replace("\r", "").replace("\n", "")
    strange = _NOT_BASE64.search(token)
    if strange is not None or len(token) % 4 == 1:
        raise _invalid(f"illegal base64 data at input byte {strange.start() if strange else len(token) - 1}")
    content = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    try:
        document = orjson.loads(content)
    except ValueError as exc:
        raise _invalid(explain(content.decode("latin-1"))) from exc
    if document is None:
        return {}
    if not isinstance(document, dict):
        kind = _GO_KINDS[type(document)]
        raise _invalid(f"json: cannot unmarshal {kind} into Go value of type storage.continueToken")
    return document
