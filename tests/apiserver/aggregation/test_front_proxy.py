"""This server behind another aggregator: it authenticates the users that a trusted proxy names, and says whom it trusts."""

from pathlib import Path
from typing import Any

import pytest
import trustme

from rootspan_apiserver import Environment
from tests.apiserver.admission.parts import AUTHORITY, BUNDLE
from tests.apiserver.aggregation.parts import client_of, until, write_certificate

pytestmark = pytest.mark.anyio
REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
NAMED = [
    ("x-remote-user", "jane"),
    ("x-remote-uid", "u1"),
    ("x-remote-group", "a"),
    ("x-remote-group", "b"),
    ("x-remote-extra-example.com%2fscopes", "read"),
]
FLAGS = (
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-uid-headers=X-Remote-Uid",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    "--requestheader-allowed-names=aggregator",
)


async def user_of(env: Environment, certificate: tuple[Path, Path] | None) -> Any:
    """Return who the server takes the caller for, or the status of its refusal."""
    async with client_of(env, token="", certificate=certificate) as client:
        answered = await client.post(REVIEWS, json=REVIEW, headers=NAMED)
        return answered.json()["status"]["userInfo"] if answered.is_success else answered.status_code


async def test_trusted_proxy_names_the_user(tmp_path: Path) -> None:
    """Its certificate is signed by the authority and has an allowed name; others are who their certificates say, and 401 without one."""
    bundle, clients = tmp_path / "proxies.pem", trustme.CA()
    bundle.write_bytes(BUNDLE)
    client_bundle = tmp_path / "clients.pem"
    client_bundle.write_bytes(clients.cert_pem.bytes())
    flags = (f"--requestheader-client-ca-file={bundle}", f"--client-ca-file={client_bundle}", *FLAGS)
    async with Environment(*flags) as env:
        assert await user_of(env, write_certificate(tmp_path, "aggregator", AUTHORITY)) == {
            "username": "jane",
            "uid": "u1",
            "groups": ["a", "b", "system:authenticated"],
            "extra": {"example.com/scopes": ["read"]},
        }
        other = await user_of(env, write_certificate(tmp_path, "other", AUTHORITY))
        assert other in (401, 403)
        bob = await user_of(env, write_certificate(tmp_path, "bob", clients))
        assert bob["username"] == "bob"
        false_proxy = await user_of(env, write_certificate(tmp_path, "aggregator", clients))
        assert false_proxy["username"] == "aggregator"
        assert await user_of(env, None) == 401


async def test_config_map_says_whom_the_server_trusts(tmp_path: Path) -> None:
    """The servers of aggregated APIs read it; its data comes back when it is deleted or changed."""
    bundle = tmp_path / "proxies.pem"
    bundle.write_bytes(BUNDLE)
    path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
    wanted = {
        "requestheader-allowed-names": '["aggregator"]',
        "requestheader-client-ca-file": BUNDLE.decode(),
        "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
        "requestheader-group-headers": '["X-Remote-Group"]',
        "requestheader-uid-headers": '["X-Remote-Uid"]',
        "requestheader-username-headers": '["X-Remote-User"]',
    }
    async with Environment(f"--requestheader-client-ca-file={bundle}", *FLAGS) as env, client_of(env) as client:
        await until(client, path, lambda obj: obj.get("data") == wanted)
        await client.delete(path)
        await until(client, path, lambda obj: obj.get("data") == wanted)
        patch = {"data": {"requestheader-allowed-names": "[]", "own": "1"}}
        await client.patch(path, json=patch, headers={"content-type": "application/merge-patch+json"})
        await until(client, path, lambda obj: obj.get("data") == wanted | {"own": "1"})
