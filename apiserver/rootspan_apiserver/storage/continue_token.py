"""Continue tokens: where a list that was cut by its limit goes on, and at which revision.

Upstream: staging/src/k8s.io/apiserver/pkg/storage/continue.go
"""

import posixpath
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import orjson

from rootspan_apiserver.kube.status import bad_request

VERSION = "meta.k8s.io/v1"


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
        try:
            document = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        except ValueError as exc:
            raise bad_request("continue key is not valid") from exc
        if not isinstance(document, dict) or document.get("v") != VERSION:
            version = document.get("v", "") if isinstance(document, dict) else ""
            raise bad_request(f"continue key is not valid: server does not recognize this encoded version {version}")
        revision, start = document.get("rv"), document.get("start")
        if not isinstance(revision, int) or isinstance(revision, bool) or revision == 0:
            raise bad_request(
                "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)"
            )
        if not isinstance(start, str) or not start:
            raise bad_request("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")
        key = start if start.startswith("/") else "/" + start
        if key.startswith("//") or posixpath.normpath(key) != key:
            raise bad_request(f"continue key is not valid: {start}")
        return cls(revision, key)
