"""A schema with a field of each type."""

from typing import Any

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "b": {"type": "boolean"},
        "by": {"format": "byte", "maxLength": 10, "type": "string"},
        "d": {"format": "duration", "type": "string"},
        "dt": {"format": "date", "type": "string"},
        "e": {"enum": ["A", "Bcd"], "type": "string"},
        "er": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
        "i": {"type": "integer"},
        "i2": {"type": "integer"},
        "ios": {"maxLength": 10, "x-kubernetes-int-or-string": True},
        "ip": {"maxLength": 20, "type": "string"},
        "l": {"items": {"maxLength": 5, "type": "string"}, "maxItems": 5, "type": "array"},
        "li": {"items": {"type": "integer"}, "maxItems": 5, "type": "array"},
        "ll": {"items": {"items": {"type": "integer"}, "maxItems": 3, "type": "array"}, "maxItems": 3, "type": "array"},
        "m": {"additionalProperties": {"type": "integer"}, "maxProperties": 5, "type": "object"},
        "ms": {"additionalProperties": {"maxLength": 5, "type": "string"}, "maxProperties": 5, "type": "object"},
        "n": {"type": "number"},
        "nu": {"maxLength": 5, "nullable": True, "type": "string"},
        "o": {
            "properties": {
                "a-b": {"maxLength": 5, "type": "string"},
                "deep": {
                    "properties": {
                        "y": {
                            "items": {
                                "properties": {"k": {"maxLength": 3, "type": "string"}, "v": {"type": "integer"}},
                                "type": "object",
                            },
                            "maxItems": 3,
                            "type": "array",
                        }
                    },
                    "type": "object",
                },
                "if": {"maxLength": 5, "type": "string"},
                "x": {"type": "integer"},
            },
            "type": "object",
        },
        "pu": {
            "properties": {"z": {"type": "integer"}},
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": True,
        },
        "s": {"maxLength": 10, "type": "string"},
        "s2": {"type": "string"},
        "t": {"format": "date-time", "type": "string"},
    },
}
