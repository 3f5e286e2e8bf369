"""The rules in CEL of a custom resource (`x-kubernetes-validations`), at their places in the schema, compiled when they are first needed.

Upstream: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go (validator), compilation.go
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.custom.compiled_expressions import SELF_TYPE, SchemaExpressions
from rootspan_apiserver.resources.custom.field_paths import normalized_field_path
from rootspan_apiserver.rules.cel.programs import CELProgram
from rootspan_apiserver.rules.cel.schema_types import schema_type
from rootspan_apiserver.rules.cel.schema_values import Conversion, conversion
from rootspan_apiserver.types.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule that can be evaluated; `error` says why it cannot. A rule without text has neither."""

    rule: JSONObject
    program: CELProgram | None = None
    error: str = ""
    uses_old: bool = False
    message: CELProgram | None = None
    field_path: str = ""

    @property
    def is_old_optional(self) -> bool:
        """Whether `oldSelf` is an optional value."""
        return bool(self.rule.get("optionalOldSelf"))

    @property
    def shown(self) -> str:
        """The rule as errors show it: its message, if it has one."""
        return str(self.rule.get("message") or self.rule.get("rule") or "").strip()


@dataclass(kw_only=True)
class RuleNode:
    """The rules of a schema, and those below it. `published` is the node of the schema that says of which type the values are."""

    rules: tuple[JSONObject, ...]
    published: JSONObject
    schema: Schema
    is_resource: bool
    properties: Mapping[str, "RuleNode"] = field(default_factory=dict)
    items: "RuleNode | None" = None
    additional: "RuleNode | None" = None
    all_of: "tuple[RuleNode, ...]" = ()

    @cached_property
    def compiled(self) -> tuple[CompiledRule, ...]:
        """The rules, compiled."""
        return tuple(self._compile())

    @cached_property
    def convert(self) -> Conversion:
        """What makes the value of `self`."""
        return conversion(self.schema, is_resource=self.is_resource)

    @property
    def is_compiled(self) -> bool:
        """Whether the rules have been compiled."""
        return "compiled" in self.__dict__ or not self.rules

    def walk(self) -> "Iterator[RuleNode]":
        """Yield the node, and all below it."""
        yield self
        for child in (*self.properties.values(), self.items, self.additional, *self.all_of):
            if child is not None:
                yield from child.walk()

    def _compile(self) -> Iterator[CompiledRule]:
        if not self.rules:
            return
        declared = schema_type(self.published, SELF_TYPE, self.is_resource)
        if declared is None:
            for rule in self.rules:
                yield CompiledRule(rule=rule, error="failed to convert to declType for CEL validation rules")
            return
        expressions = SchemaExpressions(declared)
        for rule in self.rules:
            yield _compiled_rule(rule, expressions, self.published)


def _compiled_rule(rule: JSONObject, expressions: SchemaExpressions, published: JSONObject) -> CompiledRule:
    if not rule["rule"].strip():
        return CompiledRule(rule=rule)
    expression = expressions.rule(rule)
    if expression.program is None:
        return CompiledRule(rule=rule, error=expression.error)
    return CompiledRule(
        rule=rule,
        program=expression.program,
        uses_old=expression.uses_old,
        message=expressions.message(rule).program if rule.get("messageExpression") else None,
        field_path=normalized_field_path(rule.get("fieldPath") or "", published),
    )


def rule_nodes(published: JSONObject, schema: Schema, *, is_resource: bool = True) -> RuleNode | None:
    """Return the rules of a schema, by default of that of a whole resource, None if it has none."""
    if not _has_rules(published):
        return None
    return _node(published, published, schema, is_resource=is_resource)


def _has_rules(published: JSONObject) -> bool:
    """Return whether a schema has rules anywhere but in `allOf`, where alone they do not count."""
    if published.get("x-kubernetes-validations"):
        return True
    below = [
        *(published.get("properties") or {}).values(),
        published.get("items"),
        published.get("additionalProperties"),
    ]
    return any(isinstance(child, dict) and _has_rules(child) for child in below)


def _node(validating: JSONObject, published: JSONObject, schema: Schema, *, is_resource: bool) -> RuleNode | None:
    """Return the rules of a node; `validating` is the node itself, or what is in its `allOf`."""
    properties: dict[str, RuleNode] = {}
    declared = published.get("properties") or {}
    for name, child in (validating.get("properties") or {}).items():
        if name in declared and _is_exposed(declared[name]):
            node = _child(child, declared[name], schema.properties[name])
            if node is not None:
                properties[name] = node
    items, additional = validating.get("items"), validating.get("additionalProperties")
    node = RuleNode(
        rules=tuple(validating.get("x-kubernetes-validations") or ()),
        published=published,
        schema=schema,
        is_resource=is_resource,
        properties=properties,
        items=_child(items, published.get("items"), schema.items),
        additional=_child(additional, published.get("additionalProperties"), schema.additional),
        all_of=tuple(
            nested
            for each in validating.get("allOf") or ()
            if (nested := _node(each, published, schema, is_resource=is_resource)) is not None
        ),
    )
    has_any = node.rules or node.properties or node.items or node.additional or node.all_of
    return node if has_any else None


def _is_exposed(published: JSONObject) -> bool:
    """Return whether expressions see the values of a schema: those of no type are hidden, and what consists of them."""
    if published.get("x-kubernetes-int-or-string"):
        return True
    kind, additional = published.get("type"), published.get("additionalProperties")
    if kind == "array":
        return isinstance(published.get("items"), dict) and _is_exposed(published["items"])
    if kind == "object":
        return not isinstance(additional, dict) or _is_exposed(additional)
    return kind in ("string", "boolean", "number", "integer")


def _child(validating: object, published: object, schema: Schema | None) -> RuleNode | None:
    if not isinstance(validating, dict) or not isinstance(published, dict) or schema is None:
        return None
    return _node(validating, published, schema, is_resource=schema.embedded_resource)
