"""A server with RBAC, asked as one user or another."""

import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx

from rootspan_apiserver import Environment
from rootspan_apiserver.kube.meta import JSONObject

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ROLES, BINDINGS = f"{RBAC}/namespaces/default/roles", f"{RBAC}/namespaces/default/rolebindings"
CLUSTER_ROLES, CLUSTER_BINDINGS = f"{RBAC}/clusterroles", f"{RBAC}/clusterrolebindings"
REVIEWS = "/apis/authorization.k8s.io/v1"


def rule(verbs: str, resources: str = "", group: str = "", *, names: Sequence[str] = (), urls: str = "") -> JSONObject:
    """A rule from lists that are separated by spaces."""
    if urls:
        return {"verbs": verbs.split(), "nonResourceURLs": urls.split()}
    found: JSONObject = {"verbs": verbs.split(), "apiGroups": group.split() or [""], "resources": resources.split()}
    return found | ({"resourceNames": list(names)} if names else {})


def role(name: str, *rules: JSONObject, **metadata: Any) -> JSONObject:
    return {"metadata": {"name": name, **metadata}, "rules": list(rules)}


def binding(name: str, role: str, *subjects: str) -> JSONObject:
    """A binding; `role` is `Kind/name`, a subject `Kind/name` or `ServiceAccount/namespace/name`."""
    kind, role_name = role.split("/")
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role_name}
    return {"metadata": {"name": name}, "roleRef": reference, "subjects": list(map(_subject, subjects))}


def _subject(text: str) -> JSONObject:
    kind, *namespace, name = text.split("/")
    return {"kind": kind, "name": name} | ({"namespace": namespace[0]} if namespace else {})


class Asker:
    """Requests of the administrator, or of whom `as_user` names."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def request(
        self, method: str, path: str, body: JSONObject | None = None, *, as_user: str = "", groups: str = ""
    ) -> httpx.Response:
        headers = [("impersonate-user", as_user)] if as_user else []
        headers += [("impersonate-group", group) for group in groups.split()]
        return await self._http.request(method, path, json=body, headers=headers)

    async def anonymous(self, path: str) -> httpx.Response:
        """The answer to a request without credentials."""
        request = self._http.build_request("GET", path)
        del request.headers["authorization"]
        return await self._http.send(request)

    async def create(self, path: str, *objects: JSONObject) -> None:
        """Create objects, or fail."""
        for obj in objects:
            answer = await self.request("POST", path, obj)
            assert answer.status_code == 201, answer.text

    async def review(self, user: str, groups: str = "", **asked: str) -> JSONObject:
        """The status of a SubjectAccessReview: about a path if there is one among what is `asked`, else about a resource."""
        about = "nonResourceAttributes" if "path" in asked else "resourceAttributes"
        spec = {"user": user, "groups": groups.split(), about: asked}
        answer = await self.request("POST", f"{REVIEWS}/subjectaccessreviews", {"spec": spec})
        assert answer.status_code == 201, answer.text
        status: JSONObject = answer.json()["status"]
        return status

    async def rules(self, namespace: str, user: str, groups: str = "") -> JSONObject:
        """The status of the user's SelfSubjectRulesReview."""
        path, body = f"{REVIEWS}/selfsubjectrulesreviews", {"spec": {"namespace": namespace}}
        answer = await self.request("POST", path, body, as_user=user, groups=groups)
        assert answer.status_code == 201, answer.text
        status: JSONObject = answer.json()["status"]
        return status


@contextlib.asynccontextmanager
async def asking(*flags: str, authorization: str = "RBAC") -> AsyncIterator[Asker]:
    async with (
        Environment(*flags, authorization=authorization) as env,
        httpx.AsyncClient(
            base_url=env.url,
            headers={"authorization": f"Bearer {env.token}"},
            verify=ssl.create_default_context(cadata=env.ca_bundle.decode()),
            timeout=15,
            trust_env=False,
        ) as http,
    ):
        yield Asker(http)
