"""SelfSubjectRulesReview lists the rules of the authorization modes."""

import ssl
from typing import Any

import httpx
import pytest

from rootspan_apiserver import Environment

EVERYTHING = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}
NOTHING: dict[str, Any] = {"resourceRules": [], "nonResourceRules": [], "incomplete": False}


@pytest.mark.parametrize(("mode", "status"), [("AlwaysAllow", EVERYTHING), ("AlwaysDeny", NOTHING)])
def test_rules_review_lists_rules_of_mode(mode: str, status: dict[str, Any]) -> None:
    """An administrator sees the rules of the mode, not what membership in system:masters allows besides."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "default"},
    }
    with Environment(f"--authorization-mode={mode}") as env:
        response = httpx.post(
            f"{env.url}/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            json=body,
            headers={"authorization": f"Bearer {env.token}"},
            verify=ssl.create_default_context(cadata=env.ca_bundle.decode()),
            trust_env=False,
        )
    assert response.status_code == 201
    assert response.json()["status"] == status
