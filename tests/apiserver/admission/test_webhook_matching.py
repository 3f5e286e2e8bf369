"""Which requests a webhook is asked about."""

from typing import Any

import pytest

from rootspan_apiserver.kube.status import StatusError
from tests.apiserver.admission.parts import Parts, Webhook, admission, config_map, served

pytestmark = pytest.mark.anyio


async def _asked(parts: Parts, hook: Webhook, *attributes: Any) -> int:
    hook.asked.clear()
    for each in attributes:
        await parts.admission.validate(each)
    return len(hook.asked)


def rule(**fields: Any) -> dict[str, Any]:
    return {
        "operations": ["CREATE"],
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "resources": ["configmaps"],
        "scope": "*",
    } | fields


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({}, True),
        ({"operations": ["UPDATE"]}, False),
        ({"operations": ["*"]}, True),
        ({"apiGroups": ["apps"]}, False),
        ({"apiGroups": ["*"]}, True),
        ({"apiVersions": ["v2"]}, False),
        ({"resources": ["*"]}, True),
        ({"resources": ["*/*"]}, True),
        ({"resources": ["configmaps/*"]}, True),
        ({"resources": ["configmaps/status"]}, False),
        ({"resources": ["secrets"]}, False),
        ({"scope": "Namespaced"}, True),
        ({"scope": "Cluster"}, False),
    ],
)
async def test_every_part_of_a_rule_must_match(fields: dict[str, Any], matches: bool) -> None:
    """`*` matches all values, and for resources no subresources."""
    hook = Webhook()
    async with served(hook) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/", rules=[rule(**fields)])
        assert await _asked(parts, hook, parts.attributes(config_map())) == int(matches)


async def test_subresources_must_be_named() -> None:
    """`pods` is not `pods/status`; `pods/*`, `*/status` and `*/*` are."""
    hook = Webhook()
    async with served(hook) as at, admission() as parts:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}}
        status = parts.attributes(pod, path="pods", operation="UPDATE", old=pod, subresource="status")
        for resources, expected in (
            ("pods", 0),
            ("*", 0),
            ("pods/*", 1),
            ("*/status", 1),
            ("*/*", 1),
            ("pods/scale", 0),
        ):
            parts.webhook("a.example.com", f"{at.url}/", rules=[rule(operations=["*"], resources=[resources])])
            assert await _asked(parts, hook, status) == expected, resources
        request = hook.asked[0]["request"] if hook.asked else {}
        parts.webhook("a.example.com", f"{at.url}/", rules=[rule(operations=["*"], resources=["*/*"])])
        await _asked(parts, hook, status)
        request = hook.asked[0]["request"]
        assert (request["subResource"], request["requestSubResource"]) == ("status", "status")


async def test_namespace_and_object_selectors() -> None:
    """The labels of the namespace decide, and those of the new or the old object."""
    hook = Webhook()
    async with served(hook) as at, admission() as parts:
        parts.namespace("default", labels={"team": "a"})
        chosen = parts.attributes(config_map(labels={"on": "yes"}))
        other = parts.attributes(config_map())
        leaving = parts.attributes(config_map(), operation="UPDATE", old=config_map(labels={"on": "yes"}))
        parts.webhook("a.example.com", f"{at.url}/", objectSelector={"matchLabels": {"on": "yes"}})
        assert await _asked(parts, hook, chosen, other, leaving) == 2
        for expression, expected in (
            ({"key": "team", "operator": "In", "values": ["a", "b"]}, 1),
            ({"key": "team", "operator": "NotIn", "values": ["a"]}, 0),
            ({"key": "team", "operator": "Exists"}, 1),
            ({"key": "team", "operator": "DoesNotExist"}, 0),
        ):
            parts.webhook("a.example.com", f"{at.url}/", namespaceSelector={"matchExpressions": [expression]})
            assert await _asked(parts, hook, other) == expected, expression


async def test_created_namespace_is_matched_by_its_own_labels() -> None:
    """On creation the namespace is not in the cache yet, so the object's labels count."""
    hook = Webhook()
    async with served(hook) as at, admission() as parts:
        parts.webhook(
            "a.example.com",
            f"{at.url}/",
            rules=[rule(resources=["namespaces"])],
            namespaceSelector={"matchLabels": {"team": "a"}},
        )
        names = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"team": name}}}
            for name in ("a", "b")
        ]
        assert await _asked(parts, hook, *(parts.attributes(each, path="namespaces") for each in names)) == 1


async def test_namespace_selector_does_not_exempt_cluster_scoped_objects() -> None:
    """A selector that no namespace could match does not keep a node from the webhook."""
    hook = Webhook()
    async with served(hook) as at, admission() as parts:
        never = {"matchLabels": {"no": "such"}}
        parts.webhook("a.example.com", f"{at.url}/", rules=[rule(resources=["nodes"])], namespaceSelector=never)
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}
        assert await _asked(parts, hook, parts.attributes(node, path="nodes")) == 1


async def test_match_policy_equivalent_converts_to_the_version_of_the_rule() -> None:
    """The webhook gets the object in its rule's version, and the version of the request besides; Exact does not match."""
    hook = Webhook()
    async with served(hook) as at, admission() as parts:
        scaler = {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "h", "namespace": "default"},
            "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "d", "apiVersion": "apps/v1"}},
        }
        attributes = parts.attributes(scaler, path="autoscaling/v2/horizontalpodautoscalers")
        old = rule(apiGroups=["autoscaling"], resources=["horizontalpodautoscalers"])
        parts.webhook("a.example.com", f"{at.url}/", rules=[old], matchPolicy="Exact")
        assert await _asked(parts, hook, attributes) == 0
        parts.webhook("a.example.com", f"{at.url}/", rules=[old], matchPolicy="Equivalent")
        assert await _asked(parts, hook, attributes) == 1
        request = hook.asked[0]["request"]
        assert (request["kind"]["version"], request["requestKind"]["version"]) == ("v1", "v2")
        assert (request["resource"]["version"], request["requestResource"]["version"]) == ("v1", "v2")
        assert request["object"]["apiVersion"] == "autoscaling/v1"


async def test_webhook_configurations_are_exempt() -> None:
    """So a broken webhook can be removed."""
    hook = Webhook()
    async with served(hook) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/", rules=[rule(apiGroups=["*"], resources=["*"])])
        path = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
        configuration = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "x"},
        }
        assert await _asked(parts, hook, parts.attributes(configuration, path=path)) == 0


@pytest.mark.parametrize(
    ("conditions", "policy", "asked", "message"),
    [
        (["object.data.a == '1'", "request.operation == 'CREATE'"], "Fail", 1, ""),
        (["object.data.a == '1'", "object.data.a == '2'"], "Fail", 0, ""),
        (["object.data.zz == '1'", "object.data.a == '2'"], "Fail", 0, ""),
        (["object.data.zz == '1'"], "Ignore", 0, ""),
        (["authorizer.requestResource.check('get').allowed()"], "Fail", 1, ""),
        (["namespaceObject == null"], "Fail", 1, ""),
        (
            ["object.data.zz == '1'", "object.data.yy == '1'"],
            "Fail",
            0,
            (
                "configmaps \"c1\" is forbidden: [expression 'object.data.zz == '1'' resulted in error: no such key: zz, "
                "expression 'object.data.yy == '1'' resulted in error: no such key: yy]"
            ),
        ),
    ],
)
async def test_match_conditions_decide_whether_webhook_is_called(
    conditions: list[str], policy: str, asked: int, message: str
) -> None:
    """All must hold. One that fails refuses the request with 403 under Fail, unless another does not hold, and skips it under Ignore."""
    hook = Webhook()
    listed = [{"name": f"c{index}", "expression": expression} for index, expression in enumerate(conditions)]
    async with served(hook) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/", matchConditions=listed, failurePolicy=policy)
        attributes = parts.attributes(config_map())
        if message:
            with pytest.raises(StatusError) as refused:
                await parts.admission.validate(attributes)
            assert (refused.value.code, refused.value.message) == (403, message)
        assert await _asked(parts, hook, *([] if message else [attributes])) == asked


async def test_match_conditions_are_counted() -> None:
    """Exclusions and errors, by webhook and operation."""
    hook = Webhook()
    listed = [{"name": "a", "expression": "object.data.zz == '1'"}]
    async with served(hook) as at, admission() as parts:
        parts.webhook("a.example.com", f"{at.url}/", matchConditions=listed, failurePolicy="Ignore")
        await parts.admission.validate(parts.attributes(config_map()))
        errors, exclusions, _ = parts.metrics.match_conditions.families()
        for family, phase in ((errors, "validating"), (exclusions, "validate")):
            counted = [(sample.labels, sample.value) for sample in family.samples()]
            assert counted == [(("a.example.com", "webhook", phase, "CREATE"), 1.0)]


async def test_changed_configuration_is_used_by_next_request() -> None:
    """Created, changed, or with another URL: the cached configuration is used."""
    first, second = Webhook(), Webhook()
    async with served(first) as at, served(second) as elsewhere, admission() as parts:
        attributes = parts.attributes(config_map())
        assert await _asked(parts, first, attributes) == 0
        parts.webhook("a.example.com", f"{at.url}/")
        assert await _asked(parts, first, attributes) == 1
        parts.webhook("a.example.com", f"{elsewhere.url}/")
        assert await _asked(parts, first, attributes) == 0
        assert await _asked(parts, second, attributes) == 1
