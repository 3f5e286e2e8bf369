"""The configurations of admission webhooks and policies."""

from collections.abc import Iterator

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.kinds.builtin_strategy import BuiltinStrategy
from rootspan_apiserver.resources.kinds.checks import duplicates, label_selector, one_of
from rootspan_apiserver.resources.kinds.webhook_clients import check_client
from rootspan_apiserver.resources.required import missing

OPERATIONS = ("CONNECT", "CREATE", "DELETE", "UPDATE", "*")
SCOPES = ("*", "Cluster", "Namespaced")
REVIEW_VERSIONS = ("v1", "v1beta1")


def _default_rules(rules: list[JSONObject] | None) -> None:
    for rule in rules or []:
        rule.setdefault("scope", "*")


class WebhookConfigurationStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        for webhook in obj.get("webhooks") or []:
            webhook.setdefault("failurePolicy", "Fail")
            webhook.setdefault("matchPolicy", "Equivalent")
            webhook.setdefault("namespaceSelector", {})
            webhook.setdefault("objectSelector", {})
            webhook.setdefault("timeoutSeconds", 10)
            if self.kind.kind == "MutatingWebhookConfiguration":
                webhook.setdefault("reinvocationPolicy", "Never")
            if (service := (webhook.get("clientConfig") or {}).get("service")) is not None:
                service.setdefault("port", 443)
            _default_rules(webhook.get("rules"))

    def validate(self, obj: JSONObject) -> list[FieldError]:
        webhooks = obj.get("webhooks") or []
        errors = []
        for index, webhook in enumerate(webhooks):
            errors += _check_webhook(webhook, f"webhooks[{index}]")
        names = [(f"webhooks[{index}].name", webhook.get("name")) for index, webhook in enumerate(webhooks)]
        return errors + duplicates([(at, name) for at, name in names if name])


def _check_webhook(webhook: JSONObject, field: str) -> list[FieldError]:
    errors = list(_check_name(webhook.get("name") or "", f"{field}.name"))
    versions = webhook.get("admissionReviewVersions") or []
    if not versions:
        detail = f"must specify one of {', '.join(REVIEW_VERSIONS)}"
        errors.append(FieldError.required(f"{field}.admissionReviewVersions", detail))
    elif not set(versions) & set(REVIEW_VERSIONS):
        detail = f"must include at least one of {', '.join(REVIEW_VERSIONS)}"
        errors.append(FieldError.invalid(f"{field}.admissionReviewVersions", versions, detail))
    for index, rule in enumerate(webhook.get("rules") or []):
        errors += check_rule(rule, f"{field}.rules[{index}]")
    errors += one_of(webhook.get("failurePolicy"), ("Fail", "Ignore"), f"{field}.failurePolicy")
    errors += one_of(webhook.get("matchPolicy"), ("Equivalent", "Exact"), f"{field}.matchPolicy")
    effects = webhook.get("sideEffects")
    if effects is None:
        errors.append(FieldError.required(f"{field}.sideEffects", "must specify one of None, NoneOnDryRun"))
    else:
        errors += one_of(effects, ("None", "NoneOnDryRun"), f"{field}.sideEffects")
    seconds = webhook.get("timeoutSeconds")
    if seconds is not None and not 1 <= seconds <= 30:
        detail = "the timeout value must be between 1 and 30 seconds"
        errors.append(FieldError.invalid(f"{field}.timeoutSeconds", seconds, detail))
    errors += label_selector(webhook.get("namespaceSelector"), f"{field}.namespaceSelector")
    errors += label_selector(webhook.get("objectSelector"), f"{field}.objectSelector")
    if "reinvocationPolicy" in webhook:
        errors += one_of(webhook["reinvocationPolicy"], ("IfNeeded", "Never"), f"{field}.reinvocationPolicy")
    return errors + list(check_client(webhook.get("clientConfig") or {}, f"{field}.clientConfig"))


def _check_name(name: str, field: str) -> Iterator[FieldError]:
    if not name:
        yield FieldError.required(field)
        return
    reasons = dns_subdomain(name)
    if reasons:
        yield from (FieldError.invalid(field, name, reason) for reason in reasons)
    elif name.count(".") < 2:
        yield FieldError.invalid(field, name, "should be a domain with at least three segments separated by dots")


def check_rule(rule: JSONObject, field: str) -> list[FieldError]:
    errors = []
    operations = rule.get("operations") or []
    if not operations:
        errors.append(FieldError.required(f"{field}.operations"))
    if len(operations) > 1 and "*" in operations:
        detail = "if '*' is present, must not specify other operations"
        errors.append(FieldError.invalid(f"{field}.operations", operations, detail))
    for index, operation in enumerate(operations):
        errors += one_of(operation, OPERATIONS, f"{field}.operations[{index}]")
    for key in ("apiGroups", "apiVersions", "resources"):
        values = rule.get(key) or []
        if not values:
            errors.append(FieldError.required(f"{field}.{key}"))
        elif len(values) > 1 and "*" in values and key != "resources":
            what = "API groups" if key == "apiGroups" else "API versions"
            detail = f"if '*' is present, must not specify other {what}"
            errors.append(FieldError.invalid(f"{field}.{key}", values, detail))
    return errors + one_of(rule.get("scope"), SCOPES, f"{field}.scope")


class AdmissionPolicyStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        spec = obj["spec"]
        spec.setdefault("failurePolicy", "Fail")
        if (constraints := spec.get("matchConstraints")) is not None:
            _default_match(constraints)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = missing(obj, self._schema)
        constraints = obj["spec"].get("matchConstraints")
        if constraints is None:
            errors.append(FieldError.required("spec.matchConstraints"))
        elif not constraints.get("resourceRules"):
            errors.append(FieldError.required("spec.matchConstraints.resourceRules"))
        return errors


class AdmissionPolicyBindingStrategy(BuiltinStrategy):
    counts_generation = True

    def set_defaults(self, obj: JSONObject) -> None:
        if (resources := obj["spec"].get("matchResources")) is not None:
            _default_match(resources)

    def validate(self, obj: JSONObject) -> list[FieldError]:
        errors = [] if obj["spec"].get("policyName") else [FieldError.required("spec.policyName")]
        if self.kind.kind.startswith("Validating") and not obj["spec"].get("validationActions"):
            errors.append(FieldError.required("spec.validationActions"))
        return errors


def _default_match(resources: JSONObject) -> None:
    resources.setdefault("matchPolicy", "Equivalent")
    resources.setdefault("namespaceSelector", {})
    resources.setdefault("objectSelector", {})
    _default_rules(resources.get("resourceRules"))
    _default_rules(resources.get("excludeResourceRules"))
