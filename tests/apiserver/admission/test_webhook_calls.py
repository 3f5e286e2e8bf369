"""What webhooks are asked, and what becomes of their answers."""

import asyncio
import base64
from typing import Any

import orjson
import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from rootspan.testing import tree
from rootspan_apiserver.audit.level import Level
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.resources.custom.definitions import resources_of
from rootspan_apiserver.serving.http import listen, serving
from tests.apiserver.admission.parts import Webhook, admission, config_map, served, server_tls

pytestmark = pytest.mark.anyio


def patch(*operations: JSONObject, **more: Any) -> Any:
    encoded = base64.b64encode(orjson.dumps(list(operations))).decode()
    return lambda request: {"uid": request["uid"], "allowed": True, "patchType": "JSONPatch", "patch": encoded, **more}


ANNOTATE = {"op": "add", "path": "/metadata/annotations", "value": {"m": "1"}}


async def test_admission_review_is_that_of_kube_apiserver() -> None:
    """The path, the headers and every field of the AdmissionReview are those of the real server."""
    hook = Webhook()
    async with served(hook) as at, admission() as parts:
        parts.webhook("mut.example.com", f"{at.url}/mutate", mutating=True)
        await parts.admission.mutate(parts.attributes(config_map("w-mut", labels={"wh": "mut"})))
        assert hook.paths == ["/mutate?timeout=10s"]
        headers = dict(hook.headers[0])
        assert headers.pop("traceparent").startswith("00-")
        assert int(headers.pop("content-length")) > 0
        assert headers == {
            "host": at.url.removeprefix("https://"),
            "user-agent": "kube-apiserver-admission",
            "accept": "application/json, */*",
            "content-type": "application/json",
            "accept-encoding": "gzip",
        }
        (review,) = hook.asked
        assert len(review["request"].pop("uid")) == 36
        assert orjson.dumps(review) == orjson.dumps(
            {
                "kind": "AdmissionReview",
                "apiVersion": "admission.k8s.io/v1",
                "request": {
                    "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
                    "resource": {"group": "", "version": "v1", "resource": "configmaps"},
                    "requestKind": {"group": "", "version": "v1", "kind": "ConfigMap"},
                    "requestResource": {"group": "", "version": "v1", "resource": "configmaps"},
                    "name": "w-mut",
                    "namespace": "default",
                    "operation": "CREATE",
                    "userInfo": {
                        "username": "admin",
                        "uid": "u1",
                        "groups": ["system:masters", "system:authenticated"],
                    },
                    "object": config_map("w-mut", labels={"wh": "mut"}),
                    "oldObject": None,
                    "dryRun": False,
                    "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
                },
            }
        )


@pytest.mark.parametrize(
    ("path", "called"),
    [
        ("", "/"),
        ("/", "/"),
        ("//validate", "/validate"),
        ("//a//b/", "/a/b"),
        ("/a/../../b/.", "/b"),
        ("/a%2F%2e%2e/b c", "/b%20c"),
        ("/a%3Fb%23c", "/a%3Fb%23c"),
        ("/!$&'()*+,;=:@é", "/%21$&%27%28%29%2A+,;=:@%C3%A9"),
    ],
)
async def test_url_path_is_joined_as_by_client_go(path: str, called: str) -> None:
    """Decoded, cleaned and escaped again: `//x`, which is what envtest writes, is called as `/x`."""
    hook, paths = Webhook(), []

    async def recording(scope: dict[str, Any], receive: Any, send: Any) -> None:
        paths.append(scope["raw_path"].decode())
        await hook(scope, receive, send)

    async with served(recording) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}{path}")
        with parts.provider.get_tracer("test").start_as_current_span("Create"):
            await parts.admission.validate(parts.attributes(config_map()))
        assert paths == [called]
        client = next(span for span in parts.recorder.spans if span.kind == "CLIENT")
        assert client.attributes["url.full"] == f"{at.url}{called}?timeout=10s"


async def test_patch_is_seen_by_next_webhook() -> None:
    """Mutating webhooks run in the order of their configurations' names, each on the result of the one before."""
    hook = Webhook(
        {
            "/1": patch(ANNOTATE, warnings=["careful"], auditAnnotations={"k": "v"}),
            "/2": patch({"op": "replace", "path": "/data/a", "value": "2"}),
        }
    )
    async with served(hook) as at, admission() as parts:
        parts.webhook("b.example.com", f"{at.url}/2", mutating=True)
        parts.webhook("a.example.com", f"{at.url}/1", mutating=True)
        attributes = parts.attributes(config_map())
        changed = await parts.admission.mutate(attributes)
        assert changed == config_map(annotations={"m": "1"}) | {"data": {"a": "2"}}
        assert [review["request"]["object"]["metadata"].get("annotations") for review in hook.asked] == [
            None,
            {"m": "1"},
        ]
        assert attributes.warnings == ["careful"]
        assert attributes.audit_annotations.of(Level.METADATA) == {
            "a.example.com/k": "v",
            "mutation.webhook.admission.k8s.io/round_0_index_0": (
                '{"configuration":"a","webhook":"a.example.com","mutated":true}'
            ),
            "mutation.webhook.admission.k8s.io/round_0_index_1": (
                '{"configuration":"b","webhook":"b.example.com","mutated":true}'
            ),
        }


async def test_patch_is_annotated_in_events_that_have_requests() -> None:
    """The operations, with their members sorted, at level Request; the index counts the webhooks that do not match, too."""
    hook = Webhook({"/": patch({"op": "add", "path": "/data/b", "value": "<"})})
    async with served(hook) as at, admission() as parts:
        rules = [{"apiGroups": ["other"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}]
        parts.webhook("a.example.com", f"{at.url}/", mutating=True, rules=rules)
        parts.webhook("b.example.com", f"{at.url}/", mutating=True)
        attributes = parts.attributes(config_map())
        await parts.admission.mutate(attributes)
        key = "patch.webhook.admission.k8s.io/round_0_index_1"
        assert key not in attributes.audit_annotations.of(Level.METADATA)
        assert attributes.audit_annotations.of(Level.REQUEST)[key] == (
            '{"configuration":"b","webhook":"b.example.com","patch":[{"op":"add","path":"/data/b","value":"\\u003c"}],'
            '"patchType":"JSONPatch"}'
        )


async def test_failing_mutating_webhook_that_is_ignored_is_annotated() -> None:
    """The key says `mutation`, as that of the annotation of the call does."""
    async with served(Webhook({"/": lambda request: {}})) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/", mutating=True, failurePolicy="Ignore")
        attributes = parts.attributes(config_map())
        await parts.admission.mutate(attributes)
        key = "failed-open.mutation.webhook.admission.k8s.io/round_0_index_0"
        assert attributes.audit_annotations[key] == "a.example.com"


@pytest.mark.parametrize(
    ("change", "reason", "message"),
    [
        ({"path": "/kind", "value": "Secret"}, "", "converting (v1.Secret) to (core.ConfigMap): unknown conversion"),
        (
            {"path": "/apiVersion", "value": "v9"},
            "InternalError",
            (
                'Internal error occurred: no kind "ConfigMap" is registered for version "v9" in scheme '
                '"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'
            ),
        ),
    ],
)
@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
async def test_patch_of_a_webhook_that_changes_the_kind_returns_500(
    change: JSONObject, reason: str, message: str, policy: str
) -> None:
    """Whatever the failure policy: the webhook was called, and what it made cannot be what the request is about."""
    hook = Webhook({"/x": patch({"op": "replace", "path": "/data", "value": {}}, {"op": "replace", **change})})
    async with served(hook) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/x", mutating=True, failurePolicy=policy)
        with pytest.raises(StatusError) as refused:
            await parts.admission.mutate(parts.attributes(config_map()))
        assert (refused.value.code, refused.value.reason, refused.value.message) == (500, reason, message)


@pytest.mark.parametrize("change", [{"kind": "Other"}, {"apiVersion": "lab.example.org/v9"}])
async def test_patch_of_custom_resource_kind_is_left_to_validation(change: JSONObject) -> None:
    """A custom resource has no type to convert to, so the patched kind is kept and validation rejects it."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "gadgets", "kind": "Gadget"}
    spec = {"group": "lab.example.org", "names": names, "scope": "Namespaced", "versions": [version]}
    gadget = {"apiVersion": "lab.example.org/v1", "kind": "Gadget", "metadata": {"name": "one", "namespace": "default"}}
    hook = Webhook({"/x": patch(*({"op": "replace", "path": f"/{key}", "value": change[key]} for key in change))})
    rule = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["gadgets"], "scope": "*"}
    async with served(hook) as at, admission() as parts:
        parts.registry.replace((), resources_of({"spec": spec}))
        parts.webhook("a.example.com", f"{at.url}/x", mutating=True, rules=[rule])
        attributes = parts.attributes(gadget, path="lab.example.org/v1/gadgets")
        assert await parts.admission.mutate(attributes) == gadget | change


async def test_denial_has_the_webhooks_status() -> None:
    """Code and message come from the webhook, and its name is added."""
    status = {"code": 403, "message": "no way"}
    hook = Webhook({"/deny": lambda request: {"uid": request["uid"], "allowed": False, "status": status}})
    async with served(hook) as at, admission() as parts:
        parts.webhook("deny.example.com", f"{at.url}/deny")
        with pytest.raises(StatusError) as refused:
            await parts.admission.validate(parts.attributes(config_map()))
        assert refused.value.body() == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": 'admission webhook "deny.example.com" denied the request: no way',
            "code": 403,
        }


async def test_denial_without_status_returns_400() -> None:
    """A success code in a denial is ignored."""
    hook = Webhook({"/": lambda request: {"uid": request["uid"], "allowed": False, "status": {"code": 200}}})
    async with served(hook) as at, admission() as parts:
        parts.webhook("deny.example.com", f"{at.url}/", mutating=True)
        with pytest.raises(StatusError, match="denied the request without explanation") as refused:
            await parts.admission.mutate(parts.attributes(config_map()))
        assert refused.value.code == 400


async def test_validating_webhooks_are_called_concurrently() -> None:
    """Two webhooks that answer only when both have been called do answer."""
    both = asyncio.Barrier(2)

    async def together(request: JSONObject) -> JSONObject:
        await both.wait()
        return {"uid": request["uid"], "allowed": True}

    hook = Webhook({"/": together})
    async with served(hook) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/")
        parts.webhook("b.example.com", f"{at.url}/")
        async with asyncio.timeout(10):
            await parts.admission.validate(parts.attributes(config_map()))
        assert len(hook.asked) == 2


async def test_webhook_is_reinvoked_after_later_change() -> None:
    """reinvocationPolicy IfNeeded: called once more after a change by another webhook, and not after its own."""
    hook = Webhook({"/2": patch(ANNOTATE)})
    async with served(hook) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/1", mutating=True, reinvocationPolicy="IfNeeded")
        parts.webhook("b.example.com", f"{at.url}/2", mutating=True, reinvocationPolicy="IfNeeded")
        attributes = parts.attributes(config_map())
        await parts.admission.mutate(attributes)
        assert [path[:2] for path in hook.paths] == ["/1", "/2", "/1"]
        assert hook.asked[-1]["request"]["object"]["metadata"]["annotations"] == {"m": "1"}
        assert "mutation.webhook.admission.k8s.io/round_1_index_0" in attributes.audit_annotations


async def test_dry_run_with_side_effects_returns_400() -> None:
    """Webhooks with sideEffects None and NoneOnDryRun are called with dryRun true; with Some they are not called."""
    hook = Webhook()
    async with served(hook) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/", sideEffects="NoneOnDryRun")
        await parts.admission.validate(parts.attributes(config_map(), dry_run=True))
        assert [review["request"]["dryRun"] for review in hook.asked] == [True]
        parts.webhook("b.example.com", f"{at.url}/", sideEffects="Some")
        with pytest.raises(StatusError) as refused:
            await parts.admission.validate(parts.attributes(config_map(), dry_run=True))
        assert (refused.value.code, refused.value.reason) == (400, "BadRequest")
        assert refused.value.message == 'admission webhook "b.example.com" does not support dry run'


async def test_patch_on_delete_returns_500() -> None:
    """The error names the webhook."""
    hook = Webhook({"/": patch(ANNOTATE)})
    async with served(hook) as at, admission() as parts:
        parts.webhook("mut.example.com", f"{at.url}/", mutating=True)
        with pytest.raises(StatusError, match="which is not supported for this operation") as refused:
            await parts.admission.mutate(parts.attributes(None, operation="DELETE", old=config_map()))
        assert refused.value.code == 500
        assert hook.asked[0]["request"]["object"] is None
        assert hook.asked[0]["request"]["oldObject"]["metadata"]["name"] == "c1"


async def test_v1beta1_review_is_sent_and_read() -> None:
    """If only v1beta1 is listed the review has that version, and the response needs no uid."""
    hook = Webhook({"/": lambda request: {"allowed": True}})
    async with served(hook) as at, admission() as parts:
        parts.webhook("old.example.com", f"{at.url}/", admissionReviewVersions=["v7", "v1beta1"])
        await parts.admission.validate(parts.attributes(config_map()))
        assert hook.asked[0]["apiVersion"] == "admission.k8s.io/v1beta1"


async def test_spans_of_calls_are_those_of_kube_apiserver() -> None:
    """A span around each call, a CLIENT span below it, and the CLIENT span's id in the request, new each time."""
    hook = Webhook({"/m": patch(ANNOTATE)})
    async with served(hook) as at, admission() as parts:
        parts.webhook("mut.example.com", f"{at.url}/m", mutating=True)
        parts.webhook("val.example.com", f"{at.url}/v", timeoutSeconds=3)
        with parts.provider.get_tracer("test").start_as_current_span("Create"):
            attributes = parts.attributes(config_map())
            await parts.admission.mutate(attributes)
            await parts.admission.validate(attributes)
        spans = parts.recorder.spans
        assert tree(spans, events=True).splitlines() == [
            "Create INTERNAL apiserver",
            "├─ Call mutating webhook INTERNAL apiserver",
            "│  │  · Request completed",
            "│  │  · Patch applied",
            "│  └─ HTTP POST CLIENT apiserver",
            "└─ Call validating webhook INTERNAL apiserver",
            "   │  · Request completed",
            "   └─ HTTP POST CLIENT apiserver",
        ]
        call = next(span for span in spans if span.name == "Call mutating webhook")
        assert call.scope.name == "k8s.io/component-base/tracing"
        assert call.attributes == {
            "configuration": "mut",
            "webhook": "mut.example.com",
            "resource": "/v1, Resource=configmaps",
            "subresource": "",
            "operation": "CREATE",
            "UID": hook.asked[0]["request"]["uid"],
        }
        clients = [span for span in spans if span.kind == "CLIENT"]
        port = int(at.url.rpartition(":")[2])
        assert clients[1].attributes == {
            "http.request.method": "POST",
            "url.full": f"{at.url}/v?timeout=3s",
            "server.address": "127.0.0.1",
            "server.port": port,
            "network.protocol.version": "1.1",
            "http.response.status_code": 200,
        }
        assert (clients[1].scope.name, clients[1].scope.version) == (
            "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",
            "0.65.0",
        )
        assert [dict(headers)["traceparent"] for headers in hook.headers] == [
            f"00-{span.trace_id}-{span.span_id}-01" for span in clients
        ]


async def test_unsampled_request_is_propagated_with_flag_00() -> None:
    """Nothing is recorded, and each webhook gets the request's trace id with a parent id of its own."""
    hook = Webhook()
    async with served(hook) as at, admission(sampler=ALWAYS_OFF) as parts:
        parts.webhook("mut.example.com", f"{at.url}/m", mutating=True)
        parts.webhook("val.example.com", f"{at.url}/v")
        with parts.provider.get_tracer("test").start_as_current_span("Create") as current:
            attributes = parts.attributes(config_map())
            await parts.admission.mutate(attributes)
            await parts.admission.validate(attributes)
        sent = [dict(headers)["traceparent"].split("-") for headers in hook.headers]
        trace_id = f"{current.get_span_context().trace_id:032x}"
        assert [(each[1], each[3]) for each in sent] == [(trace_id, "00"), (trace_id, "00")]
        assert sent[0][2] != sent[1][2]
        assert parts.recorder.spans == []


async def test_restarted_webhook_is_called_again() -> None:
    """A persistent connection that has died does not fail the next request."""
    hook = Webhook()
    async with admission() as parts:
        async with served(hook) as at:
            parts.webhook("val.example.com", f"{at.url}/v")
            await parts.admission.validate(parts.attributes(config_map()))
        async with serving(hook, listen("127.0.0.1", at.port), tls=server_tls()):
            await parts.admission.validate(parts.attributes(config_map()))
        assert len(hook.asked) == 2
