"""A server with an audit log, and its events."""

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
from opentelemetry.sdk.trace import TracerProvider

from rootspan_apiserver.app import apiserver
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.options.options import Options
from rootspan_apiserver.serving.running import Running

TOKENS = 'admintoken,admin,u1,"system:masters"\nbobtoken,bob,u2\n'
HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- {level: None, users: ['system:apiserver']}\n"
NAMES = "/api/v1/namespaces/default/configmaps"


@dataclass(frozen=True, slots=True)
class Audited:
    """A server, a client of its administrator, and the file of its log."""

    running: Running
    client: httpx.AsyncClient
    path: Path

    def events(self, audit_id: str) -> list[JSONObject]:
        """Return the events of a request."""
        return [event for event in self.all() if event["auditID"] == audit_id]

    def all(self) -> list[JSONObject]:
        """Return all events of the log."""
        return [orjson.loads(line) for line in self.path.read_bytes().splitlines()]

    async def one(self, method: str, path: str, **more: object) -> JSONObject:
        """Make a request and return the last of its events."""
        answer = await self.client.request(method, path, **more)  # type: ignore[arg-type] # as httpx has them
        return self.events(answer.headers["audit-id"])[-1]


@contextlib.asynccontextmanager
async def audited(
    folder: Path, rules: str, *flags: str, tracer_provider: TracerProvider | None = None
) -> AsyncIterator[Audited]:
    """Run a server whose policy has the rules (YAML)."""
    policy, tokens, path = folder / "policy.yaml", folder / "tokens.csv", folder / "audit.log"
    policy.write_text(HEAD + rules)
    tokens.write_text(TOKENS)
    given = [f"--audit-policy-file={policy}", f"--token-auth-file={tokens}", f"--audit-log-path={path}", *flags]
    options = Options.parse(["--secure-port=0", *given])
    async with apiserver(options, tracer_provider=tracer_provider) as running:
        trusting = ssl.create_default_context(cadata=running.ca_bundle.decode())
        headers = {"authorization": "Bearer admintoken", "user-agent": "tester/1.0"}
        async with httpx.AsyncClient(base_url=running.address.url, verify=trusting, headers=headers) as client:
            yield Audited(running, client, path)
