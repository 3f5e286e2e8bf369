"""The operations of the conformance run, in order: every verb, rejected requests, custom resources, webhooks.

They need a server without other writers. They delete what they create, unless the server fails before the end.
"""

from collections.abc import Iterator

from rootspan_apiserver.conformance.operation import Caller, Operation
from rootspan_apiserver.conformance.webhook_server import (
    DENY,
    HANG,
    MUTATE,
    MUTATE_TOO,
    UNREACHABLE,
    VALIDATE,
    Webhooks,
)
from rootspan_apiserver.kube.media_types import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from rootspan_apiserver.kube.meta import JSONObject

MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
MUTATING = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
VALIDATING = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
FOREIGN_CONTEXT = {"traceparent": "00-1111111111111111111111111111111a-b7ad6b7169203331-01"}
BACKGROUND: JSONObject = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
FOREGROUND: JSONObject = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Foreground"}


def config_map(name: str, a: str = "1", **metadata: object) -> JSONObject:
    """Return a ConfigMap with the data `a`."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"a": a}}


def deployment(name: str) -> JSONObject:
    """Return a Deployment of two replicas."""
    template = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "d"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def pod(name: str) -> JSONObject:
    """Return a Pod without a service account token."""
    spec = {"automountServiceAccountToken": False, "containers": [{"name": "c", "image": "nginx"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "p"}}, "spec": spec}


WIDGET_DEFINITION: JSONObject = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"size": {"type": "integer", "default": 1}}},
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}


def operations(webhooks: Webhooks) -> Iterator[Operation]:
    """Yield all operations; `webhooks` has the addresses for webhook configurations."""
    yield from _documents()
    yield from _config_map_creates_and_reads()
    yield from _config_map_updates()
    yield from _config_map_patches()
    yield from _config_map_watches()
    yield from _pods()
    yield from _deployments()
    yield from _namespaces()
    yield from _custom_resources()
    yield from _others()
    yield from _refusals()
    yield from _deletions()
    yield from _webhooks(webhooks)


def _documents() -> Iterator[Operation]:
    yield Operation("version", "GET", "/version")
    for path in (
        "/healthz",
        "/livez",
        "/readyz",
        "/api",
        "/apis",
        "/api/v1",
        "/apis/apps",
        "/apis/apps/v1",
        "/openapi/v3",
    ):
        yield Operation(path.strip("/").replace("/", "-"), "GET", path)
    aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    yield Operation("apis-aggregated", "GET", "/apis", headers={"accept": aggregated})


def _config_map_creates_and_reads() -> Iterator[Operation]:
    one = f"{MAPS}/c1"
    yield Operation("cm-create", "POST", MAPS, config_map("c1"))
    yield Operation("cm-create-dup", "POST", MAPS, config_map("c1"))
    yield Operation("cm-create-dry-run", "POST", f"{MAPS}?dryRun=All", config_map("dry"))
    yield Operation("cm-create-generate-name", "POST", MAPS, {"metadata": {"generateName": "g-", "labels": {"g": "1"}}})
    yield Operation("cm-create-invalid", "POST", MAPS, config_map("Not_A_Name"))
    yield Operation("cm-create-no-namespace", "POST", "/api/v1/namespaces/nowhere/configmaps", config_map("c1"))
    yield Operation("cm-delete-generated", "DELETE", f"{MAPS}?labelSelector=g%3D1")
    yield Operation("cm-get", "GET", one)
    yield Operation("cm-get-404", "GET", f"{MAPS}/nope")
    yield Operation("cm-get-rv0", "GET", f"{one}?resourceVersion=0")
    yield Operation("cm-get-table", "GET", one, headers={"accept": TABLE})
    yield Operation("cm-get-partial", "GET", one, headers={"accept": PARTIAL})
    yield Operation("cm-get-yaml", "GET", one, headers={"accept": "application/yaml"})
    for name in ("k1", "k2"):
        path = "/api/v1/namespaces/kube-system/configmaps"
        yield Operation(f"{name}-create", "POST", path, config_map(name), setting=True)
    yield Operation("cm-list", "GET", MAPS)
    yield Operation("cm-list-limit", "GET", "/api/v1/configmaps?limit=1")
    yield Operation("cm-list-continue", "GET", "/api/v1/configmaps?limit=1&continue={continue}")
    yield Operation("cm-list-exact", "GET", f"{MAPS}?resourceVersion={{resourceVersion}}&resourceVersionMatch=Exact")
    yield Operation("cm-list-not-older", "GET", f"{MAPS}?resourceVersion={{resourceVersion}}")
    yield Operation("cm-get-not-older", "GET", f"{one}?resourceVersion={{resourceVersion}}")
    yield Operation("cm-list-rv0", "GET", f"{MAPS}?resourceVersion=0")
    yield Operation("cm-list-table", "GET", MAPS, headers={"accept": TABLE})
    yield Operation("cm-list-partial", "GET", MAPS, headers={"accept": PARTIAL.replace("Metadata", "MetadataList")})
    yield Operation("cm-list-protobuf", "GET", MAPS, headers={"accept": "application/vnd.kubernetes.protobuf"})
    yield Operation("cm-list-pretty", "GET", f"{MAPS}?pretty=true")
    yield Operation("cm-list-label", "GET", f"{MAPS}?labelSelector=nobody%3Dhas")
    yield Operation("cm-list-field", "GET", f"{MAPS}?fieldSelector=metadata.name%3Dc1")
    yield Operation("cm-list-bad-selector", "GET", f"{MAPS}?fieldSelector=data.a%3D1")
    for name in ("k1", "k2"):
        yield Operation(f"{name}-gone", "DELETE", f"/api/v1/namespaces/kube-system/configmaps/{name}", setting=True)


def _config_map_updates() -> Iterator[Operation]:
    one = f"{MAPS}/c1"
    yield Operation("cm-put", "PUT", one, amend={"data": {"b": "2"}})
    yield Operation("cm-put-same", "PUT", one, amend={})
    yield Operation("cm-put-conflict", "PUT", one, amend={"metadata": {"resourceVersion": "1"}, "data": {"b": "3"}})
    yield Operation("cm-put-wrong-name", "PUT", one, config_map("other"))


def _config_map_patches() -> Iterator[Operation]:
    one, two = f"{MAPS}/c1", f"{MAPS}/c2"
    yield Operation("cm-patch-merge", "PATCH", one, {"data": {"m": "1"}}, content_type=MERGE_PATCH)
    yield Operation("cm-patch-smp", "PATCH", one, {"data": {"s": "1"}}, content_type=STRATEGIC_PATCH)
    added = b'[{"op":"add","path":"/data/j","value":"1"}]'
    yield Operation("cm-patch-json", "PATCH", one, added, content_type=JSON_PATCH)
    yield Operation("cm-patch-json-test", "PATCH", one, added.replace(b"add", b"test"), content_type=JSON_PATCH)
    nowhere = b'[{"op":"remove","path":"/nowhere"}]'
    yield Operation("cm-patch-json-nowhere", "PATCH", one, nowhere, content_type=JSON_PATCH)
    yield Operation("cm-patch-no-op", "PATCH", one, {"data": {"m": "1"}}, content_type=MERGE_PATCH)
    yield Operation("cm-patch-dry-run", "PATCH", f"{one}?dryRun=All", {"data": {"m": "2"}}, content_type=MERGE_PATCH)
    yield Operation("cm-patch-404", "PATCH", f"{MAPS}/nope", {"data": {"m": "1"}}, content_type=MERGE_PATCH)
    yield Operation("cm-apply", "PATCH", f"{two}?fieldManager=me", config_map("c2"), content_type=APPLY_PATCH)
    yield Operation(
        "cm-apply-again", "PATCH", f"{two}?fieldManager=me", config_map("c2", "2"), content_type=APPLY_PATCH
    )
    theirs = config_map("c2", "3")
    yield Operation("cm-apply-conflict", "PATCH", f"{two}?fieldManager=they", theirs, content_type=APPLY_PATCH)
    forced = f"{two}?fieldManager=they&force=true"
    yield Operation("cm-apply-force", "PATCH", forced, theirs, content_type=APPLY_PATCH)
    yield Operation("cm-apply-no-manager", "PATCH", two, theirs, content_type=APPLY_PATCH)


def _config_map_watches() -> Iterator[Operation]:
    yield Operation("cm-watch", "GET", f"{MAPS}?watch=1&timeoutSeconds=1")
    yield Operation("cm-watch-rv0", "GET", f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion=0")
    yield Operation("cm-watch-from", "GET", f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={{resourceVersion}}")
    yield Operation("cm-watch-bookmarks", "GET", f"{MAPS}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true")
    yield Operation("cm-watch-name", "GET", f"{MAPS}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dc1")
    yield Operation("cm-watch-406", "GET", f"{MAPS}?watch=1&timeoutSeconds=1", headers={"accept": "image/png"})
    yield Operation("cm-watch-gone", "GET", f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion=1")
    first = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    yield Operation("cm-watch-list", "GET", f"{MAPS}?watch=1&timeoutSeconds=1&{first}")
    yield Operation("cm-watch-list-rv0", "GET", f"{MAPS}?watch=1&timeoutSeconds=1&{first}&resourceVersion=0")


def _pods() -> Iterator[Operation]:
    one = f"{PODS}/p1"
    account: JSONObject = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    yield Operation("sa", "POST", "/api/v1/namespaces/default/serviceaccounts", account, setting=True)
    token: JSONObject = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    yield Operation("sa-token", "POST", "/api/v1/namespaces/default/serviceaccounts/default/token", token)
    yield Operation("pod-create", "POST", PODS, pod("p1"))
    yield Operation("pod-get", "GET", one)
    yield Operation("pod-list-field", "GET", f"{PODS}?fieldSelector=spec.nodeName%3Dn1")
    running: JSONObject = {"status": {"phase": "Running"}}
    yield Operation("pod-status-patch", "PATCH", f"{one}/status", running, content_type=STRATEGIC_PATCH)
    target: JSONObject = {"apiVersion": "v1", "kind": "Node", "name": "n1"}
    binding: JSONObject = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p1"}, "target": target}
    yield Operation("pod-binding", "POST", f"{one}/binding", binding)
    yield Operation("pod-log", "GET", f"{one}/log")
    eviction: JSONObject = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p1"}}
    yield Operation("pod-evict", "POST", f"{one}/eviction", eviction)
    yield Operation("pod-delete-now", "DELETE", f"{one}?gracePeriodSeconds=0")
    yield Operation("pod-delete", "DELETE", one)
    yield Operation("pod-create-unbound", "POST", PODS, pod("p2"))
    yield Operation("pod-delete-unbound", "DELETE", f"{PODS}/p2")


def _deployments() -> Iterator[Operation]:
    one = f"{DEPLOYMENTS}/d1"
    scale: JSONObject = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": "d1", "namespace": "default"},
        "spec": {"replicas": 4},
    }
    yield Operation("dep-create", "POST", DEPLOYMENTS, deployment("d1"))
    yield Operation("dep-scale-patch", "PATCH", f"{one}/scale", {"spec": {"replicas": 3}}, content_type=MERGE_PATCH)
    yield Operation("dep-scale-get", "GET", f"{one}/scale")
    yield Operation("dep-scale-put", "PUT", f"{one}/scale", scale)
    yield Operation("dep-status-get", "GET", f"{one}/status")
    yield Operation("dep-status-put", "PUT", f"{one}/status", amend={"status": {"replicas": 1}})
    yield Operation("dep-list", "GET", DEPLOYMENTS)
    bad: JSONObject = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "bad"}, "spec": {}}
    yield Operation("dep-invalid", "POST", DEPLOYMENTS, bad)
    changed: JSONObject = {"spec": {"selector": {"matchLabels": {"app": "e"}}}}
    yield Operation("dep-immutable", "PATCH", one, changed, content_type=MERGE_PATCH)
    yield Operation("dep-delete-foreground", "DELETE", one, FOREGROUND)
    yield Operation(
        "dep-gone", "PATCH", one, {"metadata": {"finalizers": None}}, content_type=MERGE_PATCH, setting=True
    )


def _namespaces() -> Iterator[Operation]:
    team: JSONObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    one = "/api/v1/namespaces/team"
    yield Operation("ns-create", "POST", "/api/v1/namespaces", team)
    yield Operation("ns-get", "GET", one)
    yield Operation("ns-list", "GET", "/api/v1/namespaces")
    yield Operation("ns-status", "PUT", f"{one}/status", amend={"status": {"phase": "Active"}})
    yield Operation(
        "ns-finalize", "PUT", f"{one}/finalize", team | {"spec": {"finalizers": ["kubernetes", "example.com/x"]}}
    )
    yield Operation("ns-delete", "DELETE", one)
    yield Operation("ns-let-go", "PUT", f"{one}/finalize", team | {"spec": {"finalizers": []}}, setting=True)
    yield Operation("ns-delete-kubernetes", "DELETE", "/api/v1/namespaces/default")


def _custom_resources() -> Iterator[Operation]:
    one = f"{WIDGETS}/w1"
    widget: JSONObject = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w1"}}
    widget["spec"] = {"junk": 1}
    yield Operation("crd-create", "POST", CRDS, WIDGET_DEFINITION, awaits="/apis/example.com/v1")
    yield Operation("cr-create", "POST", WIDGETS, widget)
    yield Operation("cr-get", "GET", one)
    yield Operation("cr-list", "GET", WIDGETS)
    yield Operation("cr-list-table", "GET", WIDGETS, headers={"accept": TABLE})
    yield Operation("cr-patch", "PATCH", one, {"spec": {"size": 2}}, content_type=MERGE_PATCH)
    yield Operation("cr-patch-smp", "PATCH", one, {"spec": {"size": 3}}, content_type=STRATEGIC_PATCH)
    yield Operation("cr-status", "PATCH", f"{one}/status", {"status": {"ok": True}}, content_type=MERGE_PATCH)
    yield Operation("cr-invalid", "PATCH", one, {"spec": {"size": "x"}}, content_type=MERGE_PATCH)
    yield Operation("cr-watch", "GET", f"{WIDGETS}?watch=1&timeoutSeconds=1")
    yield Operation("cr-delete", "DELETE", one)
    yield Operation("crd-delete", "DELETE", f"{CRDS}/widgets.example.com")


def _others() -> Iterator[Operation]:
    event: JSONObject = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e1"},
        "involvedObject": {"kind": "ConfigMap", "namespace": "default", "name": "c1"},
        "reason": "Looked",
    }
    yield Operation("event-create", "POST", "/api/v1/namespaces/default/events", event)
    yield Operation("event-delete", "DELETE", "/api/v1/namespaces/default/events/e1")
    lease: JSONObject = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "l1"},
        "spec": {},
    }
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    yield Operation("lease-put-create", "PUT", f"{leases}/l1", lease)
    yield Operation("lease-delete", "DELETE", f"{leases}/l1")
    review: JSONObject = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "get", "resource": "configmaps"}},
    }
    yield Operation("access-review", "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    node: JSONObject = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n9"}}
    yield Operation("node-create", "POST", "/api/v1/nodes", node)
    yield Operation("node-delete", "DELETE", "/api/v1/nodes/n9")
    secret: JSONObject = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s1"}, "stringData": {"a": "1"}}
    yield Operation("secret-create", "POST", "/api/v1/namespaces/default/secrets", secret)
    yield Operation("secret-delete", "DELETE", "/api/v1/namespaces/default/secrets/s1")
    port = {"port": 80, "protocol": "TCP"}
    service: JSONObject = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "v1"}, "spec": {"ports": [port]}}
    yield Operation("svc-create", "POST", "/api/v1/namespaces/default/services", service)
    yield Operation("svc-delete", "DELETE", "/api/v1/namespaces/default/services/v1")


def _refusals() -> Iterator[Operation]:
    yield Operation("anon", "GET", MAPS, caller=Caller.ANONYMOUS)
    yield Operation("401", "GET", MAPS, caller=Caller.UNKNOWN)
    yield Operation("403", "GET", f"{MAPS}/x", caller=Caller.ORDINARY)
    yield Operation("403-linked", "GET", f"{MAPS}/x", caller=Caller.ORDINARY, headers=FOREIGN_CONTEXT)
    yield Operation("404", "GET", "/nope")
    yield Operation("404-group", "GET", "/apis/nobody.example.com/v1/things")
    yield Operation("405", "POST", f"{MAPS}/c1", config_map("c1"))
    yield Operation("415", "POST", MAPS, b"x", content_type="text/plain")
    yield Operation("415-patch", "PATCH", f"{MAPS}/c1", {"data": {}}, content_type="application/json")
    yield Operation("406", "GET", MAPS, headers={"accept": "image/png"})
    yield Operation("413", "POST", MAPS, b" " * (3 * 1024 * 1024 + 1))
    yield Operation("badjson", "POST", MAPS, b"{")
    yield Operation("badtype", "POST", MAPS, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}})
    yield Operation("strict", "POST", f"{MAPS}?fieldValidation=Strict", {**config_map("c3"), "nobody": "knows"})
    yield Operation("bad-limit", "GET", f"{MAPS}?limit=x")
    yield Operation("list-too-large", "GET", f"{MAPS}?resourceVersion=999999999")
    yield Operation("get-too-large", "GET", f"{MAPS}/c1?resourceVersion=999999999")
    yield Operation("list-bad-rv", "GET", f"{MAPS}?resourceVersion=x")
    yield Operation("get-bad-rv", "GET", f"{MAPS}/c1?resourceVersion=x")
    yield Operation("bad-match", "GET", f"{MAPS}?resourceVersionMatch=Exact")
    yield Operation("bad-dry-run", "POST", f"{MAPS}?dryRun=some", config_map("x"))
    yield Operation("bad-namespace", "POST", MAPS, config_map("x", namespace="other"))
    yield Operation("bad-put", "PUT", f"{MAPS}/c1", b"{")
    yield Operation("bad-merge-patch", "PATCH", f"{MAPS}/c1", b"{", content_type=MERGE_PATCH)
    yield Operation("bad-json-patch", "PATCH", f"{MAPS}/c1", b"{}", content_type=JSON_PATCH)
    yield Operation("bad-apply", "PATCH", f"{MAPS}/c1?fieldManager=me", b"{", content_type=APPLY_PATCH)
    yield Operation("bad-delete", "DELETE", f"{MAPS}/c1", b"{")
    yield Operation("404-resource", "GET", "/api/v1/namespaces/default/nopes")
    yield Operation("405-options", "OPTIONS", MAPS)
    yield Operation("bad-continue", "GET", f"{MAPS}?continue=x")
    yield Operation("406-get", "GET", f"{MAPS}/c1", headers={"accept": "image/png"})
    yield Operation("403-unacceptable", "GET", MAPS, caller=Caller.ORDINARY, headers={"accept": "image/png"})
    yield Operation("impersonated", "GET", f"{MAPS}/c1", headers={"impersonate-user": "jane"})
    masters = {"impersonate-user": "jane", "impersonate-group": "system:masters"}
    yield Operation("impersonated-master", "GET", f"{MAPS}/c1", headers=masters)
    yield Operation("put-404", "PUT", f"{MAPS}/nope", config_map("nope"))


def _deletions() -> Iterator[Operation]:
    held = config_map("held", finalizers=["example.com/hold"])
    precondition: JSONObject = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "not-this"}}
    yield Operation("held-create", "POST", MAPS, held, setting=True)
    yield Operation("held-delete", "DELETE", f"{MAPS}/held")
    yield Operation("held-delete-again", "DELETE", f"{MAPS}/held")
    let_go: JSONObject = {"metadata": {"finalizers": None}}
    yield Operation("held-let-go", "PATCH", f"{MAPS}/held", let_go, content_type=MERGE_PATCH)
    yield Operation("cm-delete-precondition", "DELETE", f"{MAPS}/c1", precondition)
    yield Operation("cm-delete-dry-run", "DELETE", f"{MAPS}/c1?dryRun=All")
    yield Operation("cm-delete", "DELETE", f"{MAPS}/c1")
    yield Operation("cm-delete-options", "DELETE", f"{MAPS}/c2", BACKGROUND)
    yield Operation("cm-delete-404", "DELETE", f"{MAPS}/c2")
    for name in ("x1", "x2"):
        yield Operation(f"{name}-create", "POST", MAPS, config_map(name, labels={"x": "1"}), setting=True)
    yield Operation("cm-delete-collection", "DELETE", f"{MAPS}?labelSelector=x%3D1")


def _webhooks(webhooks: Webhooks) -> Iterator[Operation]:
    def labelled(name: str) -> JSONObject:
        return config_map(f"w-{name}", labels={"wh": name})

    def created(name: str) -> Operation:
        return Operation(f"wh-{name}", "POST", MAPS, labelled(name))

    mut = webhooks.configuration("MutatingWebhookConfiguration", "mut", MUTATE)
    yield Operation("mut", "POST", MUTATING, mut, setting=True)
    again = webhooks.configuration("MutatingWebhookConfiguration", "re", MUTATE, again=MUTATE_TOO)
    yield Operation("re", "POST", MUTATING, again, setting=True)
    for name, path in (("val", VALIDATE), ("deny", DENY), ("fail", UNREACHABLE), ("slow", HANG)):
        configuration = webhooks.configuration("ValidatingWebhookConfiguration", name, path)
        yield Operation(name, "POST", VALIDATING, configuration, setting=True)
    ignored = webhooks.configuration("ValidatingWebhookConfiguration", "ignore", UNREACHABLE, policy="Ignore")
    yield Operation("ignore", "POST", VALIDATING, ignored, setting=True)
    both = webhooks.configuration("ValidatingWebhookConfiguration", "two", VALIDATE, again=VALIDATE)
    yield Operation("two", "POST", VALIDATING, both, setting=True, settles=True)

    yield created("mut")
    yield created("re")
    yield created("val")
    yield created("two")
    yield created("deny")
    yield created("fail")
    yield created("ignore")
    yield created("slow")
    yield Operation(
        "wh-dry-run",
        "POST",
        f"{MAPS}?dryRun=All",
        labelled("val") | {"metadata": {"name": "w-dry", "labels": {"wh": "val"}}},
    )
    yield Operation("wh-put", "PUT", f"{MAPS}/w-val", amend={"data": {"b": "2"}})
    yield Operation("wh-patch", "PATCH", f"{MAPS}/w-mut", {"data": {"b": "2"}}, content_type=MERGE_PATCH)
    yield Operation("wh-delete", "DELETE", f"{MAPS}/w-val")
    for configurations, names in (
        (MUTATING, ("mut", "re")),
        (VALIDATING, ("val", "deny", "fail", "slow", "ignore", "two")),
    ):
        for name in names:
            yield Operation(f"{name}-gone", "DELETE", f"{configurations}/{name}", setting=True)
    for name in ("mut", "re", "two", "ignore"):
        yield Operation(f"w-{name}-gone", "DELETE", f"{MAPS}/w-{name}", setting=True)
