"""Webhooks that are named as Services: found by a map, verified by the Service's name, the server itself among them."""

import base64

import pytest

from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import listen, serving
from rootspan_apiserver.status import StatusError

from .parts import BUNDLE, JSONObject, Webhook, admission, config_map, served

pytestmark = pytest.mark.anyio


def service(name: str, namespace: str = "default", **fields: object) -> JSONObject:
    return {
        "service": {"name": name, "namespace": namespace, "path": "/hook", **fields},
        "caBundle": base64.b64encode(BUNDLE).decode(),
    }


async def test_a_service_is_found_by_the_map_and_known_by_its_name() -> None:
    """The certificate must be for `name.namespace.svc`; the URL, the Host and the span say that name, not the address."""
    hook = Webhook()
    async with served(hook, "hooks.tools.svc") as at, admission({("tools", "hooks"): ("127.0.0.1", at.port)}) as parts:
        parts.webhook("a.example.com", "", clientConfig=service("hooks", "tools"))
        with parts.provider.get_tracer("test").start_as_current_span("Create"):
            await parts.admission.validate(parts.attributes(config_map()))
        assert hook.paths == ["/hook?timeout=10s"]
        assert dict(hook.headers[0])["host"] == "hooks.tools.svc:443"
        client = parts.recorder.spans[0]
        assert client.attributes["url.full"] == "https://hooks.tools.svc:443/hook?timeout=10s"
        assert client.attributes["server.address"] == "hooks.tools.svc"


async def test_a_certificate_for_another_name_is_refused() -> None:
    """The address being right does not help."""
    hook = Webhook()
    async with served(hook, "127.0.0.1") as at, admission({("default", "hooks"): ("127.0.0.1", at.port)}) as parts:
        parts.webhook("a.example.com", "", clientConfig=service("hooks"))
        with pytest.raises(StatusError, match=r"x509: certificate is not valid for .* hooks\.default\.svc"):
            await parts.admission.validate(parts.attributes(config_map()))
        assert hook.asked == []


async def test_a_service_that_nobody_mapped_is_not_found() -> None:
    """The failure names it."""
    async with admission() as parts:
        parts.webhook("a.example.com", "", clientConfig=service("lost", port=8443))
        with pytest.raises(StatusError) as failed:
            await parts.admission.validate(parts.attributes(config_map()))
        assert failed.value.message.endswith(
            'Post "https://lost.default.svc:8443/hook?timeout=10s": service "lost" not found'
        )


async def test_the_service_kubernetes_is_the_server_itself() -> None:
    """It is called at the server's own address, with the server's own credentials and nobody's bundle."""
    hook = Webhook()
    own = self_signed(["kubernetes.default.svc"], None)
    async with serving(hook, listen("127.0.0.1", 0), tls=server_context(own, None)) as at, admission() as parts:
        parts.loopback.connect(at.host, at.port, own.pair.certificate)
        parts.webhook("a.example.com", "", clientConfig=service("kubernetes"))
        await parts.admission.validate(parts.attributes(config_map()))
        assert dict(hook.headers[0])["authorization"] == f"Bearer {parts.loopback.token}"
        assert hook.paths == ["/hook?timeout=10s"]
