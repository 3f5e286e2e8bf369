"""The events of a server with an audit policy, held against what kube-apiserver v1.36.2 records of the same requests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rootspan_apiserver.filters.auditor import TRACE_ID
from tests.apiserver.audit.servers import NAMES, Audited, audited

pytestmark = pytest.mark.anyio
RULES = """
- {level: Metadata, resources: [{group: "", resources: [secrets]}]}
- {level: Request, resources: [{group: "", resources: [services]}]}
- {level: RequestResponse, omitManagedFields: true, omitStages: [RequestReceived], resources: [{group: "apps"}]}
- {level: None, nonResourceURLs: ["/livez*"]}
- {level: RequestResponse}
"""
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
DEPLOYMENT = {
    "metadata": {"name": "web", "managedFields": [{"manager": "m", "operation": "Update", "apiVersion": "apps/v1"}]},
    "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    },
}
USER = {"username": "admin", "uid": "u1", "groups": ["system:masters", "system:authenticated"]}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Audited]:
    async with audited(tmp_path_factory.mktemp("audit"), RULES) as running:
        yield running


async def test_event_has_the_fields_of_the_api_in_their_order(server: Audited) -> None:
    """The object is recorded as it was sent, with `<` escaped in the file; the answer as it was answered."""
    sent = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"k": "<&>"}}
    answer = await server.client.post(NAMES, json=sent, headers={"audit-id": "mine"})
    received, complete = server.events("mine")
    assert answer.headers["audit-id"] == "mine"
    assert list(complete) == [
        *("kind", "apiVersion", "level", "auditID", "stage", "requestURI", "verb", "user", "sourceIPs", "userAgent"),
        *("objectRef", "responseStatus", "requestObject", "responseObject", "requestReceivedTimestamp"),
        *("stageTimestamp", "annotations"),
    ]
    assert complete["level"] == "RequestResponse"
    assert complete["stage"] == "ResponseComplete"
    assert complete["user"] == USER
    assert complete["sourceIPs"] == ["127.0.0.1"]
    assert complete["objectRef"] == {
        "resource": "configmaps",
        "namespace": "default",
        "name": "one",
        "apiVersion": "v1",
    }
    assert complete["responseStatus"] == {"metadata": {}, "code": 201}
    assert complete["requestObject"] == sent
    assert complete["responseObject"] == answer.json()
    assert rb'{"k":"\u003c\u0026\u003e"}' in server.path.read_bytes()
    assert received["stage"] == "RequestReceived"
    assert received["stageTimestamp"] == received["requestReceivedTimestamp"] == complete["requestReceivedTimestamp"]
    assert "responseStatus" not in received
    assert "name" not in received["objectRef"]
    decided = {key: value for key, value in complete["annotations"].items() if key != TRACE_ID}
    assert decided == {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""}


async def test_object_is_recorded_with_its_defaults_and_without_managers(server: Audited) -> None:
    """omitManagedFields holds for the request, the answer, the items of a list and the rows of a table; omitStages for its rule."""
    answer = await server.client.post(DEPLOYMENTS, json=DEPLOYMENT)
    assert "managedFields" in answer.json()["metadata"]
    (event,) = server.events(answer.headers["audit-id"])
    assert event["requestObject"]["apiVersion"] == "apps/v1"
    assert event["requestObject"]["metadata"] == {"name": "web"}
    assert event["requestObject"]["spec"]["progressDeadlineSeconds"] == 600
    assert event["requestObject"]["status"] == {}
    assert "managedFields" not in event["responseObject"]["metadata"]
    listed = await server.one("GET", DEPLOYMENTS)
    assert "managedFields" not in listed["responseObject"]["items"][0]["metadata"]
    table = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    shown = await server.one("GET", f"{DEPLOYMENTS}?includeObject=Object", headers=table)
    assert "managedFields" not in shown["responseObject"]["rows"][0]["object"]["metadata"]


async def test_levels_say_how_much_is_recorded(server: Audited) -> None:
    """Metadata: no objects, but the names and the status; Request: not what was answered; None: no event."""
    secret = {"metadata": {"name": "key", "labels": {"a": "b"}}, "stringData": {"k": "hidden"}}
    event = await server.one("POST", "/api/v1/namespaces/default/secrets", json=secret)
    assert event["objectRef"]["name"] == "key"
    assert not {"requestObject", "responseObject"} & event.keys()
    assert b"hidden" not in server.path.read_bytes()
    missing = await server.one("GET", "/api/v1/namespaces/default/secrets/none")
    assert missing["responseStatus"] == {
        "metadata": {},
        "status": "Failure",
        "message": 'secrets "none" not found',
        "reason": "NotFound",
        "details": {"name": "none", "kind": "secrets"},
        "code": 404,
    }
    service = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
    event = await server.one("POST", "/api/v1/namespaces/default/services", json=service)
    assert event["requestObject"]["spec"]["ports"] == [{"protocol": "TCP", "port": 80, "targetPort": 80}]
    assert "responseObject" not in event
    alive = await server.client.get("/livez")
    assert server.events(alive.headers["audit-id"]) == []


async def test_patches_and_delete_options_are_recorded(server: Audited) -> None:
    """A patch as it was sent, that of an apply in YAML as JSON; delete options in kube-apiserver's internal version."""
    await server.client.post(NAMES, json={"metadata": {"name": "two"}})
    merge = {"content-type": "application/merge-patch+json"}
    event = await server.one("PATCH", f"{NAMES}/two", headers=merge, content=b'{ "data": {"a": null} }')
    assert event["requestObject"] == {"data": {"a": None}}
    applied = b"apiVersion: v1\nkind: ConfigMap\ndata: {b: '1'}\n"
    apply = {"content-type": "application/apply-patch+yaml"}
    event = await server.one("PATCH", f"{NAMES}/two?fieldManager=m", headers=apply, content=applied)
    assert event["requestObject"] == {"apiVersion": "v1", "kind": "ConfigMap", "data": {"b": "1"}}
    event = await server.one("DELETE", f"{NAMES}/two", json={"propagationPolicy": "Background"})
    assert event["requestObject"] == {
        "kind": "DeleteOptions",
        "apiVersion": "meta.k8s.io/__internal",
        "propagationPolicy": "Background",
    }
    assert event["responseStatus"]["status"] == "Success"
    assert "name" in event["responseStatus"]["details"]


async def test_update_names_the_version_and_uid_it_was_made_for(server: Audited) -> None:
    """The reference is completed by what the object in the request says."""
    obj = (await server.client.post(NAMES, json={"metadata": {"name": "three"}})).json()
    event = await server.one("PUT", f"{NAMES}/three", json=obj)
    assert event["objectRef"]["uid"] == obj["metadata"]["uid"]
    assert event["objectRef"]["resourceVersion"] == obj["metadata"]["resourceVersion"]


async def test_watch_has_an_event_at_its_start_and_at_its_end(server: Audited) -> None:
    """Both have the status; neither has the objects."""
    async with server.client.stream("GET", f"{NAMES}?watch=1&timeoutSeconds=1") as answer:
        audit_id = answer.headers["audit-id"]
        assert [event["stage"] for event in server.events(audit_id)] == ["RequestReceived", "ResponseStarted"]
        await answer.aread()
    stages = server.events(audit_id)
    assert [event["stage"] for event in stages] == ["RequestReceived", "ResponseStarted", "ResponseComplete"]
    assert [event.get("responseStatus") for event in stages] == [None, *[{"metadata": {}, "code": 200}] * 2]
    assert not any("responseObject" in event for event in stages)


async def test_refused_credentials_have_one_event(server: Audited) -> None:
    """A 401 has no user, no decision, and one stage; so has a wrong time-out."""
    refused = await server.client.get(NAMES, headers={"authorization": "Bearer wrong"})
    (event,) = server.events(refused.headers["audit-id"])
    assert (event["stage"], event["user"], event["responseStatus"]["code"]) == ("ResponseStarted", {}, 401)
    assert event["responseObject"]["reason"] == "Unauthorized"
    late = await server.client.get(f"{NAMES}?timeout=zz")
    (event,) = server.events(late.headers["audit-id"])
    assert (event["stage"], event["user"], event["responseStatus"]["code"]) == ("ResponseStarted", {}, 400)
    assert event["responseStatus"]["message"] == (
        'invalid timeout specified in the request URL - time: invalid duration "zz"'
    )


async def test_impersonation_names_both_users(server: Audited) -> None:
    """The user is who makes the request; that in whose name it is made is another field, not known at the first stage."""
    headers = {"impersonate-user": "jane", "impersonate-group": "devs", "impersonate-uid": "7"}
    answer = await server.client.get(NAMES, headers=headers)
    received, complete = server.events(answer.headers["audit-id"])
    assert "impersonatedUser" not in received
    assert complete["user"] == USER
    assert complete["impersonatedUser"] == {"username": "jane", "uid": "7", "groups": ["devs", "system:authenticated"]}


async def test_addresses_of_proxies_come_before_that_of_the_connection(server: Audited) -> None:
    """What is no address is left out, and the connection's own is named once."""
    headers = {"x-forwarded-for": "1.2.3.4, bad,5.6.7.8", "x-real-ip": "9.9.9.9"}
    assert (await server.one("GET", NAMES, headers=headers))["sourceIPs"] == [
        "1.2.3.4",
        "5.6.7.8",
        "9.9.9.9",
        "127.0.0.1",
    ]
    again = await server.one("GET", NAMES, headers={"x-forwarded-for": "127.0.0.1"})
    assert again["sourceIPs"] == ["127.0.0.1"]


async def test_request_line_is_recorded_as_it_was_written(server: Audited) -> None:
    """Escapes in the path and the query stay; a long user agent is cut."""
    event = await server.one("GET", f"{NAMES}/a%2Db?x=%2F&y", headers={"user-agent": "z" * 1100})
    assert event["requestURI"] == f"{NAMES}/a%2Db?x=%2F&y"
    assert event["userAgent"] == "z" * 1024 + "...TRUNCATED"


async def test_requests_are_counted_by_level(server: Audited) -> None:
    """The metrics have the names of kube-apiserver."""
    await server.client.get(NAMES)
    page = (await server.client.get("/metrics")).text
    counted = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("apiserver_audit"))
    assert float(counted["apiserver_audit_event_total"]) >= len(server.all()) - 2
    assert float(counted['apiserver_audit_level_total{level="RequestResponse"}']) > 1
    assert counted["apiserver_audit_requests_rejected_total"] == "0"


async def test_standard_output_has_the_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`-` is standard output, and `legacy` one line of text an event."""
    flags = ("--audit-log-path=-", "--audit-log-format=legacy")
    async with audited(tmp_path, "- {level: Metadata, omitStages: [RequestReceived]}", *flags) as server:
        audit_id = (await server.client.get(f"{NAMES}/none")).headers["audit-id"]
    (line,) = [each for each in capsys.readouterr().out.splitlines() if audit_id in each]
    assert ' AUDIT: id="' in line
    assert line.endswith(f'user-agent="tester/1.0" namespace="default" uri="{NAMES}/none" response="404"')
