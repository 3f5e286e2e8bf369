"""Bodies of custom resources."""

import orjson
import pytest

from rootspan_apiserver.codec import decode, read_patched
from rootspan_apiserver.kube.meta import GroupVersionKind
from rootspan_apiserver.kube.status import StatusError
from rootspan_apiserver.types.schema import Schema

WIDGET = GroupVersionKind("example.com", "v1", "Widget")
TEXT = Schema(type="string")
SCHEMA = Schema(
    type="object",
    properties={
        "spec": Schema(
            type="object",
            properties={
                "size": Schema(type="integer"),
                "parts": Schema(type="array", items=Schema(type="object", properties={"name": TEXT})),
                "labels": Schema(type="object", additional=TEXT),
                "free": Schema(type="object", preserve_unknown_fields=True),
                "template": Schema(type="object", embedded_resource=True, properties={"spec": Schema(type="object")}),
            },
        )
    },
)


def test_unknown_fields_are_pruned_and_told() -> None:
    """What the schema does not know goes, wherever it is, and is told by its path; what may be anything stays."""
    spec = {
        "size": 1,
        "junk": 1,
        "parts": [{"name": "a", "junk": 2}],
        "labels": {"x": "y"},
        "free": {"any": [1.0, {"thing": 1}]},
        "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "junk": 3},
    }
    body = orjson.dumps(
        {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "bad": 1}, "spec": spec}
    )
    decoded = decode(body, "application/json", WIDGET, schema=SCHEMA, field_validation="Warn")
    assert decoded.object["spec"] == {
        "size": 1,
        "parts": [{"name": "a"}],
        "labels": {"x": "y"},
        "free": {"any": [1, {"thing": 1}]},
        "template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}},
    }
    assert decoded.object["metadata"] == {"name": "w"}
    assert decoded.warnings == [
        f'unknown field "{path}"' for path in ("metadata.bad", "spec.junk", "spec.parts[0].junk", "spec.template.junk")
    ]


def test_custom_resource_must_say_its_kind() -> None:
    """Without a kind the body is a 400, and protobuf is not read."""
    with pytest.raises(StatusError) as caught:
        decode(b'{"spec":{}}', "application/json", WIDGET, schema=SCHEMA)
    assert caught.value.message == (
        "the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in '{\"spec\":{}}' ({\"spec\":{}})"
    )
    with pytest.raises(StatusError) as caught:
        decode(b"", "application/vnd.kubernetes.protobuf", WIDGET, schema=SCHEMA)
    assert caught.value.message.endswith("accepted media types include: application/json, application/yaml")


def test_patched_object_is_read_anew() -> None:
    """What a patch brought in that the type does not know is a 422 about the patch when strict, else a warning."""
    patched = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {}, "spec": {"junk": 1}}
    new, warnings = read_patched(
        patched, WIDGET, shown="{…}", schema=SCHEMA, field_validation="Warn", found=["earlier"]
    )
    assert (new["spec"], warnings) == ({}, ["earlier", 'unknown field "spec.junk"'])
    with pytest.raises(StatusError) as caught:
        read_patched(patched, WIDGET, shown="{…}", schema=SCHEMA, field_validation="Strict")
    assert (caught.value.code, caught.value.message) == (
        422,
        ' "" is invalid: patch: Invalid value: "{…}": strict decoding error: unknown field "spec.junk"',
    )
