"""The form in which the server writes a built-in object.

The server's types are Go structs: an optional value that is zero is left out unless it stands behind a pointer, a required one is written
even when nobody set it, a struct that is not behind a pointer is written as `{}`, and a required list that nobody set as `null`. What a
client sends is brought to that form once, when it is defaulted; the facts needed are in the schema. Declared defaults come with it, save
those of an optional field that are its zero value: whether such a field is written depends on its JSON tag, which the codec knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rootspan_apiserver.kube.meta import JSONObject
from rootspan_apiserver.resources.schema import Schema

SCALARS = {"string", "integer", "number", "boolean"}


@dataclass(slots=True, eq=False)
class Form:
    """What to do at one type: `omitted` are the fields left out when zero, `filled` those written with a value when absent."""

    omitted: frozenset[str] = frozenset()
    filled: dict[str, Any] = field(default_factory=dict)
    structs: dict[str, "Form"] = field(default_factory=dict)
    below: dict[str, tuple[str, "Form"]] = field(default_factory=dict)

    def apply(self, obj: JSONObject) -> None:
        """Bring `obj` to this form, in place."""
        for key in [key for key, value in obj.items() if not value and (value is None or key in self.omitted)]:
            del obj[key]
        for key, (shape, form) in self.below.items():
            value = obj.get(key)
            if not value:
                if value is None:
                    continue
                if shape == "struct" and isinstance(value, dict):
                    form.apply(value)
            elif shape == "struct" and isinstance(value, dict):
                form.apply(value)
            elif shape == "list" and isinstance(value, list):
                for item in value:
                    if isinstance(item, dict):
                        form.apply(item)
            elif shape == "map" and isinstance(value, dict):
                for item in value.values():
                    if isinstance(item, dict):
                        form.apply(item)
        for key, value in self.filled.items():
            if key not in obj:
                obj[key] = value
        for key, form in self.structs.items():
            if key not in obj:
                obj[key] = form.empty()

    def empty(self) -> JSONObject:
        """A struct nobody set."""
        obj: JSONObject = {}
        self.apply(obj)
        return obj


_forms: dict[int, tuple[Mapping[str, Schema], Form]] = {}


def form_of(schema: Schema) -> Form:
    """The form of a built-in type; made once for each."""
    known = _forms.get(id(schema.properties))
    if known is not None and known[0] is schema.properties:
        return known[1]
    form = Form()
    _forms[id(schema.properties)] = (schema.properties, form)
    omitted = set()
    for key, child in schema.properties.items():
        required = key in schema.required
        zero_default = not required and not child.pointer and child.default in (0, "", False)
        is_map = child.type == "object" and child.additional is not None
        if zero_default:
            continue
        if not required and not child.pointer and (child.type in SCALARS or child.type == "array" or is_map):
            omitted.add(key)
        if child.properties:
            form.below[key] = ("struct", form_of(child))
            if child.default == {}:
                form.structs[key] = form.below[key][1]
        elif child.items is not None and child.items.properties:
            form.below[key] = ("list", form_of(child.items))
        elif child.additional is not None and child.additional.properties:
            form.below[key] = ("map", form_of(child.additional))
        if child.default is not None and child.default != {}:
            form.filled[key] = child.default
        elif required and child.default is None and child.type == "array":
            form.filled[key] = None
    form.omitted = frozenset(omitted)
    return form
