"""Rules from what Kubernetes declares in its Go types: `declared("resource/v1.DeviceClassSpec")`.

A tag has a level, which decides what kube-apiserver 1.36 does with its errors (the gate `DeclarativeValidation` is GA and locked on,
`DeclarativeValidationBeta` is on by default, `DeclarativeValidationTakeover` is off and deprecated):

* a tag without a prefix is enforced: its errors are returned after those of the hand-written validation;
* `+k8s:beta(…)` is enforced too, and the hand-written errors that it covers are left out;
* `+k8s:alpha(…)` runs in the shadow: its errors are compared with the hand-written ones, which alone are returned, and counted in a metric.

In 1.36 every tag of a type that is served by default is alpha; only scheduling.k8s.io/v1alpha2 and resource.k8s.io/v1alpha3 have
enforced tags. So `declared` gives an empty rule for a served kind, whose hand-written validation decides alone, words included: a device
attribute without a value is refused with "exactly one value must be specified", not with the tag's "must specify one of: …". With
`shadowed=True` alpha tags count as well; tests hold the hand-written rules against them, as upstream's metric does.

A struct checks its own tags first, then its fields in their order. A field that an update did not change is not checked again. Of the
tags of a field those of `STOPPING` run first; when one finds an error, or `optional` finds nothing to check, the other tags and what is
inside the field are left out.

Upstream: staging/src/k8s.io/apiserver/pkg/registry/rest/validate.go, staging/src/k8s.io/code-generator/cmd/validation-gen/validation.go
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from rootspan_apiserver.rules.declared_fields import DeclaredField, DeclaredStruct, Elements, MapEntries, Step, Subfield
from rootspan_apiserver.rules.declared_lists import item_alternatives, list_match, uniqueness
from rootspan_apiserver.rules.declared_table import DeclaredType, Member, Shape, Tag, Word, element_of, shape_of, table
from rootspan_apiserver.rules.declared_tags import (
    OUTSIDE_FIELDS,
    STOPPING,
    Discriminated,
    Updates,
    union_of,
    value_rule,
)
from rootspan_apiserver.rules.rule import All, Rule, both

_LATE = frozenset({"alpha", "beta", "eachVal", "item"})


@cache
def declared(name: str, *, shadowed: bool = False, options: frozenset[str] = frozenset()) -> Rule:
    """Return the rule of a type, such as "resource/v1.DeviceClassSpec"; the rule is empty where no tag is enforced.

    Args:
        shadowed: whether alpha tags are enforced, too.
        options: the feature gates that `ifEnabled` and `ifDisabled` ask for and that are on.

    Raises:
        KeyError: neither the type nor what is inside it has a tag.
    """
    found = table()[name]
    return _Builder(frozenset({"", "beta", "alpha"} if shadowed else {"", "beta"}), options).of_type(found) or All()


@dataclass(frozen=True)
class _Builder:
    """Makes the rules of types: of the tags of `levels`, with the feature gates `options` on."""

    levels: frozenset[str]
    options: frozenset[str]

    def of_type(self, found: DeclaredType) -> Rule | None:
        """Return the rule of a type, None where nothing is enforced."""
        if found.kind != "struct":
            rules = [value_rule(tag.word, "string") for tag in found.tags if tag.level in self.levels]
            return both(*rules) if rules else None
        checks = (
            *self._discriminated(found),
            *self._unions(found, "unionMember"),
            *self._unions(found, "zeroOrOneOfMember"),
        )
        fields = tuple(
            field
            for field in map(self._field, found.members)
            if field.inside or not all(step.silent for step in field.steps)
        )
        return DeclaredStruct(checks, fields) if checks or fields else None

    def _named(self, kind: str) -> Rule | None:
        """Return the rule of the type that a field or element has, None where it has no rules."""
        found = table().get(kind)
        return self.of_type(found) if found is not None else None

    def _field(self, member: Member) -> DeclaredField:
        shape = shape_of(member.type)
        return DeclaredField(
            name=member.name, shape=shape, steps=self._steps(member, shape), inside=self._inside(member, shape)
        )

    def _inside(self, member: Member, shape: Shape) -> Rule | None:
        rule = self._named(element_of(member.type))
        if shape == "list" and rule is not None:
            return Elements(list_match(member), rule)
        if shape == "map":
            keys = self._named(member.type.removeprefix("map[").partition("]")[0])
            return MapEntries(keys, rule) if keys is not None or rule is not None else None
        return rule

    def _steps(self, member: Member, shape: Shape) -> tuple[Step, ...]:
        """Return the steps of a field: those of its tags in upstream's order, then what lists and updates add."""
        steps: list[Step] = []
        by_name = sorted(member.tags, key=lambda tag: tag.sorted_name)
        for tag in sorted(by_name, key=lambda tag: tag.sorted_name in _LATE):
            if tag.word.name not in OUTSIDE_FIELDS and _value_of_member(tag) is None:
                steps += self._level(self._wrapped(tag.inside(), tag.word, member, shape), tag.level)
        if shape == "list" and (found := item_alternatives(member)):
            steps += self._level([Step(rule=found[1])], found[0])
        if shape == "list" and (found := uniqueness(member)):
            steps += self._level([Step(rule=found[1])], found[0])
        if updates := [tag for tag in member.tags if tag.word.name == "update"]:
            rule = Updates(
                tuple(sorted((tag.word.value for tag in updates), key=["NoSet", "NoUnset", "NoModify"].index)), shape
            )
            steps += self._level([Step(rule=rule, stops=True)], updates[0].level)
        return tuple(steps)

    def _level(self, steps: list[Step], level: str) -> list[Step]:
        """Return steps that are silent where their level is not enforced: they stop others all the same."""
        return steps if level in self.levels else [replace(step, silent=True) for step in steps]

    def _wrapped(self, wrappers: tuple[Word, ...], word: Word, member: Member, shape: Shape) -> list[Step]:
        """Return the steps of a tag inside conditions and selectors."""
        if not wrappers:
            return self._plain(word, member, shape)
        outer, *inner = wrappers
        match outer.name:
            case "ifEnabled" | "ifDisabled":
                applies = (outer.argument in self.options) == (outer.name == "ifEnabled")
                return self._wrapped(tuple(inner), word, member, shape) if applies else []
            case "eachKey":
                steps = self._wrapped(tuple(inner), word, member, "string")
                return [replace(step, rule=MapEntries(step.rule, None)) for step in steps]
            case "subfield":
                # The table has no types of other packages; of those only metadata.name, a string, is asked for.
                holder = table().get(element_of(member.type))
                target = holder.member(outer.argument) if holder is not None else None
                target_shape = shape_of(target.type if target is not None else "string")
                steps = self._wrapped(tuple(inner), word, target or member, target_shape)
                return [
                    replace(step, rule=Subfield(outer.argument, target_shape, step.rule), cohort=outer.argument)
                    for step in steps
                ]
            case _:
                raise LookupError(f"no rule for the tag {outer.name} around {word.name}")

    def _plain(self, word: Word, member: Member, shape: Shape) -> list[Step]:
        rule = value_rule(word, shape)
        if word.name == "optional":
            # A field with a default is optional for clients and required of what the server has defaulted.
            default = next((tag.word.value for tag in member.tags if tag.word.name == "default"), None)
            if default is not None and shape != "pointer" and default in ('""', "0", "false"):
                return []
            return [Step(rule=rule, stops=True, silent=default is None)]
        if word.name == "forbidden":
            return [
                Step(rule=rule, stops=True),
                Step(rule=value_rule(Word("optional", "", ""), shape), stops=True, silent=True),
            ]
        return [Step(rule=rule, stops=word.name in STOPPING)]

    def _unions(self, found: DeclaredType, kind: str) -> Iterator[Rule]:
        tags = [
            (member, tag)
            for member in found.members
            for tag in member.tags
            if tag.word.name == kind and not tag.inside()
        ]
        if tags and tags[0][1].level in self.levels:
            yield union_of(
                [(member.name, shape_of(member.type)) for member, _ in tags], at_most_one=kind == "zeroOrOneOfMember"
            )

    def _discriminated(self, found: DeclaredType) -> Iterator[Rule]:
        discriminators = [
            member.name for member in found.members if any(tag.word.name == "discriminator" for tag in member.tags)
        ]
        for member in sorted(found.members, key=lambda member: member.name):
            tags = [tag for tag in member.tags if _value_of_member(tag) is not None and tag.level in self.levels]
            if not tags:
                continue
            shape = shape_of(member.type)
            rules = {
                value: both(
                    *(
                        value_rule(tag.word, shape)
                        for tag in tags
                        if _value_of_member(tag) == value and tag.word.name != "optional"
                    )
                )
                for value in sorted(filter(None, map(_value_of_member, tags)))
            }
            yield Discriminated(
                member.name, discriminators[0], tuple(rules.items()), value_rule(Word("forbidden", "", ""), shape)
            )


def _value_of_member(tag: Tag) -> str | None:
    """Return the value of the discriminator for which a `member` tag says something."""
    inside = tag.inside()
    return inside[0].argument if inside and inside[0].name == "member" else None
