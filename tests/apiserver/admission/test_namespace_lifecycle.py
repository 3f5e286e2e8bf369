"""Nothing is made in a namespace that is not there, or is going; and the server's own namespaces stay."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from rootspan.testing import tree
from rootspan_apiserver.kube.meta import GroupResource, JSONObject
from rootspan_apiserver.kube.status import StatusError, not_found
from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.admission.parts import Parts, admission, config_map

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def server_with(parts: Parts, *namespaces: JSONObject) -> AsyncIterator[list[str]]:
    """The server itself, as its loopback client meets it: it has these namespaces. Gives the paths it was asked for."""
    asked: list[str] = []
    present = {f"/api/v1/namespaces/{each['metadata']['name']}": each for each in namespaces}

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        name = scope["path"].rpartition("/")[2]
        body = present.get(scope["path"]) or not_found(GroupResource("", "namespaces"), name).body()
        status = 200 if scope["path"] in present else 404
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": orjson.dumps(body)})

    own = self_signed(["somewhere.else"], None)
    async with serving(answer, listen("127.0.0.1", 0), tls=server_context(own)) as at:
        parts.loopback.connect(at.host, at.port, own.pair.certificate)
        yield asked
        await parts.loopback.aclose()


async def test_namespace_missing_in_cache_is_read_through_the_api() -> None:
    """A namespace that is not in the cache is read by the loopback client in the trace of the request; its 404 is the answer."""
    async with admission() as parts, server_with(parts) as asked:
        obj = config_map(namespace="nowhere")
        with parts.provider.get_tracer("test").start_as_current_span("Create"), pytest.raises(StatusError) as refused:
            await parts.admission.mutate(parts.attributes(obj))
        assert asked == ["/api/v1/namespaces/nowhere"]
        assert refused.value.body() == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": 'namespaces "nowhere" not found',
            "reason": "NotFound",
            "details": {"name": "nowhere", "kind": "namespaces"},
            "code": 404,
        }
        spans = parts.recorder.spans
        assert tree(spans) == "Create INTERNAL apiserver\n└─ HTTP GET CLIENT apiserver ERROR"


async def test_namespace_read_through_the_api_admits_the_object() -> None:
    """A namespace that the API returns is as good as a cached one."""
    late = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "late"}, "status": {"phase": "Active"}}
    async with admission() as parts, server_with(parts, late) as asked:
        obj = config_map(namespace="late")
        assert await parts.admission.mutate(parts.attributes(obj)) == obj
        assert asked == ["/api/v1/namespaces/late"]


async def test_cached_namespace_is_not_read_again() -> None:
    """The loopback client is not called for a cached namespace."""
    async with admission() as parts, server_with(parts) as asked:
        await parts.admission.mutate(parts.attributes(config_map()))
        assert asked == []


async def test_create_in_terminating_namespace_returns_403() -> None:
    """The cause is NamespaceTerminating; updates and deletions are allowed."""
    async with admission() as parts:
        parts.namespace("default", phase="Terminating")
        with pytest.raises(StatusError) as refused:
            await parts.admission.mutate(parts.attributes(config_map()))
        assert refused.value.body() == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": (
                'configmaps "c1" is forbidden: unable to create new content in namespace default because it is being terminated'
            ),
            "reason": "Forbidden",
            "details": {
                "name": "c1",
                "kind": "configmaps",
                "causes": [
                    {
                        "reason": "NamespaceTerminating",
                        "message": "namespace default is being terminated",
                        "field": "metadata.namespace",
                    }
                ],
            },
            "code": 403,
        }
        await parts.admission.mutate(parts.attributes(config_map(), operation="UPDATE", old=config_map()))
        await parts.admission.mutate(parts.attributes(None, operation="DELETE", old=config_map()))


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
async def test_delete_of_system_namespace_returns_403(name: str) -> None:
    """default, kube-system and kube-public cannot be deleted, even by an administrator."""
    async with admission() as parts:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        with pytest.raises(StatusError) as refused:
            await parts.admission.mutate(parts.attributes(None, path="namespaces", operation="DELETE", old=namespace))
        assert refused.value.message == f'namespaces "{name}" is forbidden: this namespace may not be deleted'
        assert refused.value.code == 403
