"""The callers of the conformance run: the administrator, by token or client certificate, and callers with fewer rights.

Every request on a connection with the administrator's certificate is the administrator's, so the other callers have separate connections.
"""

import json
import ssl
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from rootspan_apiserver.conformance.operation import Caller
from rootspan_apiserver.serving.kubeconfig import Access

ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default/token"
TOKEN_REQUEST = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
UNKNOWN_TOKEN = "unknown-token"
REQUEST_SECONDS = 30.0


class Callers:
    """Sends requests as any of the callers while it is entered."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._stack = AsyncExitStack()
        self._tokens = {Caller.ADMIN: access.token, Caller.UNKNOWN: UNKNOWN_TOKEN}

    async def __aenter__(self) -> Self:
        self._others = await self._stack.enter_async_context(self._client(certified=False))
        self._admin = self._others
        if self._access.client_certificate:
            self._admin = await self._stack.enter_async_context(self._client(certified=True))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def request(
        self, caller: Caller, method: str, path: str, *, headers: dict[str, str], content: bytes | None = None
    ) -> httpx.Response:
        """Send a request as `caller`.

        Raises:
            httpx.HTTPError: there is no answer, or no token could be issued for the ordinary caller.
        """
        if caller is Caller.ORDINARY and caller not in self._tokens:
            self._tokens[caller] = await self._account_token()
        if token := self._tokens.get(caller):
            headers = {"authorization": f"Bearer {token}"} | headers
        client = self._admin if caller is Caller.ADMIN else self._others
        return await client.request(method, path, headers=headers, content=content)

    async def _account_token(self) -> str:
        answer = await self.request(
            Caller.ADMIN,
            "POST",
            ACCOUNT,
            headers={"content-type": "application/json"},
            content=json.dumps(TOKEN_REQUEST).encode(),
        )
        token: str = answer.raise_for_status().json()["status"]["token"]
        return token

    def _client(self, *, certified: bool) -> httpx.AsyncClient:
        tls = ssl.create_default_context(cadata=self._access.ca_bundle.decode())
        if certified:
            _present(tls, self._access.client_certificate + b"\n" + self._access.client_key)
        return httpx.AsyncClient(base_url=self._access.server, verify=tls, timeout=REQUEST_SECONDS, trust_env=False)


def _present(tls: ssl.SSLContext, certificate_and_key: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="rootspan-") as folder:
        path = Path(folder) / "client.pem"
        path.touch(mode=0o600)
        path.write_bytes(certificate_and_key)
        tls.load_cert_chain(path)
