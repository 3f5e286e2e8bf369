"""The defaults of a structural schema."""

from copy import deepcopy
from typing import Any

from rootspan_apiserver.registry.schema import Schema


def apply_defaults(value: Any, schema: Schema) -> None:
    """Give each absent field its default, and each null one that may not be null; in place."""
    if isinstance(value, list):
        if schema.items is not None:
            for item in value:
                apply_defaults(item, schema.items)
    elif isinstance(value, dict):
        for name, child in schema.properties.items():
            if child.default is not None and value.get(name) is None and not (name in value and child.nullable):
                value[name] = deepcopy(child.default)
            elif name in value and value[name] is None and not child.nullable and name not in schema.required:
                del value[name]
            if name in value:
                apply_defaults(value[name], child)
        if schema.additional is not None:
            for name, item in value.items():
                if name not in schema.properties:
                    apply_defaults(item, schema.additional)
