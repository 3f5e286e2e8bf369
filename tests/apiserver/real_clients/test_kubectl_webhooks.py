"""kubectl where a webhook knows the users and what they may do, and where a kubelet is one of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rootspan_apiserver import Environment
from rootspan_apiserver.kube.meta import JSONObject
from tests.apiserver.access_webhook import AccessWebhook, serving_webhook, write_kubeconfig
from tests.apiserver.real_clients.binaries import current
from tests.apiserver.real_clients.kubectl import Kubectl

pytestmark = pytest.mark.anyio
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {
        "nodeName": "n1",
        "automountServiceAccountToken": False,
        "containers": [{"name": "c", "image": "i", "envFrom": [{"secretRef": {"name": "needed"}}]}],
    },
}


def decide(review: JSONObject) -> JSONObject:
    """A token is the name of its user; everybody may list, read paths, and ask the server what he may do."""
    if review["kind"] == "TokenReview":
        return {"authenticated": True, "user": {"username": review["spec"]["token"], "groups": ["devs"]}}
    attributes = review["spec"].get("resourceAttributes")
    if attributes is None:
        return {"allowed": True}
    asks = attributes.get("group") in ("authorization.k8s.io", "authentication.k8s.io")
    allowed = asks or attributes.get("verb") in ("list", "impersonate:user-info", "impersonate-on:user-info:list")
    return {"allowed": allowed, "reason": "" if allowed else "only lists"}


@asynccontextmanager
async def commands(folder: Path, modes: str) -> AsyncIterator[Kubectl]:
    async with serving_webhook(AccessWebhook(decide)) as address:
        webhook = write_kubeconfig(folder, address.url)
        flags = [f"--authentication-token-webhook-config-file={webhook}"]
        if "Webhook" in modes:
            flags.append(f"--authorization-webhook-config-file={webhook}")
        async with Environment(*flags, authorization=modes) as env:
            yield Kubectl(current(), (1, 37), env.kubeconfig_path, "default", folder)


async def test_webhook_says_who_may_do_what(tmp_path: Path) -> None:
    """`whoami`, `can-i`, and the reason of a refusal."""
    async with commands(tmp_path, "Webhook") as kubectl:

        async def run(*arguments: str, status: int = 0) -> str:
            return await asyncio.to_thread(kubectl, "--token=anne", *arguments, status=status)

        user = json.loads(await run("auth", "whoami", "-o", "json"))["status"]["userInfo"]
        assert user == {"username": "anne", "groups": ["devs", "system:authenticated"]}
        assert await run("auth", "can-i", "list", "pods") == "yes\n"
        assert (await run("auth", "can-i", "delete", "pods", status=1)).startswith("no - only lists")
        assert "No resources found" in await run("get", "configmaps", "-l", "a=b")
        assert await run("get", "secret", "s", status=1) == (
            'Error from server (Forbidden): secrets "s" is forbidden: User "anne" cannot get resource "secrets" in API group "" in '
            'the namespace "default": only lists\n'
        )
        assert "No resources found" in await run("get", "configmaps", "-l", "a=b", "--as=zoe")
        assert "impersonate-on:user-info:get" in await run("get", "secret", "s", "--as=zoe", status=1)


async def test_kubelet_reads_what_its_pods_need(tmp_path: Path) -> None:
    """With the modes of a cluster, as the user that its certificate would name."""
    async with commands(tmp_path, "Node,RBAC") as kubectl:

        async def run(*arguments: str, status: int = 0, stdin: str = "") -> str:
            return await asyncio.to_thread(kubectl, *arguments, status=status, stdin=stdin)

        for name in ("needed", "other"):
            await run("create", "secret", "generic", name)
        await run("create", "-f", "-", stdin=json.dumps(POD))
        node = ("--as=system:node:n1", "--as-group=system:nodes")
        assert "needed" in await run("get", "secret", "needed", *node)
        refused = await run("get", "secret", "other", *node, status=1)
        assert refused.endswith("no relationship found between node 'n1' and this object\n")
        assert "pod/p" in await run("get", "pods", "--field-selector=spec.nodeName=n1", "-o", "name", *node)
        assert await run("auth", "can-i", "create", "serviceaccounts/default", "--subresource=token", *node) == "yes\n"
