"""The spec of a definition as kube-apiserver has it internally, whose fields errors name.

What all versions share stands above them: their schema, subresources, columns and selectable fields. The conversion webhook has no
struct of its own.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/conversion.go
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.kube.status import FieldError
from rootspan_apiserver.rules import Line, Path, Rule, RuleContext

SHARED = (
    ("subresources", "subresources"),
    ("schema", "validation"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
)
"""The fields of versions that may be the same in all, and their names in the spec then."""


def internal_spec(spec: JSONObject) -> JSONObject:
    """Return the internal form of a spec; what is in it is shared with `spec`."""
    versions = [dict(version) for version in spec.get("versions") or []]
    internal = {**spec, "versions": versions}
    if versions:
        internal["version"] = versions[0].get("name") or ""
        for field, above in SHARED:
            shared = versions[0].get(field)
            if all(same(version.get(field), shared) for version in versions):
                internal[above] = shared
                for version in versions:
                    version.pop(field, None)
    if (conversion := spec.get("conversion")) is not None:
        webhook = conversion.get("webhook") or {}
        internal["conversion"] = {
            "strategy": conversion.get("strategy"),
            "webhookClientConfig": webhook.get("clientConfig"),
            "conversionReviewVersions": webhook.get("conversionReviewVersions"),
        }
    return internal


@dataclass(frozen=True)
class InForm(Rule):
    """Checks another form of the value."""

    form: Callable[[Any], Any]
    rule: Rule

    def check(self, value: Any, old: Any, path: Path, context: RuleContext) -> Iterable[FieldError]:
        before = self.form(old) if isinstance(old, dict) else old
        return self.rule.check(self.form(value), before, path, context)

    def describe(self) -> Iterator[Line]:
        return self.rule.describe()


def internally(rule: Rule) -> Rule:
    """Return the rule of a spec that checks its internal form with `rule`."""
    return InForm(internal_spec, rule)
