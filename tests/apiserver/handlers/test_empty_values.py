"""Empty lists and maps of built-in kinds, which Go tells from absent ones until they are stored."""

from typing import Any

import pytest

from tests.apiserver.handlers.conftest import Server

pytestmark = pytest.mark.anyio

MERGE = {"content-type": "application/merge-patch+json"}
AUTOSCALERS = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
DRIVERS = "/apis/storage.k8s.io/v1/csidrivers"
ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


async def test_empty_list_gets_no_default_of_a_nil_one(server: Server) -> None:
    """The policies of an autoscaler have defaults where they are absent; an empty list is refused."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    body: dict[str, Any] = {"metadata": {"name": "h"}, "spec": {"scaleTargetRef": target, "maxReplicas": 3}}
    body["spec"]["behavior"] = {"scaleUp": {"policies": []}}
    refused = await server.client.post(AUTOSCALERS, json=body)
    why = "spec.behavior.scaleUp.policies: Required value: must specify at least one Policy"
    assert (refused.status_code, refused.json()["message"].partition("invalid: ")[2]) == (422, why)
    body["spec"]["behavior"] = {"scaleUp": {"policies": None}}
    created = await server.client.post(AUTOSCALERS, json=body)
    assert len(created.json()["spec"]["behavior"]["scaleUp"]["policies"]) == 2, created.text


async def test_empty_list_gets_the_default_of_an_empty_one(server: Server) -> None:
    """The modes of a CSI driver have theirs where there are none, nil or not."""
    created = await server.client.post(
        DRIVERS, json={"metadata": {"name": "d.example.com"}, "spec": {"volumeLifecycleModes": []}}
    )
    assert created.json()["spec"]["volumeLifecycleModes"] == ["Persistent"], created.text


async def test_empty_list_is_null_once_it_was_stored_and_has_a_manager(server: Server) -> None:
    """Go writes it where the field is not omitempty, so that who set it manages it; what is stored as protobuf comes back as nil."""
    body = {"metadata": {"name": "r", "labels": {}, "annotations": {"a": "b"}}, "rules": []}
    created = (await server.client.post(ROLES, json=body)).json()
    assert created["rules"] is None
    assert "labels" not in created["metadata"]
    fields = created["metadata"]["managedFields"][0]["fieldsV1"]
    assert fields == {"f:metadata": {"f:annotations": {".": {}, "f:a": {}}}, "f:rules": {}}
    assert (await server.client.get(f"{ROLES}/r")).json() == created
    changed = {**created, "rules": [], "metadata": {**created["metadata"], "finalizers": [], "labels": {}}}
    assert (await server.client.put(f"{ROLES}/r", json=changed)).json() == created


async def test_empty_map_is_no_change_of_what_may_not_change(server: Server) -> None:
    """The selector of a claim may not change: an empty map in it is the nil one it had, an empty selector is not."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""}
    created = await server.client.post(CLAIMS, json={"metadata": {"name": "c"}, "spec": {**spec, "selector": {}}})
    assert created.status_code == 201, created.text
    changes: list[dict[str, Any]] = [
        {"selector": {"matchLabels": {}}},
        {"selector": {"matchExpressions": []}},
        {"resources": {"limits": {}}},
    ]
    for change in changes:
        patched = await server.client.patch(f"{CLAIMS}/c", json={"spec": change}, headers=MERGE)
        assert patched.json() == created.json()
    labelled = await server.client.patch(f"{CLAIMS}/c", json={"metadata": {"labels": {"a": "b"}}}, headers=MERGE)
    assert (labelled.status_code, labelled.json()["spec"]) == (200, created.json()["spec"])
    refused = await server.client.patch(f"{CLAIMS}/c", json={"spec": {"selector": None}}, headers=MERGE)
    assert refused.status_code == 422


async def test_refused_value_is_shown_as_go_writes_it(server: Server) -> None:
    """An empty map on its own is shown; in a selector, whose fields are omitempty, it is not, and the fields have their order."""
    template = {"metadata": {"labels": {}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    selector = {"matchExpressions": [{"values": [], "operator": "In", "key": "a"}], "matchLabels": {}}
    body: dict[str, Any] = {"metadata": {"name": "d"}, "spec": {"selector": selector, "template": template}}
    refused = (await server.client.post(DEPLOYMENTS, json=body)).json()["details"]["causes"]
    shown = 'Invalid value: {"matchExpressions":[{"key":"a","operator":"In"}]}: invalid label selector'
    assert refused[1] == {"reason": "FieldValueInvalid", "message": shown, "field": "spec.selector"}
    body["spec"]["selector"] = {"matchLabels": {"a": "b"}}
    refused = (await server.client.post(DEPLOYMENTS, json=body)).json()["details"]["causes"]
    shown = "Invalid value: {}: `selector` does not match template `labels`"
    assert refused[0] == {"reason": "FieldValueInvalid", "message": shown, "field": "spec.template.metadata.labels"}


async def test_empty_list_counts_where_upstream_compares_strictly(server: Server) -> None:
    """The generation of a NetworkPolicy grows with an empty list for a nil one, which is stored as the same; a Deployment's does not."""
    policies = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
    created = (await server.client.post(policies, json={"metadata": {"name": "n"}, "spec": {"podSelector": {}}})).json()
    change: dict[str, Any] = {"spec": {"podSelector": {"matchExpressions": []}}}
    patched = (await server.client.patch(f"{policies}/n", json=change, headers=MERGE)).json()
    assert (patched["spec"], patched["metadata"]["generation"]) == (created["spec"], 2)
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    created = (await server.client.post(DEPLOYMENTS, json={"metadata": {"name": "d"}, "spec": spec})).json()
    change = {"spec": {"selector": {"matchExpressions": []}}}
    patched = (await server.client.patch(f"{DEPLOYMENTS}/d", json=change, headers=MERGE)).json()
    assert patched == created


async def test_definition_keeps_its_empty_lists(server: Server) -> None:
    """CustomResourceDefinitions are stored as JSON, which tells an empty list from nil where it writes it."""
    names = {"plural": "gears", "kind": "Gear"}
    schema = {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]}
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    created = await server.client.post(path, json={"metadata": {"name": "gears.example.com"}, "spec": spec})
    assert created.status_code == 201, created.text
    one = f"{path}/gears.example.com"
    status = {**created.json(), "status": {**created.json()["status"], "conditions": []}}
    assert (await server.client.put(f"{one}/status", json=status)).json()["status"]["conditions"] == []
