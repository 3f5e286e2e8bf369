"""The audit event of a request."""

import httpx
import pytest

from rootspan_apiserver.audit.policy import METADATA_POLICY
from rootspan_apiserver.filters.auditor import Auditor
from tests.apiserver.handlers.conftest import Kept, Server

pytestmark = pytest.mark.anyio

REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews?pretty=1"


async def test_request_has_one_audit_event(server: Server) -> None:
    """An event tells who asked what on whose behalf and how it was answered; its id is the one the client was given."""
    kept = Kept()
    transport = httpx.ASGITransport(server.filtered(Auditor(METADATA_POLICY, kept, server.metrics.audit)))
    headers = {"authorization": "Bearer admin", "impersonate-user": "carol", "user-agent": "tester/1.0"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        answer = await client.post(REVIEW, json={})
        await client.get("/api/v1/namespaces/team/pods/one")
    first, second = kept.events
    assert first["auditID"] == answer.headers["audit-id"]
    assert (first["level"], first["stage"], first["verb"]) == ("Metadata", "ResponseComplete", "create")
    assert first["requestURI"] == REVIEW
    assert first["user"]["username"] == "admin"
    assert first["impersonatedUser"] == {"username": "carol", "groups": ["system:authenticated"]}
    assert first["responseStatus"] == {"metadata": {}, "code": 201}
    assert first["userAgent"] == "tester/1.0"
    assert first["annotations"]["authorization.k8s.io/decision"] == "allow"
    assert second["objectRef"] == {"resource": "pods", "namespace": "team", "name": "one", "apiVersion": "v1"}
    assert second["responseStatus"]["code"] == 403
    assert second["annotations"]["authorization.k8s.io/decision"] == "forbid"
