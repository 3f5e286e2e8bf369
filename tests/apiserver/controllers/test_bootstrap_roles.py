"""The roles and bindings of a new server, and what the next start makes of changed ones."""

from pathlib import Path
from typing import Any

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.controllers.cluster import Client, cluster

pytestmark = pytest.mark.anyio
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLES, BINDINGS = f"{RBAC}/clusterroles", f"{RBAC}/clusterrolebindings"
HOOK = "/readyz/poststarthook/rbac/bootstrap-roles"
MODE = "--authorization-mode=RBAC"
AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate"
MERGE = "application/merge-patch+json"


def group(name: str) -> JSONObject:
    return {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name}


async def patched(client: Client, path: str, **fields: Any) -> JSONObject:
    return await client.send("PATCH", path, fields, content_type=MERGE)


async def test_new_server_has_the_default_roles_and_bindings() -> None:
    """As many as kube-apiserver v1.36 makes, labelled, of the manager kube-apiserver; a few of them to the letter."""
    async with cluster(MODE, "--controllers=") as client:
        counts = {name: len(await client.names(f"{RBAC}/{name}")) for name in ("clusterroles", "clusterrolebindings")}
        assert counts == {"clusterroles": 70, "clusterrolebindings": 51}
        assert len(await client.names(f"{RBAC}/roles")) == len(await client.names(f"{RBAC}/rolebindings")) == 7
        admin = await client.send("GET", f"{ROLES}/cluster-admin")
        assert admin["rules"] == [
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
            {"verbs": ["*"], "nonResourceURLs": ["*"]},
        ]
        metadata = admin["metadata"]
        assert metadata["labels"] == {"kubernetes.io/bootstrapping": "rbac-defaults"}
        assert metadata["annotations"] == {AUTO_UPDATE: "true"}
        assert [each["manager"] for each in metadata["managedFields"]] == ["kube-apiserver"]
        edit = await client.send("GET", f"{ROLES}/edit")
        assert edit["rules"] is None
        assert edit["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-admin"] == "true"
        viewer = await client.send("GET", f"{BINDINGS}/system:public-info-viewer")
        assert viewer["subjects"] == [group("system:authenticated"), group("system:unauthenticated")]
        assert "subjects" not in await client.send("GET", f"{BINDINGS}/system:node")
        reader = "system::extension-apiserver-authentication-reader"
        bound = await client.send("GET", f"{RBAC}/namespaces/kube-system/rolebindings/{reader}")
        assert bound["roleRef"]["name"] == "extension-apiserver-authentication-reader"


async def test_hook_is_one_of_the_health_checks_under_rbac_alone() -> None:
    """Without RBAC there are no default roles and no hook, as in kube-apiserver."""
    async with cluster(MODE) as client:
        assert (await client.text(HOOK)) == "ok"
    async with cluster() as client:
        assert HOOK.removeprefix("/readyz/") not in await client.text("/readyz?verbose")
        assert await client.names(ROLES) == []


async def test_next_start_adds_what_is_missing(tmp_path: Path) -> None:
    """Rules, subjects, labels, selectors and whole objects come back; what was added to them stays."""
    data = f"--data-dir={tmp_path / 'data'}"
    nodes = {"verbs": ["get"], "apiGroups": [""], "resources": ["nodes"]}
    async with cluster(MODE, "--controllers=", data) as client:
        await patched(client, f"{ROLES}/system:volume-scheduler", rules=[nodes])
        await patched(client, f"{ROLES}/view", aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]})
        await patched(client, f"{ROLES}/system:heapster", aggregationRule={"clusterRoleSelectors": [{}]})
        await patched(client, f"{BINDINGS}/system:discovery", subjects=[group("mine")])
        await client.patch_metadata(f"{BINDINGS}/cluster-admin", labels=None, annotations={"note": "kept"})
        await client.delete(f"{BINDINGS}/system:kube-dns")
        await client.delete(f"{ROLES}/system:node")
        metadata = {"name": "system:kube-dns"}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
        await client.send("POST", BINDINGS, {"metadata": metadata, "roleRef": reference, "subjects": []})
        untouched = await client.send("GET", f"{ROLES}/system:monitoring")
    async with cluster(MODE, "--controllers=", data) as client:
        rules = (await client.send("GET", f"{ROLES}/system:volume-scheduler"))["rules"]
        assert rules[0] == nodes
        verbs = [rule["verbs"] for rule in rules if rule["resources"] == ["storageclasses"]]
        assert verbs == [["get"], ["list"], ["watch"]], "missing rules are added one by one"
        view = await client.send("GET", f"{ROLES}/view")
        selectors = view["aggregationRule"]["clusterRoleSelectors"]
        wanted = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
        assert [each["matchLabels"] for each in selectors] == [{"a": "b"}, wanted]
        assert "aggregationRule" not in await client.send("GET", f"{ROLES}/system:heapster")
        subjects = (await client.send("GET", f"{BINDINGS}/system:discovery"))["subjects"]
        assert subjects == [group("mine"), group("system:authenticated")]
        admin = (await client.send("GET", f"{BINDINGS}/cluster-admin"))["metadata"]
        assert admin["labels"] == {"kubernetes.io/bootstrapping": "rbac-defaults"}
        assert admin["annotations"] == {AUTO_UPDATE: "true", "note": "kept"}
        dns = await client.send("GET", f"{BINDINGS}/system:kube-dns")
        assert dns["roleRef"]["name"] == "system:kube-dns", "a binding of another role is replaced"
        await client.send("GET", f"{ROLES}/system:node")
        assert await client.send("GET", f"{ROLES}/system:monitoring") == untouched


async def test_next_start_leaves_alone_what_is_not_to_be_updated(tmp_path: Path) -> None:
    """The annotation protects rules, subjects and even the role that a binding gives."""
    data = f"--data-dir={tmp_path / 'data'}"
    async with cluster(MODE, "--controllers=", data) as client:
        protected = {"annotations": {AUTO_UPDATE: "false"}}
        role = await patched(client, f"{ROLES}/system:volume-scheduler", rules=[], metadata=protected)
        binding = await patched(client, f"{BINDINGS}/system:discovery", subjects=[], metadata=protected)
    async with cluster(MODE, "--controllers=", data) as client:
        assert await client.send("GET", f"{ROLES}/system:volume-scheduler") == role
        assert await client.send("GET", f"{BINDINGS}/system:discovery") == binding


async def test_rules_of_roles_before_aggregation_are_kept(tmp_path: Path) -> None:
    """Rules of `view` from a server that did not aggregate it, and the subjects of a binding that was split, are copied."""
    data = f"--data-dir={tmp_path / 'data'}"
    own = {"verbs": ["get"], "apiGroups": ["a.example"], "resources": ["widgets"]}
    async with cluster("--controllers=", data) as client:
        await client.send("POST", ROLES, {"metadata": {"name": "view"}, "rules": [own]})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:discovery"}
        metadata = {"name": "system:discovery", "labels": {"a": "b"}}
        binding = {"metadata": metadata, "roleRef": reference, "subjects": [group("mine")]}
        await client.send("POST", BINDINGS, binding)
    async with cluster(MODE, "--controllers=", data) as client:
        assert own in (await client.send("GET", f"{ROLES}/system:aggregate-to-view"))["rules"]
        viewer = await client.send("GET", f"{BINDINGS}/system:public-info-viewer")
        assert viewer["subjects"][0] == group("mine")
        assert viewer["roleRef"]["name"] == "system:public-info-viewer"
        assert viewer["metadata"]["labels"]["a"] == "b"
