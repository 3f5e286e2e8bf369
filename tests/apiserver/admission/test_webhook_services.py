"""Webhooks that are named as Services: found by a map, verified by the Service's name, the server itself among them."""

import base64

import pytest

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.serving.certificates import self_signed, server_context
from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.admission.parts import BUNDLE, Webhook, admission, config_map, served

pytestmark = pytest.mark.anyio


def service(name: str, namespace: str = "default", **fields: object) -> JSONObject:
    return {
        "service": {"name": name, "namespace": namespace, "path": "/hook", **fields},
        "caBundle": base64.b64encode(BUNDLE).decode(),
    }


async def test_service_is_called_at_its_mapped_address() -> None:
    """The certificate must be for `name.namespace.svc`; URL, Host header and span have that name, not the address."""
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


async def test_non_ascii_host_is_sent_as_punycode() -> None:
    """In the Host header and in TLS."""
    hook = Webhook()
    async with served(hook, "höök.tools.svc") as at, admission({("tools", "höök"): ("127.0.0.1", at.port)}) as parts:
        parts.webhook("a.example.com", "", clientConfig=service("höök", "tools", port=8443))
        await parts.admission.validate(parts.attributes(config_map()))
        assert dict(hook.headers[0])["host"] == "xn--hk-fkaa.tools.svc:8443"


@pytest.mark.parametrize("url", ["https://xn--/", "https://☃.net/", "https://a b/", "ftp:x"])
async def test_invalid_host_fails_the_call(url: str) -> None:
    """The failurePolicy applies: a stored configuration need not be valid."""
    async with admission() as parts:
        parts.webhook("a.example.com", url)
        with pytest.raises(StatusError, match="failed calling webhook") as failed:
            await parts.admission.validate(parts.attributes(config_map()))
        assert failed.value.code == 500
        parts.webhook("a.example.com", url, failurePolicy="Ignore")
        await parts.admission.validate(parts.attributes(config_map()))


async def test_certificate_for_other_name_fails() -> None:
    """The right address does not help."""
    hook = Webhook()
    async with served(hook, "127.0.0.1") as at, admission({("default", "hooks"): ("127.0.0.1", at.port)}) as parts:
        parts.webhook("a.example.com", "", clientConfig=service("hooks"))
        with pytest.raises(StatusError, match=r"x509: certificate is not valid for .* hooks\.default\.svc"):
            await parts.admission.validate(parts.attributes(config_map()))
        assert hook.asked == []


async def test_unmapped_service_is_not_found() -> None:
    """The error names the Service."""
    async with admission() as parts:
        parts.webhook("a.example.com", "", clientConfig=service("lost", port=8443))
        with pytest.raises(StatusError) as failed:
            await parts.admission.validate(parts.attributes(config_map()))
        assert failed.value.message.endswith(
            'Post "https://lost.default.svc:8443/hook?timeout=10s": service "lost" not found'
        )


async def test_service_kubernetes_is_the_server_without_token() -> None:
    """It is called at the server's address with the server's certificate and no token: the path is the configuration's choice."""
    hook = Webhook()
    own = self_signed(["kubernetes.default.svc"], None)
    async with serving(hook, listen("127.0.0.1", 0), tls=server_context(own)) as at, admission() as parts:
        parts.loopback.connect(at.host, at.port, own.pair.certificate)
        for client in (
            service("kubernetes"),
            {"url": "https://kubernetes.default.svc/hook"},
            {"url": "https://kubernetes.default.svc:443/hook"},
        ):
            parts.webhook("a.example.com", "", clientConfig=client)
            await parts.admission.validate(parts.attributes(config_map()))
        assert hook.paths == ["/hook?timeout=10s"] * 3
        assert [dict(headers).get("authorization") for headers in hook.headers] == [None] * 3


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "kubernetes.default.svc:443/", "namespace": "x"},
        {"name": "127.0.0.1:{port}/?", "namespace": "x"},
        {"name": "127.0.0.1:{port}/#", "namespace": "x"},
        {"name": "kubernetes", "port": 444},
    ],
)
async def test_service_name_is_not_an_address(fields: JSONObject) -> None:
    """A name with a slash is the name of an unmapped Service, whatever URL results from it."""
    hook = Webhook()
    own = self_signed(["kubernetes.default.svc", "127.0.0.1"], None)
    async with serving(hook, listen("127.0.0.1", 0), tls=server_context(own)) as at, admission() as parts:
        parts.loopback.connect(at.host, at.port, own.pair.certificate)
        name = fields["name"].format(port=at.port)
        client = service(**{**fields, "name": name}) | {"caBundle": base64.b64encode(own.pair.certificate).decode()}
        parts.webhook("a.example.com", "", clientConfig=client)
        with pytest.raises(StatusError, match=r"service .* not found"):
            await parts.admission.validate(parts.attributes(config_map()))
        assert hook.asked == []
