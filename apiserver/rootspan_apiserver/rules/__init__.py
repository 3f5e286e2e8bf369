"""The rule language: what an object must look like, as data.

A rule is a frozen value. It checks one value and yields errors (`FieldError`) in upstream's order; it lists itself (`python -m
rootspan_apiserver.rules KIND`). Rules are built once, when a kind's module is imported. `a & b` runs both.

* `struct(spec=…, status=…)` goes into the fields of an object, `each(…)` into a list, `entries(keys, values)` into a map; they make the
  paths of the errors. A field that is absent or null is skipped, unless its rule wants absent values: `required`, `not_nil`, `immutable`,
  `absent_as(zero, rule)` and functions with `absent=True` do. `required & rule` does not run `rule` where the value is missing.
* Values: `required`, `not_nil`, `forbidden(words)`, `one_of(…)`, `minimum(n)`, `maximum(n)`, `greater_than(n)`, `between(a, b)`,
  `not_negative`, `positive`, `max_length(n)`, `max_items(n)`, `named(dns_label)`, `unless_empty(rule)`.
* Members: `unique(by="name")`, `union("a", "b", none=…, more=…)`, `alternatives({"a": rule}, none=…, more=…)`,
  `at_most_one("a", "b", words=…)`.
* Changes: `immutable`, `on_create(rule)`, `on_update(rule)`, `unless_unchanged(rule)` (ratcheting), `when(predicate, rule, words=…)`,
  `first_error(a, b, …)`.
* What inner rules need of an outer value: `within(scope, rule)`; they find it as `context.scope`.
* What crosses fields is a Python function: `@function("validateFoo")`. It gets the value, the old value, the path and the context.
* What Kubernetes declares in its types is a table; `declared.declared("resource/v1.DeviceClassSpec")` makes rules of it.

In an update a rule sees the old value beside the new one: None where the field was absent, `ABSENT` where there is nothing to compare
with (on create, and for new elements of a list).

Upstream: staging/src/k8s.io/apimachinery/pkg/api/validate, staging/src/k8s.io/apimachinery/pkg/util/validation/field
"""

from rootspan_apiserver.rules.changes import first_error, immutable, on_create, on_update, unless_unchanged, when
from rootspan_apiserver.rules.functions import function
from rootspan_apiserver.rules.members import alternatives, at_most_one, union, unique
from rootspan_apiserver.rules.paths import ROOT, Path
from rootspan_apiserver.rules.rule import ABSENT, NOTHING, Line, Rule, RuleContext
from rootspan_apiserver.rules.scopes import within
from rootspan_apiserver.rules.structures import absent_as, each, entries, struct
from rootspan_apiserver.rules.values import (
    between,
    forbidden,
    greater_than,
    max_items,
    max_length,
    maximum,
    minimum,
    named,
    not_negative,
    not_nil,
    one_of,
    positive,
    required,
    unless_empty,
)

__all__ = [
    "ABSENT",
    "NOTHING",
    "ROOT",
    "Line",
    "Path",
    "Rule",
    "RuleContext",
    "absent_as",
    "alternatives",
    "at_most_one",
    "between",
    "each",
    "entries",
    "first_error",
    "forbidden",
    "function",
    "greater_than",
    "immutable",
    "max_items",
    "max_length",
    "maximum",
    "minimum",
    "named",
    "not_negative",
    "not_nil",
    "on_create",
    "on_update",
    "one_of",
    "positive",
    "required",
    "struct",
    "union",
    "unique",
    "unless_empty",
    "unless_unchanged",
    "when",
    "within",
]
