"""The options of a deletion, from the query and from the body: one rule for both."""

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

MAPS = "/api/v1/namespaces/default/configmaps"
INVALID = 'DeleteOptions.meta.k8s.io "" is invalid: '
SUPPORTED = 'supported values: "Foreground", "Background", "Orphan", "nil"'
META = "couldn't get version/kind; json parse error"
BOTH = "orphanDependents and deletionPropagation cannot be both set"


@pytest.mark.parametrize(
    ("query", "body", "message"),
    [
        ("?propagationPolicy=", None, f'propagationPolicy: Unsupported value: "": {SUPPORTED}'),
        ("?propagationPolicy=Later", None, f'propagationPolicy: Unsupported value: "Later": {SUPPORTED}'),
        ("", {"propagationPolicy": ""}, f'propagationPolicy: Unsupported value: "": {SUPPORTED}'),
        (
            "",
            {"propagationPolicy": "Orphan", "orphanDependents": True},
            f'propagationPolicy: Invalid value: "Orphan": {BOTH}',
        ),
        ("?propagationPolicy=Orphan&orphanDependents=0", None, f'propagationPolicy: Invalid value: "Orphan": {BOTH}'),
        (
            "",
            {"propagationPolicy": "x", "orphanDependents": False},
            f'[propagationPolicy: Invalid value: "x": {BOTH}, propagationPolicy: Unsupported value: "x": {SUPPORTED}]',
        ),
    ],
)
@pytest.mark.parametrize("path", [MAPS, f"{MAPS}/one"])
async def test_deletion_with_options_that_are_not_allowed_returns_422(
    client: httpx.AsyncClient, path: str, query: str, body: dict[str, Any] | None, message: str
) -> None:
    """An empty policy is one that is given; nothing is deleted."""
    await client.post(MAPS, json={"metadata": {"name": "one"}})
    answer = await client.request("DELETE", f"{path}{query}", json=body)
    assert (answer.status_code, answer.json()["message"]) == (422, INVALID + message)
    assert (await client.get(f"{MAPS}/one")).status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"gracePeriodSeconds": "soon"},
            "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
        ),
        (
            {"kind": 5},
            f"{META}: json: cannot unmarshal number into Go struct field .kind of type string",
        ),
    ],
)
async def test_options_that_cannot_be_read_are_refused_with_the_bare_reason(
    client: httpx.AsyncClient, body: dict[str, Any], message: str
) -> None:
    """A create says what was expected; a delete does not."""
    await client.post(MAPS, json={"metadata": {"name": "one"}})
    answer = await client.request("DELETE", f"{MAPS}/one", json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert (await client.get(f"{MAPS}/one")).status_code == 200


@pytest.mark.parametrize(
    ("query", "body", "warned"),
    [
        ("", None, True),
        ("", {"gracePeriodSeconds": 1}, True),
        ("?propagationPolicy=Orphan", None, False),
        ("", {"orphanDependents": True}, False),
    ],
)
@pytest.mark.parametrize("name", ["/j", ""])
async def test_deletion_of_job_warns_of_its_pods(
    client: httpx.AsyncClient, name: str, query: str, body: dict[str, Any] | None, warned: bool
) -> None:
    """They stay, unless the client says what becomes of them; one that says so is not warned. No other kind has such a warning."""
    jobs = "/apis/batch/v1/namespaces/default/jobs"
    template = {"spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}}
    (await client.post(jobs, json={"metadata": {"name": "j"}, "spec": {"template": template}})).raise_for_status()
    answer = await client.request("DELETE", f"{jobs}{name}{query}", json=body)
    assert answer.status_code == 200
    assert ("child pods are preserved by default" in answer.headers.get("warning", "")) == warned
    assert "warning" not in (await client.delete(MAPS)).headers
