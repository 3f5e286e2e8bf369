"""An OpenID provider on a real socket: discovery, keys and distributed claims over TLS, and tokens signed by joserfc."""

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

ALGORITHMS = ["RS256", "RS384", "PS256", "ES256", "HS256"]
Key = RSAKey | ECKey


class Provider:
    """Its keys can be changed while it runs. `fetched` counts the requests by path, `others` are more documents by path."""

    def __init__(self, authority: trustme.CA) -> None:
        self.authority = authority.cert_pem.bytes().decode()
        self.keys: list[Key] = [RSAKey.generate_key(2048, parameters={"kid": "first"})]
        self.cache_control = ""
        self.fetched: dict[str, int] = {}
        self.others: dict[str, bytes] = {}
        self.bearers: list[str] = []
        self.is_away = False
        self.discovered = threading.Event()
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self.issuer = self.url

    @contextlib.contextmanager
    def running(self) -> Iterator["Provider"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a token of alice for the client `cluster`. A change to None leaves a claim out."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "cluster", "sub": "alice", "iat": now, "exp": now + 600, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, key: Key | None = None, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A token that the newest key signs, or `key`."""
        key = key or self.keys[-1]
        algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
        head = {"alg": algorithm, "kid": key.kid, **(header or {})}
        return jws.serialize_compact(head, json.dumps(self.claims(**claims)), key, ALGORITHMS)

    def document(self, path: str) -> bytes | None:
        self.fetched[path] = self.fetched.get(path, 0) + 1
        if self.is_away:
            return None
        if path == "/.well-known/openid-configuration":
            self.discovered.set()
            return json.dumps({"issuer": self.issuer, "jwks_uri": f"{self.url}/keys"}).encode()
        if path == "/keys":
            return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        return self.others.get(path)


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        document = self.provider.document(self.path)
        self.provider.bearers.append(self.headers.get("authorization", ""))
        self.send_response(200 if document is not None else 503)
        if self.provider.cache_control:
            self.send_header("cache-control", self.provider.cache_control)
        self.end_headers()
        self.wfile.write(document or b"away")

    def log_message(self, *args: Any) -> None:
        pass
