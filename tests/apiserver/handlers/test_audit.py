"""The audit event of a request."""

from typing import Any

import httpx
import pytest

from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews?pretty=1"


async def test_request_has_one_audit_event(server: Server) -> None:
    """An event tells who asked what on whose behalf and how it was answered; its id is the one the client was given."""
    events: list[dict[str, Any]] = []
    transport = httpx.ASGITransport(server.filtered(events.append))
    headers = {"authorization": "Bearer admin", "impersonate-user": "carol", "user-agent": "tester/1.0"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        answer = await client.post(REVIEW, json={})
        await client.get("/api/v1/namespaces/team/pods/one")
    first, second = events
    assert first["auditID"] == answer.headers["audit-id"]
    assert (first["level"], first["stage"], first["verb"]) == ("Metadata", "ResponseComplete", "create")
    assert first["requestURI"] == REVIEW
    assert first["user"]["username"] == "admin"
    assert first["impersonatedUser"] == {"username": "carol", "groups": ["system:authenticated"]}
    assert first["responseStatus"]["code"] == 201
    assert first["userAgent"] == "tester/1.0"
    assert second["objectRef"] == {"resource": "pods", "namespace": "team", "name": "one", "apiVersion": "v1"}
    assert second["responseStatus"]["code"] == 403
