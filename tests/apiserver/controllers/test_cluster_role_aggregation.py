"""clusterrole-aggregation-controller: cluster roles with an aggregation rule collect the rules of others."""

from functools import partial

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.controllers.cluster import Client, cluster

pytestmark = pytest.mark.anyio
ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
MERGE = "application/merge-patch+json"


def rule(resource: str) -> JSONObject:
    return {"verbs": ["get"], "apiGroups": ["a.example"], "resources": [resource]}


async def create(client: Client, name: str, *rules: JSONObject, collects: str = "", **labels: str) -> None:
    role: JSONObject = {"metadata": {"name": name, "labels": labels}, "rules": list(rules)}
    if collects:
        role["aggregationRule"] = {
            "clusterRoleSelectors": [{"matchLabels": {part: "yes"}} for part in collects.split()]
        }
    await client.send("POST", ROLES, role)


def has_rules(expected: list[JSONObject], role: JSONObject | None) -> bool:
    return role is not None and (role.get("rules") or []) == expected


async def until_rules(client: Client, name: str, *expected: JSONObject) -> JSONObject:
    found = await client.until(f"{ROLES}/{name}", partial(has_rules, list(expected)))
    assert found is not None
    return found


async def test_role_collects_the_rules_of_the_selected_roles() -> None:
    """By selector and by name, each rule once; also those of a role that collects itself; rules of its own are replaced."""
    async with cluster() as client:
        await create(client, "all", rule("own"), collects="second first")
        await create(client, "b", rule("b"), rule("shared"), first="yes")
        await create(client, "a", rule("a"), rule("shared"), first="yes")
        await create(client, "z", rule("z"), rule("shared"), second="yes", first="yes")
        found = await until_rules(client, "all", rule("z"), rule("shared"), rule("a"), rule("b"))
        (applied,) = [each for each in found["metadata"]["managedFields"] if each["operation"] == "Apply"]
        assert applied["manager"] == "clusterrole-aggregation-controller"
        await create(client, "more", collects="third", second="yes")
        await create(client, "c", rule("c"), third="yes")
        await until_rules(client, "all", rule("c"), rule("z"), rule("shared"), rule("a"), rule("b"))


async def test_role_follows_changes_of_the_collected_roles() -> None:
    """A rule, a label, the selectors, a deletion: what is not collected any more is not kept."""
    async with cluster() as client:
        await create(client, "all", collects="part")
        await create(client, "a", rule("a"), part="yes")
        await until_rules(client, "all", rule("a"))
        await client.send("PATCH", f"{ROLES}/a", {"rules": [rule("other")]}, content_type=MERGE)
        await until_rules(client, "all", rule("other"))
        await client.patch_metadata(f"{ROLES}/a", labels={"part": None})
        await until_rules(client, "all")
        await client.patch_metadata(f"{ROLES}/a", labels={"part": "yes"})
        await until_rules(client, "all", rule("other"))
        await client.delete(f"{ROLES}/a")
        await until_rules(client, "all")


async def test_roles_that_collect_each_other_agree() -> None:
    """Both have what one of them began with and what both collect, and are not written again and again."""
    async with cluster() as client:
        await create(client, "a", rule("a"), collects="second", first="yes")
        await create(client, "b", rule("b"), collects="first", second="yes")
        await create(client, "c", rule("c"), first="yes", second="yes")
        found = [await until_rules(client, name, rule("b"), rule("c")) for name in ("a", "b")]
        await create(client, "d", rule("d"), first="yes", second="yes")
        for before in found:
            name = before["metadata"]["name"]
            after = await until_rules(client, name, rule("b"), rule("c"), rule("d"))
            (applied,) = [each for each in after["metadata"]["managedFields"] if each["operation"] == "Apply"]
            assert applied["manager"] == "clusterrole-aggregation-controller"


async def test_default_roles_have_the_rules_that_they_collect() -> None:
    """`admin` has all that `edit` has, and `edit` all that `view` has, as soon as the server has settled."""
    async with cluster("--authorization-mode=RBAC") as client:
        await client.until(f"{ROLES}/admin", lambda role: role is not None and len(role["rules"] or []) > 20)
        view, edit, admin = [
            (await client.send("GET", f"{ROLES}/{name}"))["rules"] for name in ("view", "edit", "admin")
        ]
        assert all(each in edit for each in view)
        assert all(each in admin for each in edit)
        assert len(view) < len(edit) < len(admin)


async def test_switched_off_controller_collects_nothing() -> None:
    """By the name that kube-controller-manager had for it before v1.28 as well."""
    async with cluster("--controllers=*,-clusterrole-aggregation") as client:
        await create(client, "a", rule("a"), part="yes")
        await create(client, "all", collects="part")
        await client.create("/api/v1/namespaces", "Namespace", "later")
        await client.until_there("/api/v1/namespaces/later/serviceaccounts/default")
        assert not (await client.send("GET", f"{ROLES}/all")).get("rules")
