"""What tags make of a list: a map by keys or a set, which says what is unique and which old element belongs to a new one.

Upstream: staging/src/k8s.io/code-generator/cmd/validation-gen/validators/{list,item}.go
"""

from typing import Any

from rootspan_apiserver.kube.comparison import same
from rootspan_apiserver.rules.declared_fields import filled
from rootspan_apiserver.rules.declared_table import Member, Shape, Tag, element_of, shape_of, table
from rootspan_apiserver.rules.declared_tags import DeclaredUnionMembers, Distinct, Match
from rootspan_apiserver.rules.rule import Rule


def list_match(member: Member) -> Match | None:
    """Return the function that tells whether two elements are the same one; None where the list is atomic."""
    semantic = _semantic(member)
    if semantic is None:
        return None
    if semantic.word.value == "set":
        return same
    keys = [(name, _shape_of_key(member, name)) for name in _values(member, "listMapKey")]

    def match(one: Any, other: Any) -> bool:
        return all(filled(one.get(name), shape) == filled(other.get(name), shape) for name, shape in keys)

    return match


def uniqueness(member: Member) -> tuple[str, Rule] | None:
    """Return the rule that refuses doubles, and its level; None where doubles are fine, or are left to hand-written validation."""
    semantic, match = _semantic(member), list_match(member)
    if semantic is None or match is None or any(tag.word.name == "customUnique" for tag in member.tags):
        return None
    keys = _values(member, "listMapKey")
    return semantic.level, Distinct(match, f"unique by {', '.join(keys)}" if keys else "unique")


def item_alternatives(member: Member) -> tuple[str, Rule] | None:
    """Return the rule of the elements of which at most one may be there, and its level: `item(type="Approved"):zeroOrOneOfMember`."""
    tags = [tag for tag in member.tags if tag.word.name == "zeroOrOneOfMember" and tag.inside()]
    if not tags:
        return None
    members = []
    for tag in tags:
        field, _, value = tag.inside()[0].argument.partition("=")
        members.append((f'{member.name}[{{"{field}": {value}}}]', _ItemIsThere(field, value.strip('"'))))
    return tags[0].level, DeclaredUnionMembers(tuple(members), at_most_one=True)


class _ItemIsThere:
    """Tells whether a list has an element with a certain value in a field."""

    def __init__(self, field: str, value: str) -> None:
        self._field, self._value = field, value

    def __call__(self, items: Any) -> bool:
        return any(item.get(self._field) == self._value for item in items or ())


def _semantic(member: Member) -> Tag | None:
    """Return the tag that makes the list a set or a map."""
    return next(
        (tag for tag in member.tags if tag.word.name in ("listType", "unique") and tag.word.value in ("map", "set")),
        None,
    )


def _values(member: Member, name: str) -> list[str]:
    return [tag.word.value for tag in member.tags if tag.word.name == name]


def _shape_of_key(member: Member, name: str) -> Shape:
    """Return the shape of a key; the one key of a type of another package (metav1.Condition.type) is a string."""
    holder = table().get(element_of(member.type))
    key = holder.member(name) if holder is not None else None
    return shape_of(key.type) if key is not None else "string"
