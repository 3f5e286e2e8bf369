"""The webhooks of a MutatingWebhookConfiguration or a ValidatingWebhookConfiguration as values.

Upstream: staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/accessors.go
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rootspan_apiserver.admission.expressions.match_conditions import MatchConditions
from rootspan_apiserver.admission.predicates import RuleWithOperations
from rootspan_apiserver.clients.webhook_client_config import WebhookClientConfig
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.admissionregistration.expressions import ExpressionCompiler
from rootspan_apiserver.selectors import LabelSelector


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One webhook of a configuration. `uid` is unique among all webhooks, `timeout` is in seconds."""

    uid: str
    name: str
    configuration: str
    client: WebhookClientConfig
    rules: tuple[RuleWithOperations, ...]
    namespace_selector: LabelSelector
    object_selector: LabelSelector
    review_versions: tuple[str, ...]
    ignores_failure: bool
    equivalent: bool
    side_effects: str
    reinvocation: bool
    timeout: int
    match_conditions: MatchConditions


def webhooks(configuration: JSONObject) -> Iterator[Webhook]:
    """Yield the webhooks of a configuration object in its order. Absent fields have the API's defaults."""
    name = configuration["metadata"]["name"]
    counts: dict[str, int] = {}
    for hook in configuration.get("webhooks") or ():
        index = counts[hook["name"]] = counts.get(hook["name"], -1) + 1
        yield Webhook(
            uid=f"{name}/{hook['name']}/{index}",
            name=hook["name"],
            configuration=name,
            client=WebhookClientConfig.of(hook.get("clientConfig") or {}),
            rules=tuple(RuleWithOperations.of(rule) for rule in hook.get("rules") or ()),
            namespace_selector=LabelSelector.from_object(hook.get("namespaceSelector") or {}),
            object_selector=LabelSelector.from_object(hook.get("objectSelector") or {}),
            review_versions=tuple(hook.get("admissionReviewVersions") or ()),
            ignores_failure=hook.get("failurePolicy") == "Ignore",
            equivalent=hook.get("matchPolicy", "Equivalent") == "Equivalent",
            side_effects=hook.get("sideEffects") or "",
            reinvocation=hook.get("reinvocationPolicy") == "IfNeeded",
            timeout=hook.get("timeoutSeconds") or 10,
            match_conditions=MatchConditions(
                hook.get("matchConditions") or (),
                ExpressionCompiler(),
                ignores_failure=hook.get("failurePolicy") == "Ignore",
            ),
        )
