"""What the configurations of mutating and validating webhooks share.

What an old object has already stays valid in an update: side effects, unknown versions of reviews, names that occur twice.

Upstream: pkg/apis/admissionregistration/validation/validation.go (validateMutatingWebhook), pkg/apis/admissionregistration/v1/defaults.go,
pkg/printers/internalversion/printers.go
"""

from collections.abc import Callable, Iterator
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.names import dns_1035_label, dns_subdomain
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.admissionregistration.matching import (
    FAILURE_POLICY,
    MATCH_CONDITIONS,
    MATCH_POLICY,
    RULE,
    RULE_DEFAULTS,
)
from rootspan_apiserver.resources.columns import AGE, NAME, Column, count
from rootspan_apiserver.rules import Path, Rule, RuleContext, absent_as, between, each, function, struct
from rootspan_apiserver.rules.label_selectors import has_invalid_value, label_selector
from rootspan_apiserver.rules.webhook_clients import webhook_client

REVIEW_VERSIONS = ("v1", "v1beta1")
NO_SIDE_EFFECTS = ("None", "NoneOnDryRun")
SIDE_EFFECTS = (*NO_SIDE_EFFECTS, "Some", "Unknown")
WEBHOOK_DEFAULTS: JSONObject = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "timeoutSeconds": 10,
    "clientConfig": {"service": {"port": 443}},
    "rules": [RULE_DEFAULTS],
}
_STRICT = label_selector()
_LENIENT = label_selector(any_value=True)


def _old_webhooks(context: RuleContext) -> list[JSONObject]:
    return (context.old_root or {}).get("webhooks") or []


def _all_old(context: RuleContext, holds: Callable[[JSONObject], bool]) -> bool:
    """Return whether something holds for each webhook of the old object; for none, on create."""
    return all(map(holds, _old_webhooks(context)))


@function("IsFullyQualifiedName")
def _name(value: str, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A domain with at least three segments."""
    if not value:
        yield FieldError.required(path)
    elif reasons := dns_subdomain(value):
        yield FieldError.invalid(path, value, ",".join(reasons))
    elif value.count(".") < 2:
        yield FieldError.invalid(path, value, "should be a domain with at least three segments separated by dots")


@function("validateMutatingWebhook", absent=True)
def _side_effects(value: str | None, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """There are none, at least in dry runs."""
    strict = _all_old(context, lambda webhook: webhook.get("sideEffects") in NO_SIDE_EFFECTS)
    allowed = NO_SIDE_EFFECTS if strict else SIDE_EFFECTS
    if value is None:
        yield FieldError.required(path, f"must specify one of {', '.join(allowed)}")
    elif value not in allowed:
        yield FieldError.not_supported(path, value, allowed)


@function("ValidateLabelSelector")
def _selector(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """A label selector; where the old object has invalid values in expressions, there may be some."""
    selectors = ("namespaceSelector", "objectSelector")
    strict = _all_old(context, lambda webhook: not any(has_invalid_value(webhook.get(key)) for key in selectors))
    yield from (_STRICT if strict else _LENIENT).check(value, old, path, context)


@function("validateAdmissionReviewVersions", absent=True)
def _versions(value: list[str] | None, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """They are labels, none occurs twice, and one of them is known."""
    known = ", ".join(REVIEW_VERSIONS)
    if not value:
        yield FieldError.required(path, f"must specify one of {known}")
        return
    for index, version in enumerate(value):
        if version in value[:index]:
            yield FieldError.invalid(path / index, version, "duplicate version")
            continue
        yield from (FieldError.invalid(path / index, version, reason) for reason in dns_1035_label(version))
    if not _has_known(value) and _all_old(context, lambda webhook: _has_known(webhook.get("admissionReviewVersions"))):
        yield FieldError.invalid(path, value, f"must include at least one of {known}")


def _has_known(versions: list[str] | None) -> bool:
    return not versions or not set(REVIEW_VERSIONS).isdisjoint(versions)


@function("validateMutatingWebhookConfiguration")
def _unique_names(value: list[JSONObject], old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
    """No two webhooks have the same name."""
    before = [webhook.get("name") for webhook in _old_webhooks(context)]
    if len(set(before)) < len(before):
        return
    seen: set[str] = set()
    for index, webhook in enumerate(value):
        name = webhook.get("name") or ""
        if name and name in seen:
            yield FieldError.duplicate(path / index / "name", name)
        seen.add(name)


def has_match_conditions(obj: JSONObject) -> bool:
    """Return whether there are expressions, which take long to compile."""
    return any(webhook.get("matchConditions") for webhook in obj.get("webhooks") or ())


def webhook_rules(**more: Rule) -> Rule:
    """Return the rules for a configuration; `more` are for fields that only one kind of webhook has."""
    webhook = struct(
        name=absent_as("", _name),
        rules=each(RULE),
        failurePolicy=FAILURE_POLICY,
        matchPolicy=MATCH_POLICY,
        sideEffects=_side_effects,
        timeoutSeconds=between(1, 30, words="the timeout value must be between 1 and 30 seconds"),
        namespaceSelector=_selector,
        objectSelector=_selector,
        **more,
        clientConfig=absent_as({}, webhook_client),
        matchConditions=MATCH_CONDITIONS,
        admissionReviewVersions=_versions,
    )
    return struct(webhooks=each(webhook) & _unique_names)


COLUMNS = (NAME, Column("Webhooks", count("webhooks"), "integer", description="The number of webhooks."), AGE)
