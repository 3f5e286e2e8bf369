"""What workloads share: a template of pods, the selector that must match it, and the cells that show them.

Upstream: pkg/apis/apps/validation/validation.go (ValidatePodTemplateSpecForReplicaSet)
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.resources.cells import containers
from rootspan_apiserver.resources.columns import Column, at
from rootspan_apiserver.resources.core.pod.defaults import default_template
from rootspan_apiserver.rules import Path, Rule, RuleContext, absent_as, forbidden, function, one_of, struct
from rootspan_apiserver.rules.label_selectors import ratcheting_label_selector, shown_in_errors
from rootspan_apiserver.selectors import LabelSelector, shown_selector

NO_MATCH = "`selector` does not match template `labels`"


def default_spec_template(obj: JSONObject) -> None:
    """Fill in what the template of a workload lacks; in place."""
    default_template(obj["spec"])


def selector_rule(kind: str) -> Rule:
    """Return the rule for the selector of a kind: there is one, it is valid, and does not choose every pod."""

    @function("ValidateLabelSelector")
    def not_empty(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """It has a requirement."""
        if not value.get("matchLabels") and not value.get("matchExpressions"):
            yield FieldError.invalid(path, shown_in_errors(value), f"empty selector is invalid for {kind}")

    return ratcheting_label_selector & not_empty


def check_labels_match(spec: JSONObject, selector: LabelSelector, path: Path) -> Iterator[FieldError]:
    """Yield the error of a template whose labels a selector does not choose; `path` is that of the template."""
    labels = at(spec, "template", "metadata", "labels")
    if not selector.matches(labels or {}):
        yield FieldError.invalid(path / "metadata" / "labels", labels, NO_MATCH)


def matching_template(template: Rule, *, words: str = "invalid label selector") -> Rule:
    """Return the rule for a spec whose selector matches its template: the labels, then `template` for the template.

    Args:
        words: the error of a selector that cannot be read, after which the template is not checked.
    """
    checked = struct(template=absent_as({}, template))

    @function("ValidatePodTemplateSpecForReplicaSet")
    def matches(value: JSONObject, old: Any, path: Path, context: RuleContext) -> Iterator[FieldError]:
        """The selector can be read, and matches the labels of the template."""
        selector = value.get("selector")
        try:
            found = LabelSelector.from_object(selector)
        except ValueError:
            yield FieldError.invalid(path / "selector", shown_in_errors(selector), words)
            return
        yield from check_labels_match(value, found, path / "template")
        yield from checked.check(value, old, path, context)

    return matches


def always_restarted(kind: str) -> Rule:
    """Return the rule for a template of pods that run until they are deleted; `kind` is the one that the error names."""
    return struct(
        spec=absent_as(
            {},
            struct(
                restartPolicy=absent_as("", one_of("Always")),
                activeDeadlineSeconds=forbidden(f"activeDeadlineSeconds in {kind} is not Supported", empty=True),
            ),
        )
    )


def template_columns(template: str = "spec.template") -> tuple[Column, Column]:
    """Return the columns of the names and the images of containers, of the template at a dotted path."""
    keys = template.split(".")

    def cell(index: int) -> Any:
        return lambda obj, now: containers(at(obj, *keys))[index]

    return (
        Column("Containers", cell(0), priority=1, description="The names of the containers."),
        Column("Images", cell(1), priority=1, description="The images of the containers."),
    )


def _selector(obj: JSONObject, now: datetime) -> str:
    return shown_selector(at(obj, "spec", "selector"))


SELECTOR = Column("Selector", _selector, priority=1, description="The selector of the pods.")
